package webhook_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/webhook"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// clock is when the tests of single requests happen.
func clock() time.Time { return time.Date(2026, 11, 22, 8, 30, 0, 0, time.UTC) }

const hello = `{"id":"e1","type":"posted","conversation":"room","author":{"id":"ada"},"text":"hello"}`

func TestOnlySignedRequestsAreTaken(t *testing.T) {
	t.Parallel()
	cfg := pulled()
	cfg.FormerSecrets = []bridges.Secret{bridges.NewSecret("the secret of last year")}
	r := run(t, cfg, still())
	fresh, wrong := signed(secret, clock(), hello), strings.TrimPrefix(signed("another secret, not ours", clock(), hello), fmt.Sprintf("t=%d,", clock().Unix()))
	for _, tc := range []struct {
		name, header, body string
		status             int
		said               string
	}{
		{"signed", fresh, hello, 200, `{"accepted":1}`},
		{"former secret", signed("the secret of last year", clock(), hello), hello, 200, "accepted"},
		{"several v1", fresh + "," + wrong, hello, 200, "accepted"},
		{"several v1, the other way", strings.Replace(fresh, ",", ","+wrong+",", 1), hello, 200, "accepted"},
		{"a scheme to come", fresh + ",v2=whatever", hello, 200, "accepted"},
		{"spaces", strings.Replace(fresh, ",", ", ", 1), hello, 200, "accepted"},
		{"five minutes old", signed(secret, clock().Add(-5*time.Minute), hello), hello, 200, "accepted"},
		{"too old", signed(secret, clock().Add(-301*time.Second), hello), hello, 401, "5m1s away from the clock here"},
		{"too early", signed(secret, clock().Add(301*time.Second), hello), hello, 401, "5m1s away"},
		{"another body", fresh, strings.Replace(hello, "hello", "hullo", 1), 401, "no v1 of Roost-Signature is that of the secret"},
		{"another secret", signed("another secret, not ours", clock(), hello), hello, 401, "no v1"},
		{"nothing", "", hello, 401, "the header Roost-Signature is missing"},
		{"no v1", "t=1795336200", hello, 401, "has 0 v1"},
		{"no t", strings.SplitN(fresh, ",", 2)[1], hello, 401, "no time in unix seconds"},
		{"a t of words", strings.Replace(fresh, "t=", "t=x", 1), hello, 401, "no time in unix seconds"},
		{"a huge t", "t=99999999999999999999,v1=" + strings.Repeat("ab", 32), hello, 401, "no time in unix seconds"},
		{"no hex", "t=1,v1=zz", hello, 401, "64 hexadecimal digits"},
		{"a short sum", "t=1,v1=abcd", hello, 401, "64 hexadecimal digits"},
		{"many v1", fresh + strings.Repeat(","+wrong, 8), hello, 401, "has 9 v1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			status, said, _ := ask(t, http.MethodPost, r.web.at(""), tc.body, "Roost-Signature", tc.header)
			if status != tc.status || !strings.Contains(said, tc.said) {
				t.Errorf("%d %s, want %d %s", status, said, tc.status, tc.said)
			}
		})
	}
}

