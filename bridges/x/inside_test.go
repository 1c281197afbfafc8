package x

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// forgetful keeps nothing.
type forgetful struct{ bridges.Keeper }

// connector is one that nobody runs, for an account with the user ID self.
func connector(tb testing.TB, self string, skip func(string, []byte)) *Connector {
	tb.Helper()
	c, err := New(Config{ClientID: "id"}, bridges.Deps{Account: "x/acme", Keep: forgetful{}, Skip: skip})
	if err != nil {
		tb.Fatal(err)
	}
	c.self = &user{ID: self, Username: "acmetea"}
	return c
}

// payload reads a sample of X's documents from the specs folder, which is not part of the project.
func payload(tb testing.TB, name string) []byte {
	tb.Helper()
	file := filepath.Join("x-api", "payloads", name)
	if dir := os.Getenv("ROOST_SPECS"); dir != "" {
		b, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			tb.Skip("X's sample payloads are not in the specs folder, so they are not read")
		}
		return b
	}
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		for _, folder := range []string{"specs", "shared/specs"} {
			if b, err := os.ReadFile(filepath.Join(dir, folder, file)); err == nil {
				return b
			}
		}
		if dir == filepath.Dir(dir) {
			tb.Skip("there is no specs folder, so X's sample payloads are not read")
		}
		dir = filepath.Dir(dir)
	}
}

