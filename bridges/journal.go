package bridges

import (
	"context"
	"slices"
	"sync"
	"time"
)

// pages is a Journal that forgets when the process ends, and what is older than pagesMost entries.
type pages struct {
	now func() time.Time

	mu      sync.Mutex
	grown   chan struct{}
	entries []Entry
	last    int64
}

const pagesMost = 10_000

func (p *pages) Append(_ context.Context, key string, body []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if slices.ContainsFunc(p.entries, func(e Entry) bool { return e.Key == key }) {
		return nil
	}
	p.last++
	p.entries = append(p.entries, Entry{Seq: p.last, At: p.now(), Key: key, Body: slices.Clone(body)})
	if len(p.entries) > pagesMost {
		p.entries = slices.Delete(p.entries, 0, len(p.entries)-pagesMost)
	}
	close(p.grown)
	p.grown = make(chan struct{})
	return nil
}

func (p *pages) Read(_ context.Context, after int64, limit int) ([]Entry, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i, _ := slices.BinarySearchFunc(p.entries, after+1, func(e Entry, seq int64) int { return int(e.Seq - seq) })
	return slices.Clone(p.entries[i:min(i+limit, len(p.entries))]), nil
}

func (p *pages) Grown() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.grown
}
