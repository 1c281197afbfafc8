// Package slack is the connector for Slack: one bot user in one workspace.
//
//	socket or webhook → intake → chat.Event → Sink.Accept → confirmed
//	chat.Post → rich_text and fallback → chat.postMessage → chat.Receipt
//
// Events come over Socket Mode (two sockets, so that one may be renewed while the other listens) or as signed HTTP
// requests; both feed one intake that keeps the events of a conversation in order and confirms each after it was accepted.
// Whenever Slack may have spoken to nobody (at start, after a socket was lost, after Accept failed) the conversations that
// the bot is in are read back from their history. Until that is done for a conversation its place in the cursor stands
// still, so a crash in the middle loses nothing.
//
// What happened has the same EventID whether it was heard live or read back:
//
//	message   channel:ts
//	edit      channel:ts:edited.ts:h    h is a hash of the new text, because edited.ts counts whole seconds
//	deletion  channel:ts:deleted
//	reaction  channel:ts:name:user:added|removed:event_ts
//	pin       channel:ts:pinned|unpinned:user:event_ts
//	coming    channel:user:joined|left:tens of seconds, because its event and its message have different times
//	press     press:channel:ts:user:action_ts, or press:view:hash when a form was filled
//
// A message's ID is its ts, which is unique within its channel; a thread is named by the ts of its first message, and that
// message itself belongs to the channel: a thread's root and its name are the same.
//
// We chose to read history again rather than to trust Slack's three repeats, because those end after six minutes; it costs
// one call per conversation after a pause. Deletions, reactions and pins of a pause are lost: history does not tell them.
package slack
