package plugins

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/plugins/internal/rpc"
	"github.com/roost-im/roost/router/chat"
)

// deed does what a program calls for. Its errors are for the program; one that is wrapped in fatal is the event's.
type deed func(ctx context.Context, t *bots.Turn, c rpc.Call) (any, error)

// deeds are what a program can call for, by the names of the protocol.
func deeds() map[string]deed {
	return map[string]deed{
		"send": send, "edit": edit, "delete": del, "remove": remove, "react": react, "typing": typing, "ask": ask,
		"state.get": stateGet, "state.set": stateSet, "secret.use": secretUse, "http.fetch": httpFetch,
		"wake": wake, "unwake": unwake, "hand_off": handOff,
	}
}

// fatal is an error for which nothing may come of an event: it shall be heard again.
type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

// refusal is what a program is told when it is told no.
type refusal struct {
	Kind string `json:"kind"`
}

// refuse is an answer that says no, by a kind that a program can tell from others.
func refuse(kind, format string, args ...any) *rpc.Error {
	data, _ := json.Marshal(refusal{kind}) //nolint:errchkjson // it is a string
	return &rpc.Error{Code: rpc.Failed, Message: fmt.Sprintf(format, args...), Data: data}
}

// do does what the program calls for.
func (h *hearing) do(ctx context.Context, c rpc.Call) (any, error) {
	does := h.p.does[c.Method]
	if does == nil {
		return nil, &rpc.Error{Code: rpc.NoMethod, Message: "there is no call " + c.Method}
	}
	result, err := does(ctx, h.t, c)
	if err == nil {
		return result, nil
	}
	if f, ok := errors.AsType[fatal](err); ok {
		h.broken = f.error
	}
	if said, ok := errors.AsType[*rpc.Error](err); ok {
		return nil, said
	}
	return nil, refuse(kindOf(err), "%s: %v", c.Method, err)
}

// kindOf names what went wrong, for programs.
func kindOf(err error) string {
	switch {
	case errors.Is(err, bots.ErrMayNot):
		return "may_not"
	case errors.Is(err, bots.ErrTooMany):
		return "too_many"
	case errors.Is(err, bots.ErrNoDesk):
		return "no_desk"
	case errors.Is(err, context.DeadlineExceeded):
		return "late"
	}
	return "failed"
}

// about is what every call may have.
type about struct {
	Event *string `json:"event"` // which event it is about; see session.about
}

// sent is the answer to send.
type sent struct {
	Message string `json:"message"` // by which it can be edited and deleted
}

func send(_ context.Context, t *bots.Turn, c rpc.Call) (any, error) {
	var p struct {
		about
		unbiddenly
		words
	}
	if err := c.Read(&p); err != nil {
		return nil, err
	}
	m, err := p.message()
	if err != nil {
		return nil, err
	}
	ref, err := t.Say(m)
	if err != nil {
		return nil, err
	}
	return sent{ref.String()}, nil
}

// parseRef reads the name of a message that send gave.
func parseRef(s string) (chat.Ref, error) {
	i := strings.LastIndexByte(s, '|')
	if i < 0 {
		return chat.Ref{}, fmt.Errorf("%q names no message; it is what send answered", s)
	}
	at, err := chat.ParseConversation(s[:i])
	return chat.Ref{Conversation: at, Message: chat.MessageID(s[i+1:])}, err
}

func edit(_ context.Context, t *bots.Turn, c rpc.Call) (any, error) {
	var p struct {
		about
		unbiddenly
		words
		Message string `json:"message"`
	}
	if err := c.Read(&p); err != nil {
		return nil, err
	}
	ref, err := parseRef(p.Message)
	if err != nil {
		return nil, err
	}
	p.To = ""
	m, err := p.message()
	if err != nil {
		return nil, err
	}
	return nil, t.Edit(ref, m)
}

func del(_ context.Context, t *bots.Turn, c rpc.Call) (any, error) {
	var p struct {
		about
		unbiddenly
		Message string `json:"message"`
	}
	if err := c.Read(&p); err != nil {
		return nil, err
	}
	ref, err := parseRef(p.Message)
	if err != nil {
		return nil, err
	}
	return nil, t.Delete(ref)
}

func remove(_ context.Context, t *bots.Turn, c rpc.Call) (any, error) {
	var p about
	if err := c.Read(&p); err != nil {
		return nil, err
	}
	return nil, t.Remove()
}

