package webhook_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/webhook"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func room() chat.Conversation { return chat.Conversation{Account: account, ID: "room", Thread: "t1"} }

// data is a file's content in memory.
type data []byte

func (d data) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(d)), nil
}

// broken is a file that ends too early when it is read for the second time.
type broken struct{ opened int }

func (b *broken) Open(context.Context) (io.ReadCloser, error) {
	b.opened++
	if b.opened > 1 {
		return io.NopCloser(strings.NewReader("sh")), nil
	}
	return io.NopCloser(strings.NewReader("shorter")), nil
}

// pushing is a connector that calls a program.
func pushing(t *testing.T) (*webhook.Connector, *program) {
	t.Helper()
	p := newProgram(t)
	c, err := webhook.New(p.config(), bridges.Deps{Account: account})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { chat.Close(c) })
	return c, p
}

func TestActionsHaveTheDocumentedForm(t *testing.T) {
	t.Parallel()
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if got = string(b); r.Header.Get("Roost-Signature") != signed(secret, clock(), got) {
			t.Errorf("the signature is %s, want %s", r.Header.Get("Roost-Signature"), signed(secret, clock(), got))
		}
		if id := r.Header.Get("Idempotency-Key"); !strings.Contains(got, `"id":"`+id+`"`) {
			t.Errorf("the key is %q, want the ID in %s", id, got)
		}
	}))
	defer server.Close()
	c, err := webhook.New(webhook.Config{Secret: bridges.NewSecret(secret), URL: server.URL}, still())
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Close(c)
	var b text.Builder
	b.Write("👋 <b> ")
	b.Span(text.Link, text.Attrs{Attr: "https://example.org"}, func() { b.Write("here") })
	b.Span(text.Mention, text.Attrs{ID: "U1", Name: "bob"}, func() { b.Write("@bob") })
	card := chat.Card{Title: "Ada", State: chat.MarkOpen, Buttons: []chat.Button{{ID: "claim", Label: "Claim", Value: "7", Style: chat.Primary}}}
	const head = `"at":"2026-11-22T08:30:00Z","conversation":"room","thread":"t1"`
	for _, tc := range []struct {
		action chat.Action
		want   string
	}{
		{
			chat.Post{
				Key: "k-1", To: room(), Text: b.Text(), ReplyTo: "m0", Quote: &chat.Quote{Name: "Bob", Text: text.Plain("what?")},
				As: &chat.Persona{Name: "Ada", Avatar: "https://example.org/a.png"}, Only: "bob", Hops: 1,
			},
			`{"id":"k-1","type":"post",` + head + `,"message":"k-1","author":{"name":"Ada","avatar":"https://example.org/a.png"},"text":"👋 <b> herebob",` +
				`"spans":[{"start":7,"end":11,"kind":"link","url":"https://example.org"}],"reply_to":"m0","quote":{"name":"Bob","text":"what?"},"only":"bob","hops":1}`,
		},
		{
			chat.Post{Key: "k-2", To: room(), Card: &card},
			`{"id":"k-2","type":"post",` + head + `,"message":"k-2","text":"Ada","spans":[{"start":0,"end":3,"kind":"bold"}],` +
				`"card":{"title":"Ada","state":"open","buttons":[{"id":"claim","label":"Claim","value":"7","style":"primary"}]}}`,
		},
		{
			chat.Post{Key: "k-q", To: room(), Text: text.Plain("Which?"), Card: &chat.Card{Numbered: true, Buttons: []chat.Button{{ID: "a", Label: "A"}}}},
			`{"id":"k-q","type":"post",` + head + `,"message":"k-q","text":"Which?","card":{"buttons":[{"id":"a","label":"A"}],"numbered":true}}`,
		},
		{
			chat.Edit{Key: "k-3", To: room(), Messages: []chat.MessageID{"k-1"}, Text: text.Plain("new")},
			`{"id":"ef1c36c67a4d3ff7a3a4e1c5d","type":"edit",` + head + `,"message":"k-1","text":"new"}`,
		},
		{
			chat.Delete{To: room(), Messages: []chat.MessageID{"k-1"}},
			`{"id":"d","type":"delete",` + head + `,"message":"k-1"}`,
		},
		{
			chat.React{To: room(), Message: "k-1", Emoji: "👍", Remove: true},
			`{"id":"t","type":"react",` + head + `,"message":"k-1","emoji":"👍","removed":true}`,
		},
		{chat.Pin{To: room(), Message: "k-1"}, `{"id":"t","type":"pin",` + head + `,"message":"k-1"}`},
		{
			chat.Open{Key: "k-4", To: room().Place(), Title: "Ada", Card: card},
			`{"id":"k-4","type":"open","at":"2026-11-22T08:30:00Z","conversation":"room","thread":"k-4","message":"k-4","text":"Ada","spans":[{"start":0,"end":3,"kind":"bold"}],` +
				`"topic":"Ada","card":{"title":"Ada","state":"open","buttons":[{"id":"claim","label":"Claim","value":"7","style":"primary"}]}}`,
		},
		{
			chat.Open{Key: "k-5", To: room().Place(), Title: "Ada", Bare: true, Root: "m9"},
			`{"id":"k-5","type":"open","at":"2026-11-22T08:30:00Z","conversation":"room","thread":"m9","topic":"Ada","root":"m9"}`,
		},
	} {
		if _, err := chat.Do(t.Context(), c, tc.action); err != nil {
			t.Errorf("%s = %v", chat.ActionName(tc.action), err)
		}
		if diff := cmp.Diff(plainKey(tc.want), plainKey(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", chat.ActionName(tc.action), diff)
		}
	}
}