func TestReadText(t *testing.T) {
	t.Parallel()
	link := urlMark{URL: "https://t.co/abc", ExpandedURL: "https://example.com/a?b=c", DisplayURL: "example.com/a"}
	picture := urlMark{URL: "https://t.co/pic", ExpandedURL: "https://x.com/messages/media/17", DisplayURL: "pic.x.com/pic"}
	bare := urlMark{URL: "https://t.co/raw"}
	for _, tc := range []struct {
		name  string
		event dmEvent
		files bool
		links []string
		want  string
	}{
		{"plain", dmEvent{Text: "hello"}, false, nil, "hello"},
		{"link under entities", dmEvent{Text: "see https://t.co/abc!", Entities: entities{URLs: []urlMark{link}}}, false, nil, "see https://example.com/a?b=c!"},
		{"link at the top", dmEvent{Text: "see https://t.co/abc!", URLs: []urlMark{link}}, false, nil, "see https://example.com/a?b=c!"},
		{"link without an expansion", dmEvent{Text: "see https://t.co/raw", URLs: []urlMark{bare}}, false, nil, "see https://t.co/raw"},
		{"the same link twice", dmEvent{Text: "https://t.co/abc https://t.co/abc", URLs: []urlMark{link, link}}, false, nil, "https://example.com/a?b=c https://example.com/a?b=c"},
		{"media link at the end", dmEvent{Text: "look https://t.co/pic", URLs: []urlMark{picture}}, true, nil, "look"},
		{"media link alone", dmEvent{Text: "https://t.co/pic", URLs: []urlMark{picture}}, true, nil, ""},
		{"media link told by the attachment", dmEvent{Text: "look https://t.co/raw", URLs: []urlMark{bare}}, true, []string{"https://t.co/raw"}, "look"},
		{"media link in the middle", dmEvent{Text: "https://t.co/pic look", URLs: []urlMark{picture}}, true, nil, "https://t.co/pic look"},
		{"media link without media", dmEvent{Text: "look https://t.co/pic", URLs: []urlMark{picture}}, false, nil, "look https://x.com/messages/media/17"},
		{"link and media", dmEvent{Text: "a https://t.co/abc https://t.co/pic", URLs: []urlMark{link, picture}}, true, nil, "a https://example.com/a?b=c"},
		{"shared post", dmEvent{Text: "this", ReferencedPosts: []postRef{{ID: "15805"}}}, false, nil, "this https://x.com/i/status/15805"},
		{"shared post, older name", dmEvent{ReferencedTweets: []postRef{{ID: "15805"}}}, false, nil, "https://x.com/i/status/15805"},
		{"shared post that is written", dmEvent{Text: "https://t.co/p", ReferencedPosts: []postRef{{ID: "15805"}}, URLs: []urlMark{{URL: "https://t.co/p", ExpandedURL: "https://x.com/a/status/15805"}}}, false, nil, "https://x.com/a/status/15805"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := read(tc.event, tc.files, tc.links); got != tc.want {
				t.Errorf("read = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestWriteText(t *testing.T) {
	t.Parallel()
	var b text.Builder
	b.Span(text.Bold, text.Attrs{}, func() { b.Write("bold") })
	b.Write(" and ")
	b.Span(text.Link, text.Attrs{Attr: "https://example.com"}, func() { b.Write("a link") })
	b.Write(" for @everyone")
	card := &chat.Card{Title: "Case 7", Body: "from Ann"}
	for _, tc := range []struct {
		name string
		post chat.Post
		want string
	}{
		{"spans", chat.Post{Text: b.Text()}, "bold and a link (https://example.com) for @everyone"},
		{"persona is not shown", chat.Post{Text: text.Plain("hi"), As: &chat.Persona{Name: "Dana"}}, "hi"},
		{"card", chat.Post{Card: card}, "Case 7\nfrom Ann"},
		{"card and text", chat.Post{Text: text.Plain("look"), Card: card}, "look\nCase 7\nfrom Ann"},
		{"card that is the text", chat.Post{Text: card.Plain(), Card: card}, "Case 7\nfrom Ann"},
		{"white space alone", chat.Post{Text: text.Plain(" \n ")}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := write(tc.post); got != tc.want {
				t.Errorf("write = %q, want %q", got, tc.want)
			}
		})
	}
}

func TestSameText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		sent, held string
		want       bool
	}{
		{"hello", "hello", true},
		{"hello ", "hello", true},
		{"a\nb", "a b", true},
		{"see example.com", "see http://example.com/", true},
		{"see https://example.com/a", "see https://example.com/a", true},
		{"see https://example.com/a", "see https://t.co/xyz", true},
		{"see this", "see https://t.co/xyz", false},
		{"e\u0301", "é", true},
		{"hello", "hello there", false},
		{"", "", true},
		{"one", "two", false},
	} {
		if got := sameText(tc.sent, tc.held); got != tc.want {
			t.Errorf("sameText(%q, %q) = %v, want %v", tc.sent, tc.held, got, tc.want)
		}
	}
}

func TestSnowflakesCompareAsNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Uint64().Draw(t, "a"), rapid.Uint64().Draw(t, "b")
		x, okX := parseSnowflake(fmt.Sprint(a))
		y, okY := parseSnowflake(fmt.Sprint(b))
		if !okX || !okY || (x < y) != (a < b) || x.String() != fmt.Sprint(a) {
			t.Fatalf("%d and %d became %v and %v", a, b, x, y)
		}
	})
	for _, bad := range []string{"", "-1", "1.5", "1e3", "18446744073709551616", "abc"} {
		if _, ok := parseSnowflake(bad); ok {
			t.Errorf("parseSnowflake(%q) is fine, want not", bad)
		}
	}
	at := time.Date(2026, 11, 20, 12, 0, 0, 123e6, time.UTC)
	s := snowflakeAt(at)
	if !s.time().Equal(at) || !s.before(time.Minute).time().Equal(at.Add(-time.Minute)) {
		t.Errorf("%v tells %v, a minute before %v", s, s.time(), s.before(time.Minute).time())
	}
	if snowflakeAt(time.Unix(0, 0)) != 0 || snowflake(1).before(time.Hour) != 0 {
		t.Error("an ID before X's first one is not 0")
	}
}

