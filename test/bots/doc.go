// Package bots holds the proofs that what a bot does happens once, whatever happens to Roost.
//
// Dialogs: a Roost that is killed with SIGKILL again and again, at random instants between and during the steps of dialogs
// of twenty questions, on four simulated platforms that live on in another process. In the end every person has seen every
// question and every word between them once and in order, and each answer was used once: the bot counts them in its state.
//
// On X, in Slack and on Discord that holds without anybody's help: a post in doubt is read back, or bears a key. Telegram
// takes no key and can't be read back, so for a post in doubt nothing can tell. There we run with uncertain: hold. Nothing is
// ever there twice, and what may not be there is listed by roost deliveries as held; a person looks, and says roost replay
// for what is not there and roost replay --arrived for what is. That person is part of the test, so in the end everything
// is there once on Telegram too, but not always in order. With uncertain: repeat nobody is needed, and now and then something
// would be there twice: that is what the setting means, so there is nothing to test.
//
// Schedules: a process that is killed, and whose clock is moved back and forth, fires each slot once.
//
// Isolation: bots that loop, allocate without end, flood, crash and hang, all at once, keep nobody else waiting, and the
// operators read why each was quarantined.
//
//	go test ./test/bots                                            # a few kills in dialogs, fifty in schedules
//	go test ./test/bots -run Dialogs -kills 200 -v                 # as many kills as were promised; two minutes
//	go test ./test/bots -run BadBots -isolation 30s -v             # how long others wait beside bad bots
package bots
