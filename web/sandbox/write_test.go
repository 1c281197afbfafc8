package sandbox_test

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"github.com/roost-im/roost/bridges/slack/slacksim"
)

type fields = map[string]any

const png = "\x89PNG\r\n\x1a\n and what else a picture has"

func TestSayOnXReachesBrand(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if status, body := w.post("/x/say", fields{"person": w.alice, "text": "Hello <b>there</b>"}); status != http.StatusCreated {
		t.Fatalf("POST /x/say = %d %s", status, body)
	}
	got := w.x.Conversation(w.alice, w.brand)
	if len(got) != 1 || got[0].Sender != w.alice || got[0].Text != "Hello <b>there</b>" {
		t.Errorf("conversation = %+v, want what Alice said", got)
	}
	if s := w.state(); len(s.DMs[w.alice]) != 1 || len(s.DMs[w.bruno]) != 0 {
		t.Errorf("state shows %+v, want one message of Alice", s.DMs)
	}
}

func TestSayOnXCarriesPictures(t *testing.T) {
	t.Parallel()
	w := setup(t)
	kind, body := form(t, map[string]string{"person": w.alice, "text": "see"}, [2]string{`C:\pics\tea.png`, png})
	if status, answer := w.send("/x/say", kind, body); status != http.StatusCreated {
		t.Fatalf("POST /x/say = %d %s", status, answer)
	}
	files := w.state().DMs[w.alice][0].Files
	if len(files) != 1 || files[0].Name != "tea.png" || !files[0].Image {
		t.Fatalf("files = %+v, want the picture tea.png", files)
	}
	status, head, got := w.get(files[0].URL)
	if status != http.StatusOK || got != png || head.Get("Content-Type") != "image/png" {
		t.Errorf("GET %s = %d %s %q", files[0].URL, status, head.Get("Content-Type"), got)
	}
}

func TestAddPerson(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, name := range []string{"  Zoë   Park ", "Alice Moreau", "李雷", "alice"} {
		if status, body := w.post("/x/person", fields{"name": name}); status != http.StatusCreated {
			t.Fatalf("POST /x/person %q = %d %s", name, status, body)
		}
	}
	people := w.state().People
	if len(people) != 6 || people[2].Name != "Zoë Park" || people[2].Handle != "zopark" {
		t.Errorf("people = %+v, want Zoë Park among six", people)
	}
	handles := map[string]bool{}
	for _, p := range people {
		if handles[p.Handle] {
			t.Errorf("two people have the handle %q", p.Handle)
		}
		handles[p.Handle] = true
	}
	for range 20 {
		if status, _ := w.post("/x/person", fields{"name": "One more"}); status == http.StatusConflict {
			return
		}
	}
	t.Error("more than twenty people were taken")
}

func TestSlackThread(t *testing.T) {
	t.Parallel()
	w := setup(t)
	card := w.card()
	status, _ := w.post("/slack/say", fields{"person": w.dana, "thread": card, "text": "On its *way* & soon"})
	if status != http.StatusCreated {
		t.Fatalf("POST /slack/say = %d", status)
	}
	s := w.state()
	reply := s.Messages[1]
	if reply.Thread != card || reply.User != w.dana || reply.Name != "Dana Weiss" || reply.Typed != "On its *way* & soon" || reply.App {
		t.Fatalf("reply = %+v", reply)
	}
	if s.Messages[0].Name != "Roost" || !s.Messages[0].App {
		t.Errorf("card = %+v, want one of Roost", s.Messages[0])
	}
	act := func(path string, more fields) int {
		t.Helper()
		body := fields{"person": w.dana, "ts": reply.TS}
		maps.Copy(body, more)
		status, _ := w.post(path, body)
		return status
	}
	steps := []struct {
		name, path string
		more       fields
		want       int
	}{
		{"edit", "/slack/edit", fields{"text": "Tomorrow"}, http.StatusNoContent},
		{"edit another's", "/slack/edit", fields{"text": "Never", "person": w.eli}, http.StatusForbidden},
		{"edit to nothing", "/slack/edit", fields{"text": " \n"}, http.StatusBadRequest},
		{"react", "/slack/react", fields{"name": "tada"}, http.StatusNoContent},
		{"react again", "/slack/react", fields{"name": "tada"}, http.StatusConflict},
		{"react with markup", "/slack/react", fields{"name": "<img>"}, http.StatusBadRequest},
		{"take another's back", "/slack/react", fields{"name": "tada", "remove": true, "person": w.eli}, http.StatusConflict},
	}
	for _, st := range steps {
		if got := act(st.path, st.more); got != st.want {
			t.Errorf("%s: %d, want %d", st.name, got, st.want)
		}
	}
	reply = w.state().Messages[1]
	if reply.Typed != "Tomorrow" || !reply.Edited || len(reply.Reactions) != 1 || reply.Reactions[0].Users[0] != w.dana {
		t.Errorf("reply = %+v, want it edited, with Dana's emoji", reply)
	}
	if got := act("/slack/react", fields{"name": "tada", "remove": true}); got != http.StatusNoContent {
		t.Errorf("take emoji back: %d", got)
	}
	if got := act("/slack/delete", nil); got != http.StatusNoContent {
		t.Errorf("delete: %d", got)
	}
	if s := w.state(); len(s.Messages) != 1 {
		t.Errorf("messages = %+v, want the card alone", s.Messages)
	}
}

