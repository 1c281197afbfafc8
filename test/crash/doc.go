// Package crash holds the proof that nothing accepted is lost and nothing is doubled: a Roost that is killed with
// SIGKILL again and again, at random instants and under load, against four simulated platforms that live on in another
// process. A mirror joins a conversation on each platform, and a desk takes the direct messages of three and shows its cases
// on three.
//
//	go test ./test/crash              # 100 kills
//	go test ./test/crash -kills 1000  # as many as you have time for
//	go test ./test/crash -webhooks    # on Discord by webhooks; takes minutes longer, because a post in doubt waits for one
package crash
