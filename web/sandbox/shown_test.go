package sandbox_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"
)

// shown is /state as a browser reads it.
type shown struct {
	Seq   string
	Panes []shownPane
	Trips []shownTrip
	Roost *struct {
		State string
		PID   int
		Again time.Time
	}
}

type shownPane struct {
	ID, Name, Types, Deleting, Held string
	People                          []struct{ ID, Name, Handle string }
	Places                          []shownPlace
	Forms                           []struct {
		ID, Who, Title string
		Blocks         json.RawMessage
	}
	Picks, Can []string
	Down       bool
}

type shownPlace struct {
	ID, Name, Kind, With, Lock string
	People                     []string
	Threads                    []struct {
		ID, Name string
		Tags     []string
		Closed   bool
	}
	Messages []shownMessage
}

type shownMessage struct {
	ID, Thread, Who, Name, Text, Typed, Only string
	App, Edited, Gone, Pinned, Sealed, Fixed bool
	Entities                                 []struct {
		Kind           string
		Offset, Length int
	}
	Cards []struct{ Title, Text, Footer string }
	Rows  [][]struct{ ID, Label, Style string }
	Files []struct {
		Name, URL string
		Image     bool
		Size      int
	}
	Reactions []struct {
		Emoji string
		Users []string
	}
	Reply *struct{ Name, Text string }
}

type shownTrip struct {
	ID, Seq                            int64
	Platform, Who, What, Text, Outcome string
	Line                               bool
	Steps                              []struct {
		MS, Pause           int64
		Mark, Title, Detail string
	}
}

func (w *world) state() shown {
	w.t.Helper()
	status, _, body := w.get("/state")
	if status != http.StatusOK {
		w.t.Fatalf("GET /state = %d %s", status, body)
	}
	var s shown
	must(w.t, json.Unmarshal([]byte(body), &s))
	return s
}

func (w *world) pane(id string) shownPane {
	w.t.Helper()
	s := w.state()
	i := slices.IndexFunc(s.Panes, func(p shownPane) bool { return p.ID == id })
	if i < 0 {
		w.t.Fatalf("there is no pane %s", id)
	}
	return s.Panes[i]
}

func (w *world) place(pane, id string) shownPlace {
	w.t.Helper()
	p := w.pane(pane)
	i := slices.IndexFunc(p.Places, func(p shownPlace) bool { return p.ID == id })
	if i < 0 {
		w.t.Fatalf("%s shows no place %s", pane, id)
	}
	return p.Places[i]
}

// message is a message in the channel of a pane; ok is false when it is not shown.
func (w *world) message(pane, id string) (m shownMessage, ok bool) {
	w.t.Helper()
	return w.messageIn(pane, w.first[pane].place, id)
}

func (w *world) messageIn(pane, place, id string) (m shownMessage, ok bool) {
	w.t.Helper()
	all := w.place(pane, place).Messages
	i := slices.IndexFunc(all, func(m shownMessage) bool { return m.ID == id })
	if i < 0 {
		return m, false
	}
	return all[i], true
}

func TestStateShowsEachPlatformAsItsPeopleSeeIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := w.state()
	if len(s.Panes) != 4 || s.Trips == nil || s.Seq == "" {
		t.Fatalf("%d panes, trips %v, seq %q", len(s.Panes), s.Trips, s.Seq)
	}
	type row struct{ name, kind, with string }
	want := map[string][]row{
		onX:        {{"Alice Moreau", "direct", "Acme Tea"}, {"Bruno Silva", "direct", "Acme Tea"}, {"Group", "channel", ""}},
		onSlack:    {{"#support", "desk", ""}, {"#lounge", "channel", ""}},
		onDiscord:  {{"Carol Jensen", "direct", "Acme Tea"}, {"Femi Adeyemi", "direct", "Acme Tea"}, {"#support", "desk", ""}, {"#lounge", "channel", ""}},
		onTelegram: {{"Grace Okafor", "direct", "Acme Tea"}, {"Hugo", "direct", "Acme Tea"}, {"Support", "desk", ""}, {"Lounge", "channel", ""}},
	}
	for i, id := range everywhere() {
		p := s.Panes[i]
		if p.ID != id || len(p.People) != 2 || p.People[0].ID != w.first[id].person || p.Picks == nil || p.Can == nil || p.Down {
			t.Errorf("pane %d = %+v, want %s with two people", i, p, id)
		}
		var got []row
		for _, one := range p.Places {
			got = append(got, row{one.Name, one.Kind, one.With})
			if one.Messages == nil || one.People == nil {
				t.Errorf("%s: %s has no list of messages or people", id, one.Name)
			}
			if named := one.Kind == "desk" && id != onSlack; named != (one.Threads != nil) {
				t.Errorf("%s: threads of %s = %v", id, one.Name, one.Threads)
			}
		}
		if !slices.Equal(got, want[id]) {
			t.Errorf("%s shows %v, want %v", id, got, want[id])
		}
	}
}