// plainKey leaves a key away that was made from others.
func plainKey(body string) string {
	id, rest, _ := strings.Cut(strings.TrimPrefix(body, `{"id":"`), `"`)
	if !strings.HasPrefix(id, "k-") {
		id = id[:1]
	}
	return id + rest
}

func TestAnswersAreJudged(t *testing.T) {
	t.Parallel()
	answer := make(chan func(http.ResponseWriter), 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { (<-answer)(w) }))
	defer server.Close()
	c, err := webhook.New(webhook.Config{Secret: bridges.NewSecret(secret), URL: server.URL + "?ticket=hush"}, still())
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Close(c)
	for _, tc := range []struct {
		status int
		body   string
		kind   chat.Kind
		reason string
	}{
		{200, "", -1, ""},
		{204, "", -1, ""},
		{202, "<html>thanks</html>", -1, ""},
		{409, `{"error":"twice"}`, -1, ""},
		{410, "", chat.Gone, "no longer there"},
		{401, "", chat.LoggedOut, "does not take our signature"},
		{403, `{"error":"the shop\nis closed"}`, chat.Refused, "the shop is closed"},
		{404, "not found", chat.Refused, "the program answered 404 Not Found"},
		{422, `{"error":"no ` + secret + `"}`, chat.Refused, "no secret"},
		{400, `{"error":"` + strings.Repeat("long ", 100) + `"}`, chat.Refused, "…"},
		{301, "", chat.Refused, "sends on to another address"},
		{408, "", chat.Transient, ""},
		{429, "", chat.Throttled, "slow down"},
		{500, "", chat.Transient, ""},
		{503, `{"error":"back at noon"}`, chat.Transient, "back at noon"},
		{501, "", chat.Refused, "can't do that"},
	} {
		answer <- func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://example.org/elsewhere")
			w.WriteHeader(tc.status)
			_, _ = io.WriteString(w, tc.body)
		}
		_, err := c.Post(t.Context(), chat.Post{Key: "k-1", To: room(), Text: text.Plain("hi")})
		if tc.kind < 0 {
			if err != nil {
				t.Errorf("%d = %v, want nil", tc.status, err)
			}
			continue
		}
		if k := chat.KindOf(err); err == nil || k != tc.kind || !strings.Contains(chat.Reason(err), tc.reason) {
			t.Errorf("%d %s = %v (%s), want %v (%s)", tc.status, tc.body, err, chat.Reason(err), tc.kind, tc.reason)
		}
		if err != nil && (strings.Contains(err.Error(), secret) || len(chat.Reason(err)) > 300) {
			t.Errorf("%d: %q tells the secret, or too much", tc.status, err)
		}
	}
	server.Close()
	if c, err = webhook.New(webhook.Config{Secret: bridges.NewSecret(secret), URL: server.URL + "?ticket=hush"}, still()); err != nil {
		t.Fatal(err)
	}
	defer chat.Close(c)
	_, err = c.Post(t.Context(), chat.Post{Key: "k-1", To: room(), Text: text.Plain("hi")})
	if chat.KindOf(err) != chat.Transient || strings.Contains(err.Error(), "hush") {
		t.Errorf("nobody there = %v (%v), want Transient without the address", err, chat.KindOf(err))
	}
}

