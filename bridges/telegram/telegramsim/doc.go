// Package telegramsim is a Telegram Bot API server on loopback: long polling and webhooks, chats, forums, business accounts
// and files, spoken well enough that independent clients (telegram-bot-api, go-telegram/bot, grammY, Telegraf) work against it
// unmodified apart from their base URL.
//
// A person plays the people through [Sim.Say], [Sim.Edit], [Sim.React], [Sim.Press] and their sisters; the bot under test talks
// to [Sim.URL]; what came of it is read back with the methods of [View], and waited for with [Sim.Wait]:
//
//	person -> chat -> update -> getUpdates or webhook -> bot -> method -> chat -> View
//
// The simulator can be told to misbehave the ways Telegram does: [Sim.Fail], [Sim.DropPolls], [Sim.Refuse], [Sim.Redeliver],
// [Sim.HoldEvents], [Sim.Odd], [Sim.Revoke], [Sim.ForgetOffsets], [Sim.Limit].
//
// We chose one lock round everything, not one per chat, because the world of a test is small and its answers must agree with its
// updates; it costs that calls are served one after the other.
//
// What Telegram documents is at https://core.telegram.org/bots/api; where its behaviour is known only from its open server
// (https://github.com/tdlib/telegram-bot-api) or from those who met it, the code says so.
package telegramsim
