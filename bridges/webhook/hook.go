package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/roost-im/roost/router/chat"
)

const (
	maxBody   = 2 << 20  // bytes of one call: 1 MiB of data in base64, and words beside it
	smallBody = 64 << 10 // most calls have less
)

// hook takes in what the program sends, for one Run.
type hook struct {
	c    *Connector
	sink chat.Sink

	gate   sync.RWMutex // held for reading by every Accept
	closed bool
}

// shut returns when nothing is being accepted and nothing will be.
func (h *hook) shut() {
	h.gate.Lock()
	defer h.gate.Unlock()
	h.closed = true
}

// post takes in one call as long as run lasts. It says 200 only after all that the call brings is stored; a call with a
// fault brings nothing.
func (h *hook) post(run context.Context, w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, &fault{Said: "events are sent with POST"})
		return
	}
	select {
	case h.c.calls <- struct{}{}:
		defer func() { <-h.c.calls }()
	default:
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusTooManyRequests, &fault{Said: fmt.Sprintf("%d requests are under way; send it again", mostCalls)})
		return
	}
	events, status, bad := h.c.take(w, r)
	if bad != nil {
		refuse(w, status, bad)
		return
	}
	ctx, done := merged(r.Context(), run)
	defer done()
	if err := h.accept(ctx, events); err != nil {
		// The error is the store's: it is told by the store, and nothing to the program.
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, &fault{Said: "not stored; send it again"})
		return
	}
	answer(w, http.StatusOK, []byte(`{"accepted":`+strconv.Itoa(len(events))+`}`))
}

// take reads a call. Nothing of the body is read unless a signature is there that could be right, and nothing is decoded
// unless it is.
func (c *Connector) take(w http.ResponseWriter, r *http.Request) (events []chat.Event, status int, bad *fault) {
	s, err := parseSignature(r.Header.Get(signatureHeader), c.now())
	if err != nil {
		return nil, http.StatusUnauthorized, &fault{Said: err.Error()}
	}
	body, status, bad := read(w, r)
	if bad != nil {
		return nil, status, bad
	}
	key, err := c.proved(s, r.Header.Get(keyHeader), body)
	if err != nil {
		return nil, http.StatusUnauthorized, &fault{Said: err.Error()}
	}
	events, bad = c.events(key, body)
	return events, http.StatusBadRequest, bad
}

var errClosed = errors.New("not receiving")

func (h *hook) accept(ctx context.Context, events []chat.Event) error {
	h.gate.RLock()
	defer h.gate.RUnlock()
	if h.closed {
		return errClosed
	}
	return h.sink.Accept(ctx, chat.Batch{Events: events})
}

// events reads the body of a call. Types that nobody knows are counted, too: the program may be newer than we are.
func (c *Connector) events(key string, body []byte) ([]chat.Event, *fault) {
	list, at, bad := decode(body)
	if bad != nil {
		return nil, bad
	}
	r := reading{account: c.deps.Account, now: c.now(), key: key}
	events := make([]chat.Event, 0, len(list))
	for i := range list {
		events = append(events, r.event(&list[i], i, len(list) == 1))
		if r.bad == nil {
			continue
		}
		if strings.HasPrefix(r.bad.Said, unknownType) {
			c.deps.Skip(list[i].Type, body)
		}
		return nil, r.bad.within(at(i))
	}
	return events, nil
}

// read reads the body as it came, because the signature is over that.
func read(w http.ResponseWriter, r *http.Request) (body []byte, status int, bad *fault) {
	limited := http.MaxBytesReader(w, r.Body, maxBody)
	var err error
	if n := r.ContentLength; n >= 0 && n <= smallBody { // room is not made for what is only announced
		body = make([]byte, n)
		_, err = io.ReadFull(limited, body)
	} else {
		body, err = io.ReadAll(limited)
	}
	if err == nil {
		return body, 0, nil
	}
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		said := fmt.Sprintf("the request has more than %d bytes; send fewer events, or files by url", maxBody)
		return nil, http.StatusRequestEntityTooLarge, &fault{Said: said}
	}
	return nil, http.StatusBadRequest, &fault{Said: "the request broke off"}
}

// refuse answers with what is wrong.
func refuse(w http.ResponseWriter, status int, bad *fault) {
	body, _ := json.Marshal(bad) // two texts
	answer(w, status, body)
}

func answer(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // who hung up sends it again
}
