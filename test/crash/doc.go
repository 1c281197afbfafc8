// Package crash holds the proof that nothing accepted is lost and nothing is doubled: a Roost that is killed with
// SIGKILL again and again, at random instants and under load, against simulators that live on in another process.
//
//	go test ./test/crash              # 100 kills
//	go test ./test/crash -kills 1000  # as many as you have time for
package crash
