// Package discordsim is a Discord on loopback: the REST API, the gateway and the CDN, spoken well enough that independent clients
// (discordgo, disgo, discord.js) work against it unmodified apart from their base URL.
//
// A person plays the servers through [Sim.Say], [Sim.Edit], [Sim.React], [Sim.Press] and their sisters; the bot under test talks to
// [Sim.URL]; what came of it is read back with the methods of [View], and waited for with [Sim.Wait]:
//
//	person -> servers -> dispatch -> session -> socket -> bot -> REST -> servers -> View
//
// The simulator can be told to misbehave the ways Discord does: [Sim.Fail], [Sim.DropSockets], [Sim.Reconnect],
// [Sim.InvalidSession], [Sim.RefuseSockets], [Sim.ForgetSessions], [Sim.Redeliver], [Sim.DeliverTwice], [Sim.HoldEvents],
// [Sim.Odd], [Sim.Revoke], [Sim.SetIntents], [Sim.SetPermission], [Sim.RemoveBot].
//
// We chose one lock round everything, not one per channel, because the servers of a test are small and the answers must agree with
// the events; it costs that calls are served one after the other. The bot has every permission but Administrator until
// SetPermission takes some away.
//
// What Discord documents is at https://docs.discord.com; where its behaviour is known only from those who met it, the code says so.
// The encoding is JSON only; voice is not simulated.
package discordsim