func TestSlackFilesAreSavedUnlessPictures(t *testing.T) {
	t.Parallel()
	w := setup(t)
	card := w.card()
	kind, body := form(t, map[string]string{"person": w.dana, "thread": card, "text": ""}, [2]string{"page.html", "<script>alert(1)</script>"})
	if status, answer := w.send("/slack/say", kind, body); status != http.StatusCreated {
		t.Fatalf("POST /slack/say = %d %s", status, answer)
	}
	file := w.state().Messages[1].Files[0]
	status, head, got := w.get(file.URL)
	if status != http.StatusOK || file.Image || !strings.Contains(got, "alert(1)") {
		t.Fatalf("GET %s = %d %q", file.URL, status, got)
	}
	if head.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(head.Get("Content-Disposition"), "attachment") ||
		head.Get("Content-Security-Policy") != "default-src 'none'; sandbox" {
		t.Errorf("a page of somebody else's is served as %v", head)
	}
	for _, path := range []string{"/files/slack/F404", "/files/x/1/0", "/files/x/1/-1", "/files/x/1/no"} {
		if status, _, _ := w.get(path); status != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", path, status)
		}
	}
}

func TestPressAndModal(t *testing.T) {
	t.Parallel()
	w := setup(t)
	card := w.card()
	if status, body := w.post("/slack/press", fields{"person": w.eli, "ts": card, "action": "0:claim"}); status != http.StatusNoContent {
		t.Fatalf("POST /slack/press = %d %s", status, body)
	}
	pressed := w.slack.Interactions()
	if len(pressed) != 1 || pressed[0].User != w.eli || pressed[0].Value != "case-1" {
		t.Fatalf("interactions = %+v, want Eli's", pressed)
	}
	input := slack.NewInputBlock("for", slack.NewTextBlockObject("plain_text", "How long?", false, false), nil, slack.NewPlainTextInputBlockElement(nil, "value"))
	_, err := w.app.OpenViewContext(t.Context(), pressed[0].Trigger, slack.ModalViewRequest{
		Type: slack.VTModal, Title: slack.NewTextBlockObject("plain_text", "Snooze", false, false),
		Submit: slack.NewTextBlockObject("plain_text", "Snooze", false, false), Blocks: slack.Blocks{BlockSet: []slack.Block{input}},
	})
	must(t, err)
	views := w.state().Views
	if len(views) != 1 || views[0].Title != "Snooze" || views[0].User != w.eli {
		t.Fatalf("views = %+v, want Eli's Snooze", views)
	}
	if status, _ := w.post("/slack/submit", fields{"person": w.dana, "view": views[0].ID}); status != http.StatusNotFound {
		t.Errorf("Dana submits Eli's view: %d, want 404", status)
	}
	if status, body := w.post("/slack/submit", fields{"person": w.eli, "view": views[0].ID, "values": map[string]string{"for/value": "1h"}}); status != http.StatusNoContent {
		t.Errorf("POST /slack/submit = %d %s", status, body)
	}
	if in := w.slack.Interactions(); in[len(in)-1].Kind != "view_submission" {
		t.Errorf("last interaction = %+v, want the submission", in[len(in)-1])
	}
	if status, _ := w.post("/slack/dismiss", fields{"person": w.eli, "view": views[0].ID}); status != http.StatusNoContent {
		t.Errorf("POST /slack/dismiss = %d", status)
	}
	if views := w.state().Views; len(views) != 0 {
		t.Errorf("views = %+v, want none", views)
	}
}

