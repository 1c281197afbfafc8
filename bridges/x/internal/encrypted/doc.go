// Package encrypted reads and writes the direct messages of an account on X that only their people can read (/2/chat/*). The
// cryptography is xchat's; whose account it is, and which calls it makes, is handed in.
//
//	GET /2/chat/…/{id}/events | activity stream | webhook → open → Sink.Accept → place in a talk → chat.Post → seal → POST …/messages
//
// # Receiving
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
// An encrypted post is sealed and signed once and kept (the last 512); every try sends the same bytes, and Find looks for its
// message ID, which we choose and sign. So two equal texts are never taken for one another.
//
// # Keys
//
// The account's own keys are those of the settings, or what LogIn has kept. New ones are kept before X hears of them, beside
// those that work, and become the account's when X lists them. Keys that X does not list end the account's start: what is
// sealed for others can't be opened, and what is signed with ours is believed by nobody.
package encrypted