func TestAKeyCountsWhenItIsSigned(t *testing.T) {
	t.Parallel()
	r := run(t, pulled(), still())
	const body = `{"type":"posted","conversation":"room","author":{"id":"ada"},"text":"hello"}`
	const two = `{"events":[` + body + `,` + body + `]}`
	for _, tc := range []struct {
		name, key, over, body string
		status                int
	}{
		{"signed", "k-1", "k-1." + body, body, 200},
		{"of several", "k-2", "k-2." + two, two, 200},
		{"not signed", "k-3", body, body, 400},
		{"another", "k-4", "k-1." + body, body, 401},
		{"left away", "", "k-1." + body, body, 401},
	} {
		status, said, _ := ask(t, http.MethodPost, r.web.at(""), tc.body, "Roost-Signature", signed(secret, clock(), tc.over), "Idempotency-Key", tc.key)
		if status != tc.status {
			t.Errorf("%s: %d %s, want %d", tc.name, status, said, tc.status)
		}
	}
	var ids []chat.EventID
	for _, e := range r.sink.Accepted() {
		ids = append(ids, e.ID)
	}
	if diff := cmp.Diff([]chat.EventID{"k-1", "k-2#0", "k-2#1"}, ids); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestEveryEventIsUnderstood(t *testing.T) {
	t.Parallel()
	c, err := webhook.New(webhook.Config{Secret: bridges.NewSecret(secret), URL: "http://127.0.0.1:1"}, still())
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Close(c)
	base := chat.Event{
		ID: "e1", Conversation: chat.Conversation{Account: account, ID: "room"}, Message: "m1",
		Author: chat.Author{ID: "ada"}, At: clock(),
	}
	event := func(what chat.Happening) chat.Event { e := base; e.What = what; return e }
	full := event(chat.Posted{
		Text: text.Text{Body: "👋 bold", Spans: []text.Span{{Start: 5, End: 9, Kind: text.Bold}}}, ReplyTo: "m0",
		Quote: &chat.Quote{Name: "Bob", Text: text.Plain("what?")},
		Files: []chat.File{
			{Name: "a.txt", Type: "text/plain", Size: 2, Alt: "letters", Spoiler: true, Account: account, Source: "data:aGk="},
			{Name: "b.png", Size: 7, Account: account, Source: "https://example.org/x/b.png?y"},
		},
	})
	full.Conversation.Thread, full.Topic, full.Root, full.Direct, full.Hops = "t1", "The order", "m-1", true, 2
	full.Author = chat.Author{ID: "ada", Name: "Ada", Handle: "ada", Avatar: "https://example.org/a.png", Bot: true}
	full.At = time.Date(2026, 11, 22, 7, 0, 0, 500_000_000, time.UTC)
	const by = `"id":"e1","conversation":"room","message":"m1","author":{"id":"ada"}`
	for _, tc := range []struct {
		body string
		want chat.Event
	}{
		{`{"id":"e1","type":"posted","conversation":"room","thread":"t1","message":"m1","author":{"id":"ada","name":"Ada","handle":"@ada",` +
			`"avatar":"https://example.org/a.png","bot":true},"at":"2026-11-22T08:00:00.5+01:00","direct":true,"hops":2,"text":"👋 bold",` +
			`"spans":[{"start":3,"end":7,"kind":"bold"}],"files":[{"name":"a.txt","type":"text/plain","data":"aGk=","alt":"letters","spoiler":true},` +
			`{"url":"https://example.org/x/b.png?y","size":7}],"reply_to":"m0","quote":{"name":"Bob","text":"what?"},"topic":"The order","root":"m-1"}`, full},
		{`{"type":"edited","text":"new",` + by + `}`, event(chat.Edited{Text: text.Plain("new")})},
		{`{"type":"deleted",` + by + `}`, event(chat.Deleted{})},
		{`{"type":"reacted","emoji":"👍",` + by + `}`, event(chat.Reacted{Emoji: "👍"})},
		{`{"type":"reacted","emoji":":party:","removed":true,` + by + `}`, event(chat.Reacted{Emoji: ":party:", Removed: true})},
		{`{"type":"pinned",` + by + `}`, event(chat.Pinned{})},
		{`{"type":"pressed","button":"claim","value":"7","fields":{"why":"mine"},` + by + `}`, event(chat.Pressed{Button: "claim", Value: "7", Fields: map[string]string{"why": "mine"}})},
		{`{"type":"joined",` + by + `}`, event(chat.Joined{})},
		{`{"type":"left",` + by + `}`, event(chat.Left{})},
		{`{"type":"typing",` + by + `}`, event(chat.Typing{})},
		{`{"type":"read",` + by + `}`, event(chat.Read{})},
	} {
		for _, body := range []string{tc.body, `{"events":[` + tc.body + `]}`} {
			got, said, at := c.Events("", []byte(body))
			if said != "" {
				t.Errorf("%s: %s at %s", body, said, at)
			} else if diff := cmp.Diff([]chat.Event{tc.want}, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", body, diff)
			}
		}
	}
	got, said, _ := c.Events("", []byte(hello))
	if said != "" || got[0].Message != "e1" {
		t.Errorf("a message without an ID is %+v (%s), want that of its event", got, said)
	}
}

func TestFaultsAreNamedWithTheirPlace(t *testing.T) {
	t.Parallel()
	c, err := webhook.New(webhook.Config{Secret: bridges.NewSecret(secret), URL: "http://127.0.0.1:1"}, still())
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Close(c)
	with := func(more string) string { return strings.TrimSuffix(hello, "}") + "," + more + "}" }
	deleted := `{"id":"e1","type":"deleted","conversation":"room","message":"m"}`
	for _, tc := range []struct{ body, said, at string }{
		{``, "no whole JSON", ""},
		{`{"id":`, "no whole JSON", ""},
		{`{"id":x}`, "is not JSON after byte 7", "id"},
		{hello + `x`, "behind the end", ""},
		{`[]`, "wants an object, is array", ""},
		{`{"events":[]}`, "0 events", "events"},
		{`{"events":[` + strings.Repeat(deleted+",", 100) + deleted + `]}`, "101 events", "events"},
		{`{"id":"x","events":[` + deleted + `]}`, "not both", "events"},
		{`{"events":[` + deleted + `,` + with(`"replyto":"x"`) + `]}`, `unknown key "replyto"`, "events[1].replyto"},
		{with(`"files":[{"url":"https://a.b/c"},{"url":"https://a.b/c","bot":true}]`), `unknown key "bot"`, "files[1].bot"},
		{`{"events":[` + deleted + `,` + with(`"files":[{"name":"a"},{"name":7}]`) + `]}`, "wants text, is number", "events[1].files[1].name"},
		{with(`"direct":"yes"`), "wants true or false, is string", "direct"},
		{with(`"hops":1.5`), "wants a whole number, is number 1.5", "hops"},
		{with(`"fields":{"a":1}`), "wants text, is number", "fields.a"},
		{with(`"spans":{}`), "wants a list, is object", "spans"},
		{`{"events":[` + deleted + `,{"type":"posted","id":"e"}]}`, "is missing", "events[1].conversation"},
		{`{"type":"posted","conversation":"room","text":"x","author":{"id":"ada"}}`, "no signed Idempotency-Key", "id"},
		{with(`"type":"waved"`), `unknown type "waved"; there are posted,`, "type"},
		{`{"id":"e1","conversation":"room","message":"m"}`, "is missing", "type"},
		{`{"id":"e1","type":"posted","conversation":"room","text":"x"}`, "who did it?", "author.id"},
		{`{"id":"e1","type":"posted","conversation":"room","author":{"id":"ada"},"text":" "}`, "is empty, and there are no files", "text"},
		{`{"id":"e1","type":"edited","conversation":"room","author":{"id":"ada"},"text":"x"}`, "which message was edited?", "message"},
		{`{"id":"e1","type":"reacted","conversation":"room","author":{"id":"ada"},"message":"m"}`, "is missing", "emoji"},
		{`{"id":"e1","type":"pressed","conversation":"room","author":{"id":"ada"},"message":"m"}`, "which button", "button"},
		{with(`"message":"thread:x"`), "which no message may", "message"},
		{with(`"thread":"a\u0000b"`), "control characters", "thread"},
		{with(`"reply_to":"` + strings.Repeat("x", 201) + `"`), "longer than 200 bytes", "reply_to"},
		{with(`"at":"yesterday"`), "is no time such as", "at"},
		{with(`"hops":-1`), "wants 0 to 100", "hops"},
		{with(`"topic":"` + strings.Repeat("x", 1001) + `"`), "at most 1000", "topic"},
		{with(`"spans":[{"start":0,"end":6,"kind":"bold"}]`), "the text has 5 UTF-16 units", "spans[0].end"},
		{with(`"spans":[{"start":0,"end":1,"kind":"bold"},{"start":2,"end":2,"kind":"bold"}]`), "is 2, and the end 2", "spans[1].start"},
		{with(`"spans":[{"start":0,"end":1,"kind":"loud"}]`), `unknown kind "loud"`, "spans[0].kind"},
		{with(`"spans":[{"start":0,"end":1,"kind":"link","url":"javascript:x"}]`), "no http or https address", "spans[0].url"},
		{strings.Replace(with(`"spans":[{"start":0,"end":1,"kind":"bold"}]`), "hello", "👋", 1), "inside a character", "spans[0]"},
		{with(`"files":[{"name":"a"}]`), "a url or data, one of them", "files[0]"},
		{with(`"files":[{"url":"https://a.b/c","data":"aGk="}]`), "a url or data, one of them", "files[0]"},
		{with(`"files":[{"url":"file:///etc/passwd"}]`), "no http or https address", "files[0].url"},
		{with(`"files":[{"data":"aGk"}]`), "is no base64", "files[0].data"},
		{with(`"files":[{"data":"` + base64.StdEncoding.EncodeToString(make([]byte, 1<<20+1)) + `"}]`), "send a url", "files[0].data"},
		{with(`"files":[` + strings.Repeat(`{"data":"aGk="},`, 10) + `{"data":"aGk="}]`), "has 11", "files"},
	} {
		events, said, at := c.Events("", []byte(tc.body))
		if len(events) > 0 || !strings.Contains(said, tc.said) || at != tc.at {
			t.Errorf("%.150s: %q at %q, want %q at %q", tc.body, said, at, tc.said, tc.at)
		}
	}
}

func TestRefusalsOfTheHook(t *testing.T) {
	t.Parallel()
	r := run(t, pulled(), still())
	post := func(body string) (int, string, http.Header) {
		return ask(t, http.MethodPost, r.web.at(""), body, "Roost-Signature", signed(secret, clock(), body))
	}
	if status, said, _ := post(`{"type":7}`); status != 400 || said != `{"error":"wants text, is number","at":"type"}` {
		t.Errorf("a fault = %d %s, want 400 with its place", status, said)
	}
	if status, said, _ := post(strings.Repeat(" ", 2<<20+1)); status != 413 || !strings.Contains(said, "more than 2097152 bytes") {
		t.Errorf("a large request = %d %s, want 413", status, said)
	}
	if status, _, h := ask(t, http.MethodGet, r.web.at(""), ""); status != 405 || h.Get("Allow") != "POST" {
		t.Errorf("GET = %d, want 405 and POST allowed", status)
	}
	r.sink.Full(1)
	if status, said, h := post(hello); status != 503 || h.Get("Retry-After") == "" || strings.Contains(said, "disk") {
		t.Errorf("what was not stored = %d %s, want 503, when to try again, and no word of ours", status, said)
	}
}

func TestLargeRequestsOfUnknownLengthAreRead(t *testing.T) {
	t.Parallel()
	r := run(t, pulled(), still())
	long := strings.Repeat("a long story ", 50_000)
	body := strings.Replace(hello, "hello", long, 1)
	for _, in := range []io.Reader{strings.NewReader(body), io.MultiReader(strings.NewReader(body))} { // the second is sent in chunks
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.web.at(""), in)
		must(t, err)
		req.Header.Set("Roost-Signature", signed(secret, clock(), body))
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		must(t, err)
		if said := readAll(t, resp); resp.StatusCode != http.StatusOK {
			t.Errorf("%d %s, want 200", resp.StatusCode, said)
		}
		must(t, resp.Body.Close())
	}
	for _, e := range r.sink.Accepted() {
		if p, ok := e.What.(chat.Posted); !ok || p.Text.Body != long {
			t.Error("the text is not what was sent")
		}
	}
}

