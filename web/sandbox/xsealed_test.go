package sandbox_test

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/x/xsim"
)

// sealed is what Alice and the brand write to each other on X, encrypted by both. The brand has a telephone, too.
type sealed struct {
	*world

	alice string
	brand *xsim.Phone
}

func setupSealed(t *testing.T) *sealed {
	t.Helper()
	w := setup(t)
	s := &sealed{world: w, alice: w.first[onX].person, brand: w.x.Phone(w.brand)}
	s.does(onX, "lock", s.here(nil))
	return s
}

// here are the fields of an act of Alice where she writes to the brand.
func (s *sealed) here(more fields) fields {
	all := fields{"place": s.alice}
	maps.Copy(all, more)
	return all
}

func (s *sealed) says(text string) string { return s.does(onX, "say", s.here(fields{"text": text})) }

// answers has the brand write, and gives the id that the page has for it.
func (s *sealed) answers(text string) string {
	s.t.Helper()
	said, err := s.brand.Say(s.alice, text)
	must(s.t, err)
	return "e" + said.Sequence.String()
}

// shows is a message in Alice's conversation.
func (s *sealed) shows(id string) (shownMessage, bool) { return s.messageIn(onX, s.alice, id) }

// heard is what the brand's telephone shows last.
func (s *sealed) heard() xsim.Heard {
	s.t.Helper()
	all := s.brand.Talk(s.alice)
	if len(all) == 0 {
		s.t.Fatal("the brand's telephone shows nothing")
	}
	return all[len(all)-1]
}

func TestLockDecidesWhatXCanRead(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	ids := []string{s.says("one, for the brand alone"), s.answers("two, for Alice alone")}
	s.does(onX, "unlock", s.here(nil))
	ids = append(ids, s.says("three, for X as well"))
	s.does(onX, "lock", s.here(nil))
	ids = append(ids, s.says("four, for the brand alone"))

	p := s.place(onX, s.alice)
	if len(p.Messages) != len(ids) || p.Lock != "on" {
		t.Fatalf("the conversation is %+v, want four messages and a lock that is on", p)
	}
	for i, m := range p.Messages {
		classic := i == 2
		if m.ID != ids[i] || m.Sealed == classic || m.Fixed != classic || m.App != (i == 1) {
			t.Errorf("message %d is %+v, want %s, encrypted: %v", i, m, ids[i], !classic)
		}
	}
	if all := s.x.Conversation(s.alice, s.world.brand); len(all) != 1 || all[0].Text != "three, for X as well" {
		t.Errorf("X can read %+v, want the third alone", all)
	}
	status, head, held := s.get(s.pane(onX).Held)
	if status != http.StatusOK || head.Get("Content-Type") != "text/plain; charset=utf-8" || !strings.Contains(held, s.alice) {
		t.Errorf("what X has = %d %v %q", status, head, held)
	}
	if strings.Contains(held, "alone") {
		t.Errorf("X has a plaintext: %q", held)
	}
}

func TestSealedMessagesChange(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	mine, theirs := s.says("a pot, pleas"), s.answers("which one?")
	s.does(onX, "edit", s.here(fields{"message": mine, "text": "a pot, please"}))
	s.does(onX, "react", s.here(fields{"message": theirs, "emoji": "👍"}))
	s.does(onX, "react", s.here(fields{"message": theirs, "emoji": "🎉"}))
	s.does(onX, "unreact", s.here(fields{"message": theirs, "emoji": "🎉"}))
	reply := s.does(onX, "say", s.here(fields{"message": theirs, "text": "the blue one"}))
	if m, _ := s.shows(mine); m.Text != "a pot, please" || !m.Edited || m.Who != s.alice {
		t.Errorf("what was edited is %+v", m)
	}
	if m, _ := s.shows(theirs); len(m.Reactions) != 1 || m.Reactions[0].Emoji != "👍" || !slices.Equal(m.Reactions[0].Users, []string{s.alice}) {
		t.Errorf("the answer is %+v, want a thumb on it", m)
	}
	if m, _ := s.shows(reply); m.Reply == nil || m.Reply.Name != "Acme Tea" || m.Reply.Text != "which one?" {
		t.Errorf("the reply is %+v", m)
	}
	s.does(onX, "delete", s.here(fields{"message": mine}))
	if m, there := s.shows(mine); there {
		t.Errorf("what was deleted is shown: %+v", m)
	}
	talk := s.brand.Talk(s.alice)
	if len(talk) != 3 || !talk[0].Deleted || !slices.Equal(talk[1].Reactions["👍"], []string{s.alice}) || talk[2].Reply == nil {
		t.Errorf("the brand's telephone shows %+v", talk)
	}
}

