package bridgetest

import (
	"context"
	"testing"

	"github.com/roost-im/roost/router/chat"
)

// types holds that people see where the account is writing, there alone, and as nothing that it says.
func types(t *testing.T, w *world) {
	if !w.conn.Traits().Types {
		_, mixed := w.Stage.(Mixed)
		if _, can := w.conn.(chat.Typer); can && !mixed {
			t.Errorf("%T types, and its Traits say that it does not", w.conn)
		}
		if err := w.typed(t, w.Talk()); err != nil {
			t.Errorf("typing where nobody sees it = %v", err)
		}
		return
	}
	stage := needs[Watching](t, w, "its connector's Traits say that people see it type")
	places := w.places(t)
	for i, at := range places {
		before := len(w.Heard(t))
		if err := w.typed(t, at); err != nil {
			t.Errorf("typing in %v = %v", at, err)
		}
		for j, other := range places {
			want := 0
			if j <= i {
				want = 1
			}
			if got := stage.Typings(t, other); got != want {
				t.Errorf("after typing in %v it was seen %d times in %v, want %d", at, got, other, want)
			}
		}
		if after := len(w.Heard(t)); after != before {
			t.Errorf("typing became %d messages", after-before)
		}
	}
	w.typesInVain(t, places)
}

// places are Talk, and the room and a new thread in it where there are such.
func (w *world) places(t *testing.T) []chat.Conversation {
	t.Helper()
	all := []chat.Conversation{w.Talk()}
	rooms, ok := w.Stage.(Rooms)
	if !ok {
		return all
	}
	all = append(all, rooms.Room())
	if w.conn.Traits().Threads {
		opened := w.done(t, chat.Open{Key: "k-place", To: rooms.Room(), Title: "A matter", Card: chat.Card{Title: "A matter"}})
		all = append(all, opened.Conversation)
	}
	return all
}

// typesInVain holds that an error of typing has a kind. The last of the places can be deleted, if any can.
func (w *world) typesInVain(t *testing.T, places []chat.Conversation) {
	t.Helper()
	if stage, ok := w.Stage.(Vanishing); ok && len(places) > 1 {
		last := places[len(places)-1]
		stage.Vanish(t, last)
		w.clearly(t, "typing in what was deleted", w.typed(t, last), chat.Gone, chat.Refused)
	}
	w.Revoke(t)
	w.clearly(t, "typing with a revoked token", w.typed(t, w.Talk()), chat.LoggedOut)
}

// typed has the account type.
func (w *world) typed(t *testing.T, at chat.Conversation) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	err := chat.Type(ctx, w.conn, at)
	w.note(err)
	return err
}
