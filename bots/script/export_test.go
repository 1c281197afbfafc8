package script

import (
	"bytes"
	"context"
	"encoding/json"
	"os/exec"

	"github.com/roost-im/roost/bots"
)

// Perform does what a worker's process calls for by lines, and gives what the process is told and why it would be ended.
func Perform(ctx context.Context, t *bots.Turn, lines []byte) (gave [][]byte, ended string) {
	c := &child{cmd: &exec.Cmd{}, gone: make(chan struct{}), events: map[int64]chan up{}, last: -1}
	s := &session{ctx: ctx, stage: t, file: "bot.star"}
	_, said := c.open()
	for one := range bytes.Lines(lines) {
		if _, err := c.Write(one); err != nil {
			panic(err)
		}
		select {
		case u := <-said:
			if u.Call == nil {
				_ = s.ended(u)
				continue
			}
			b, err := json.Marshal(s.perform(u.Call))
			if err != nil {
				panic(err)
			}
			gave = append(gave, b)
		default:
		}
	}
	return gave, c.reason
}

// Build makes a Spec of what a worker's process declares.
func Build(m []byte) (*bots.Spec, error) {
	var u up
	if err := json.Unmarshal(m, &u); err != nil || u.Loaded == nil {
		return nil, nil //nolint:nilnil // it declares nothing
	}
	return build("bot.star", *u.Loaded)
}
