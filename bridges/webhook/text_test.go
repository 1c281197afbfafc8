package webhook_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/webhook"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// texts draws formatted text with characters of every width.
func texts() *rapid.Generator[text.Text] {
	return rapid.Custom(func(t *rapid.T) text.Text {
		body := rapid.StringOfN(rapid.SampledFrom([]rune("ab <&\n\"\\é漢👋🏽\u200d👩")), 0, 40, -1).Draw(t, "body")
		x := text.Text{Body: body}
		for range rapid.IntRange(0, 5).Draw(t, "spans") {
			s := text.Span{Kind: rapid.SampledFrom(webhook.SpanKinds()).Draw(t, "kind")}
			s.Start = rapid.IntRange(0, len(body)).Draw(t, "start")
			s.End = rapid.IntRange(s.Start, len(body)).Draw(t, "end")
			switch s.Kind { //nolint:exhaustive // the others have nothing besides
			case text.Link:
				s.Attr = "https://example.org/?a=1&b=<2>"
			case text.Emoji:
				s.ID, s.Name, s.Attr = "7", "party", "https://example.org/party.png"
			case text.Pre:
				s.Attr = "go"
			case text.ListItem:
				s.Attr = rapid.SampledFrom([]string{"", "1"}).Draw(t, "number")
			}
			x.Spans = append(x.Spans, s)
		}
		return x.Normal()
	})
}

func TestTextKeepsItsFormBothWays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := texts().Draw(t, "text")
		if diff := cmp.Diff(x, webhook.RoundTrip(x)); diff != "" {
			t.Errorf("(-sent +came back):\n%s", diff)
		}
	})
}

// TestWhatIsSentCanBeSaid sends what a program was sent back as a program's own message.
func TestWhatIsSentCanBeSaid(t *testing.T) {
	t.Parallel()
	var sent []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { sent, _ = io.ReadAll(r.Body) }))
	defer server.Close()
	c, err := webhook.New(webhook.Config{Secret: bridges.NewSecret(secret), URL: server.URL}, still())
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Close(c)
	rapid.Check(t, func(t *rapid.T) {
		x := texts().Draw(t, "text")
		if x.Empty() {
			return
		}
		if _, err := c.Post(t.Context(), chat.Post{Key: "k-1", To: room(), Text: x}); err != nil {
			t.Fatal(err)
		}
		if _, said, _ := c.Events("", sent); said != `unknown type "post"; there are posted, edited, deleted, reacted, pinned, pressed, joined, left, typing and read` {
			t.Fatalf("what was sent to the program is taken as it is: %s", said)
		}
		var body map[string]any
		if err := json.Unmarshal(sent, &body); err != nil {
			t.Fatal(err)
		}
		body["type"], body["author"] = "posted", map[string]string{"id": "ada"}
		back, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		events, said, at := c.Events("", back)
		if said != "" {
			t.Fatalf("%s: %s at %s", back, said, at)
		}
		if diff := cmp.Diff(x, events[0].What.(chat.Posted).Text); diff != "" {
			t.Errorf("(-sent +said):\n%s", diff)
		}
	})
}

// FuzzEvents reads any body: what is taken is whole, and what is not has a reason.
func FuzzEvents(f *testing.F) {
	for _, seed := range []string{
		hello, `{"events":[` + hello + `]}`, `{"events":[{"id":"e","type":"pressed","fields":{"a":"b"}}]}`, `{"a":[{"b":{}},[]]}`, `[]`, `{"id":`,
		`{"id":"e","type":"posted","conversation":"r","author":{"id":"a"},"text":"👋","spans":[{"start":0,"end":2,"kind":"bold"}],"files":[{"data":"aGk="}]}`,
	} {
		f.Add([]byte(seed), "bot")
	}
	c, err := webhook.New(webhook.Config{Secret: bridges.NewSecret(secret), URL: "http://127.0.0.1:1"}, still())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte, name string) {
		webhook.Place(body, name) // must end
		events, said, _ := c.Events("", body)
		if (len(events) == 0) != (said != "") {
			t.Fatalf("%d events and the fault %q", len(events), said)
		}
		for _, ev := range events {
			if ev.ID == "" || ev.Conversation.ID == "" || ev.At.IsZero() || ev.What == nil {
				t.Errorf("%+v is not whole", ev)
			}
			if p, ok := ev.What.(chat.Posted); ok && p.Text.Check() != nil {
				t.Errorf("the text is not normal: %v", p.Text.Check())
			}
		}
	})
}
