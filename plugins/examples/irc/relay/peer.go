package relay

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
)

// line is a message of the protocol, in either direction.
type line struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *fault          `json:"error,omitempty"`
}

// fault is an answer that says no.
type fault struct {
	Code    int      `json:"code"`
	Message string   `json:"message"`
	Data    *trouble `json:"data,omitempty"`
}

// trouble says what shall follow.
type trouble struct {
	Kind   string  `json:"kind"`
	Wait   float64 `json:"wait,omitempty"` // seconds
	Scope  string  `json:"scope,omitempty"`
	Reason string  `json:"reason,omitempty"` // for people
}

// The kinds of trouble.
const (
	transient = "transient"
	throttled = "throttled"
	uncertain = "uncertain"
	refused   = "refused"
	gone      = "gone"
	loggedOut = "logged_out"
)

// The codes of https://www.jsonrpc.org/specification#error_object.
const (
	codeFailed    = -32000
	codeNoMethod  = -32601
	codeBadParams = -32602
)

// Error is the message.
func (f *fault) Error() string { return f.Message }

// fail is a fault of a kind, in words for people.
func fail(kind, format string, args ...any) *fault {
	words := fmt.Sprintf(format, args...)
	return &fault{Code: codeFailed, Message: words, Data: &trouble{Kind: kind, Reason: words}}
}

// kindOf is what shall follow an error.
func kindOf(err error) string {
	if f, ok := errors.AsType[*fault](err); ok && f.Data != nil {
		return f.Data.Kind
	}
	return transient
}

// asFault is an error as it is told.
func asFault(err error) *fault {
	if f, ok := errors.AsType[*fault](err); ok {
		return f
	}
	return fail(transient, "%v", err)
}

// peer is Roost at the other end of the lines. It is safe for concurrent use.
type peer struct {
	mu    sync.Mutex
	out   io.Writer
	last  int
	waits map[string]chan line
}

func newPeer(out io.Writer) *peer { return &peer{out: out, waits: map[string]chan line{}} }

func (p *peer) write(l line) error {
	l.Version = "2.0"
	raw, err := json.Marshal(l)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, err = p.out.Write(append(raw, '\n'))
	return err
}

// call calls Roost and waits for its answer. A *fault is Roost's own.
func (p *peer) call(ctx context.Context, method string, params any) error {
	raw, err := json.Marshal(params)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.last++
	id, wait := strconv.Itoa(p.last), make(chan line, 1)
	p.waits[id] = wait
	p.mu.Unlock()
	if err := p.write(line{ID: json.RawMessage(id), Method: method, Params: raw}); err != nil {
		return err
	}
	select {
	case l := <-wait:
		if l.Error != nil {
			return l.Error
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer answers a call with a result, or with an error.
func (p *peer) answer(id json.RawMessage, result any, err error) {
	if id == nil {
		return
	}
	l := line{ID: id}
	if err != nil {
		l.Error = asFault(err)
	} else if l.Result, err = json.Marshal(result); err != nil {
		l.Error = asFault(err)
	}
	_ = p.write(l) // when Roost is gone the input ends, too
}

// log writes into Roost's log.
func (p *peer) log(level, format string, args ...any) {
	raw, err := json.Marshal(map[string]string{"text": fmt.Sprintf(format, args...), "level": level})
	if err == nil {
		_ = p.write(line{Method: "log", Params: raw}) // as above
	}
}

// read hands out Roost's calls until the input ends. take must not wait.
func (p *peer) read(in io.Reader, take func(line)) error {
	r := bufio.NewReader(in)
	for {
		raw, err := r.ReadBytes('\n')
		if raw = bytes.TrimSpace(raw); len(raw) > 0 {
			var l line
			if json.Unmarshal(raw, &l) != nil {
				return fmt.Errorf("a line that is no message: %.80q", raw)
			}
			if l.Method != "" {
				take(l)
			} else {
				p.answered(l)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (p *peer) answered(l line) {
	p.mu.Lock()
	wait := p.waits[string(l.ID)]
	delete(p.waits, string(l.ID))
	p.mu.Unlock()
	if wait != nil {
		wait <- l
	}
}
