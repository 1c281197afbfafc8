package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// The control socket lies beside the database and is open to its owner alone. It speaks JSON over HTTP and answers what
// office asks, because a running Roost has the database to itself.

const mostControl = 1 << 20 // bytes of one request or answer

const mostAddress = 103 // bytes of a socket's address; macOS takes no more, Linux takes 107

// socketPath is the control socket's address: beside the database, from the working directory where that is shorter,
// because the system takes short addresses only.
func socketPath(f *configs.File) (string, error) {
	path := f.Store.Path + ".sock"
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	if dir, err := os.Getwd(); err == nil && len(path) > mostAddress {
		if rel, err := filepath.Rel(dir, path); err == nil && len(rel) < len(path) {
			path = rel
		}
	}
	if len(path) > mostAddress {
		return "", fmt.Errorf("store.path: %s is too long for a socket beside it; use roost in the folder of the database", f.Store.Path)
	}
	return path, nil
}

// listenControl makes the control socket. One that a killed Roost left behind is replaced: whoever holds the database
// is the only one who may.
func listenControl(ctx context.Context, f *configs.File) (net.Listener, error) {
	path, err := socketPath(f)
	if err != nil {
		return nil, err
	}
	switch info, err := os.Lstat(path); {
	case err == nil && info.Mode().Type() == fs.ModeSocket:
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("control socket: %w", err)
		}
	case err == nil:
		return nil, fmt.Errorf("control socket: %s is there already, and is no socket; move it away", path)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return l, os.Chmod(path, 0o600)
}

// control serves what commands ask of a running Roost.
func control(h *house, w *watchers) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /watch", w)
	mux.HandleFunc("POST /deliveries", answerTo(h.deliveries))
	mux.HandleFunc("POST /settle", answerTo(h.settle))
	mux.HandleFunc("POST /why", answerTo(h.why))
	mux.HandleFunc("POST /doctor", answerTo(h.doctor))
	mux.HandleFunc("POST /login-keys", answerTo(h.loginKeys))
	mux.HandleFunc("POST /reopen", answerTo(h.reopen))
	mux.HandleFunc("POST /bots", answerTo(func(ctx context.Context, _ struct{}) ([]botRow, error) { return h.bots(ctx) }))
	mux.HandleFunc("POST /resume", answerTo(h.resume))
	mux.HandleFunc("POST /record", answerTo(h.record))
	mux.HandleFunc("POST /kept", answerTo(func(ctx context.Context, k kept) ([]byte, error) {
		return h.keeper(k.Account).Kept(ctx, k.Key)
	}))
	mux.HandleFunc("POST /keep", answerTo(func(ctx context.Context, k kept) (bool, error) {
		return true, h.keeper(k.Account).Keep(ctx, k.Key, k.Value)
	}))
	return mux
}

// failure is an error as it crosses the socket.
type failure struct {
	Error string `json:"error"`
	Usage bool   `json:"usage,omitempty"`
}

func answerTo[Q, A any](do func(context.Context, Q) (A, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q Q
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostControl)).Decode(&q); err != nil {
			reply(w, http.StatusBadRequest, failure{Error: err.Error()})
			return
		}
		a, err := do(r.Context(), q)
		if err != nil {
			e, ok := errors.AsType[*exit](err)
			reply(w, http.StatusInternalServerError, failure{Error: err.Error(), Usage: ok && e.code == exitUsage})
			return
		}
		reply(w, http.StatusOK, a)
	}
}

func reply(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v)
}

// client asks a running Roost.
type client struct{ http *http.Client }

// dial finds the Roost that runs with this configuration; nil when none does.
func dial(ctx context.Context, f *configs.File) (office, error) {
	c, err := find(ctx, f)
	if c == nil {
		return nil, err
	}
	return c, nil
}

// find is dial, for what only a running Roost can do.
func find(ctx context.Context, f *configs.File) (*client, error) {
	path, err := socketPath(f)
	if err != nil {
		return nil, nil //nolint:nilnil // none can run: it would have no socket
	}
	d := net.Dialer{Timeout: 2 * time.Second}
	conn, err := d.DialContext(ctx, "unix", path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("a Roost runs with this configuration, and only its own user may ask it (%s)", path)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return nil, nil //nolint:nilnil // none runs
	case err != nil:
		return nil, fmt.Errorf("ask the running roost: %w", err)
	}
	_ = conn.Close()
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return d.DialContext(ctx, "unix", path)
	}}
	return &client{&http.Client{Transport: t, Timeout: 2 * time.Minute}}, nil
}

func (c *client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

func (c *client) deliveries(ctx context.Context, f store.DeliveryFilter) (deliveryList, error) {
	return ask[deliveryList](ctx, c, "deliveries", f)
}

func (c *client) settle(ctx context.Context, o order) (settled, error) {
	return ask[settled](ctx, c, "settle", o)
}

func (c *client) why(ctx context.Context, q question) (answer, error) {
	return ask[answer](ctx, c, "why", q)
}

func (c *client) doctor(ctx context.Context, accounts []chat.Account) ([]diagnosis, error) {
	return ask[[]diagnosis](ctx, c, "doctor", accounts)
}

func (c *client) loginKeys(ctx context.Context, q keyQuestion) (keyAnswer, error) {
	return ask[keyAnswer](ctx, c, "login-keys", q)
}

func (c *client) reopen(ctx context.Context, name chat.Account) (bool, error) {
	return ask[bool](ctx, c, "reopen", name)
}

func (c *client) bots(ctx context.Context) ([]botRow, error) {
	return ask[[]botRow](ctx, c, "bots", struct{}{})
}

func (c *client) resume(ctx context.Context, bot string) (string, error) {
	return ask[string](ctx, c, "resume", bot)
}

func (c *client) record(ctx context.Context, q recording) (string, error) {
	return ask[string](ctx, c, "record", q)
}

// kept is a value that an account keeps, as it crosses the socket.
type kept struct {
	Account chat.Account `json:"account"`
	Key     string       `json:"key"`
	Value   []byte       `json:"value"`
}

func (c *client) keeper(name chat.Account) bridges.Keeper { return remote{c, name} }

// remote keeps an account's values with the Roost that runs.
type remote struct {
	client  *client
	account chat.Account
}

// Kept asks for the value under key.
func (r remote) Kept(ctx context.Context, key string) ([]byte, error) {
	return ask[[]byte](ctx, r.client, "kept", kept{Account: r.account, Key: key})
}

// Keep replaces the value under key.
func (r remote) Keep(ctx context.Context, key string, value []byte) error {
	_, err := ask[bool](ctx, r.client, "keep", kept{Account: r.account, Key: key, Value: value})
	return err
}

func ask[A any](ctx context.Context, c *client, what string, q any) (A, error) {
	var a A
	body, err := json.Marshal(q)
	if err != nil {
		return a, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://roost/"+what, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return a, fmt.Errorf("ask the running roost: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer := json.NewDecoder(io.LimitReader(resp.Body, 64*mostControl))
	if resp.StatusCode != http.StatusOK {
		var f failure
		if err := answer.Decode(&f); err != nil {
			return a, fmt.Errorf("ask the running roost: %s", resp.Status)
		}
		if f.Usage {
			return a, usage(errors.New(f.Error))
		}
		return a, errors.New(f.Error)
	}
	return a, answer.Decode(&a)
}
