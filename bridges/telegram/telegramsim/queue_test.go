package telegramsim_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
)

// status is the HTTP status of a GET.
func (w world) status(t *testing.T, path string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := w.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// poll asks for updates and gives their texts and ids.
func (w world) poll(t *testing.T, a args) (texts []string, ids []int) {
	t.Helper()
	type update struct {
		ID      int `json:"update_id"`
		Message struct {
			Text string `json:"text"`
		} `json:"message"`
	}
	for _, u := range ok[[]update](t, w, "getUpdates", a) {
		texts, ids = append(texts, u.Message.Text), append(ids, u.ID)
	}
	return texts, ids
}

// waiting starts a long poll, waits until the server has it, and gives what comes of it.
func (w world) waiting(t *testing.T) <-chan string {
	t.Helper()
	out := make(chan string, 1)
	go func() {
		got, err := w.try(t.Context(), "getUpdates", args{"timeout": 50})
		if err != nil {
			out <- "error"
			return
		}
		out <- fmt.Sprintf("%d %s%s", got.ErrorCode, got.Description, got.Result)
	}()
	w.until(t, "a poll", (*telegramsim.View).Polling)
	return out
}

func say(w world, texts ...string) {
	for _, s := range texts {
		w.Say(ada, ada, telegramsim.Draft{Text: s})
	}
}

func TestOffsetConfirms(t *testing.T) {
	t.Parallel()
	w := setup(t)
	say(w, "a", "b", "c")
	texts, ids := w.poll(t, args{"limit": 2})
	if !slices.Equal(texts, []string{"a", "b"}) || ids[1] != ids[0]+1 {
		t.Fatalf("first = %v %v", texts, ids)
	}
	if again, _ := w.poll(t, nil); !slices.Equal(again, []string{"a", "b", "c"}) {
		t.Errorf("without an offset = %v, want all again", again)
	}
	if rest, _ := w.poll(t, args{"offset": ids[1]}); !slices.Equal(rest, []string{"b", "c"}) {
		t.Errorf("from the second = %v", rest)
	}
	if head, _ := w.poll(t, args{"offset": ids[1] + 1000}); !slices.Equal(head, []string{"b", "c"}) {
		t.Errorf("with an offset beyond the queue = %v, want its head", head)
	}
	if last, _ := w.poll(t, args{"offset": -1}); !slices.Equal(last, []string{"c"}) {
		t.Errorf("with offset -1 = %v", last)
	}
	if left, _ := w.poll(t, nil); !slices.Equal(left, []string{"c"}) || w.Pending() != 1 {
		t.Errorf("after offset -1 = %v, %d wait", left, w.Pending())
	}
}

func TestUpdatesAreKeptForADay(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, func(cfg *telegramsim.Config) { cfg.Now = c.now })
	say(w, "old")
	c.pass(23 * time.Hour)
	say(w, "new")
	c.pass(2 * time.Hour)
	if got, _ := w.poll(t, nil); !slices.Equal(got, []string{"new"}) {
		t.Errorf("after 25 hours = %v", got)
	}
}

func TestAllowedUpdatesAreSticky(t *testing.T) {
	t.Parallel()
	w := setup(t)
	said := w.Say(ada, ada, telegramsim.Draft{Text: "x"})
	must(t, w.React(ada, ada, said, "👍"), w.Leave(bob, forum))
	if got := w.updates(t); len(got) != 2 || got[0]["message"] == nil || got[1]["message"] == nil {
		t.Errorf("by default = %v, want the text and left_chat_member", got)
	}
	ok[any](t, w, "getUpdates", args{"allowed_updates": []string{"message_reaction", "chat_member"}})
	say(w, "unheard")
	must(t, w.Unreact(ada, ada, said, "👍"), w.Join(bob, forum))
	got := w.updates(t)
	if len(got) != 2 || got[0]["message_reaction"] == nil || got[1]["chat_member"] == nil {
		t.Errorf("when asked for = %v", got)
	}
	ok[any](t, w, "getUpdates", args{"allowed_updates": []string{}})
	say(w, "heard")
	if got := w.updates(t); len(got) != 1 || got[0]["message"] == nil {
		t.Errorf("after the empty list = %v", got)
	}
}