// A reply to an encrypted message is encrypted, whatever the lock says.
func TestReplyStaysSealed(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	theirs := s.answers("what is the number of your card?")
	s.does(onX, "unlock", s.here(nil))
	if status, answer := s.form(onX, map[string]string{"place": s.alice, "message": theirs, "text": "4711"}, [2]string{"card.png", png}); status != http.StatusOK {
		t.Fatalf("POST /act = %d %s", status, answer)
	}
	h := s.heard()
	if h.Text != "4711" || h.Reply == nil || len(h.Files) != 1 || string(h.Files[0].Data) != png {
		t.Errorf("the brand's telephone shows %+v, want a reply with a picture", h)
	}
	if all := s.x.Events(); len(all) != 0 && all[len(all)-1].Text == "4711" {
		t.Errorf("X can read %+v", all)
	}
}

func TestSealedPictures(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	if status, answer := s.form(onX, map[string]string{"place": s.alice}, [2]string{"tea.png", png}); status != http.StatusOK {
		t.Fatalf("POST /act = %d %s", status, answer)
	}
	_, err := s.brand.SayWith(s.alice, "ours", xsim.File{Name: "ours.png", Type: "image/png", Data: []byte(png + "2")})
	must(t, err)
	all := s.place(onX, s.alice).Messages
	if len(all) != 2 {
		t.Fatalf("the conversation is %+v, want two pictures", all)
	}
	for i, want := range []string{png, png + "2"} {
		if len(all[i].Files) != 1 || !all[i].Files[0].Image || all[i].Files[0].Size != len(want) {
			t.Fatalf("message %d is %+v, want a picture", i, all[i])
		}
		status, head, got := s.get(all[i].Files[0].URL)
		if status != http.StatusOK || got != want || head.Get("Content-Type") != "image/png" {
			t.Errorf("GET %s = %d %s %q", all[i].Files[0].URL, status, head.Get("Content-Type"), got)
		}
	}
	for _, b := range s.x.Stored() {
		if bytes.Contains(b, []byte(png)) {
			t.Errorf("X has the picture: %q", b)
		}
	}
	for _, path := range []string{"/files/x/e1.0", "/files/x/e" + strings.TrimPrefix(all[0].ID, "e") + ".1", "/files/x/" + all[0].ID + ".-1", "/files/x/e.0"} {
		if status, _, _ := s.get(path); status != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", path, status)
		}
	}
}

// What a quote says is shown as somebody's words only when it is proven.
func TestForgedQuoteIsNotShown(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.says("it costs ten")
	said, err := s.brand.Forge(s.alice, s.heard().Sequence, "it costs nothing", "as you said")
	must(t, err)
	m, _ := s.shows("e" + said.Sequence.String())
	if m.Text != "as you said" || m.Reply == nil || m.Reply.Name == "Alice Moreau" || strings.Contains(m.Reply.Text, "nothing") {
		t.Errorf("the forgery is %+v, to %+v", m, m.Reply)
	}
}

func TestSealedMessageThatCantBeRead(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.says("hello")
	s.x.Inject(s.heard().Conversation, "no event")
	all := s.place(onX, s.alice).Messages
	last := all[len(all)-1]
	if len(all) != 2 || !strings.HasPrefix(last.Text, "This message can't be read: ") || !last.Fixed {
		t.Errorf("the conversation is %+v, want a message that says why it can't be read", all)
	}
}

