package sandbox_test

import (
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/slack-go/slack"
)

func (w *world) form(pane string, more map[string]string, files ...[2]string) (int, string) {
	w.t.Helper()
	all := map[string]string{"pane": pane, "person": w.first[pane].person, "place": w.first[pane].place, "text": "see"}
	maps.Copy(all, more)
	kind, body := form(w.t, all, files...)
	return w.send("/act", kind, body)
}

func TestPicturesAreShown(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, pane := range everywhere() {
		if status, answer := w.form(pane, nil, [2]string{`C:\pics\tea.png`, png}, [2]string{"two.png", png + "2"}); status != http.StatusOK {
			t.Fatalf("%s: POST /act = %d %s", pane, status, answer)
		}
		all := w.place(pane, w.first[pane].place).Messages
		m := all[len(all)-1]
		if len(all) != 1 || m.Text != "see" || len(m.Files) != 2 || m.Files[0].Name != "tea.png" && pane != onTelegram || !m.Files[0].Image || m.Files[0].Size == 0 {
			t.Fatalf("%s shows %+v, want one message with the pictures tea.png and two.png", pane, all)
		}
		status, head, got := w.get(m.Files[0].URL)
		if status != http.StatusOK || got != png || head.Get("Content-Type") != "image/png" {
			t.Errorf("GET %s = %d %s %q", m.Files[0].URL, status, head.Get("Content-Type"), got)
		}
	}
}

func TestFilesAreSavedUnlessPictures(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, pane := range []string{onSlack, onDiscord, onTelegram} {
		if status, answer := w.form(pane, map[string]string{"text": ""}, [2]string{"page.html", "<script>alert(1)</script>"}); status != http.StatusOK {
			t.Fatalf("%s: POST /act = %d %s", pane, status, answer)
		}
		file := w.place(pane, w.first[pane].place).Messages[0].Files[0]
		status, head, got := w.get(file.URL)
		if status != http.StatusOK || file.Image || !strings.Contains(got, "alert(1)") {
			t.Fatalf("GET %s = %d %q", file.URL, status, got)
		}
		if head.Get("Content-Type") != "application/octet-stream" || head.Get("Content-Disposition") != "attachment; filename=page.html" ||
			head.Get("Content-Security-Policy") != "default-src 'none'; sandbox" {
			t.Errorf("%s: a page of somebody else's is served as %v", pane, head)
		}
	}
}

func TestNoSuchFiles(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, path := range []string{
		"/files/fax/1", "/files/x/1.0", "/files/x/1.-1", "/files/x/no", "/files/slack/F404", "/files/discord/1.2.3", "/files/discord/1",
		"/files/telegram/1.2.3", "/files/telegram/a.b.c", "/files/telegram/1", "/files/x/..%2f..%2fsandbox.go",
	} {
		if status, _, _ := w.get(path); status != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", path, status)
		}
	}
}

func TestBadActsChangeNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	card := w.slackCard()
	_, _, before := w.get("/state")
	for _, tc := range []struct {
		name, pane, do string
		more           fields
		want           int
	}{
		{"unknown platform", "fax", "say", fields{"text": "x"}, http.StatusNotFound},
		{"unknown key", onX, "say", fields{"text": "x", "as": "root"}, http.StatusBadRequest},
		{"wrong type", onX, "say", fields{"text": 1}, http.StatusBadRequest},
		{"too much said", onX, "say", fields{"text": strings.Repeat("é", 10_001)}, http.StatusBadRequest},
		{"much too much", onX, "say", fields{"text": strings.Repeat("x", 200_000)}, http.StatusRequestEntityTooLarge},
		{"the brand itself", onX, "say", fields{"person": w.brand, "text": "x"}, http.StatusNotFound},
		{"somebody else's talk", onX, "say", fields{"place": w.second[onX], "text": "x"}, http.StatusNotFound},
		{"the bot", onSlack, "say", fields{"person": w.slack.BotUser(), "text": "x"}, http.StatusNotFound},
		{"the bot", onDiscord, "say", fields{"person": w.discord.BotUser(), "text": "x"}, http.StatusNotFound},
		{"the bot", onTelegram, "say", fields{"person": written(w.telegram.Bot().ID), "text": "x"}, http.StatusNotFound},
		{"unknown thread", onSlack, "say", fields{"thread": "1.000000", "text": "x"}, http.StatusNotFound},
		{"edit of the app's", onSlack, "edit", fields{"place": w.desks[onSlack], "message": card, "text": "x"}, http.StatusForbidden},
		{"delete of the app's", onSlack, "delete", fields{"place": w.desks[onSlack], "message": card}, http.StatusForbidden},
		{"no such button", onSlack, "press", fields{"place": w.desks[onSlack], "message": card, "button": "none"}, http.StatusNotFound},
		{"markup for an emoji", onSlack, "react", fields{"place": w.desks[onSlack], "message": card, "emoji": "<img>"}, http.StatusBadRequest},
		{"submit of nothing", onSlack, "submit", fields{"form": "V1"}, http.StatusNotFound},
		{"dismiss of nothing", onSlack, "dismiss", fields{"form": "V1"}, http.StatusNotFound},
		{"submit of nothing", onDiscord, "submit", fields{"form": "1"}, http.StatusNotFound},
		{"no number", onTelegram, "edit", fields{"message": "x", "text": "x"}, http.StatusNotFound},
		{"nowhere", onTelegram, "say", fields{"place": "x", "text": "x"}, http.StatusNotFound},
	} {
		status, body := w.act(tc.pane, tc.do, tc.more)
		if status != tc.want || !strings.Contains(body, `"error":"`) {
			t.Errorf("%s on %s: %d %s, want %d and a reason", tc.name, tc.pane, status, body, tc.want)
		}
	}
	for _, pane := range everywhere() {
		for name, more := range map[string]fields{"nobody": {"person": "7", "text": "x"}, "nowhere": {"place": "7", "text": "x"}, "nothing": {"text": " \n"}} {
			status, body := w.act(pane, "say", more)
			if status < http.StatusBadRequest || status >= http.StatusInternalServerError || !strings.Contains(body, `"error":"`) {
				t.Errorf("%s says on %s: %d %s, want a reason", name, pane, status, body)
			}
		}
		for _, do := range []string{"edit", "delete", "react", "unreact", "pin", "unpin", "press"} {
			status, body := w.act(pane, do, fields{"message": "404", "text": "x", "emoji": "x", "button": "x"})
			if want := map[bool]int{true: http.StatusBadRequest, false: http.StatusNotFound}[pane == onX]; status != want {
				t.Errorf("%s of nothing on %s: %d %s, want %d", do, pane, status, body, want)
			}
		}
	}
	if _, _, after := w.get("/state"); after != before {
		t.Errorf("state changed from\n%s to\n%s", before, after)
	}
}

func TestBadBodies(t *testing.T) {
	t.Parallel()
	w := setup(t)
	alice := map[string]string{"pane": onX, "person": w.first[onX].person, "place": w.first[onX].place, "text": "x"}
	with := func(key, value string) map[string]string {
		out := map[string]string{key: value}
		for k, v := range alice {
			if k != key {
				out[k] = v
			}
		}
		return out
	}
	words := `{"pane":"x","do":"say","person":"` + alice["person"] + `","place":"` + alice["place"] + `","text":"x"}`
	large, largeBody := form(t, alice, [2]string{"film.mp4", strings.Repeat("x", 30<<20)})
	many, manyBody := form(t, alice, [2]string{"1.png", png}, [2]string{"2.png", png}, [2]string{"3.png", png}, [2]string{"4.png", png}, [2]string{"5.png", png})
	odd, oddBody := form(t, with("role", "admin"))
	long, longBody := form(t, with("text", strings.Repeat("x", 70_000)))
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
		{"cut off", "multipart/form-data; boundary=x", strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhal"), http.StatusBadRequest},
		{"no boundary", "multipart/form-data", strings.NewReader("x"), http.StatusBadRequest},
		{"form", "application/x-www-form-urlencoded", strings.NewReader(url.Values{"pane": {onX}}.Encode()), http.StatusUnsupportedMediaType},
		{"text", "text/plain", strings.NewReader(words), http.StatusUnsupportedMediaType},
		{"no JSON", "application/json", strings.NewReader("{"), http.StatusBadRequest},
		{"no object", "application/json", strings.NewReader("[1]"), http.StatusBadRequest},
		{"nothing", "application/json", strings.NewReader(""), http.StatusBadRequest},
		{"twice", "application/json", strings.NewReader(words + "{}"), http.StatusBadRequest},
	} {
		if status, body := w.send("/act", tc.kind, tc.body); status != tc.want || !strings.Contains(body, `"error":"`) {
			t.Errorf("%s: %d %s, want %d and a reason", tc.name, status, body, tc.want)
		}
	}
	if got := w.place(onX, alice["place"]).Messages; len(got) != 0 {
		t.Errorf("messages = %+v, want nothing said", got)
	}
}

