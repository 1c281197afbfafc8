// Package discord is the connector for Discord: one bot, in its servers and in its direct messages.
//
//	gateway → queue → chat.Event → Sink.Accept
//	chat.Post → markdown → POST messages (nonce) or POST webhook (read back) → chat.Receipt
//
// One goroutine takes what the gateway brings in the order in which it came; presses and commands go a way of their own,
// because Discord wants its answer within three seconds. A session that broke is resumed, and after every session that had to
// be begun anew each channel, thread and direct message in which something may have been missed is read back from its
// history, before what is heard live in it.
//
// What happened has the same EventID whether it was heard live or read back:
//
//	message   its id
//	edit      id:edited:when
//	deletion  id:deleted
//	pin       the id of Discord's own message about it, or id:unpinned:session:sequence
//	reaction  id:user:emoji:session:sequence; Discord gives it no name of its own, and history has none
//	press     press: and the id of the interaction; so are commands
//
// A thread is a channel to Discord. To us it is a thread of the channel or forum that it belongs to, so its conversation has
// both; a message's id is unique everywhere.
//
// We chose to make a repeat safe ourselves (Repeat is Keyed), because Discord folds nonces for a few minutes only and those of
// webhooks never: each try is written down before it is made, and a post that was tried before is looked for in the channel
// first. It costs two small writes a post.
//
// discordgo is used for REST and for the gateway with its gaps closed from outside: its global addresses are turned round in
// the transport, its limiter is not used, and a tap between it and the socket keeps from it the frames that would lock it up,
// and tells what it does not (close codes, silence).
package discord
