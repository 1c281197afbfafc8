// Package x speaks for one account on X: direct messages of API v2.
//
//	GET /2/dm_events          | activity stream | webhook → event → Sink.Accept → cursor        → chat.Post → POST …/messages
//	GET /2/chat/…/{id}/events | activity stream | webhook → open → Sink.Accept → place in a talk → chat.Post → seal → POST …/messages
//
// X keeps two kinds of direct messages: classic ones (/2/dm_*), in plain text, and encrypted ones (/2/chat/*). The
// Connector has one account and both: classic ones are read and written here, encrypted ones by package encrypted, with the
// cryptography of xchat, and either with the calls of package api. A person is the same conversation in both: Post takes the
// way by which they wrote last.
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
// # Sending
//
// X takes no key with a classic message, so a post that may have arrived is looked for before it is repeated. Find reads the
// conversation back since the first try and takes the oldest message of the account that says the same and that no
// other post owns. What a post owns is kept (the last 512), so two equal texts in a row are told apart: the first one's
// message is owned when the second is looked for. Two windows stay open. Someone who writes the very same text by hand
// on the account in the same minutes can be taken for us. And a request that X still works on is not seen yet; X is
// asked once more only when the caller asks again.
//
// A mention in a direct message notifies nobody, so relayed text goes out as it is.
package x
