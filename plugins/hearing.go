package plugins

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/plugins/internal/rpc"
)

// hearing is an event that the program has not answered yet.
type hearing struct {
	p      *Program
	t      *bots.Turn
	id     string
	items  chan item // calls in their order, and then the answer
	broken error     // why nothing may come of it, whatever the program answers
}

// item is one thing that the program did.
type item struct {
	call   rpc.Call
	answer *rpc.Answer
}

// callsMax is how many calls of one event may wait.
const callsMax = 64

// tell tells the program of an event. abandoned says that ctx ended before it answered: its place is taken until it does.
func (p *Program) tell(ctx context.Context, s *session, t *bots.Turn, attempt int) (abandoned bool, err error) {
	defer s.touch()
	h := &hearing{p: p, t: t, id: string(t.Hear().Key), items: make(chan item, callsMax+1)}
	if !s.begin(h) {
		return false, fmt.Errorf("the event %s is being heard already", h.id)
	}
	err = s.peer.Go("event", p.event(t, attempt), func(a rpc.Answer) {
		s.forget(h)
		h.items <- item{answer: &a}
	})
	if err != nil {
		s.forget(h)
		return false, &death{why: s.died()}
	}
	limit := p.cfg.Manifest.Limits.time()
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	a, ok := h.listen(within, s)
	switch {
	case !ok && ctx.Err() != nil:
		p.r.all.Go(func() { p.outlast(s, h) })
		return true, ctx.Err()
	case !ok:
		_ = s.peer.Fail(fmt.Errorf("did not answer an event within %v", limit))
		return false, &death{why: s.died(), final: true}
	case h.broken != nil:
		return false, h.broken
	case a.Err != nil:
		return false, s.refusal(a.Err)
	}
	return false, h.reply(a.Result)
}

// refusal is why an event was not answered with a result.
func (s *session) refusal(err error) error {
	if said, ok := errors.AsType[*rpc.Error](err); ok {
		return fmt.Errorf("it says: %s", said.Message)
	}
	return &death{why: s.died()}
}

// begin makes h one of the events that are heard; ok is false when it is one already.
func (s *session) begin(h *hearing) (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[h.id] != nil {
		return false
	}
	s.running[h.id] = h
	return true
}

func (s *session) forget(h *hearing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, h.id)
}

// outlast waits until the program has answered an event that nobody waits for any more, and gives its place free.
func (p *Program) outlast(s *session, h *hearing) {
	defer p.release()
	timer := time.NewTimer(p.cfg.Manifest.Limits.time())
	defer timer.Stop()
	for {
		select {
		case it := <-h.items:
			if it.answer != nil {
				return
			}
			s.peer.Answer(it.call, nil, &rpc.Error{Code: rpc.Failed, Message: "the event is over"})
		case <-timer.C:
			_ = s.peer.Fail(errors.New("did not answer an event"))
			return
		}
	}
}

// listen does what the program calls for, until it answers. ok is false when ctx ends before.
func (h *hearing) listen(ctx context.Context, s *session) (a rpc.Answer, ok bool) {
	for {
		select {
		case it := <-h.items:
			if it.answer != nil {
				return *it.answer, true
			}
			result, err := h.do(ctx, it.call)
			s.peer.Answer(it.call, result, err)
		case <-ctx.Done():
			return rpc.Answer{}, false
		}
	}
}

// called takes a call of the program, in the order of its lines.
func (p *Program) called(s *session, c rpc.Call) {
	if c.Method == "log" {
		s.peer.Answer(c, nil, s.says.told(c))
		return
	}
	h, err := s.about(c)
	switch {
	case err != nil:
		s.peer.Answer(c, nil, err)
	case h == nil:
		p.say(s, c)
	case len(h.items) >= callsMax: // the last place is the answer's
		s.peer.Answer(c, nil, refuse("too_many", "more than %d calls wait; read the answers", callsMax))
	default:
		h.items <- item{call: c}
	}
}

// about finds the event that a call is about: the one that it names, or the only one that is heard. nil: it is unbidden.
func (s *session) about(c rpc.Call) (*hearing, error) {
	var of struct {
		Event *string `json:"event"`
	}
	_ = json.Unmarshal(c.Params, &of) // what does not fit is found when the call is done
	s.mu.Lock()
	defer s.mu.Unlock()
	if of.Event == nil {
		if len(s.running) != 1 {
			return nil, nil //nolint:nilnil // it is unbidden
		}
		for _, h := range s.running {
			return h, nil
		}
	}
	if *of.Event == "" {
		return nil, nil //nolint:nilnil // it is unbidden
	}
	if h := s.running[*of.Event]; h != nil {
		return h, nil
	}
	return nil, refuse("over", "the event %s is over, or never was", *of.Event)
}