func TestTooManyAtOnceAreToldToComeAgain(t *testing.T) {
	t.Parallel()
	r := run(t, pulled(), still())
	r.sink.hold, r.sink.held = make(chan struct{}), make(chan struct{}, 300)
	var wg sync.WaitGroup
	for range 256 {
		wg.Go(func() {
			if status, said, _ := ask(t, http.MethodPost, r.web.at(""), hello, "Roost-Signature", signed(secret, clock(), hello)); status != 200 {
				t.Errorf("%d %s, want 200", status, said)
			}
		})
	}
	for range 256 {
		<-r.sink.held
	}
	status, said, h := ask(t, http.MethodPost, r.web.at(""), hello, "Roost-Signature", signed(secret, clock(), hello))
	if status != 429 || h.Get("Retry-After") == "" {
		t.Errorf("one more = %d %s, want 429 and when to come again", status, said)
	}
	close(r.sink.hold)
	wg.Wait()
}

func TestARunThatEndsTakesNothingMore(t *testing.T) {
	t.Parallel()
	r := run(t, pulled(), still())
	r.sink.hold, r.sink.held = make(chan struct{}), make(chan struct{}, 1)
	answered := make(chan int, 1)
	go func() {
		status, _, _ := ask(t, http.MethodPost, r.web.at(""), hello, "Roost-Signature", signed(secret, clock(), hello))
		answered <- status
	}()
	<-r.sink.held
	if err := r.stop(); err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
	if status := <-answered; status != 503 {
		t.Errorf("the call at the end = %d, want 503", status)
	}
	if len(r.web.handlers) > 0 || len(r.sink.Accepted()) > 0 {
		t.Errorf("%d paths and %d events are left, want none", len(r.web.handlers), len(r.sink.Accepted()))
	}
}
