package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

var ada = desk.Identity{Account: here, Person: "ada"} //nolint:gochecknoglobals // a constant of the tests

func caseOf(id string, s desk.State) desk.Case {
	return desk.Case{ID: chat.CaseID(id), Desk: "support", Contact: ada, State: s, Opened: time.Unix(1_700_000_000, 0).UTC()}
}

func oneOpenCase(w *world) {
	const racers = 12
	race := func(round string, plan func(v store.View, id string) (store.Changes, error)) (won int) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range racers {
			wg.Go(func() {
				id := fmt.Sprintf("%s-%d", round, i)
				_, err := w.s.Admit(w.ctx(), here, chat.Batch{Events: []chat.Event{named(id)}},
					func(v store.View, _ chat.Event) (store.Changes, error) { return plan(v, id) })
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won++
				case !errors.Is(err, store.ErrOpenCase):
					w.Errorf("Admit = %v, want nil or ErrOpenCase", err)
				}
			})
		}
		wg.Wait()
		return won
	}
	won := race("blind", func(_ store.View, id string) (store.Changes, error) {
		return store.Changes{Cases: []desk.Case{caseOf(id, desk.Open)}, Deliveries: []chat.Delivery{to(id, "x")}}, nil
	})
	is(w, "blind plans that won", won, 1)
	is(w, "events", len(w.stored()), 1)
	is(w, "deliveries", w.counts()[chat.Waiting], 1)
	won = race("looking", func(v store.View, id string) (ch store.Changes, err error) {
		c, err := v.LastCase("support", ada)
		if err == nil && c.State != desk.Closed {
			return ch, nil
		}
		return store.Changes{Cases: []desk.Case{caseOf(id, desk.Open)}}, err
	})
	is(w, "plans that look first and won", won, racers)
	var open []desk.Case
	w.read(func(r store.Reader) (err error) {
		open, err = r.Cases(store.CaseFilter{})
		return err
	})
	is(w, "cases", len(open), 1)
	elsewhere, other, snoozed := caseOf("elsewhere", desk.Open), caseOf("other", desk.Open), caseOf("snoozed", desk.Snoozed)
	elsewhere.Desk, other.Contact.Person = "sales", "eve"
	w.change(store.Changes{Cases: []desk.Case{elsewhere, other}})
	err := w.s.Change(w.ctx(), func(store.View) (store.Changes, error) { return store.Changes{Cases: []desk.Case{snoozed}}, nil })
	if !errors.Is(err, store.ErrOpenCase) {
		w.Errorf("a snoozed case beside an open one: %v, want ErrOpenCase", err)
	}
	open[0].State = desk.Closed
	w.change(store.Changes{Cases: []desk.Case{open[0]}})
	w.change(store.Changes{Cases: []desk.Case{snoozed}})
}

func casesFound(w *world) {
	thread := chat.Conversation{Account: there, ID: "C1", Thread: "17.1"}
	old := caseOf("old", desk.Closed)
	old.Closed = time.Now().UTC()
	c := caseOf("new", desk.Open)
	c.Threads = []desk.Thread{{Surface: place("C1")}}
	c.Held = []desk.Held{{Ref: ref("h"), Text: text.Plain("held")}}
	known := store.KnownContact{Desk: "support", Contact: desk.Contact{Identity: ada, Name: "Ada", At: ref("").Conversation, Cases: 2}}
	w.change(store.Changes{Cases: []desk.Case{old}})
	w.change(store.Changes{Cases: []desk.Case{c}, Contacts: []store.KnownContact{known}})
	w.change(store.Changes{Cases: []desk.Case{old}}) // the newest is the one opened last, not changed last
	w.caseAt(thread, "")
	w.caseAt(place("C1"), "")
	c.Threads[0].At = thread
	w.change(store.Changes{Cases: []desk.Case{c}})
	w.caseAt(thread, "new")
	w.caseAt(place("C1"), "")
	w.crash()
	w.caseAt(thread, "new")
	w.knows(c, known)
	lost := thread
	lost.Thread = "17.2"
	c.Threads[0].At = lost
	known.Blocked = true
	w.change(store.Changes{Cases: []desk.Case{c}, Contacts: []store.KnownContact{known}})
	w.caseAt(thread, "")
	w.caseAt(lost, "new")
	w.knows(c, known)
}

