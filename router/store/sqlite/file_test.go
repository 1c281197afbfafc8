package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sqlite"
	"github.com/roost-im/roost/router/text"
)

func open(t *testing.T, path string, o sqlite.Options) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// admit takes in an event of this name, from which one delivery of n bytes follows.
func admit(ctx context.Context, s *sqlite.Store, name string, n int) error {
	ev := chat.Event{
		ID: chat.EventID(name), Conversation: chat.Conversation{Account: "x/acme", ID: "dm"}, Message: "m",
		What: chat.Posted{Text: text.Plain("hello")},
	}
	_, err := s.Admit(ctx, "x/acme", chat.Batch{Events: []chat.Event{ev}, Cursor: []byte(name)},
		func(store.View, chat.Event) (store.Changes, error) {
			to := chat.Conversation{Account: "slack/team", ID: "C1"}
			return store.Changes{Deliveries: []chat.Delivery{{
				Lane: chat.LaneTo(to), Action: chat.Post{To: to, Text: text.Plain(strings.Repeat("x", n))}, Purpose: name,
			}}}, nil
		})
	return err
}

// names lists the stored events and checks that each has its delivery, and that the last one left the cursor.
func names(t *testing.T, s *sqlite.Store) (out []string) {
	t.Helper()
	err := s.Read(t.Context(), func(r store.Reader) error {
		es, err := r.Events(0, 1_000_000)
		if err != nil {
			return err
		}
		ds, err := r.Deliveries(store.DeliveryFilter{Limit: 1_000_000})
		if err != nil || len(ds) != len(es) {
			return fmt.Errorf("%d deliveries of %d events, %w", len(ds), len(es), err)
		}
		for i, e := range es {
			out = append(out, string(e.Event.ID))
			if d := ds[len(ds)-1-i]; d.Purpose != string(e.Event.ID) {
				return fmt.Errorf("delivery of %s is %s", e.Event.ID, d.Purpose)
			}
		}
		if len(out) == 0 {
			return nil
		}
		cursor, err := r.Kept(store.CursorKey("x/acme"))
		if err == nil && string(cursor) != out[len(out)-1] {
			err = fmt.Errorf("cursor is %s after %s", cursor, out[len(out)-1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOpenRefusesForeignFiles(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(t *testing.T, path string){
		"another database": func(t *testing.T, path string) {
			t.Helper()
			statements(t, path, "CREATE TABLE notes (a)", "INSERT INTO notes VALUES (1)")
		},
		"another application": func(t *testing.T, path string) {
			t.Helper()
			statements(t, path, "PRAGMA application_id = 7")
		},
		"a newer Roost": func(t *testing.T, path string) {
			t.Helper()
			if err := open(t, path, sqlite.Options{}).Close(); err != nil {
				t.Fatal(err)
			}
			statements(t, path, "PRAGMA user_version = 99")
		},
		"no database": func(t *testing.T, path string) {
			t.Helper()
			if err := os.WriteFile(path, bytes.Repeat([]byte("not a database\n"), 100), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "file.db")
			write(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := sqlite.Open(t.Context(), path, sqlite.Options{}); !errors.Is(err, store.ErrForeign) {
				t.Errorf("Open = %v, want ErrForeign", err)
			}
			if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed, %v", err)
			}
		})
	}
}

func statements(t *testing.T, path string, queries ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range queries {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenTakesAnEmptyFileAndOddNames(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a ? b % c # d.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path, sqlite.Options{})
	if err := admit(t.Context(), s, "a", 1); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		t.Errorf("the database is not at %s: %v", path, err)
	}
	if _, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "none", "x.db"), sqlite.Options{}); err == nil {
		t.Error("a database was opened in a folder that isn't there")
	}
}

func TestOpenOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "roost.db")
	s := open(t, path, sqlite.Options{})
	if _, err := sqlite.Open(t.Context(), path, sqlite.Options{}); !errors.Is(err, store.ErrLocked) {
		t.Errorf("second Open = %v, want ErrLocked", err)
	}
	if err := admit(t.Context(), s, "a", 1); err != nil {
		t.Errorf("Admit after the second Open: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	other := open(t, filepath.Join(t.TempDir(), "roost.db"), sqlite.Options{})
	if s = open(t, path, sqlite.Options{}); s.Word() == other.Word() {
		t.Errorf("two databases share the word %s", s.Word())
	}
}

func TestFullFileRecovers(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	s := open(t, filepath.Join(t.TempDir(), "roost.db"), sqlite.Options{MaxBytes: 1 << 20, Now: func() time.Time { return now }})
	var admitted []string
	var err error
	for i := 0; err == nil && i < 1000; i++ {
		if err = admit(t.Context(), s, fmt.Sprint(i), 10_000); err == nil {
			admitted = append(admitted, fmt.Sprint(i))
		}
	}
	if !errors.Is(err, store.ErrFull) || len(admitted) < 20 {
		t.Fatalf("Admit = %v after %d, want ErrFull", err, len(admitted))
	}
	if err := admit(t.Context(), s, "more", 10_000); !errors.Is(err, store.ErrFull) {
		t.Errorf("Admit = %v, want ErrFull", err)
	}
	if got := names(t, s); strings.Join(got, " ") != strings.Join(admitted, " ") {
		t.Errorf("stored %v, want %v", got, admitted)
	}
	now = now.Add(time.Hour)
	if _, err := s.Sweep(t.Context(), store.Retention{Now: now, Events: time.Minute}); err != nil {
		t.Errorf("Sweep of a full file: %v", err)
	}
	if err := admit(t.Context(), s, "small again", 100); err != nil {
		t.Errorf("Admit after a Sweep: %v", err)
	}
	ls, err := s.Lease(t.Context(), store.Want{Max: 1, For: time.Minute})
	if err != nil || len(ls) != 1 || ls[0].Purpose != admitted[0] {
		t.Errorf("Lease = %v, %v, want the first", ls, err)
	}
}

func TestBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "roost.db"), sqlite.Options{})
	for i := range 100 {
		if err := admit(t.Context(), s, fmt.Sprint(i), 100); err != nil {
			t.Fatal(err)
		}
	}
	copied := filepath.Join(dir, "copy.db")
	if err := s.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	if err := admit(t.Context(), s, "later", 1); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), copied); !errors.Is(err, os.ErrExist) {
		t.Errorf("Backup over a file = %v, want ErrExist", err)
	}
	if after, err := os.ReadFile(copied); err != nil || !bytes.Equal(before, after) {
		t.Errorf("Backup changed a file that was there, %v", err)
	}
	c := open(t, copied, sqlite.Options{})
	if got := names(t, c); len(got) != 100 {
		t.Errorf("the copy has %d events, want 100", len(got))
	}
	if err := admit(t.Context(), c, "in the copy", 1); err != nil {
		t.Fatal(err)
	}
	if a, b := newest(t, s), newest(t, c); b < a+1<<20 {
		t.Errorf("the copy goes on with delivery %d, the original with %d", b, a)
	}
	if a, b := note(t, s, "k"), note(t, c, "k"); b < a+1<<20 {
		t.Errorf("the copy goes on with entry %d, the original with %d", b, a)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "none", "copy.db")); err == nil {
		t.Error("Backup into a folder that isn't there returned nil")
	}
}

// note appends to the journal and says under which number.
func note(t *testing.T, s *sqlite.Store, key string) int64 {
	t.Helper()
	err := s.Change(t.Context(), func(store.View) (store.Changes, error) {
		return store.Changes{Journal: []store.JournalEntry{{Account: "x/acme", Key: key}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var es []store.JournalEntry
	err = s.Read(t.Context(), func(r store.Reader) (err error) { es, err = r.Journal("x/acme", 0, 0); return err })
	if err != nil || len(es) == 0 {
		t.Fatalf("journal: %d entries, %v", len(es), err)
	}
	return es[len(es)-1].Seq
}

func newest(t *testing.T, s *sqlite.Store) (id chat.DeliveryID) {
	t.Helper()
	err := s.Read(t.Context(), func(r store.Reader) error {
		ds, err := r.Deliveries(store.DeliveryFilter{Limit: 1})
		if err == nil {
			id = ds[0].ID
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}