func TestBadActsOnSealedMessages(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	mine, theirs := s.says("mine"), s.answers("theirs")
	gone := s.says("gone")
	s.does(onX, "delete", s.here(fields{"message": gone}))
	s.does(onX, "react", s.here(fields{"message": theirs, "emoji": "👍"}))
	bruno := s.second[onX]
	_, _, before := s.get("/state")
	for _, tc := range []struct {
		name, do string
		more     fields
		want     int
	}{
		{"lock again", "lock", nil, http.StatusConflict},
		{"lock of the group", "lock", fields{"place": s.first[onX].place}, http.StatusBadRequest},
		{"lock of nobody", "lock", fields{"person": "7", "place": "7"}, http.StatusNotFound},
		{"lock of the brand", "lock", fields{"person": s.world.brand, "place": s.world.brand}, http.StatusNotFound},
		{"unlock of what is not locked", "unlock", fields{"person": bruno, "place": bruno}, http.StatusConflict},
		{"edit of the brand's", "edit", fields{"message": theirs, "text": "x"}, http.StatusForbidden},
		{"delete of the brand's", "delete", fields{"message": theirs}, http.StatusForbidden},
		{"edit from elsewhere", "edit", fields{"message": mine, "text": "x", "place": s.first[onX].place}, http.StatusNotFound},
		{"edit by somebody else", "edit", fields{"message": mine, "text": "x", "person": bruno, "place": bruno}, http.StatusNotFound},
		{"edit of what is gone", "edit", fields{"message": gone, "text": "x"}, http.StatusNotFound},
		{"reply to what is gone", "say", fields{"message": gone, "text": "x"}, http.StatusNotFound},
		{"reply by somebody else", "say", fields{"message": mine, "text": "x", "person": bruno, "place": bruno}, http.StatusNotFound},
		{"no number", "edit", fields{"message": "ex", "text": "x"}, http.StatusBadRequest},
		{"react again", "react", fields{"message": theirs, "emoji": "👍"}, http.StatusConflict},
		{"unreact of none", "unreact", fields{"message": theirs, "emoji": "🔥"}, http.StatusConflict},
		{"markup for an emoji", "react", fields{"message": theirs, "emoji": "<img>"}, http.StatusBadRequest},
		{"pin", "pin", fields{"message": mine}, http.StatusBadRequest},
	} {
		if got, answer := s.act(onX, tc.do, s.here(tc.more)); got != tc.want || !strings.Contains(answer, `"error":"`) {
			t.Errorf("%s: %d %s, want %d and a reason", tc.name, got, answer, tc.want)
		}
	}
	if _, _, after := s.get("/state"); after != before {
		t.Errorf("state changed from\n%s to\n%s", before, after)
	}
	for _, pane := range []string{onSlack, "fax"} {
		if status, _, _ := s.get("/held/" + pane); status != http.StatusNotFound {
			t.Errorf("GET /held/%s = %d, want 404", pane, status)
		}
	}
}

// What X has is shown so that every byte can be read back.
func TestHeldIsEveryByte(t *testing.T) {
	t.Parallel()
	s := setupSealed(t)
	s.says("hello")
	_, _, text := s.get("/held/x")
	var got [][]byte
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			b, err := strconv.Unquote(strings.TrimSuffix(line, "\n"))
			must(t, err)
			got = append(got, []byte(b))
		}
	}
	want := s.x.Stored()
	slices.SortFunc(got, bytes.Compare)
	slices.SortFunc(want, bytes.Compare)
	if len(want) == 0 || !slices.EqualFunc(got, want, bytes.Equal) {
		t.Errorf("%d byte strings are shown of %d, or they are others", len(got), len(want))
	}
}

// A page that looks on is told of a lock, and of what comes to a telephone.
func TestSealedChangesAreTold(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*sealed){
		"lock":   func(s *sealed) { s.does(onX, "unlock", s.here(nil)) },
		"answer": func(s *sealed) { s.answers("hello to you") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setupSealed(t)
			s.says("hello")
			next := s.listen("?after="+s.state().Seq, "")
			if e := next(); e.name != "state" {
				t.Fatalf("the first event is %+v, want state", e)
			}
			_, _, before := s.get("/state")
			change(s)
			if e := next(); e.name != "state" {
				t.Errorf("after that comes %+v, want state", e)
			}
			if _, _, after := s.get("/state"); after == before {
				t.Error("the state is what it was")
			}
		})
	}
}
