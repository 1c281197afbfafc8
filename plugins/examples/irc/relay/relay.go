// Package relay is the IRC plugin: it speaks Roost's protocol on one side and IRC on the other.
//
//	server → link.read → link.take → queue → accept → Roost
//	Roost → post → say → server → echo, label or PONG → the answer
//
// A Relay keeps one connection to the server (link) while Roost has it run, and makes a new one when it breaks. What was
// said waits in a queue until Roost has stored it; where the server has CHATHISTORY, what was missed is read from there, from
// the last time that Roost has stored.
//
// A post is done when the server has shown that it took it: by its echo or by an answer to its label where the server has
// labeled-response, and by the PONG to a PING that stood behind it elsewhere. A server does what it is told in order, so whatever
// it had to object to has come by then.
package relay

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/roost-im/roost/plugins/examples/irc/irc"
)

// Relay is one account.
type Relay struct {
	peer  *peer
	set   settings
	ready bool // set is there
	queue *queue
	flood *bucket
	turn  chan struct{} // held by who writes a message
	work  sync.WaitGroup

	mu      sync.Mutex
	now     *link // nil: there is no connection
	why     error // why there is none
	running bool
	last    time.Time // up to when everything that was said is in the queue
}

// textMax is what a message takes in the worst case: 512 bytes, of which the server's prefix and the command take up to 168,
// and formatting codes some.
const textMax = 320

// Serve speaks the protocol until in ends or ctx does.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	r := &Relay{peer: newPeer(out), queue: newQueue(), turn: make(chan struct{}, 1)}
	defer r.work.Wait()
	defer cancel()
	return r.peer.read(in, func(l line) { r.take(ctx, l) })
}

// take does what Roost calls for. Whatever may wait does so elsewhere.
func (r *Relay) take(ctx context.Context, l line) {
	later := func(do func() (any, error)) {
		r.work.Go(func() {
			result, err := do()
			r.peer.answer(l.ID, result, err)
		})
	}
	nothing := struct{}{}
	switch {
	case l.Method == "initialize":
		result, err := r.initialize(l.Params)
		r.peer.answer(l.ID, result, err)
	case l.Method == "ping":
		r.peer.answer(l.ID, nothing, nil)
	case l.Method == "shutdown":
		r.quit()
		r.peer.answer(l.ID, nothing, nil)
	case !r.ready:
		r.peer.answer(l.ID, nil, fail(transient, "%s: initialize comes first", l.Method))
	case l.Method == "run":
		later(func() (any, error) { return nothing, r.run(ctx, l.Params) })
	case l.Method == "post": //nolint:usestdlibvars // it is no method of HTTP
		later(func() (any, error) { return r.post(ctx, l.Params) })
	case l.Method == "check":
		later(func() (any, error) { return r.check(ctx) })
	default:
		r.peer.answer(l.ID, nil, &fault{Code: codeNoMethod, Message: "there is no call " + l.Method})
	}
}

// traits are what IRC can do.
type traits struct {
	Platform string   `json:"platform"`
	Text     limit    `json:"text"`
	Spans    []string `json:"spans"`
	Repeat   string   `json:"repeat"`
	Pace     struct {
		Conversation pace `json:"conversation"`
		Account      pace `json:"account"`
		Parallel     int  `json:"parallel"`
	} `json:"pace"`
	Check bool `json:"check"`
}

type limit struct {
	Max  int    `json:"max"`
	Unit string `json:"unit"`
}

// parallel is how many posts wait for their turn here.
const parallel = 4

func (r *Relay) initialize(params json.RawMessage) (any, error) {
	var told struct {
		Config json.RawMessage `json:"config"`
	}
	if err := json.Unmarshal(params, &told); err != nil {
		return nil, err
	}
	set, err := parseSettings(told.Config)
	if err != nil {
		return nil, err
	}
	r.set, r.ready, r.flood = set, true, newBucket(set.Flood)
	t := traits{Platform: "IRC", Text: limit{textMax, "bytes"}, Spans: irc.Kinds(), Repeat: "blind", Check: true}
	t.Pace.Conversation, t.Pace.Account, t.Pace.Parallel = set.Flood, set.Flood, parallel
	return map[string]any{"api": 1, "traits": t}, nil
}

// The times between two attempts to connect: twice as long each, from the first to the last.
const (
	againFirst = time.Second
	againMost  = 2 * time.Minute
	steady     = time.Minute // a connection that lived as long starts from the first again
)

// run keeps a connection until ctx ends, or until a person must act.
func (r *Relay) run(ctx context.Context, params json.RawMessage) error {
	var from struct {
		Cursor string `json:"cursor"`
	}
	if err := json.Unmarshal(params, &from); err != nil {
		return err
	}
	r.mu.Lock()
	if r.running {
		r.mu.Unlock()
		return fail(transient, "it runs already")
	}
	r.running = true
	if t, err := time.Parse(time.RFC3339Nano, from.Cursor); err == nil {
		r.last = t
	}
	r.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	var tell sync.WaitGroup
	tell.Go(func() { r.tell(ctx) })
	defer func() {
		cancel()
		tell.Wait()
		r.mu.Lock()
		r.running = false
		r.mu.Unlock()
	}()
	return r.stay(ctx)
}

// stay connects again and again.
func (r *Relay) stay(ctx context.Context) error {
	wait := againFirst
	for {
		began := time.Now()
		err := r.live(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it was told to end
		}
		if kindOf(err) == loggedOut {
			return err
		}
		if time.Since(began) > steady {
			wait = againFirst
		}
		r.peer.log("warn", "not connected to %s: %v; next attempt in %v", r.set.Server, err, wait)
		if !pause(ctx, wait) {
			return nil
		}
		wait = min(2*wait, againMost)
	}
}

// live has one connection, from its beginning to its end, and says why it ended.
func (r *Relay) live(ctx context.Context) error {
	l, err := r.connect(ctx)
	if err == nil {
		r.is(l, nil)
		r.peer.log("info", "connected to %s as %s", r.set.Server, l.self())
		err = l.serve(ctx)
	}
	r.is(nil, err)
	return err
}

// is says which connection there is, or why there is none.
func (r *Relay) is(l *link, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now, r.why = l, why
}

// link is the connection that there is. Its error says why there is none.
func (r *Relay) link() (*link, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.now != nil:
		return r.now, nil
	case r.why != nil:
		return nil, fail(transient, "not connected to %s: %v", r.set.Server, r.why)
	}
	return nil, fail(transient, "not connected to %s yet", r.set.Server)
}

// quit says goodbye to the server.
func (r *Relay) quit() {
	if l, err := r.link(); err == nil {
		l.leave()
	}
}