func TestPollWaits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	got := w.waiting(t)
	say(w, "x")
	if s := <-got; len(s) < 100 {
		t.Errorf("poll = %s", s)
	}
	if w.Polling() {
		t.Error("the poll still waits")
	}
}

func TestSecondPollerEndsTheFirst(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.waiting(t)
	ok[any](t, w, "getUpdates", nil) // does not wait, and so ends nothing
	second := w.waiting(t)
	if s, want := <-first, "409 Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"; s != want {
		t.Errorf("first poll = %q, want %q", s, want)
	}
	say(w, "x")
	if s := <-second; len(s) < 100 {
		t.Errorf("second poll = %s", s)
	}
}

func TestDroppedPollsAndRefusedConnections(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for name, drop := range map[string]func(){"DropPolls": w.DropPolls, "Refuse": func() { w.Refuse(true) }} {
		got := w.waiting(t)
		drop()
		if s := <-got; s != "error" {
			t.Errorf("%s: poll = %s", name, s)
		}
		if _, err := w.try(t.Context(), "getMe", nil); (err != nil) != (name == "Refuse") {
			t.Errorf("%s: getMe = %v", name, err)
		}
		w.Mend()
	}
	revoked := w.waiting(t)
	w.Revoke()
	if s := <-revoked; s != "401 Unauthorized" {
		t.Errorf("poll = %s", s)
	}
}

func TestPollOfACallerThatLeft(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := w.try(ctx, "getUpdates", args{"timeout": 50})
		gone <- err
	}()
	w.until(t, "a poll", (*telegramsim.View).Polling)
	cancel()
	if err := <-gone; err == nil {
		t.Error("the poll ended well")
	}
	w.until(t, "no poll", func(v *telegramsim.View) bool { return !v.Polling() })
	say(w, "kept")
	if got, _ := w.poll(t, nil); !slices.Equal(got, []string{"kept"}) {
		t.Errorf("next poll = %v", got)
	}
}

func TestRedeliverHoldAndForget(t *testing.T) {
	t.Parallel()
	w := setup(t)
	say(w, "a", "b")
	_, ids := w.poll(t, nil)
	w.poll(t, args{"offset": ids[1] + 1})
	if n := w.Redeliver(1); n != 1 {
		t.Errorf("Redeliver = %d", n)
	}
	again, same := w.poll(t, args{"offset": ids[1] + 1})
	if !slices.Equal(again, []string{"b"}) || same[0] != ids[1] {
		t.Errorf("again = %v %v, want b as %d", again, same, ids[1])
	}
	w.poll(t, args{"offset": ids[1] + 1})
	w.HoldEvents(true)
	say(w, "late")
	if got, _ := w.poll(t, nil); got != nil {
		t.Errorf("while held = %v", got)
	}
	w.HoldEvents(false)
	if got, at := w.poll(t, nil); !slices.Equal(got, []string{"late"}) || at[0] != ids[1]+1 {
		t.Errorf("let go = %v %v", got, at)
	}
	w.ForgetOffsets()
	got, lower := w.poll(t, args{"offset": ids[1] + 1})
	if !slices.Equal(got, []string{"late"}) || lower[0] >= ids[0] {
		t.Errorf("after ForgetOffsets = %v %v, want an id below %d", got, lower, ids[0])
	}
}

func TestOddUpdatesComeThrough(t *testing.T) {
	t.Parallel()
	w := setup(t)
	odd := w.Odd()
	got := w.updates(t)
	if len(got) != 2 || got[0]["quantum_post"] == nil || got[1]["message"].(map[string]any)["hologram"] == nil {
		t.Fatalf("updates = %v", got)
	}
	if m, found := w.Message(ada, odd); !found || m.Text != "odd but readable" {
		t.Errorf("Message = %+v", m)
	}
}
