// Package slacksim is a Slack workspace on loopback: the Web API, Socket Mode, signed HTTP events and interactivity, spoken
// well enough that independent clients (slack-go, @slack/web-api, @slack/socket-mode, Bolt) work against it unmodified apart
// from their base URL.
//
// A person plays the team through [Sim.Say], [Sim.Edit], [Sim.React], [Sim.Press] and their sisters; the app under test talks to
// [Sim.URL]; what came of it is read back with the methods of [View], and waited for with [Sim.Wait]:
//
//	person -> workspace -> event -> socket or signed POST -> app -> Web API -> workspace -> View
//
// The simulator can be told to misbehave the ways Slack does: [Sim.Fail], [Sim.DropSockets], [Sim.Disconnect],
// [Sim.RefuseSockets], [Sim.Redeliver], [Sim.DeliverTwice], [Sim.HoldEvents], [Sim.Revoke], [Sim.RemoveBot], [Sim.SetScopes].
//
// We chose one lock round the whole workspace, not one per channel, because a workspace of a test is small and its answers
// must agree with its events; it costs that calls are served one after the other.
//
// What Slack documents is at https://docs.slack.dev; where its behaviour is known only from those who met it, the code says so.
package slacksim
