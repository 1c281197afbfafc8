package main

import (
	"context"
	"sync"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// journal is an account's log in the store. An account that is opened again goes on with the one that it had, so that
// whoever waits for it to grow is told.
type journal struct {
	store   store.Store
	account chat.Account

	mu    sync.Mutex
	grown chan struct{}
}

func newJournal(s store.Store, name chat.Account) *journal {
	return &journal{store: s, account: name, grown: make(chan struct{})}
}

// Append puts body at the end, and wakes those who wait.
func (j *journal) Append(ctx context.Context, key string, body []byte) error {
	entry := store.JournalEntry{Account: j.account, Key: key, Body: body}
	err := j.store.Change(ctx, func(store.View) (store.Changes, error) {
		return store.Changes{Journal: []store.JournalEntry{entry}}, nil
	})
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	close(j.grown)
	j.grown = make(chan struct{})
	return nil
}

// Read gives the entries behind after.
func (j *journal) Read(ctx context.Context, after int64, limit int) ([]bridges.Entry, error) {
	var entries []bridges.Entry
	err := j.store.Read(ctx, func(v store.Reader) error {
		stored, err := v.Journal(j.account, after, limit)
		entries = make([]bridges.Entry, 0, len(stored))
		for _, e := range stored {
			entries = append(entries, bridges.Entry{Seq: e.Seq, At: e.At, Key: e.Key, Body: e.Body})
		}
		return err
	})
	return entries, err
}

// Grown returns a channel that is closed when something is appended after the call.
func (j *journal) Grown() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.grown
}

// journal is that of an account.
func (h *house) journal(name chat.Account) *journal {
	h.mu.Lock()
	defer h.mu.Unlock()
	j, ok := h.journals[name]
	if !ok {
		j = newJournal(h.store, name)
		h.journals[name] = j
	}
	return j
}
