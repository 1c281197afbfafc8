package router_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// shows has somebody post a file.
func (w *world) shows(t *testing.T, at where, said, name, bytes string) {
	t.Helper()
	m := at.town
	m.mu.Lock()
	m.files[name] = bytes
	m.mu.Unlock()
	_, err := m.says(t.Context(), "Ann", at.Conversation, chat.Posted{
		Text: text.Plain(said), Files: []chat.File{{Name: name, Account: m.account, Source: name}},
	})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

func TestAttachmentsAreCarried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		w.shows(t, where{towns[0], at[0]}, "look", "cat.png", "meow")
		for i := 1; i < 3; i++ {
			if m, _ := towns[i].reads(at[i], "look"); !slices.Equal(m.files, []string{"meow"}) {
				t.Errorf("place %d got files %q, want meow", i, m.files)
			}
		}
		if towns[0].fetched != 1 {
			t.Errorf("fetched %d times, want once for both", towns[0].fetched)
		}
	})
}

// Links die and lanes wait: a file is copied when it comes, not when its delivery's turn is.
func TestAttachmentsAreCopiedBeforeTheirTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		works := false
		for _, m := range towns[1:] {
			m.fail = func(chat.Action) error {
				if !works {
					return &chat.Error{Op: "t", Kind: chat.Throttled, Wait: time.Hour}
				}
				return nil
			}
		}
		w.says(t, towns[0], "Ann", at[0], "first")
		w.shows(t, where{towns[0], at[0]}, "look", "cat.png", "meow")
		delete(towns[0].files, "cat.png") // the link dies
		works = true
		w.stop(t)
		w.run(t)
		pass(2 * time.Hour)
		if m, _ := towns[1].reads(at[1], "look"); !slices.Equal(m.files, []string{"meow"}) {
			t.Errorf("got files %q, want meow", m.files)
		}
	})
}

// A file that could not be copied before a stop is copied right after the next start, long before its turn.
func TestAttachmentsAreCopiedAfterARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		for _, m := range towns[1:] {
			m.fail = func(chat.Action) error { return &chat.Error{Op: "t", Kind: chat.Throttled, Wait: time.Hour} }
		}
		w.says(t, towns[0], "Ann", at[0], "first")
		w.shows(t, where{towns[0], at[0]}, "look", "cat.png", "meow")
		delete(towns[0].files, "cat.png")
		w.shows(t, where{towns[0], at[0]}, "and", "dog.png", "woof")
		before := towns[0].fetched
		w.stop(t)
		if err := os.RemoveAll(w.dir + "/files"); err != nil {
			t.Fatal(err)
		}
		towns[0].files["cat.png"] = "meow"
		w.run(t)
		if n := towns[0].fetched - before; n != 2 {
			t.Errorf("after the start %d files were fetched, want the two that wait", n)
		}
	})
}

func TestOldAttachmentsAreRemovedUnlessADeliveryNeedsThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		w.shows(t, where{towns[0], at[0]}, "look", "cat.png", "meow")
		for _, m := range towns[1:] {
			m.fail = func(chat.Action) error { return &chat.Error{Op: "t", Kind: chat.Refused, Reason: "no dogs"} }
		}
		w.shows(t, where{towns[0], at[0]}, "look", "dog.png", "woof")
		w.stop(t)
		w.config.Keep.Deliveries = 24 * time.Hour
		w.ages(t, time.Now().Add(-48*time.Hour)) // files bear the machine's time, not the bubble's
		w.run(t)
		pass(2 * time.Hour)
		if left := w.blobs(t); !slices.Equal(left, []string{"woof"}) {
			t.Errorf("left are %q, want woof alone: it can be sent again", left)
		}
	})
}

// ages makes all attachments as old as at.
func (w *world) ages(t *testing.T, at time.Time) {
	t.Helper()
	w.eachBlob(t, func(path string) {
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	})
}

// blobs lists what the attachments say.
func (w *world) blobs(t *testing.T) []string {
	t.Helper()
	var all []string
	w.eachBlob(t, func(path string) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(b))
	})
	return all
}

func (w *world) eachBlob(t *testing.T, do func(path string)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(w.dir, "files", "blobs", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		do(p)
	}
}

func TestAttachmentsThatGoNowhereAreNotCopied(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, _ := lounge(t)
		w.shows(t, where{towns[0], towns[0].place("elsewhere")}, "secret", "plan.pdf", "…")
		if towns[0].fetched != 0 {
			t.Errorf("fetched %d files that no route takes", towns[0].fetched)
		}
	})
}

func TestAFileThatIsTooLargeIsToldItsAuthorOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, towns, at := lounge(t)
		towns[2].traits.Files.Size = 1 << 20
		w.shows(t, where{towns[0], at[0]}, "look", "cat.png", strings.Repeat("x", 2000))
		line := "it is 2 kB, and Town takes 1 kB at most"
		reads(t, towns[0], at[0], "look", "⚠️ cat.png could not be carried over: "+line+".")
		reads(t, towns[1], at[1], "look\n[cat.png could not be carried over: "+line+"]")
		reads(t, towns[2], at[2], "look")
	})
}

func TestAContactIsToldOnceOfAFileThatTheTeamLacks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, x, slack := office(t, 0)
		dm := x.place("dm-ann")
		w.shows(t, where{x, dm}, "look", "cat.png", strings.Repeat("x", 2000))
		got := x.in(dm)
		if len(got) != 2 || !strings.Contains(got[1], "cat.png could not be carried over") {
			t.Errorf("the contact reads %q, want to be told once", got)
		}
		if all := strings.Join(slack.in(slack.place("C1")), "\n"); !strings.Contains(all, "[cat.png could not be carried over") {
			t.Errorf("the team reads %q, want the line", all)
		}
	})
}
