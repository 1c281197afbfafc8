package main

import (
	"log/slog"
	"path/filepath"
	"slices"
	"testing"

	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router/chat"
)

// opened is the house of a configuration that is otherwise empty.
func opened(t *testing.T, web configs.Web, files configs.Files) *house {
	t.Helper()
	dir := t.TempDir()
	files.Path = filepath.Join(dir, "files")
	f := &configs.File{
		Accounts: map[chat.Account]configs.Account{}, Web: web, Files: files,
		Store: configs.Store{Path: filepath.Join(dir, "roost.db"), KeyFile: filepath.Join(dir, "roost.key")},
	}
	h, err := openHouse(t.Context(), f, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("close = %v", err)
		}
	})
	return h
}

func TestAJournalIsReadInOrderAndTellsThatItGrew(t *testing.T) {
	t.Parallel()
	h := opened(t, configs.Web{}, configs.Files{})
	j, again := h.deps("webhook/a").Journal, h.deps("webhook/a").Journal
	other := h.deps("webhook/b").Journal
	grown, elsewhere := again.Grown(), other.Grown()
	for _, key := range []string{"one", "two", "one", "three"} {
		if err := j.Append(t.Context(), key, []byte("body of "+key)); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-grown:
	default:
		t.Error("the account's other connector is not told that it grew")
	}
	select {
	case <-elsewhere:
		t.Error("another account is told")
	default:
	}
	var keys []string
	after := int64(0)
	for {
		entries, err := again.Read(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 {
			break
		}
		for _, e := range entries {
			if e.Seq <= after || e.At.IsZero() || string(e.Body) != "body of "+e.Key {
				t.Errorf("%+v behind %d", e, after)
			}
			keys, after = append(keys, e.Key), e.Seq
		}
	}
	if !slices.Equal(keys, []string{"one", "two", "three"}) {
		t.Errorf("read %q, want each once and in order", keys)
	}
	if entries, err := other.Read(t.Context(), 0, 10); err != nil || len(entries) > 0 {
		t.Errorf("another account reads %v, %v", entries, err)
	}
}
