package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
)

// lineMax is how long a line between a worker and its process may be.
const lineMax = 4 << 20 // bytes

// down is a line to the worker's process. N says which event it is about; that of Load is 0.
type down struct {
	N    int64      `json:"n"`
	Load *wireLoad  `json:"load,omitempty"`
	Hear *heard     `json:"hear,omitempty"`
	Gave *wireGave  `json:"gave,omitempty"` // what a call came to
	Past *bots.Past `json:"past,omitempty"` // of a dialog to migrate
	Stop bool       `json:"stop,omitempty"` // the event's time is over
}

// up is a line from the worker's process.
type up struct {
	N      int64       `json:"n"`
	Loaded *manifest   `json:"loaded,omitempty"`
	Call   *wireCall   `json:"call,omitempty"`
	Done   bool        `json:"done,omitempty"`
	Fault  *wireFault  `json:"fault,omitempty"`
	Faults []wireFault `json:"faults,omitempty"` // why the script can't be loaded
	Past   *wirePast   `json:"past,omitempty"`
}

type wireLoad struct {
	Name    string  `json:"name"`
	Source  []byte  `json:"source"`
	Options Options `json:"options"`
}

// wireFault is how a script failed.
type wireFault struct {
	Line    int    `json:"line"`
	Column  int    `json:"column,omitempty"`
	Reason  string `json:"reason"`
	Runaway bool   `json:"runaway,omitempty"`
}

// wirePast is what Migrate came to.
type wirePast struct {
	Answers []string `json:"answers,omitempty"`
	OK      bool     `json:"ok,omitempty"`
}

// wireCall is a call of a method of the Turn; each field is an argument of one or of several.
type wireCall struct {
	Op       string            `json:"op"`
	Message  *bots.Message     `json:"message,omitempty"`
	Question *bots.Question    `json:"question,omitempty"`
	Request  *bots.Request     `json:"request,omitempty"`
	Ref      chat.Ref          `json:"ref,omitzero"`
	Text     string            `json:"text,omitempty"`
	Remove   bool              `json:"remove,omitempty"`
	At       time.Time         `json:"at,omitzero"`
	Scope    bots.Scope        `json:"scope,omitempty"`
	Data     []byte            `json:"data,omitempty"`
	None     bool              `json:"none,omitempty"` // Data is nil
	Vars     map[string]string `json:"vars,omitempty"`
}

// wireGave is what a call came to.
type wireGave struct {
	Err      string         `json:"err,omitempty"`
	Waiting  bool           `json:"waiting,omitempty"`
	Ref      chat.Ref       `json:"ref,omitzero"`
	Answer   *bots.Answer   `json:"answer,omitempty"`
	Response *bots.Response `json:"response,omitempty"`
	Text     string         `json:"text,omitempty"`
	At       time.Time      `json:"at,omitzero"`
	Seed     [2]uint64      `json:"seed,omitzero"`
	Data     []byte         `json:"data,omitempty"`
	None     bool           `json:"none,omitempty"` // Data is nil
}

// perform does on st what a worker's process calls for.
func (c *wireCall) perform(ctx context.Context, st stage) (wireGave, error) {
	switch c.Op {
	case "say", "edit", "delete", "remove", "react", "typing", "words", "log":
		return c.speak(ctx, st)
	case "get", "set", "http", "secret", "now", "rand":
		return c.look(ctx, st)
	case "ask":
		if c.Question == nil {
			break
		}
		a, err := st.Ask(*c.Question)
		return wireGave{Answer: &a}, err
	case "handoff":
		return wireGave{}, st.HandOff(c.Text)
	case "wake":
		return wireGave{}, st.Wake(c.Text, c.At, c.Data)
	case "unwake":
		return wireGave{}, st.Unwake(c.Text)
	}
	return wireGave{}, fmt.Errorf("%q is no call", c.Op)
}

func (c *wireCall) speak(ctx context.Context, st stage) (g wireGave, err error) {
	var m bots.Message
	if c.Message != nil {
		m = *c.Message
	}
	switch c.Op {
	case "say":
		g.Ref, err = st.Say(m)
	case "edit":
		err = st.Edit(c.Ref, m)
	case "delete":
		err = st.Delete(c.Ref)
	case "remove":
		err = st.Remove()
	case "react":
		err = st.React(c.Text, c.Remove)
	case "typing":
		st.Typing(ctx)
	case "words":
		g.Text = st.Words(c.Text, c.Vars)
	case "log":
		st.Log(ctx, c.Text)
	}
	return g, err
}

func (c *wireCall) look(ctx context.Context, st stage) (g wireGave, err error) {
	switch c.Op {
	case "get":
		g.Data, err = st.Get(ctx, c.Scope, c.Text)
		g.None = g.Data == nil
	case "set":
		data := c.Data
		if !c.None && data == nil {
			data = []byte{}
		}
		err = st.Set(ctx, c.Scope, c.Text, data)
	case "http":
		if c.Request == nil {
			return g, errors.New("there is no request")
		}
		var resp bots.Response
		resp, err = st.HTTP(ctx, *c.Request)
		g.Response = &resp
	case "secret":
		g.Text, err = st.Secret(c.Text)
	case "now":
		g.At, err = st.Now()
	case "rand":
		r := st.Rand()
		g.Seed = [2]uint64{r.Uint64(), r.Uint64()}
	}
	return g, err
}

