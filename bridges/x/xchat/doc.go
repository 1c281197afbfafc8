// Package xchat opens and seals the messages of X's encrypted chats, in Go alone.
//
//	wire.ParseEvent → Reader.Adopt (a key change → Keyring) | Reader.Open (a message → wire.Content) | Reader.Verify (the rest)
//	wire.Content    → Author.Write → Payload → POST /2/chat/conversations/{id}/messages
//
// It does no I/O and knows no clock. Three things are handed to it: the account's own Keys, the Directory of everybody's
// public keys as X lists them, and one Keyring for each conversation. Sub-packages know no key: wire is how X writes
// events, secretstream how it seals files.
//
// # The protocol
//
// Everybody has two P-256 key pairs, identity and signing, registered at X. A conversation has a key of 32 bytes, which
// everybody in it shares. A key change gives it a new one: it holds the key wrapped for each participant with ECIES (ECDH
// on P-256, X9.63 with SHA-256, AES-128-GCM with a nonce of 16 bytes). A message is a thrift structure sealed with the
// conversation's key (XSalsa20-Poly1305), and signed with ECDSA over a text of its ID, sender, conversation, key version
// and sealed bytes. https://github.com/xdevplatform/chat-xdk/blob/main/docs/CRYPTO.md
//
// There is no forward secrecy: whoever has an identity key and what lies at X reads everything that was ever written to
// it. A new conversation key protects only what comes after.
//
// # What is held to
//
//   - Nothing is given out whose signature does not hold. The signer's keys come from the Directory, which takes them only
//     when the signing key has signed the identity key; a key that travels in an event is never believed.
//   - In a conversation of two, only the two can have written.
//   - A conversation's latest key never goes back to an older one: an old key change that comes again can be read with,
//     and not written with. A key change whose signer X no longer lists, as that of somebody who left a group, gives a
//     key to read with alone, as X's documents advise (https://docs.x.com/xchat/groups).
//   - What a reply says of the message that it answers is Proven, Forged, or Unproven when the reply brings no proof that
//     can be checked.
//   - No error, and no verb on Keys, ConversationKey, Keyring, Opened and Draft, shows a key or what was written.
//   - No secret is compared but in constant time. Which of two keys counts is told by their versions and by who signed
//     them, never by what they are.
//
// We chose to refuse a key change with a wrong signature altogether, where X's own SDK still reads old ones with it,
// because what can't be told from a forgery should not decide what we can read; it costs the history from before signature
// version 6. Until then the signature covered everybody's copies of the key, of which X gives each account its own alone.
package xchat
