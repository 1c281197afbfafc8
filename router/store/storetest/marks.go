package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// reaction is an emoji of a person on a message of the account here, put on in a place.
func reaction(of string, by chat.PersonID, where, emoji string) chat.Reaction {
	return chat.Reaction{Of: ref(of), At: place(where), By: by, Emoji: emoji}
}

// reactions lists the reactions to a message.
func (w *world) reactions(of chat.Ref) (rs []chat.Reaction) {
	w.Helper()
	w.read(func(r store.Reader) (err error) {
		rs, err = r.Reactions(of)
		return err
	})
	return rs
}

// reacted fails the test unless these are the reactions to a message.
func (w *world) reacted(what string, of chat.Ref, want ...chat.Reaction) {
	w.Helper()
	if diff := gocmp.Diff(want, w.reactions(of)); diff != "" {
		w.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func reactionsOldestFirst(w *world) {
	heart, same := reaction("m", "eve", "C1", "❤️"), reaction("m", "ada", "C1", "❤️")
	thumb, elsewhere := reaction("m", "ada", "C1", "👍"), reaction("m", "ada", "C2", "👍")
	threaded := reaction("m", "bob", "C1", ":parrot:")
	threaded.At.Thread, threaded.Of.Conversation.Thread = "t 1", "t 2"
	other := reaction("other", "ada", "C1", "👍")
	all := []chat.Reaction{heart, thumb, same, elsewhere, threaded}
	for _, r := range append(all, other) {
		w.change(store.Changes{React: []chat.Reaction{r}})
	}
	w.reacted("reactions", ref("m"), all...)
	inThread := ref("m")
	inThread.Conversation.Thread = "whatever"
	w.reacted("reactions to it in a thread", inThread, all...)
	w.reacted("reactions to another", ref("other"), other)
	w.reacted("reactions to what nobody knows", chat.Ref{Conversation: place("C9"), Message: "m"})
	w.reacted("reactions to nothing", chat.Ref{})
	w.crash()
	w.reacted("reactions after a crash", ref("m"), all...)

	again := heart
	again.At.Thread, again.Of.Conversation.Thread = "t 3", "t 4"
	w.change(store.Changes{React: []chat.Reaction{again, thumb, thumb}})
	w.reacted("reactions that are there already", ref("m"), all...)
	again.Of.Conversation.Thread = "t 5"
	gone := reaction("m", "nobody", "C9", "👍")
	w.change(store.Changes{Unreact: []chat.Reaction{again, gone, reaction("never", "ada", "C1", "👍")}})
	w.reacted("after one was taken off", ref("m"), thumb, same, elsewhere, threaded)
	w.change(store.Changes{Unreact: []chat.Reaction{heart, thumb}, React: []chat.Reaction{thumb}})
	w.reacted("what is taken off and put on again is the newest", ref("m"), same, elsewhere, threaded, thumb)
}

// reactionsInPlans looks that plans see the reactions of earlier ones, and that a plan that fails leaves none.
func reactionsInPlans(w *world) {
	seen := -1
	plan := func(v store.View) (ch store.Changes, err error) {
		rs, err := v.Reactions(ref("m"))
		seen = len(rs)
		return store.Changes{
			React:   []chat.Reaction{reaction("m", chat.PersonID(fmt.Sprint(seen)), "C1", "👍")},
			Journal: []store.JournalEntry{{Account: here, Key: fmt.Sprint(seen)}},
		}, err
	}
	for want := range 3 {
		w.must(w.s.Change(w.ctx(), plan))
		is(w, "reactions that the plan saw", seen, want)
	}
	err := w.s.Change(w.ctx(), func(v store.View) (store.Changes, error) {
		ch, err := plan(v)
		ch.Cancel = []chat.DeliveryID{1234}
		return ch, err
	})
	if !errors.Is(err, store.ErrNotFound) {
		w.Errorf("Change = %v, want ErrNotFound", err)
	}
	is(w, "reactions", len(w.reactions(ref("m"))), 3)
	is(w, "entries", len(w.journal(here, 0, 0)), 3)
}

// journal lists entries of an account.
func (w *world) journal(a chat.Account, after int64, limit int) (es []store.JournalEntry) {
	w.Helper()
	w.read(func(r store.Reader) (err error) {
		es, err = r.Journal(a, after, limit)
		return err
	})
	return es
}

// keys are those of entries, whose numbers must grow.
func keys(w *world, es []store.JournalEntry) []string {
	w.Helper()
	out := make([]string, len(es))
	for i, e := range es {
		out[i] = e.Key
		if i > 0 && e.Seq <= es[i-1].Seq {
			w.Errorf("entry %s has number %d after %d", e.Key, e.Seq, es[i-1].Seq)
		}
	}
	return out
}

func journalAppends(w *world) {
	entry := func(a chat.Account, key, body string) store.JournalEntry {
		return store.JournalEntry{Account: a, Key: key, Body: []byte(body), Seq: 99, At: time.Unix(1, 0)}
	}
	start := time.Now().UTC()
	w.change(store.Changes{Journal: []store.JournalEntry{entry(here, "b", "1"), entry(there, "b", "2"), entry(here, "a", "3")}})
	w.pass(time.Second)
	w.change(store.Changes{Journal: []store.JournalEntry{
		entry(here, "b", "another"), entry(here, "", "4"), {Account: here, Key: "nil"}, entry(here, "", "5"),
	}})
	w.crash()
	es := w.journal(here, 0, 0)
	if diff := gocmp.Diff([]string{"b", "a", "", "nil"}, keys(w, es)); diff != "" {
		w.Fatalf("keys (-want +got):\n%s", diff)
	}
	for i, body := range []string{"1", "3", "4", ""} {
		is(w, "body", string(es[i].Body), body)
		is(w, "account", es[i].Account, here)
		is(w, "time", es[i].At, start.Add(time.Duration(i/2)*time.Second))
	}
	if diff := gocmp.Diff([]string{"b"}, keys(w, w.journal(there, 0, 10))); diff != "" {
		w.Errorf("keys of the other account (-want +got):\n%s", diff)
	}
	is(w, "first entries", len(w.journal(here, 0, 2)), 2)
	if diff := gocmp.Diff([]string{"a", ""}, keys(w, w.journal(here, es[0].Seq, 2))); diff != "" {
		w.Errorf("keys behind the first (-want +got):\n%s", diff)
	}
	is(w, "entries behind the last", len(w.journal(here, es[3].Seq, 10)), 0)
	is(w, "entries of nobody", len(w.journal("x/nobody", 0, 10)), 0)
}

// journalRace has many append at once: each key is there once, and what one caller appended is in its order.
func journalRace(w *world) {
	const callers, each = 20, 10
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for n := range each {
				key := fmt.Sprintf("%02d-%d", c, n)
				err := w.s.Change(w.ctx(), func(store.View) (store.Changes, error) {
					return store.Changes{Journal: []store.JournalEntry{{Account: here, Key: key}, {Account: here, Key: "shared"}}}, nil
				})
				is(w, "error of Change", err, nil)
			}
		})
	}
	wg.Wait()
	got := slices.DeleteFunc(keys(w, w.journal(here, 0, 1000)), func(k string) bool { return k == "shared" })
	is(w, "entries", len(got), callers*each)
	is(w, "all entries", len(w.journal(here, 0, 1000)), callers*each+1)
	slices.SortStableFunc(got, func(a, b string) int { return cmp.Compare(a[:2], b[:2]) })
	is(w, "each caller's are in order", slices.IsSorted(got), true)
}