// remote is the stage of a script in a worker's process: each call goes to the host and waits for what it came to.
type remote struct {
	call func(c wireCall) wireGave
}

var _ stage = remote{}

// do calls, and gives the error as the host said it.
func (r remote) do(c wireCall) (wireGave, error) {
	g := r.call(c)
	switch {
	case g.Waiting:
		return g, bots.ErrWaiting
	case g.Err != "":
		return g, errors.New(g.Err)
	}
	return g, nil
}

func (r remote) Say(m bots.Message) (chat.Ref, error) {
	g, err := r.do(wireCall{Op: "say", Message: &m})
	return g.Ref, err
}

func (r remote) Edit(of chat.Ref, m bots.Message) error {
	_, err := r.do(wireCall{Op: "edit", Ref: of, Message: &m})
	return err
}

func (r remote) Delete(of chat.Ref) error {
	_, err := r.do(wireCall{Op: "delete", Ref: of})
	return err
}

func (r remote) Remove() error {
	_, err := r.do(wireCall{Op: "remove"})
	return err
}

func (r remote) React(emoji string, remove bool) error {
	_, err := r.do(wireCall{Op: "react", Text: emoji, Remove: remove})
	return err
}

func (r remote) Typing(context.Context) { r.call(wireCall{Op: "typing"}) }

func (r remote) Words(key string, vars map[string]string) string {
	return r.call(wireCall{Op: "words", Text: key, Vars: vars}).Text
}

func (r remote) Log(_ context.Context, line string) { r.call(wireCall{Op: "log", Text: line}) }

func (r remote) Ask(q bots.Question) (bots.Answer, error) {
	g, err := r.do(wireCall{Op: "ask", Question: &q})
	if g.Answer == nil {
		return bots.Answer{}, err
	}
	return *g.Answer, err
}

func (r remote) HandOff(reason string) error {
	_, err := r.do(wireCall{Op: "handoff", Text: reason})
	return err
}

func (r remote) Wake(name string, at time.Time, data []byte) error {
	_, err := r.do(wireCall{Op: "wake", Text: name, At: at, Data: data})
	return err
}

func (r remote) Unwake(name string) error {
	_, err := r.do(wireCall{Op: "unwake", Text: name})
	return err
}

func (r remote) Now() (time.Time, error) {
	g, err := r.do(wireCall{Op: "now"})
	return g.At, err
}

func (r remote) Rand() *rand.Rand {
	seed := r.call(wireCall{Op: "rand"}).Seed
	return rand.New(rand.NewPCG(seed[0], seed[1]))
}

func (r remote) Get(_ context.Context, s bots.Scope, key string) ([]byte, error) {
	g, err := r.do(wireCall{Op: "get", Scope: s, Text: key})
	if err != nil || g.None {
		return nil, err
	}
	return append([]byte{}, g.Data...), nil
}

func (r remote) Set(_ context.Context, s bots.Scope, key string, value []byte) error {
	_, err := r.do(wireCall{Op: "set", Scope: s, Text: key, Data: value, None: value == nil})
	return err
}

func (r remote) HTTP(_ context.Context, q bots.Request) (bots.Response, error) {
	g, err := r.do(wireCall{Op: "http", Request: &q})
	if g.Response == nil {
		return bots.Response{}, err
	}
	return *g.Response, err
}

func (r remote) Secret(name string) (string, error) {
	g, err := r.do(wireCall{Op: "secret", Text: name})
	return g.Text, err
}

// faultOf is how an error goes over the wire.
func faultOf(err error) *wireFault {
	w := &wireFault{Line: 1, Reason: err.Error(), Runaway: errors.Is(err, bots.ErrRunaway)}
	if f, ok := errors.AsType[*Fault](err); ok {
		w.Line, w.Column, w.Reason = f.Line, f.Column, f.Reason
	}
	return w
}

// fault is an error that came over the wire. cause is what the host itself gave to the script first; nil: nothing.
func (w *wireFault) fault(file string, cause error) error {
	f := &Fault{File: file, Line: w.Line, Column: w.Column, Reason: w.Reason, Err: cause}
	if w.Runaway {
		f.Err = bots.ErrRunaway
	}
	return f
}

// faultsOf are the faults of a script that can't be loaded.
func faultsOf(err error) []wireFault {
	all, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []wireFault{*faultOf(err)}
	}
	var list []wireFault
	for _, e := range all.Unwrap() {
		list = append(list, *faultOf(e))
	}
	return list
}

func line(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err == nil && len(b) > lineMax {
		err = fmt.Errorf("a line has more than %d bytes", lineMax)
	}
	return append(b, '\n'), err
}