func TestRetryAfterIsSecondsOrADate(t *testing.T) {
	t.Parallel()
	after := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", after)
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer server.Close()
	c, err := webhook.New(webhook.Config{Secret: bridges.NewSecret(secret), URL: server.URL}, still())
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Close(c)
	for said, want := range map[string]time.Duration{
		"90": 90 * time.Second, clock().Add(time.Minute).Format(http.TimeFormat): time.Minute,
		"soon": 0, "-1": 0, clock().Add(-time.Minute).Format(http.TimeFormat): 0,
	} {
		after = said
		_, err := c.Post(t.Context(), chat.Post{Key: "k-1", To: room(), Text: text.Plain("hi")})
		if e, ok := errors.AsType[*chat.Error](err); !ok || e.Wait != want || e.Scope != chat.ThisAccount {
			t.Errorf("Retry-After: %s = %v, want a wait of %v of the account", said, err, want)
		}
	}
}

func TestFilesComeBesideTheSignedJSON(t *testing.T) {
	t.Parallel()
	c, p := pushing(t)
	body := bytes.Repeat([]byte("0123456789"), 100_000)
	files := []chat.File{
		{Name: "a \"quoted\"\r\nname.bin", Type: "text/plain\r\nX-Evil: 1", Content: data(body)},
		{Name: "empty.txt", Type: "text/plain; charset=utf-8", Content: data(nil)},
	}
	if _, err := c.Post(t.Context(), chat.Post{Key: "k-1", To: room(), Text: text.Plain("look"), Files: files}); err != nil {
		t.Fatal(err)
	}
	got := p.done()[0]
	if len(got.Files) != 2 || !bytes.Equal(got.Files[0].Data, body) || len(got.Files[1].Data) != 0 {
		t.Fatalf("%d files came, want two with their bytes", len(got.Files))
	}
	if got.Files[0].Type != "application/octet-stream" || got.Files[1].Type != "text/plain; charset=utf-8" {
		t.Errorf("types are %q and %q", got.Files[0].Type, got.Files[1].Type)
	}
	sum := sha256.Sum256(body)
	if f := got.action.Files[0]; f.SHA256 != hex.EncodeToString(sum[:]) || f.Size != int64(len(body)) {
		t.Errorf("the file is described as %+v, want its size and hash", f)
	}
}

func TestAFileThatIsNotWholeIsNotSent(t *testing.T) {
	t.Parallel()
	c, p := pushing(t)
	post := chat.Post{Key: "k-1", To: room(), Files: []chat.File{{Name: "a", Content: &broken{}}}}
	if _, err := c.Post(t.Context(), post); chat.KindOf(err) != chat.Transient {
		t.Errorf("a file that shrinks = %v, want Transient", err)
	}
	post.Files[0].Content = nil
	if _, err := c.Post(t.Context(), post); chat.KindOf(err) != chat.Refused || !strings.Contains(chat.Reason(err), "the bytes of a are not there") {
		t.Errorf("a file without content = %v, want Refused", err)
	}
	if n := len(p.done()); n != 0 {
		t.Errorf("%d posts arrived, want none", n)
	}
}