func TestEphemeralsAreTheirReadersAlone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	card := w.card()
	_, err := w.app.PostEphemeralContext(t.Context(), w.channel, w.eli, slack.MsgOptionText("only for Eli", false), slack.MsgOptionTS(card))
	must(t, err)
	s := w.state()
	if len(s.Private[w.eli]) != 1 || s.Private[w.eli][0].Text != "only for Eli" || s.Private[w.eli][0].Thread != card {
		t.Errorf("Eli sees %+v", s.Private[w.eli])
	}
	if len(s.Private[w.dana]) != 0 || len(s.Messages) != 1 {
		t.Errorf("others see %+v, %+v", s.Private[w.dana], s.Messages)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	w := setup(t)
	set := func(name string, on bool) {
		t.Helper()
		if status, body := w.post("/faults", fields{"fault": name, "on": on}); status != http.StatusNoContent {
			t.Fatalf("POST /faults %s = %d %s", name, status, body)
		}
	}
	say := func() error {
		_, _, err := w.app.PostMessageContext(t.Context(), w.channel, slack.MsgOptionText("x", false))
		return err
	}
	set("slack_down", true)
	if err := say(); err == nil || !w.state().Faults["slack_down"] {
		t.Errorf("Slack works while it is down (%v), shown as %v", err, w.state().Faults)
	}
	set("slack_down", true) // once more changes nothing
	set("slack_down", false)
	if err := say(); err != nil || w.state().Faults["slack_down"] {
		t.Errorf("Slack does not work again: %v, shown as %v", err, w.state().Faults)
	}
	set("slack_throttle", true)
	if err := say(); err == nil || !strings.Contains(err.Error(), "5s") {
		t.Errorf("post = %v, want a limit of 5 s", err)
	}
	if err := say(); err != nil {
		t.Errorf("post after the limit = %v", err)
	}
	set("drop", true)
	set("x_busy", true)
	set("x_down", true)
	set("x_down", false)
	if status, _ := w.post("/faults", fields{"fault": "flood", "on": true}); status != http.StatusBadRequest {
		t.Errorf("an unknown fault = %d, want 400", status)
	}
}

func TestBadWritesChangeNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	card := w.card()
	_, _, before := w.get("/state")
	for _, tc := range []struct {
		name, path string
		body       any
		want       int
	}{
		{"unknown person on X", "/x/say", fields{"person": "7", "text": "x"}, http.StatusNotFound},
		{"the brand itself", "/x/say", fields{"person": w.brand, "text": "x"}, http.StatusNotFound},
		{"nothing said", "/x/say", fields{"person": w.alice, "text": " "}, http.StatusBadRequest},
		{"too much said", "/x/say", fields{"person": w.alice, "text": strings.Repeat("é", 10_001)}, http.StatusBadRequest},
		{"much too much", "/x/say", fields{"person": w.alice, "text": strings.Repeat("x", 200_000)}, http.StatusRequestEntityTooLarge},
		{"unknown key", "/x/say", fields{"person": w.alice, "text": "x", "as": "root"}, http.StatusBadRequest},
		{"wrong type", "/x/say", fields{"person": 1, "text": "x"}, http.StatusBadRequest},
		{"no object", "/x/say", []int{1}, http.StatusBadRequest},
		{"no name", "/x/person", fields{"name": "  "}, http.StatusBadRequest},
		{"long name", "/x/person", fields{"name": strings.Repeat("n", 41)}, http.StatusBadRequest},
		{"name with control", "/x/person", fields{"name": "a\x00b"}, http.StatusBadRequest},
		{"unknown member", "/slack/say", fields{"person": "U1", "text": "x"}, http.StatusNotFound},
		{"the bot", "/slack/say", fields{"person": w.slack.BotUser(), "text": "x"}, http.StatusNotFound},
		{"unknown thread", "/slack/say", fields{"person": w.dana, "thread": "1.000000", "text": "x"}, http.StatusNotFound},
		{"unknown member edits", "/slack/edit", fields{"person": "U1", "ts": card, "text": "x"}, http.StatusNotFound},
		{"edit of nothing", "/slack/edit", fields{"person": w.dana, "ts": "1.000000", "text": "x"}, http.StatusNotFound},
		{"edit of the app's", "/slack/edit", fields{"person": w.dana, "ts": card, "text": "x"}, http.StatusForbidden},
		{"delete of the app's", "/slack/delete", fields{"person": w.dana, "ts": card}, http.StatusForbidden},
		{"react to nothing", "/slack/react", fields{"person": w.dana, "ts": "1.000000", "name": "x"}, http.StatusNotFound},
		{"press nothing", "/slack/press", fields{"person": w.dana, "ts": card, "action": "none"}, http.StatusNotFound},
		{"submit nothing", "/slack/submit", fields{"person": w.dana, "view": "V1"}, http.StatusNotFound},
		{"dismiss nothing", "/slack/dismiss", fields{"person": w.dana, "view": "V1"}, http.StatusNotFound},
	} {
		status, body := w.post(tc.path, tc.body)
		if status != tc.want || !strings.Contains(body, `"error":"`) {
			t.Errorf("%s: %d %s, want %d and a reason", tc.name, status, body, tc.want)
		}
	}
	if _, _, after := w.get("/state"); after != before {
		t.Errorf("state changed from\n%s to\n%s", before, after)
	}
}