// speak has the bot of a platform say something; it gives the status.
func (w *world) speak(pane string) int {
	w.t.Helper()
	place := w.first[pane].place
	switch pane {
	case onSlack:
		_, _, err := w.slackApp().PostMessageContext(w.t.Context(), place, slack.MsgOptionText("x", false))
		switch {
		case err == nil:
			return http.StatusOK
		case strings.Contains(err.Error(), "rate limit"):
			return http.StatusTooManyRequests
		}
		return http.StatusServiceUnavailable
	case onDiscord:
		status, _ := w.discordBot("/channels/"+place+"/messages", fields{"content": "x"})
		return status
	}
	status, _ := w.telegramBot("sendMessage", fields{"chat_id": number(w.t, place), "text": "x"})
	return status
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, pane := range []string{onSlack, onDiscord, onTelegram} {
		t.Run(pane, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			set := func(fault string, on bool) {
				t.Helper()
				if status, body := w.post("/faults", fields{"pane": pane, "fault": fault, "on": on}); status != http.StatusNoContent {
					t.Fatalf("POST /faults %s = %d %s", fault, status, body)
				}
			}
			wants := func(what string, want int) {
				t.Helper()
				if got := w.speak(pane); got != want {
					t.Errorf("%s: %d, want %d", what, got, want)
				}
			}
			wants("at first", http.StatusOK)
			set("busy", true)
			wants("busy", http.StatusServiceUnavailable)
			wants("after that", http.StatusOK)
			set("slow", true)
			wants("slow", http.StatusTooManyRequests)
			wants("after that", http.StatusOK)
			set("down", true)
			set("down", true) // once more changes nothing
			wants("down", http.StatusServiceUnavailable)
			wants("still down", http.StatusServiceUnavailable)
			if !w.pane(pane).Down {
				t.Error("it is not shown as down")
			}
			w.does(pane, "say", fields{"text": "people go on talking"})
			set("down", false)
			wants("up again", http.StatusOK)
			if w.pane(pane).Down {
				t.Error("it is still shown as down")
			}
			set("cut", true)
		})
	}
}

func TestFaultsOfAll(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, fault := range []string{"busy", "slow", "cut", "down"} {
		if status, body := w.post("/faults", fields{"fault": fault, "on": true}); status != http.StatusNoContent {
			t.Errorf("POST /faults %s = %d %s", fault, status, body)
		}
	}
	for _, pane := range everywhere() {
		if !w.pane(pane).Down {
			t.Errorf("%s is not down", pane)
		}
	}
	for name, tc := range map[string]struct {
		body fields
		want int
	}{
		"unknown fault":    {fields{"fault": "flood"}, http.StatusBadRequest},
		"unknown platform": {fields{"pane": "fax", "fault": "down"}, http.StatusNotFound},
		"unknown key":      {fields{"fault": "down", "for": "ever"}, http.StatusBadRequest},
	} {
		if status, body := w.post("/faults", tc.body); status != tc.want || !strings.Contains(body, `"error":"`) {
			t.Errorf("%s = %d %s, want %d", name, status, body, tc.want)
		}
	}
}
