package plugins

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// sought is what a program is asked whether it arrived.
type sought struct {
	Action string    `json:"action"` // post or open
	Since  time.Time `json:"since"`  // when it was first tried
	deedOf
}

// Find asks the program whether something arrived.
func (c *Connector) Find(ctx context.Context, a chat.Action, since time.Time) (chat.Receipt, bool, error) {
	q := sought{Action: chat.ActionName(a), Since: since.UTC()}
	switch a := a.(type) {
	case chat.Post:
		q.deedOf = c.declared().post(a)
	case chat.Open:
		q.deedOf = c.declared().post(chat.Post{Key: a.Key, To: a.To, Card: &a.Card})
		q.Title, q.Bare, q.Root = a.Title, a.Bare, a.Root
	case chat.Edit, chat.Delete, chat.React, chat.Pin, chat.Hear:
		return chat.Receipt{}, false, fmt.Errorf("find: %s is done again", q.Action)
	}
	r, err := c.perform(ctx, "find", q)
	return r.receipt(c.account), r.Found, err
}

// Check asks the program whether its account works. One that declares no check is looked at alone.
func (c *Connector) Check(ctx context.Context) ([]chat.Finding, error) {
	broken := func(err error) []chat.Finding {
		return []chat.Finding{{
			Grade: chat.Broken, Name: "program", Text: c.cfg.Manifest.Name + " " + err.Error(),
			Mend: "look at the log, and at what " + c.cfg.Manifest.File + " runs",
		}}
	}
	s, err := c.r.acquire(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return broken(err), nil
	}
	fine := chat.Finding{Grade: chat.Fine, Name: "program", Text: c.cfg.Manifest.Name + " runs"}
	if !c.declared().Check {
		return []chat.Finding{fine}, nil
	}
	raw, err := s.peer.Call(ctx, "check", ping{})
	if err != nil {
		return nil, c.declared().problem("check", err)
	}
	var out struct {
		Findings []chat.Finding `json:"findings"`
	}
	if json.Unmarshal(raw, &out) != nil {
		return broken(errors.New("answered check wrongly")), nil
	}
	return append([]chat.Finding{fine}, out.Findings...), nil
}