func TestBadBodies(t *testing.T) {
	t.Parallel()
	w := setup(t)
	alice := map[string]string{"person": w.alice, "text": "x"}
	large, largeBody := form(t, alice, [2]string{"film.mp4", strings.Repeat("x", 30<<20)})
	many, manyBody := form(t, alice, [2]string{"1.png", png}, [2]string{"2.png", png}, [2]string{"3.png", png}, [2]string{"4.png", png}, [2]string{"5.png", png})
	odd, oddBody := form(t, map[string]string{"person": w.alice, "role": "admin"})
	long, longBody := form(t, map[string]string{"person": w.alice, "text": strings.Repeat("x", 70_000)})
	doc, docBody := form(t, alice, [2]string{"a.pdf", "%PDF-1.7"})
	fake, fakeBody := form(t, alice, [2]string{"a.png", "<script>"})
	for _, tc := range []struct {
		name, kind string
		body       io.Reader
		want       int
	}{
		{"30 MB", large, largeBody, http.StatusRequestEntityTooLarge},
		{"five files", many, manyBody, http.StatusBadRequest},
		{"unknown field", odd, oddBody, http.StatusBadRequest},
		{"long field", long, longBody, http.StatusBadRequest},
		{"no file of X", doc, docBody, http.StatusUnsupportedMediaType},
		{"no picture at all", fake, fakeBody, http.StatusUnsupportedMediaType},
		{"cut off", many, strings.NewReader("--x"), http.StatusBadRequest},
		{"no boundary", "multipart/form-data", strings.NewReader("x"), http.StatusBadRequest},
		{"form", "application/x-www-form-urlencoded", strings.NewReader(url.Values{"person": {w.alice}}.Encode()), http.StatusUnsupportedMediaType},
		{"text", "text/plain", strings.NewReader(`{"person":"` + w.alice + `","text":"x"}`), http.StatusUnsupportedMediaType},
		{"no JSON", "application/json", strings.NewReader("{"), http.StatusBadRequest},
		{"nothing", "application/json", strings.NewReader(""), http.StatusBadRequest},
		{"twice", "application/json", strings.NewReader(`{"person":"` + w.alice + `","text":"x"}{}`), http.StatusBadRequest},
	} {
		if status, body := w.send("/x/say", tc.kind, tc.body); status != tc.want || !strings.Contains(body, `"error":"`) {
			t.Errorf("%s: %d %s, want %d and a reason", tc.name, status, body, tc.want)
		}
	}
	if got := w.x.Conversation(w.alice, w.brand); len(got) != 0 {
		t.Errorf("conversation = %+v, want nothing said", got)
	}
}

func TestArchivedChannelTakesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	must(t, w.slack.Archive(w.dana, w.channel))
	if status, _ := w.post("/slack/say", fields{"person": w.dana, "text": "x"}); status != http.StatusConflict {
		t.Errorf("POST /slack/say = %d, want 409", status)
	}
}

func TestMessagesOfPeopleWhoComeAndGoAreNotShown(t *testing.T) {
	t.Parallel()
	w := setup(t)
	finn := w.slack.AddUser(slacksim.User{Name: "finn"})
	must(t, w.slack.Join(finn, w.channel, ""))
	s := w.state()
	if len(s.Messages) != 0 || len(s.Members) != 3 || s.Members[2].Name != "finn" {
		t.Errorf("messages = %+v, members = %+v, want no message and finn", s.Messages, s.Members)
	}
}