// caseAt wants a case to be found by its thread, or none if want is empty.
func (w *world) caseAt(conv chat.Conversation, want chat.CaseID) {
	w.Helper()
	w.read(func(r store.Reader) error {
		got, err := r.CaseAt(conv)
		if want == "" && !errors.Is(err, store.ErrNotFound) || want != "" && (err != nil || got.ID != want) {
			w.Errorf("case at %s: %q, %v, want %q", conv, got.ID, err, want)
		}
		return nil
	})
}

// knows wants c to be found as the last case of the known contact, and nothing at another desk.
func (w *world) knows(c desk.Case, known store.KnownContact) {
	w.Helper()
	w.read(func(r store.Reader) error {
		got, err := r.Case(c.ID)
		if diff := cmp.Diff(c, got); err != nil || diff != "" {
			w.Errorf("case, %v (-want +got):\n%s", err, diff)
		}
		if got, err = r.LastCase("support", ada); err != nil || got.ID != c.ID {
			w.Errorf("last case: %q, %v", got.ID, err)
		}
		who, err := r.Contact("support", ada)
		if diff := cmp.Diff(known.Contact, who); err != nil || diff != "" {
			w.Errorf("contact, %v (-want +got):\n%s", err, diff)
		}
		_, errCase := r.Case("none")
		_, errLast := r.LastCase("sales", ada)
		_, errContact := r.Contact("sales", ada)
		for _, err := range []error{errCase, errLast, errContact} {
			if !errors.Is(err, store.ErrNotFound) {
				w.Errorf("what isn't there: %v, want ErrNotFound", err)
			}
		}
		return nil
	})
}

func line(c, message, words string) desk.Line {
	l := desk.Line{Case: chat.CaseID(c), At: time.Unix(1_700_000_000, 0).UTC(), Way: desk.In, By: "Ada", Text: text.Plain(words)}
	if message != "" {
		l.Ref = ref(message)
	}
	return l
}

func bodies(ls []desk.Line) []string {
	out := make([]string, len(ls))
	for i, l := range ls {
		out[i] = l.Text.Body
	}
	return out
}

func linesReplaced(w *world) {
	edited := line("c", "m1", "one, edited")
	edited.Gone, edited.Files = true, []chat.File{{Name: "f"}}
	w.change(store.Changes{Lines: []desk.Line{line("c", "m1", "one"), line("c", "", "remark"), line("c", "", "remark"), line("d", "m1", "elsewhere")}})
	w.change(store.Changes{Lines: []desk.Line{line("c", "m2", "two"), edited}})
	w.crash()
	w.read(func(r store.Reader) error {
		for n, want := range map[int][]string{
			9: {"one, edited", "remark", "remark", "two"}, 2: {"remark", "two"}, 0: {},
		} {
			got, err := r.Lines("c", n)
			if diff := cmp.Diff(want, bodies(got)); err != nil || diff != "" {
				w.Errorf("last %d lines, %v (-want +got):\n%s", n, err, diff)
			}
		}
		got, err := r.Lines("c", 4)
		if diff := cmp.Diff(edited, got[0]); diff != "" {
			w.Errorf("line (-want +got):\n%s", diff)
		}
		for query, want := range map[string]int{"edited": 1, "one": 1, "elsewhere": 1, "two": 1} {
			found, err := r.Search(query, 10)
			if err != nil || len(found) != want {
				w.Errorf("search for %q: %q, %v, want %d", query, bodies(found), err, want)
			}
		}
		return err
	})
	w.change(store.Changes{Lines: []desk.Line{line("c", "m1", "uno")}})
	w.read(func(r store.Reader) error {
		found, err := r.Search("edited", 10)
		is(w, "lines with words that were replaced", len(found), 0)
		return err
	})
}