// marked is what the model knows of reactions and journals.
type marked struct {
	reactions []chat.Reaction
	journal   []string
}

// reacts puts emoji on a message and takes them off.
func (x *machine) reacts(s step) error {
	one := func(n uint8) chat.Reaction {
		return reaction("m", chat.PersonID(fmt.Sprint("p", n%3)), fmt.Sprint("C", n/3%2), fmt.Sprint("e", n/6%2))
	}
	ch := store.Changes{React: []chat.Reaction{one(s.Which)}, Unreact: []chat.Reaction{one(s.How), one(s.More)}}
	if s.More%2 == 0 {
		ch.React = nil
	}
	m := &x.m.marked
	m.reactions = slices.DeleteFunc(m.reactions, func(r chat.Reaction) bool { return slices.Contains(ch.Unreact, r) })
	for _, r := range ch.React {
		if !slices.Contains(m.reactions, r) {
			m.reactions = append(m.reactions, r)
		}
	}
	return x.s.Change(x.ctx(), func(store.View) (store.Changes, error) { return ch, nil })
}

// writes appends to the journal, and fails one time in eight.
func (x *machine) writes(s step) error {
	var ch store.Changes
	for _, n := range []uint8{s.Which, s.How} {
		ch.Journal = append(ch.Journal, store.JournalEntry{Account: here, Key: fmt.Sprint("k", n%16)})
	}
	fail := s.More >= 224
	err := x.s.Change(x.ctx(), func(store.View) (store.Changes, error) {
		if fail {
			return ch, errPlan
		}
		return ch, nil
	})
	if errors.Is(err, errPlan) != fail {
		return fmt.Errorf("change of the journal: %w, failing %t", err, fail)
	}
	for _, e := range ch.Journal {
		if !fail && !slices.Contains(x.m.journal, e.Key) {
			x.m.journal = append(x.m.journal, e.Key)
		}
	}
	return nil
}

// agreeMarks compares reactions and journals.
func (x *machine) agreeMarks() error {
	if got := x.reactions(ref("m")); !slices.Equal(got, x.m.reactions) {
		return fmt.Errorf("reactions %v, want %v", got, x.m.reactions)
	}
	if got := keys(x.world, x.journal(here, 0, 1000)); !slices.Equal(got, x.m.journal) {
		return fmt.Errorf("journal %q, want %q", got, x.m.journal)
	}
	return nil
}
