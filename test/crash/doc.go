// Package crash holds the proof that nothing accepted is lost and nothing is doubled: a Roost that is killed with
// SIGKILL again and again, at random instants and under load, against four simulated platforms that live on in another
// process. A mirror joins a conversation on each platform, and a desk takes the direct messages of three and shows its cases
// on three.
//
// In a second run it is killed amid encrypted chats on X, above all in the middle of calls: before X hears of one, when X has
// done it and has not answered, and when the answer is hardly there. People write encrypted and in the clear, to a desk and in
// a group that is mirrored; conversations and people get new keys; X loses, holds, doubles and cuts what it tells, keeps keys
// back, and makes a second message of a post that is repeated.
//
//	go test ./test/crash                           # 100 kills, and 20 amid encrypted chats
//	go test ./test/crash -kills 1000               # as many as you have time for, of each
//	go test ./test/crash -run Sealed -seed 4711    # what happened in another such run, but for the moments of the kills
//	go test ./test/crash -webhooks                 # on Discord by webhooks; takes minutes longer, because a post in doubt waits for one
package crash
