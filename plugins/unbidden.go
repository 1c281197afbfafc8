package plugins

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/plugins/internal/rpc"
	"github.com/roost-im/roost/router/chat"
)

// unbiddenly is what a call may have that is about no event.
type unbiddenly struct {
	// Once names what is asked for: the same name is done once, however often it is asked for.
	Once string `json:"once"`
}

// errand is an unbidden call as it is stored and heard.
type errand struct {
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

// What unbidden calls may come to.
const (
	errandsMax  = 64 // that wait to be stored
	errandsTime = 10 * time.Second
)

// say has an unbidden call stored, and answers when it is. It does not block: the errands of a session are stored by a
// goroutine of their own, in order.
func (p *Program) say(s *session, c rpc.Call) {
	at, once, err := p.errand(c)
	if err != nil {
		s.peer.Answer(c, nil, err)
		return
	}
	select {
	case s.errands <- func() { s.peer.Answer(c, nil, p.store(at, once, c)) }:
	default:
		s.peer.Answer(c, nil, refuse("too_many", "more than %d calls wait; read the answers", errandsMax))
	}
}

// errand says where an unbidden call is about, and checks what can be checked now: nobody hears what goes wrong later.
func (p *Program) errand(c rpc.Call) (at chat.Conversation, once string, err error) {
	switch c.Method {
	case "send", "edit", "delete", "state.set": //nolint:usestdlibvars // it is no HTTP
	default:
		if p.does[c.Method] == nil {
			return at, "", &rpc.Error{Code: rpc.NoMethod, Message: "there is no call " + c.Method}
		}
		return at, "", refuse("no_event", "%s is for events, and no event is being heard; declare a schedule", c.Method)
	}
	var of struct {
		To      string     `json:"to"`
		Message string     `json:"message"`
		Of      bots.Scope `json:"of"`
		Once    string     `json:"once"`
	}
	_ = json.Unmarshal(c.Params, &of) // what does not fit is said when the call is done
	switch {
	case c.Method == "state.set":
		if of.Of != bots.OfBot {
			return at, "", refuse("no_event", "state.set: no event is being heard, so there is state of: bot alone")
		}
		return at, of.Once, nil
	case of.Message != "":
		ref, err := parseRef(of.Message)
		if err != nil {
			return at, "", refuse("failed", "%s: %v", c.Method, err)
		}
		at = ref.Conversation
	case of.To == "":
		return at, "", refuse("no_event", "%s: no event is being heard, so say to which conversation", c.Method)
	default:
		if at, err = chat.ParseConversation(of.To); err != nil {
			return at, "", refuse("failed", "%s: %v", c.Method, err)
		}
	}
	if !p.cfg.Manifest.May.Send(at) {
		return at, "", refuse("may_not", "%s: %v: send to %s; grant it with send:%s", c.Method, bots.ErrMayNot, at, at.Place())
	}
	return at, of.Once, nil
}

// store has the bot hear an unbidden call.
func (p *Program) store(at chat.Conversation, once string, c rpc.Call) error {
	p.mu.Lock()
	call := p.unbidden
	p.mu.Unlock()
	if call == nil {
		return refuse("stopped", "%s: the bot is not running", c.Method)
	}
	body, err := json.Marshal(errand{c.Method, c.Params})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), errandsTime)
	defer cancel()
	if err := call(ctx, at, once, body); err != nil {
		return refuse("failed", "%s: it could not be stored; try again", c.Method)
	}
	return nil
}

// sent does an unbidden call when it is heard.
func (p *Program) sent(ctx context.Context, t *bots.Turn) error {
	called, ok := t.Hear().Event.What.(chat.Called)
	var e errand
	if !ok || json.Unmarshal(called.Body, &e) != nil || p.does[e.Method] == nil {
		return fmt.Errorf("plugin %s: an unbidden call is damaged", p.cfg.Manifest.Name)
	}
	if _, err := p.does[e.Method](ctx, t, rpc.Call{Method: e.Method, Params: e.Params}); err != nil {
		return fmt.Errorf("plugin %s: unbidden %s: %w", p.cfg.Manifest.Name, e.Method, err)
	}
	return nil
}

// runErrands stores unbidden calls until the session ends.
func (s *session) runErrands() {
	for {
		select {
		case do := <-s.errands:
			do()
		case <-s.ended:
			return
		}
	}
}