func TestKeysFollowWhatIsDone(t *testing.T) {
	t.Parallel()
	c, p := pushing(t)
	key := func(a chat.Action) string {
		t.Helper()
		before := len(p.done())
		if _, err := chat.Do(t.Context(), c, a); err != nil {
			t.Fatal(err)
		}
		if done := p.done(); len(done) > before {
			return done[len(done)-1].Key
		}
		return "" // the program folded it
	}
	up := chat.React{To: room(), Message: "m", Emoji: "👍"}
	down := up
	down.Remove = true
	first := key(up)
	if again := key(up); again != "" {
		t.Errorf("the same reaction has the key %q, want the one before, %q", again, first)
	}
	off, second := key(down), key(up)
	if off == "" || second == "" || second == first {
		t.Errorf("a reaction taken off and put on again has the keys %q, %q, %q, want three", first, off, second)
	}
	if key(chat.Pin{To: room(), Message: "m"}) == "" || key(chat.Pin{To: room(), Message: "m", Remove: true}) == "" {
		t.Error("a pin and its end were folded")
	}
	gone := chat.Delete{To: room(), Messages: []chat.MessageID{"m", "n"}}
	if key(gone) == "" || key(gone) != "" {
		t.Error("deleting again is not the same deletion")
	}
	e := chat.Edit{Key: "k-9", To: room(), Messages: []chat.MessageID{"m"}, Text: text.Plain("x")}
	if key(e) == "" || key(e) != "" {
		t.Error("the same edit again has another key")
	}
	e.Messages = []chat.MessageID{"n"}
	if key(e) == "" {
		t.Error("the edit of another part has the same key")
	}
	e.Key = ""
	if a, b := key(e), key(e); a == "" || b == "" {
		t.Error("edits without a key were folded")
	}
	if k := key(chat.Post{Key: "k-1", To: room(), Text: text.Plain("x")}); k != "k-1" {
		t.Errorf("a post has the key %q, want its own", k)
	}
}

func TestTheProgramNamesWhatIsNew(t *testing.T) {
	t.Parallel()
	said := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, said) }))
	defer server.Close()
	c, err := webhook.New(webhook.Config{Secret: bridges.NewSecret(secret), URL: server.URL}, still())
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Close(c)
	place := room().Place()
	thread := func(id chat.ThreadID) chat.Conversation { p := place; p.Thread = id; return p }
	for _, tc := range []struct {
		said   string
		action chat.Action
		want   chat.Receipt
	}{
		{``, chat.Post{Key: "k-1", To: place}, chat.Receipt{Messages: []chat.MessageID{"k-1"}}},
		{`{"message":"17"}`, chat.Post{Key: "k-1", To: place}, chat.Receipt{Messages: []chat.MessageID{"17"}}},
		{`{"message":"17","thread":"t"}`, chat.Post{Key: "k-1", To: place}, chat.Receipt{Messages: []chat.MessageID{"17"}, Conversation: thread("t")}},
		{`{"message":"thread:17","thread":"a\u0000"}`, chat.Post{Key: "k-1", To: place}, chat.Receipt{Messages: []chat.MessageID{"k-1"}}},
		{`{"message":17}`, chat.Post{Key: "k-1", To: place}, chat.Receipt{Messages: []chat.MessageID{"k-1"}}},
		{``, chat.Open{Key: "k-2", To: place}, chat.Receipt{Messages: []chat.MessageID{"k-2"}, Conversation: thread("k-2")}},
		{`{"thread":"t","message":"1"}`, chat.Open{Key: "k-2", To: place}, chat.Receipt{Messages: []chat.MessageID{"1"}, Conversation: thread("t")}},
		{``, chat.Open{Key: "k-2", To: place, Bare: true}, chat.Receipt{Conversation: thread("k-2")}},
		{``, chat.Open{Key: "k-2", To: place, Bare: true, Root: "9"}, chat.Receipt{Conversation: thread("9")}},
		{`{"message":"5"}`, chat.Edit{Key: "k-3", To: place, Messages: []chat.MessageID{"1"}}, chat.Receipt{Messages: []chat.MessageID{"1"}}},
	} {
		said = tc.said
		got, err := chat.Do(t.Context(), c, tc.action)
		if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
			t.Errorf("%s answered %q: %v (-want +got):\n%s", chat.ActionName(tc.action), tc.said, err, diff)
		}
	}
}
