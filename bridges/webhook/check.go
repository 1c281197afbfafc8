package webhook

import (
	"context"
	"errors"

	"github.com/roost-im/roost/router/chat"
)

// Check says where the program sends to and readers read from, and sends the program a signed ping.
func (c *Connector) Check(ctx context.Context) ([]chat.Finding, error) {
	found := []chat.Finding{c.checkHook()}
	if c.cfg.journals() {
		who := "readers that sign"
		if !c.cfg.ReadToken.IsZero() {
			who = "readers with the read_token, or that sign"
		}
		found = append(found, chat.Finding{
			Grade: chat.Fine, Name: "journal", Text: who + " fetch what is sent from " + c.address() + "/events",
		})
	}
	if c.cfg.URL == "" {
		return found, nil
	}
	ping, err := c.ping(ctx)
	return append(found, ping), err
}

// address is where the world reaches the hook.
func (c *Connector) address() string { return c.deps.Public + "/" + string(c.deps.Account) }

func (c *Connector) checkHook() chat.Finding {
	f := chat.Finding{Grade: chat.Fine, Name: "hook", Text: "events are taken at " + c.address()}
	switch {
	case c.deps.Mount == nil:
		f.Grade, f.Text = chat.Warning, "there is no web address, so the program can't send anything"
		f.Mend = "set web.listen"
	case c.deps.Public == "":
		f.Grade, f.Text = chat.Warning, "the public web address is not known; events are taken below it at "+c.address()
		f.Mend = "set web.public"
	case !c.mounted.Load():
		f.Text += " while the account runs"
	}
	return f
}

// ping sends a ping that the program need only answer with 2xx. Its error is one of the way; what the program says against
// it is a finding.
func (c *Connector) ping(ctx context.Context) (chat.Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	out := c.begin("ping", "", chat.Conversation{})
	err := c.push(ctx, &out, nil)
	if err == nil {
		return chat.Finding{Grade: chat.Fine, Name: "url", Text: hostOf(c.cfg.URL) + " took a signed ping"}, nil
	}
	e, ok := errors.AsType[*chat.Error](err)
	if !ok {
		return chat.Finding{}, err
	}
	f := chat.Finding{Grade: chat.Broken, Name: "url", Text: hostOf(c.cfg.URL) + " did not take a signed ping: " + chat.Reason(e)}
	if e.Kind == chat.LoggedOut {
		f.Mend = "give the program the account's secret, and set both clocks"
	} else {
		f.Mend = "see that the program runs, listens at url, and answers a ping with 200"
	}
	return f, nil
}
