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
// # Encrypted chats
//
// X holds ciphertext only, and so does the server here: it verifies who signed what, and can't read it ([View.Stored] shows
// all that it has). A [Phone] is a person's app, with keys and plaintext of its own:
//
//	phone   ─ Say, Reply, Edit, React, Delete, NewKey, Group ─▶ seal, sign ─▶ room ─▶ lookup, chat.received, chat.sent ─▶ client
//	client  ─ POST /2/chat/…, verified ─▶ room ─▶ verify, open ─▶ Talk, Signals, Wait ─▶ person or test
//
// X leaves much open about these chats: what becomes of a message that is posted twice, where key changes stand, how a
// failure is told. For each there is one habit and a switch for the other: [Sim.FoldRepeats], [Sim.FailLate],
// [Sim.KeysInline], [Sim.KeepEdited], [Sim.OwnItemIDs], [Sim.TellKeysAlways], [Sim.ColonIDs]. X publishes no limits and no
// prices for the calls either; those here are generous and can be set (Limits and Config). What can go wrong on the way is
// played by [Sim.Inject], [Sim.WithholdKey], [Sim.LoseEvents], [Sim.FailChat], [Sim.Distrust] and [Sim.Screen].
//
// The server can't know what is an edit, and X lists an edit in place of its original all the same; here a telephone that has
// read the edit says so. That a key change is signed rightly only the people in a conversation can verify, because the signed
// text holds the key; the server checks its form and for whom it is.
//
// # Where X is unclear
//
// Where X's documents contradict each other, the machine-readable description wins, and [Sim.OldNames] switches to the
// spelling of the older prose. Error sentences are the simulator's own: branch on status and type, never on text.
// Classic messages of groups are found by lookup only. Whether somebody takes classic messages beside encrypted ones is up
// to [Sim.Encrypted], and not to the keys that are registered.
package xsim
