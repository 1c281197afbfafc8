package bridges

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Ready is d with what its comments promise for what is nil, and with a Client that behaves as NewClient's do: without
// timeout and redirects, and with errors that MayHaveArrived reads. Only Mount may still be nil. A connector calls it
// once, and CloseIdleConnections of that Client when it is closed, which leaves a Client that it was given alone.
func (d Deps) Ready() Deps {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Keep == nil {
		d.Keep = &memory{values: map[string][]byte{}}
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Journal == nil {
		d.Journal = &pages{now: d.Now, grown: make(chan struct{})}
	}
	if d.Skip == nil {
		d.Skip = func(string, []byte) {}
	}
	d.Client = careful(d.Client)
	return d
}

// memory is a Keeper that forgets when the process ends.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
}

func (m *memory) Kept(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.values[key]), nil
}

func (m *memory) Keep(_ context.Context, key string, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value == nil {
		delete(m.values, key)
		return nil
	}
	m.values[key] = slices.Clone(value)
	return nil
}
