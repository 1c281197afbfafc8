package slacksim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"github.com/roost-im/roost/bridges/slack/slacksim"
)

func kindOf(ev socketmode.Event) string {
	outer, ok := ev.Data.(slackevents.EventsAPIEvent)
	if !ok {
		return string(ev.Type)
	}
	return outer.InnerEvent.Type
}

// mailbox is an app behind HTTP that keeps what it gets.
type mailbox struct {
	*httptest.Server
	mu     sync.Mutex
	bodies [][]byte
	heads  []http.Header
	answer func(n int, rw http.ResponseWriter, r *http.Request)
	come   chan struct{}
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	m := &mailbox{come: make(chan struct{}, 1000)}
	m.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		var probe struct{ Type, Challenge string }
		if json.Unmarshal(body, &probe) == nil && probe.Type == "url_verification" {
			_, _ = io.WriteString(rw, probe.Challenge)
			return
		}
		m.mu.Lock()
		m.bodies, m.heads = append(m.bodies, body), append(m.heads, r.Header.Clone())
		n, answer := len(m.bodies)-1, m.answer
		m.mu.Unlock()
		if answer != nil {
			answer(n, rw, r)
		}
		m.come <- struct{}{}
	}))
	t.Cleanup(m.Close)
	return m
}

// respond sets how requests are answered.
func (m *mailbox) respond(answer func(n int, rw http.ResponseWriter, r *http.Request)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = answer
}

// wait waits for n more and returns all so far.
func (m *mailbox) wait(t *testing.T, n int) [][]byte {
	t.Helper()
	timeout := time.NewTimer(10 * time.Second)
	defer timeout.Stop()
	for range n {
		select {
		case <-m.come:
		case <-timeout.C:
			t.Fatalf("only %d requests came", len(m.bodies))
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.bodies)
}

func TestPostsAreSigned(t *testing.T) {
	t.Parallel()
	w := setup(t)
	box := newMailbox(t)
	if err := w.SetEventsURL(box.URL); err != nil {
		t.Fatal(err)
	}
	ts := w.Say(ada, private, slacksim.Draft{Text: "hello"})
	body := box.wait(t, 1)[0]
	verify := func(secret string) error {
		v, err := slack.NewSecretsVerifier(box.heads[0], secret)
		if err != nil {
			return err
		}
		_, _ = v.Write(body)
		return v.Ensure()
	}
	if err := verify(w.SigningSecret()); err != nil {
		t.Errorf("signature: %v", err)
	}
	if err := verify("another secret"); err == nil {
		t.Error("another secret verifies too")
	}
	ev, err := slackevents.ParseEvent(body, slackevents.OptionNoVerifyToken())
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := ev.InnerEvent.Data.(*slackevents.MessageEvent); !ok || m.TimeStamp != ts || m.ChannelType != "im" {
		t.Errorf("event = %+v", ev.InnerEvent.Data)
	}
	w.until(t, "the confirmation", func(v *slacksim.View) bool { return v.Mail() == slacksim.Mail{Acked: 1} })
}

func TestPostsComeAgain(t *testing.T) {
	t.Parallel()
	w := setup(t, quick)
	box := newMailbox(t)
	box.respond(func(n int, rw http.ResponseWriter, r *http.Request) {
		switch n {
		case 0:
			rw.WriteHeader(http.StatusBadGateway)
		case 1:
			<-r.Context().Done()
		}
	})
	if err := w.SetEventsURL(box.URL); err != nil {
		t.Fatal(err)
	}
	w.Say(ada, general, slacksim.Draft{Text: "x"})
	box.wait(t, 3)
	if h := box.heads[1]; h.Get("X-Slack-Retry-Num") != "1" || h.Get("X-Slack-Retry-Reason") != "http_error" {
		t.Errorf("second try: %v", h)
	}
	if h := box.heads[2]; h.Get("X-Slack-Retry-Num") != "2" || h.Get("X-Slack-Retry-Reason") != "http_timeout" {
		t.Errorf("third try: %v", h)
	}
	w.until(t, "the confirmation", func(v *slacksim.View) bool { return v.Mail() == slacksim.Mail{Acked: 1, Repeated: 2} })
}

func TestPostsEnd(t *testing.T) {
	t.Parallel()
	w := setup(t, quick)
	box := newMailbox(t)
	box.respond(func(n int, rw http.ResponseWriter, _ *http.Request) {
		if n == 4 {
			rw.Header().Set("X-Slack-No-Retry", "1")
		}
		rw.WriteHeader(http.StatusInternalServerError)
	})
	if err := w.SetEventsURL(box.URL); err != nil {
		t.Fatal(err)
	}
	w.Say(ada, general, slacksim.Draft{Text: "x"})
	box.wait(t, 4)
	w.until(t, "the end of retries", func(v *slacksim.View) bool { return v.Mail() == slacksim.Mail{Lost: 1, Repeated: 3} })
	w.Say(ada, general, slacksim.Draft{Text: "y"})
	box.wait(t, 1)
	w.until(t, "no retry", func(v *slacksim.View) bool { return v.Mail() == slacksim.Mail{Lost: 2, Repeated: 3} })
}

func TestEventsURLMustAnswer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "hello") }))
	t.Cleanup(server.Close)
	if err := w.SetEventsURL(server.URL); err == nil {
		t.Error("an address without the challenge was taken")
	}
	if err := w.SetEventsURL("http://127.0.0.1:1/"); err == nil {
		t.Error("an address where nobody is was taken")
	}
}

func TestInteractionsArePosted(t *testing.T) {
	t.Parallel()
	w := setup(t)
	events, actions := newMailbox(t), newMailbox(t)
	actions.respond(func(_ int, rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, `{"text":"done"}`) })
	if err := w.SetEventsURL(events.URL); err != nil {
		t.Fatal(err)
	}
	w.SetInteractivityURL(actions.URL)
	button := slack.NewButtonBlockElement("go", "v1", slack.NewTextBlockObject(slack.PlainTextType, "Go", false, false))
	_, ts, err := w.api.PostMessageContext(t.Context(), general, slack.MsgOptionBlocks(slack.NewActionBlock("row", button)))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Press(ada, general, ts, "go", ""); err != nil {
		t.Fatal(err)
	}
	form, err := url.ParseQuery(string(actions.wait(t, 1)[0]))
	if err != nil {
		t.Fatal(err)
	}
	var cb slack.InteractionCallback
	if err := json.Unmarshal([]byte(form.Get("payload")), &cb); err != nil || cb.Type != slack.InteractionTypeBlockActions || cb.TriggerID == "" {
		t.Errorf("payload = %+v, %v", cb, err)
	}
	if err := w.Slash(ada, general, "/do", "it"); err != nil {
		t.Fatal(err)
	}
	form, err = url.ParseQuery(string(actions.wait(t, 1)[1]))
	if err != nil || form.Get("command") != "/do" || form.Get("text") != "it" {
		t.Errorf("command = %v, %v", form, err)
	}
	w.until(t, "the answer", func(v *slacksim.View) bool { e := v.Ephemerals(ada); return len(e) == 1 && e[0].Text == "done" })
}