// lineFound looks for a message's line in all cases of its contact, and in nobody else's.
func lineFound(w *world) {
	first, second, other := caseOf("first", desk.Closed), caseOf("second", desk.Open), caseOf("other", desk.Open)
	other.Contact.Person = "eve"
	both := line("second", "m2", "two, edited")
	w.change(store.Changes{
		Cases: []desk.Case{first, second, other},
		Lines: []desk.Line{both, line("first", "m1", "one"), line("first", "m2", "two"), line("second", "m3", "three"), line("other", "m4", "four")},
	})
	w.crash()
	w.read(func(r store.Reader) error {
		for message, want := range map[string]string{"m1": "one", "m2": "two, edited", "m3": "three"} {
			in := ref(message)
			in.Conversation.Thread = "17.1"
			got, err := r.Line("support", ada, in)
			if err != nil || got.Text.Body != want {
				w.Errorf("line of %s: %q, %v, want %q", message, got.Text.Body, err, want)
			}
		}
		_, errOther := r.Line("support", ada, ref("m4"))
		_, errNone := r.Line("support", ada, ref("m5"))
		_, errDesk := r.Line("sales", ada, ref("m1"))
		_, errWho := r.Line("support", desk.Identity{Account: ada.Account, Person: "nobody"}, ref("m1"))
		for _, err := range []error{errOther, errNone, errDesk, errWho} {
			if !errors.Is(err, store.ErrNotFound) {
				w.Errorf("a line that isn't there: %v, want ErrNotFound", err)
			}
		}
		return nil
	})
}

func searchScripts(w *world) {
	lines := []string{
		"Hello, my parcel number 12345-X hasn't arrived",
		"Посылка ещё не пришла, ЖДУ уже Неделю",
		"أين طلبي؟ لم يصل الطَّرْد بعد",
		"我的包裹还没有到，请帮我查一下",
		"荷物がまだ届いていません。トラッキング",
		"배송이 언제 도착하나요",
		"thanks 👍🏽 great 🎉🎉 👩‍🚀",
		"Crème brûlée à Zürich, ΑΘΉΝΑ and ＷＩＤＥ",
		"พัสดุของฉันอยู่ที่ไหน",
		"quotes \" AND OR NOT ( * near",
	}
	for i, l := range lines {
		w.change(store.Changes{Lines: []desk.Line{line("c", fmt.Sprint(i), l)}})
	}
	w.reopen()
	for query, want := range map[string][]int{
		"parcel": {0}, "PARC": {0}, "arcel": {}, "hello arrived": {0}, "arrived hello": {0}, "hello 🎉": {}, "12345-x": {0}, "hasn't": {0},
		"посылка": {1}, "жду": {1}, "недел": {1}, "еще": {1},
		"طلبي": {2}, "الطرد": {2}, "طلب": {2},
		"包裹": {3}, "我的": {3}, "没有到": {3}, "裹包": {}, "查": {3}, "包 查": {3},
		"届いて": {4}, "荷物": {4}, "キング": {4}, "배송": {5}, "도착": {5},
		"👍": {6}, "🎉": {6}, "👩‍🚀": {6}, "🚀": {6}, "thanks 🎉": {6}, "😀": {},
		"creme": {7}, "zurich": {7}, "brûl": {7}, "αθηνα": {7}, "wide": {7},
		"ของฉัน": {8}, "ที่ไหน": {8},
		`"`: {}, "": {}, "and": {7, 9}, "near*": {9}, "( quotes": {9}, "-": {},
		"a": {0, 7, 9}, "h": {0},
	} {
		w.read(func(r store.Reader) error {
			found, err := r.Search(query, 100)
			var expected []string
			for _, i := range slices.Backward(want) { // newest first
				expected = append(expected, lines[i])
			}
			if got := bodies(found); err != nil || len(got) != len(expected) || len(got) > 0 && !cmp.Equal(expected, got) {
				w.Errorf("search for %q: got %q, %v, want %q", query, got, err, expected)
			}
			return nil
		})
	}
	w.read(func(r store.Reader) error {
		found, err := r.Search("a", 2)
		is(w, "limited", len(found), 2)
		return err
	})
}
