package slack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/router/chat"
)

// frames is a Slack that only opens sockets: it sends what it is given over the first one and tells what was confirmed.
func frames(t *testing.T, envelopes []string) (api string, acked <-chan string) {
	t.Helper()
	acks := make(chan string, len(envelopes))
	var sockets atomic.Int32
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		switch strings.TrimPrefix(r.URL.Path, "/api/") {
		case "auth.test":
			_, _ = io.WriteString(w, `{"ok":true,"user_id":"U0BOT","bot_id":"B0BOT","team_id":"T0"}`)
		case "apps.connections.open":
			fmt.Fprintf(w, `{"ok":true,"url":"ws%s/socket"}`, strings.TrimPrefix(srv.URL, "http"))
		default:
			_, _ = io.WriteString(w, `{"ok":true,"channels":[],"messages":[]}`)
		}
	})
	mux.HandleFunc("/socket", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
		if err != nil {
			return
		}
		defer func() { _ = conn.CloseNow() }()
		send := func(ctx context.Context, s string) { _ = conn.Write(ctx, websocket.MessageText, []byte(s)) }
		send(r.Context(), `{"type":"hello","num_connections":1,"connection_info":{"app_id":"A0"}}`)
		if sockets.Add(1) == 1 {
			for _, e := range envelopes {
				send(r.Context(), e)
			}
		}
		for {
			_, raw, err := conn.Read(r.Context())
			if err != nil {
				return
			}
			var ack struct {
				ID string `json:"envelope_id"`
			}
			if json.Unmarshal(raw, &ack) == nil {
				acks <- ack.ID
			}
		}
	})
	return srv.URL + "/api/", acks
}

func TestWhatTheLibraryCantDecodeIsCountedAndConfirmed(t *testing.T) {
	t.Parallel()
	envelope := func(id, kind, payload string) string {
		return fmt.Sprintf(`{"envelope_id":%q,"type":%q,"payload":%s,"accepts_response_payload":false}`, id, kind, payload)
	}
	api, acked := frames(t, []string{
		envelope("e1", "events_api", `{"type":"event_callback","event":{"type":"brand_new","channel":"C1"}}`),
		envelope("e2", "events_api", `{"type":"event_callback","event":"odd"}`),
		envelope("e3", "brand_new", `{}`),
		envelope("e4", "interactive", `{"type":"brand_new"}`),
		envelope("e5", "events_api", `{"type":"event_callback","event":{"type":"message","channel":"D1","user":"U1","ts":"1700000000.000100","text":"hello"}}`),
	})
	var skipped atomic.Int32
	c, err := slack.New(
		slack.Config{BotToken: bridges.NewSecret("xoxb-1"), AppToken: bridges.NewSecret("xapp-1"), APIURL: api},
		bridges.Deps{Account: account, Skip: func(string, []byte) { skipped.Add(1) }},
	)
	must(t, err)
	t.Cleanup(func() { chat.Close(c) })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	s := &bridgetest.Sink{}
	go func() { ended <- c.Run(ctx, s) }()
	e, _ := s.Hears(t, "hello")
	if !e.Direct || e.Author.ID != "U1" {
		t.Errorf("the event is %+v, want a direct one by U1", e)
	}
	left := map[string]bool{"e1": true, "e2": true, "e3": true, "e4": true, "e5": true}
	for range len(left) {
		delete(left, <-acked)
	}
	if len(left) > 0 || skipped.Load() != 4 {
		t.Errorf("%v were not confirmed, %d were counted; want none and 4", left, skipped.Load())
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}

func TestNobodyElseIsSentTheToken(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	t.Cleanup(other.Close)
	here := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(here.Close)
	c, err := slack.New(slack.Config{BotToken: bridges.NewSecret("xoxb-1"), AppToken: bridges.NewSecret("xapp-1"), APIURL: here.URL}, depsOf())
	must(t, err)
	t.Cleanup(func() { chat.Close(c) })
	if _, err := c.Post(t.Context(), chat.Post{To: chat.Conversation{Account: account, ID: "C1"}, Text: plainText("x")}); err == nil {
		t.Error("a redirected post succeeded")
	}
	if _, err := c.Fetch(t.Context(), chat.File{Source: here.URL + "/file"}); chat.KindOf(err) != chat.Refused {
		t.Errorf("a redirected download = %v, want Refused", err)
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("another place was asked %d times, want never", n)
	}
}

func TestDownloadsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	answers := map[string]struct {
		status int
		header http.Header
		want   chat.Kind
	}{
		"login":   {200, http.Header{"Content-Type": {"text/html; charset=utf-8"}}, chat.Refused},
		"denied":  {403, nil, chat.Refused},
		"missing": {404, nil, chat.Gone},
		"busy":    {429, http.Header{"Retry-After": {"3"}}, chat.Throttled},
		"broken":  {502, nil, chat.Transient},
	}
	for name, a := range answers {
		mux.HandleFunc("/"+name, func(w http.ResponseWriter, _ *http.Request) {
			maps.Copy(w.Header(), a.header)
			w.WriteHeader(a.status)
		})
	}
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Disposition", `attachment; filename="page.html"`)
		_, _ = io.WriteString(w, "<p>a page that somebody sent</p>")
	})
	c, err := slack.New(slack.Config{BotToken: bridges.NewSecret("xoxb-1"), AppToken: bridges.NewSecret("xapp-1"), APIURL: srv.URL}, depsOf())
	must(t, err)
	t.Cleanup(func() { chat.Close(c) })
	for name, a := range answers {
		if _, err := c.Fetch(t.Context(), chat.File{Source: srv.URL + "/" + name}); chat.KindOf(err) != a.want {
			t.Errorf("%s: fetch = %v, want %v", name, err, a.want)
		}
	}
	body, err := c.Fetch(t.Context(), chat.File{Source: srv.URL + "/page", Type: "text/html"})
	must(t, err)
	defer body.Close()
	if b, err := io.ReadAll(body); err != nil || !strings.Contains(string(b), "somebody") {
		t.Errorf("fetched %q, %v", b, err)
	}
}
