// Package x speaks for one account on X: direct messages of API v2.
//
//	GET /2/dm_events          | activity stream | webhook → event → Sink.Accept → cursor        → chat.Post → POST …/messages
//	GET /2/chat/…/{id}/events | activity stream | webhook → open → Sink.Accept → place in a talk → chat.Post → seal → POST …/messages
//
// X keeps two kinds of direct messages: classic ones (/2/dm_*), in plain text, and encrypted ones (/2/chat/*). The
// account, its credentials, its limits and its money are the Connector's; how messages are read and written is that of
// classic and of encrypted. A person is the same conversation in both: Post takes the way by which they wrote last. The
// cryptography is xchat's.
//
// # Receiving
//
// Every way in ends in the same event IDs (the ID of the direct message event), so what arrives twice is stored once.
// Polling is always on. X lists events from the newest and knows no "since", so a poll walks back until it meets what
// it had seen, and hands the events over oldest first; its cursor is the last event ID, compared as the number that it
// is. A stream or a webhook only makes messages arrive sooner: the poll behind it fills what they lose. A first start
// begins at the moment when the connector was made, or Backfill days before.
//
// We chose to poll with small pages and to walk again with larger ones when a page does not reach back to the cursor,
// because X charges for every event that a page shows, once a day; a busy account pays one extra call for it.
//
// # Receiving encrypted messages
//
// X has no list of all events, but one for each conversation, so a poll asks which conversations changed and reads on in
// each from the last sequence ID that was taken in (a talk's place). An event that comes live names the one before it; if
// that is not the last one, the gap is read first. An event is named by what its sender signed, not by its place. A
// message whose key has not come waits on disk, with its conversation going on; after ten minutes the team is told of it,
// and when the key comes that message turns into what it says. What can't be believed, and never will be, is skipped.
//
// What X does not show when it is asked is owed: that is kept with the talk, and looked for until X shows it. One
// conversation's faults keep no other one waiting, and end no account. A key is looked for in each poll at first, and the
// rarer the longer a message has waited, because nobody should be able to have X asked without end.
//
// One at a time takes in what came to a talk; whoever writes there does not wait for it.
//
// # Sending
//
// X takes no key with a message, so a post that may have arrived is looked for before it is repeated. Find reads the
// conversation back since the first try and takes the oldest message of the account that says the same and that no
// other post owns. What a post owns is kept (the last 512), so two equal texts in a row are told apart: the first one's
// message is owned when the second is looked for. Two windows stay open. Someone who writes the very same text by hand
// on the account in the same minutes can be taken for us. And a request that X still works on is not seen yet; X is
// asked once more only when the caller asks again.
//
// An encrypted post is sealed and signed once and kept (the last 512); every try sends the same bytes, and Find looks for its
// message ID, which we choose and sign. So none of what was said about equal texts holds for it.
//
// # Money and limits
//
// X allows 15 sends in 15 minutes and charges for each one, and for each event and profile it shows. Budgets per UTC day
// are kept on disk; a send over budget is throttled until the next day, and polls become rarer as the budget melts.
//
// # Credentials
//
// OAuth 1.0a tokens do not expire. OAuth 2.0 tokens live two hours, and a refresh kills the refresh token it was made
// with; so the new pair is kept on disk before it is used, and one goroutine refreshes at a time. If the process dies
// after X answered and before the disk did, the pair is lost and a person must log in again; no client can close that
// window.
//
// A mention in a direct message notifies nobody, so relayed text goes out as it is.
package x