func TestLookupSamples(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		x, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	group := chat.Conversation{Account: "x/acme", ID: "1578398451921985538"}
	for _, tc := range []struct {
		file string
		want chat.Event
	}{
		{"dm_event-MessageCreate.json", chat.Event{
			ID: "1582838499983564806", Conversation: group, Message: "1582838499983564806", Author: chat.Author{ID: "944480690"},
			At: at("2022-10-19T20:58:00Z"), What: chat.Posted{Text: text.Plain("Hi everyone.")},
		}},
		{"dm_event-ParticipantsJoin.json", chat.Event{
			ID: "1582835469712138240/944480690", Conversation: group, Author: chat.Author{ID: "944480690"},
			At: at("2022-10-19T20:45:58Z"), What: chat.Joined{},
		}},
		{"dm_event-ParticipantsLeave.json", chat.Event{
			ID: "1582838535115067392/944480690", Conversation: group, Author: chat.Author{ID: "944480690"},
			At: at("2022-10-19T20:58:09Z"), What: chat.Left{},
		}},
	} {
		t.Run(tc.file, func(t *testing.T) {
			t.Parallel()
			e, ok := decodeEvent(payload(t, tc.file))
			if !ok {
				t.Fatal("the sample can't be read")
			}
			got := connector(t, "1", nil).reader("1").lookup(e, nil)
			if diff := cmp.Diff([]chat.Event{tc.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestActivitySamples(t *testing.T) {
	t.Parallel()
	const self, peer = "1111111111111111111", "2222222222222222222"
	for _, tc := range []struct {
		file, self string
		want       []chat.Event
	}{
		{"xaa-dm.received.json", self, []chat.Event{{
			ID: "2080765901528535096", Conversation: chat.Conversation{Account: "x/acme", ID: peer}, Message: "2080765901528535096",
			Author: chat.Author{
				ID: peer, Name: "OtherUser", Handle: "OtherUser", Bot: true, Since: time.Date(2026, 4, 20, 19, 55, 59, 0, time.UTC),
				Avatar: "https://pbs.twimg.com/profile_images/0000000000000000001/example_normal.jpg",
			},
			At: time.UnixMilli(1784928224372).UTC(), Direct: true, What: chat.Posted{Text: text.Plain("hello!")},
		}}},
		{"xaa-dm.sent.json", self, []chat.Event{{
			ID: "2080763914820927863", Conversation: chat.Conversation{Account: "x/acme", ID: "2244994945"}, Message: "2080763914820927863",
			Author: chat.Author{
				ID: self, Name: "Example User", Handle: "ExampleUser", Self: true, Since: time.Date(2023, 10, 23, 13, 44, 53, 0, time.UTC),
				Avatar: "https://pbs.twimg.com/profile_images/0000000000000000001/example_normal.jpg",
			},
			At: time.UnixMilli(1784927750704).UTC(), Direct: true, What: chat.Posted{Text: text.Plain("Thanks for the update!")},
		}}},
		{"aaa-direct_message_events.json", "4337869213", []chat.Event{{
			ID: "954491830116155396", Conversation: chat.Conversation{Account: "x/acme", ID: "3001969357"}, Message: "954491830116155396",
			Author: chat.Author{
				ID: "3001969357", Name: "Jordan Brinks", Handle: "furiouscamper", Since: time.UnixMilli(1422556069340).UTC(),
				Avatar: "https://pbs.twimg.com/profile_images/851526626785480705/cW4WTi7C_normal.jpg",
			},
			At: time.UnixMilli(1516403560557).UTC(), Direct: true, What: chat.Posted{Text: text.Plain("Hello World!")},
		}}},
		{"aaa-direct_message_indicate_typing_events.json", "3001969357", []chat.Event{{
			ID: "typing-3284025577-1518127183443", Conversation: chat.Conversation{Account: "x/acme", ID: "3284025577"},
			Author: chat.Author{
				ID: "3284025577", Name: "Bogus Bogart", Handle: "bogusbogart", Since: time.UnixMilli(1437281176085).UTC(),
				Avatar: "https://pbs.twimg.com/profile_images/763383202857779200/ndvZ96mE_normal.jpg",
			},
			At: time.UnixMilli(1518127183443).UTC(), Direct: true, What: chat.Typing{},
		}}},
		{"aaa-direct_message_mark_read_events.json", "3001969357", []chat.Event{{
			ID: "read-199566737-963085315333238788", Conversation: chat.Conversation{Account: "x/acme", ID: "199566737"}, Message: "963085315333238788",
			Author: chat.Author{
				ID: "199566737", Name: "Le Braat", Handle: "LeBraat", Since: time.UnixMilli(1286429788000).UTC(),
				Avatar: "https://pbs.twimg.com/profile_images/936652894371119105/YHEozVAg_normal.jpg",
			},
			At: time.UnixMilli(1518452444662).UTC(), Direct: true, What: chat.Read{},
		}}},
	} {
		t.Run(tc.file, func(t *testing.T) {
			t.Parallel()
			c := connector(t, tc.self, nil)
			raw := payload(t, tc.file)
			var a activity
			if err := json.Unmarshal(raw, &a); err != nil {
				t.Fatal(err)
			}
			kind, body := "account_activity", json.RawMessage(raw)
			if a.Data != nil {
				kind, body = a.Data.EventType, a.Data.Payload
			}
			got, ok := c.dm.live(kind, body)
			if !ok {
				t.Fatal("the sample can't be read")
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOddActivitySamplesAreSkipped(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"xaa-chat.received.json", "xaa-chat.sent.json", "xaa-post.create.json"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			var skipped []string
			c := connector(t, "1111111111111111111", func(kind string, _ []byte) { skipped = append(skipped, kind) })
			raw := payload(t, file)
			var a activity
			if err := json.Unmarshal(raw, &a); err != nil {
				t.Fatal(err)
			}
			c.self.ID = a.Data.Filter.UserID
			if err := c.take(t.Context(), nil, raw); err != nil || len(skipped) != 1 || skipped[0] != a.Data.EventType {
				t.Errorf("take = %v, skipped %q, want %q", err, skipped, a.Data.EventType)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	reset := time.Now().Add(90 * time.Second).Unix()
	for _, tc := range []struct {
		name   string
		status int
		body   string
		writes bool
		kind   chat.Kind
		reason string // part of it
	}{
		{"bad token", 401, `{"title":"Unauthorized"}`, true, chat.LoggedOut, "run roost login x/acme"},
		{"no credit", 402, `{}`, true, chat.Unfunded, "no credit"},
		{"spending cap", 403, `{"title":"SpendCapReached","type":"https://api.twitter.com/2/problems/credits"}`, true, chat.Unfunded, "spending cap"},
		{"monthly cap", 429, `{"title":"UsageCapExceeded","type":"https://api.twitter.com/2/problems/usage-capped"}`, true, chat.Unfunded, ""},
		{"throttled", 429, `{"title":"Too Many Requests"}`, true, chat.Throttled, "slow down"},
		{"no permission", 403, `{"title":"Unsupported Authentication","type":"https://api.twitter.com/2/problems/unsupported-authentication"}`, true, chat.LoggedOut, "permissions"},
		{"access level", 403, `{"errors":[{"code":453,"message":"You currently have access to a subset"}]}`, true, chat.LoggedOut, "permissions"},
		{"closed messages", 403, `{"detail":"You do not have permission to DM one or more participants.","status":403}`, true, chat.Refused, "doesn't take messages"},
		{"closed messages by number", 403, `{"errors":[{"code":349,"message":"no"}]}`, true, chat.Refused, "doesn't take messages"},
		{"blocked", 403, `{"detail":"You have been blocked from this user"}`, true, chat.Refused, "blocked"},
		{"not following", 403, `{"errors":[{"code":150,"message":"x"}]}`, true, chat.Refused, "follow"},
		{"encrypted only", 403, `{"detail":"ONLY_ENCRYPTED_MESSAGES_ALLOWED"}`, true, chat.Refused, "only takes encrypted messages"},
		{"verified only", 403, `{"errors":[{"code":476,"message":"x"}]}`, true, chat.Refused, "verified"},
		{"spam", 403, `{"errors":[{"code":226,"message":"x"}]}`, true, chat.Refused, "spam"},
		{"duplicate", 403, `{"errors":[{"code":187,"message":"x"}]}`, true, chat.Refused, "just before"},
		{"forbidden", 403, `{"detail":"Forbidden"}`, true, chat.Refused, "does not allow"},
		{"bad media", 400, `{"errors":[{"message":"media id is invalid"}]}`, true, chat.Refused, "attachment"},
		{"bad request", 400, `not json`, true, chat.Refused, "did not accept"},
		{"no such conversation", 404, `{}`, true, chat.Gone, ""},
		{"down, reading", 503, `{}`, false, chat.Transient, ""},
		{"down, writing", 503, `{}`, true, chat.Uncertain, ""},
		{"timed out", 408, `{}`, true, chat.Transient, ""},
		{"moved", 302, ``, true, chat.Transient, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := connector(t, "1", nil)
			resp := &http.Response{StatusCode: tc.status, Body: io.NopCloser(strings.NewReader(tc.body)), Header: http.Header{}}
			resp.Header.Set("x-rate-limit-remaining", "0")
			resp.Header.Set("x-rate-limit-reset", fmt.Sprint(reset))
			err := c.api.refused(request{op: "x: post", writes: tc.writes}, c.api.user, resp)
			if k := chat.KindOf(err); k != tc.kind {
				t.Errorf("%v is %v, want %v", err, k, tc.kind)
			}
			if got := chat.Reason(err); !strings.Contains(got, tc.reason) {
				t.Errorf("the reason is %q, want it to say %q", got, tc.reason)
			}
			e, _ := errors.AsType[*chat.Error](err)
			if tc.kind == chat.Throttled && (e.Wait < 80*time.Second || e.Wait > 95*time.Second || e.Scope != chat.ThisAccount) {
				t.Errorf("wait %v, scope %v, want about 91s for the account", e.Wait, e.Scope)
			}
		})
	}
}

func TestWaitGoesByXsClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	unix := func(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }
	for _, tc := range []struct {
		name string
		h    http.Header
		want time.Duration
	}{
		{"window", header("x-rate-limit-remaining", "0", "x-rate-limit-reset", unix(10*time.Minute)), 10*time.Minute + time.Second},
		{"clock that is behind", header("Date", now.Add(9*time.Minute).Format(http.TimeFormat), "x-rate-limit-remaining", "0", "x-rate-limit-reset", unix(10*time.Minute)), time.Minute + time.Second},
		{"day", header("x-rate-limit-remaining", "3", "x-rate-limit-reset", unix(time.Minute), "x-user-limit-24hour-remaining", "0", "x-user-limit-24hour-reset", unix(5*time.Hour)), 5*time.Hour + time.Second},
		{"retry after", header("Retry-After", "30"), 31 * time.Second},
		{"nothing", header(), time.Minute},
		{"past", header("x-rate-limit-remaining", "0", "x-rate-limit-reset", unix(-time.Hour)), time.Minute},
		{"nonsense", header("x-rate-limit-remaining", "0", "x-rate-limit-reset", unix(90*24*time.Hour)), 24 * time.Hour},
	} {
		if got := waitFor(tc.h, now); got != tc.want {
			t.Errorf("%s: wait %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestErrorsHideCredentials(t *testing.T) {
	t.Parallel()
	c := connector(t, "1", nil)
	c.api.app = &bearer{token: bridges.NewSecret("hush-hush")}
	resp := &http.Response{StatusCode: http.StatusForbidden, Body: io.NopCloser(strings.NewReader(`{"detail":"token hush-hush is bad"}`)), Header: http.Header{}}
	err := c.api.refused(request{op: "x: post"}, c.api.app, resp)
	if s := err.Error(); strings.Contains(s, "hush-hush") || !strings.Contains(s, "token secret is bad") {
		t.Errorf("the error says %q", s)
	}
	if s := c.api.lost(request{op: "x: post"}, true, errors.New("dial hush-hush")).Error(); strings.Contains(s, "hush-hush") {
		t.Errorf("the error says %q", s)
	}
}
