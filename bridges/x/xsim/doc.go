// Package xsim is X's API v2 on loopback: direct messages, users, media, the Activity API and OAuth, kept in memory
// and good enough that the usual client libraries work against it with nothing but their base URL changed.
//
//	person  ─ Say, Typing, Read, Join ─▶ conversation ─▶ lookup, stream, webhook ─▶ client
//	client  ─ HTTP, signed and counted ─▶ conversation ─▶ Inbox, Conversation, Wait ─▶ person or test
//
// It serves three uses: a person who plays somebody on X in a sandbox, the tests of a connector, and people who try
// a bot without a network. So it does what X does and also what X does on a bad day: [Sim.Fail], [Sim.Revoke],
// [Sim.DropStreams] and their sisters make it throttle, hang, lose answers and forget tokens on demand.
//
// What it holds to: ids are snowflakes in strings; lookups are newest first and answer only the fields that were asked
// for; a sender is shown only to those who expand it; rate limits count down in the headers; an OAuth 1.0a signature is
// verified and a nonce is good for once; a refresh token dies when it is used.
//
// An answer that was asked to be wrong carries the header X-Sim-Fault, and the log of [View.Requests] tells in plain words
// why a call was refused: for a wrong OAuth 1.0a signature it shows the base string that was expected.
//
// Where X's documents contradict each other, the machine-readable description wins, and [Sim.OldNames] switches to the
// spelling of the older prose. Error sentences are the simulator's own: branch on status and type, never on text.
// Messages of groups are found by lookup only, and of encrypted chat (/2/chat/*) only that it can't be
// written to by classic messages, by [Sim.Encrypted].
package xsim
