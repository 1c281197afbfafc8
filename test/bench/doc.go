// Package bench measures the built command from outside, as its users meet it: messages go in by signed HTTP, are committed
// to disk, and come out by signed HTTP, all on loopback and on the same machine as the load.
//
//	go test -run '^$' -bench . -benchtime 1x ./test/bench
package bench
