package sealed_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sealed"
	"github.com/roost-im/roost/router/store/sqlite"
)

// setup is a store in dir and a key beside it.
func setup(t *testing.T) (dir string, st *sqlite.Store, key sealed.Key) {
	t.Helper()
	dir = t.TempDir()
	st, err := sqlite.Open(t.Context(), filepath.Join(dir, "roost.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("close = %v", err)
		}
	})
	if key, err = sealed.LoadKey(filepath.Join(dir, "key")); err != nil {
		t.Fatal(err)
	}
	return dir, st, key
}

func TestWhatIsKeptComesBack(t *testing.T) {
	t.Parallel()
	_, st, key := setup(t)
	k := sealed.NewKeeper(st, key, "x/acme/")
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		name, value := rapid.StringN(0, 8, 30).Draw(t, "name"), rapid.SliceOf(rapid.Byte()).Draw(t, "value")
		value = append([]byte{}, value...)
		if err := k.Keep(ctx, name, value); err != nil {
			t.Fatal(err)
		}
		got, err := k.Kept(ctx, name)
		if err != nil || !bytes.Equal(got, value) {
			t.Fatalf("Kept = %q, %v; want %q", got, err, value)
		}
		if err := k.Keep(ctx, name, nil); err != nil {
			t.Fatal(err)
		}
		if got, err := k.Kept(ctx, name); got != nil || err != nil {
			t.Fatalf("after it was removed Kept = %q, %v; want nothing", got, err)
		}
	})
}

func TestValuesOpenUnderTheirOwnNameAndKeyAlone(t *testing.T) {
	t.Parallel()
	_, st, key := setup(t)
	ctx := t.Context()
	k := sealed.NewKeeper(st, key, "x/acme/")
	if err := k.Keep(ctx, "token", []byte("hush")); err != nil {
		t.Fatal(err)
	}
	put := func(name string, change func([]byte) []byte) {
		t.Helper()
		err := st.Change(ctx, func(v store.View) (store.Changes, error) {
			box, err := v.Kept("x/acme/token")
			return store.Changes{Keep: map[string][]byte{name: change(bytes.Clone(box))}}, err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	same := func(b []byte) []byte { return b }
	put("x/acme/other", same)
	put("x/evil/token", same)
	put("x/acme/bent", func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
	put("x/acme/short", func(b []byte) []byte { return b[:5] })
	put("x/acme/empty", func([]byte) []byte { return []byte{} })
	other := key
	other[0] ^= 1
	for _, tc := range []struct {
		name string
		k    *sealed.Keeper
		of   string
	}{
		{"swapped", k, "other"},
		{"of another account", sealed.NewKeeper(st, key, "x/evil/"), "token"},
		{"changed", k, "bent"},
		{"cut short", k, "short"},
		{"empty", k, "empty"},
		{"under another key", sealed.NewKeeper(st, other, "x/acme/"), "token"},
	} {
		if got, err := tc.k.Kept(ctx, tc.of); !errors.Is(err, sealed.ErrKey) || got != nil {
			t.Errorf("%s: Kept = %q, %v; want ErrKey", tc.name, got, err)
		}
	}
}

func TestTheDatabaseAloneDoesNotGiveItAway(t *testing.T) {
	t.Parallel()
	dir, st, key := setup(t)
	const hush = "xoxb-this-is-a-token-that-nobody-may-see"
	for range 3 {
		if err := sealed.NewKeeper(st, key, "slack/team/").Keep(t.Context(), "token", []byte(hush)); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Backup(t.Context(), filepath.Join(dir, "backup.db")); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < 3 {
		t.Fatal(entries, err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+8 <= len(hush); i++ {
			if bytes.Contains(b, []byte(hush[i:i+8])) {
				t.Fatalf("%s holds %q", e.Name(), hush[i:i+8])
			}
		}
	}
}

func TestAKeyFileIsMadeOnceAndForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "key")
	made, err := sealed.LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
	read, err := sealed.LoadKey(path)
	if err != nil || read != made || made == (sealed.Key{}) {
		t.Errorf("read %x, %v; want the key that was made", read, err)
	}
}

func TestABadKeyFileIsAnErrorAndStaysAsItIs(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "abc", strings.Repeat("g", 64), strings.Repeat("a", 62), strings.Repeat("a", 66)} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := sealed.LoadKey(path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "64 hexadecimal digits") {
			t.Errorf("LoadKey of %q = %v, want an error that names the file and what it should hold", bad, err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != bad {
			t.Errorf("the file now holds %q, %v; want it as it was", got, err)
		}
	}
	if _, err := sealed.LoadKey(filepath.Join(t.TempDir(), "no", "such", "dir", "key")); err == nil {
		t.Error("LoadKey in no folder = nil error")
	}
}