func react(_ context.Context, t *bots.Turn, c rpc.Call) (any, error) {
	var p struct {
		about
		Emoji  string `json:"emoji"`
		Remove bool   `json:"remove"`
	}
	if err := c.Read(&p); err != nil {
		return nil, err
	}
	return nil, t.React(p.Emoji, p.Remove)
}

func typing(ctx context.Context, t *bots.Turn, c rpc.Call) (any, error) {
	var p about
	if err := c.Read(&p); err != nil {
		return nil, err
	}
	t.Typing(ctx)
	return nil, nil //nolint:nilnil // it has no result
}

func ask(_ context.Context, t *bots.Turn, c rpc.Call) (any, error) {
	var p struct {
		about
		words
		Type    bots.ParamKind  `json:"type"`
		Timeout float64         `json:"timeout"` // seconds
		Data    json.RawMessage `json:"data"`
	}
	if err := c.Read(&p); err != nil {
		return nil, err
	}
	m, err := p.message()
	if err != nil {
		return nil, err
	}
	q := bots.Question{Message: m, Type: p.Type, Timeout: seconds(p.Timeout)}
	if p.Data == nil {
		p.Data = json.RawMessage("null")
	}
	return nil, t.Await(q, p.Data)
}

// seconds is a time that a program wrote; what can't be one is 0.
func seconds(s float64) time.Duration {
	const most = 10 * 366 * 24 * 60 * 60
	if s > 0 && s <= most {
		return time.Duration(s * float64(time.Second))
	}
	return 0
}

// handle is the answer to secret.use.
type handle struct {
	Handle string `json:"handle"` // stands for the secret in http.fetch
}

func secretUse(_ context.Context, t *bots.Turn, c rpc.Call) (any, error) {
	var p struct {
		about
		Name string `json:"name"`
	}
	if err := c.Read(&p); err != nil {
		return nil, err
	}
	h, err := t.Secret(p.Name)
	return handle{h}, err
}

// page is the answer to http.fetch.
type page struct {
	Status int    `json:"status"`
	Type   string `json:"type,omitempty"`
	Body   string `json:"body"`
}

func httpFetch(ctx context.Context, t *bots.Turn, c rpc.Call) (any, error) {
	var p struct {
		about
		Method string            `json:"method"`
		URL    string            `json:"url"`
		Header map[string]string `json:"header"`
		Body   string            `json:"body"`
	}
	if err := c.Read(&p); err != nil {
		return nil, err
	}
	r, err := t.HTTP(ctx, bots.Request{Method: p.Method, URL: p.URL, Header: p.Header, Body: p.Body})
	return page{r.Status, r.Type, r.Body}, err
}

func wake(_ context.Context, t *bots.Turn, c rpc.Call) (any, error) {
	var p struct {
		about
		Name string          `json:"name"`
		At   time.Time       `json:"at"` // or
		In   float64         `json:"in"` // seconds
		Data json.RawMessage `json:"data"`
	}
	if err := c.Read(&p); err != nil {
		return nil, err
	}
	if p.At.IsZero() == (seconds(p.In) == 0) {
		return nil, &rpc.Error{Code: rpc.BadParams, Message: "wake: say at, a time, or in, a number of seconds"}
	}
	if p.At.IsZero() {
		now, err := t.Now()
		if err != nil {
			return nil, err
		}
		p.At = now.Add(seconds(p.In))
	}
	return nil, t.Wake(p.Name, p.At, p.Data)
}

func unwake(_ context.Context, t *bots.Turn, c rpc.Call) (any, error) {
	var p struct {
		about
		Name string `json:"name"`
	}
	if err := c.Read(&p); err != nil {
		return nil, err
	}
	return nil, t.Unwake(p.Name)
}

func handOff(_ context.Context, t *bots.Turn, c rpc.Call) (any, error) {
	var p struct {
		about
		Reason string `json:"reason"`
	}
	if err := c.Read(&p); err != nil {
		return nil, err
	}
	return nil, t.HandOff(p.Reason)
}

// told logs what a program wants to be logged.
func (o *says) told(c rpc.Call) error {
	var p struct {
		about
		Level slog.Level `json:"level"`
		Text  string     `json:"text"`
	}
	if err := c.Read(&p); err != nil {
		return err
	}
	o.write(p.Level, "plugin says", slog.String("line", p.Text[:min(len(p.Text), saidMax)]))
	return nil
}
