package main

import (
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite" // the driver that a foreign database is made with

	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sqlite"
)

// beside makes a configuration and a database that a Roost has used.
func beside(t *testing.T) (config, dir string) {
	t.Helper()
	config = write(t, offline)
	dir = filepath.Dir(config)
	database(t, dir)
	return config, dir
}

// database makes the database and key of a Roost.
func database(t *testing.T, dir string) {
	t.Helper()
	f, err := (&common{world: world{env: os.LookupEnv}, config: filepath.Join(dir, "roost.yaml")}).load()
	if err != nil {
		t.Fatal(err)
	}
	h, err := openHouse(t.Context(), f, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestUnfitFiles opens what no Roost should work with: each command says what is wrong, and changes nothing.
func TestUnfitFiles(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		harm func(t *testing.T, dir string)
		want string
	}{
		{"a foreign database", func(t *testing.T, dir string) {
			t.Helper()
			remove(t, dir, "roost.db")
			change(t, dir, "CREATE TABLE shop (id INTEGER)")
		}, "roost.db: this is not a Roost database, or one of a newer Roost; nothing in it was changed"},
		{"a newer database", func(t *testing.T, dir string) {
			t.Helper()
			change(t, dir, "INSERT INTO migrations (version_id, is_applied) VALUES (999, 1)", "PRAGMA user_version = 999")
		}, "roost.db: this is not a Roost database, or one of a newer Roost; nothing in it was changed"},
		{"no database", func(t *testing.T, dir string) {
			t.Helper()
			replace(t, dir, "roost.db", strings.Repeat("This is a letter. ", 1000))
		}, "roost.db: this is not a Roost database, or one of a newer Roost; nothing in it was changed"},
		{"no key file", func(t *testing.T, dir string) {
			t.Helper()
			remove(t, dir, "roost.key")
		}, "roost.key is missing, and the tokens in "},
		{"another key", func(t *testing.T, dir string) {
			t.Helper()
			replace(t, dir, "roost.key", strings.Repeat("ab", 32)+"\n")
		}, "roost.key is not the one that the tokens in "},
		{"a spoilt key", func(t *testing.T, dir string) {
			t.Helper()
			replace(t, dir, "roost.key", "secret\n")
		}, "store.key_file: "},
		{"a file as the attachments' folder", func(t *testing.T, dir string) {
			t.Helper()
			if err := os.RemoveAll(filepath.Join(dir, "files")); err != nil {
				t.Fatal(err)
			}
			replace(t, dir, "files", "")
		}, "files.path: "},
		{"a file as the socket", func(t *testing.T, dir string) {
			t.Helper()
			replace(t, dir, "roost.db.sock", "precious")
		}, "roost.db.sock is there already, and is no socket; move it away"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			config, dir := beside(t)
			tc.harm(t, dir)
			before := content(t, dir)
			for _, command := range []string{"run", "deliveries", "doctor"} {
				if command != "run" && strings.Contains(tc.name, "socket") {
					continue
				}
				roost(t, command, "-c", config).want(t, exitFailed, tc.want)
			}
			for name, was := range before {
				if b, err := os.ReadFile(name); err != nil || string(b) != was {
					t.Errorf("%s was changed (%v)", name, err)
				}
			}
			if tc.name == "no key file" {
				if _, err := os.Stat(filepath.Join(dir, "roost.key")); err == nil {
					t.Error("another key file was made")
				}
			}
		})
	}
}

func TestNoFolderForTheDatabase(t *testing.T) {
	t.Parallel()
	config := write(t, offline+"store: {path: data/roost.db}\n")
	roost(t, "run", "-c", config).want(t, exitFailed, "store.path: there is no folder "+filepath.Join(filepath.Dir(config), "data"))
}

func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	config, dir := beside(t)
	s, err := sqlite.Open(t.Context(), filepath.Join(dir, "roost.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"run", "deliveries", "doctor"} {
		roost(t, command, "-c", config).want(t, exitFailed, "roost.db is in use by another Roost")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	roost(t, "deliveries", "-c", config).want(t, 0, "no deliveries")
}

// TestMovingInWaits starts a Roost while a command looks into its database.
func TestMovingInWaits(t *testing.T) {
	t.Parallel()
	config, _ := beside(t)
	f, err := (&common{world: world{env: os.LookupEnv}, config: config}).load()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	before, err := openHouse(t.Context(), f, log, nil)
	if err != nil {
		t.Fatal(err)
	}
	type opened struct {
		h   *house
		err error
	}
	done := make(chan opened, 1)
	go func() {
		h, err := moveIn(t.Context(), f, log, nil)
		done <- opened{h, err}
	}()
	if _, err := openHouse(t.Context(), f, log, nil); !errors.Is(err, store.ErrLocked) {
		t.Errorf("openHouse = %v, want ErrLocked", err)
	}
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}
	o := <-done
	if o.err != nil {
		t.Fatalf("moveIn = %v, want a house", o.err)
	}
	if err := o.h.Close(); err != nil {
		t.Error(err)
	}
}

// TestNoPermission asks as a user who may neither write nor read.
func TestNoPermission(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		return // root may everything; TestAnotherUser of test/e2e asks as somebody else
	}
	config, dir := beside(t)
	if err := os.Chmod(filepath.Join(dir, "roost.db.lock"), 0); err != nil {
		t.Fatal(err)
	}
	roost(t, "deliveries", "-c", config).want(t, exitFailed, "this user may not write the database or its folder")
	if err := os.Chmod(config, 0); err != nil {
		t.Fatal(err)
	}
	roost(t, "check", "-c", config).want(t, exitUsage, "it may not be read by this user")
}

// TestAskingMakesNothing asks where nothing has run yet.
func TestAskingMakesNothing(t *testing.T) {
	t.Parallel()
	config := write(t, offline)
	roost(t, "deliveries", "-c", config).want(t, 0, "no deliveries\n")
	roost(t, "why", "-c", config, "slack/team#C0HERE", "hello").want(t, 0, "mirror lounge")
	roost(t, "replay", "-c", config, "--all").want(t, exitFindings, "no delivery is dead, rejected or held")
	names, err := os.ReadDir(filepath.Dir(config))
	if err != nil || len(names) != 1 {
		t.Errorf("there are %v beside the configuration (%v), want nothing", names, err)
	}
}

func remove(t *testing.T, dir, name string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, name+"*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		if err := os.Remove(n); err != nil {
			t.Fatal(err)
		}
	}
}

func replace(t *testing.T, dir, name, text string) {
	t.Helper()
	remove(t, dir, name)
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// change changes the database behind Roost's back.
func change(t *testing.T, dir string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "roost.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// content is what stands in the database, the key and the socket.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range []string{"roost.db", "roost.key", "roost.db.sock"} {
		name = filepath.Join(dir, name)
		if b, err := os.ReadFile(name); err == nil {
			all[name] = string(b)
		}
	}
	return all
}
