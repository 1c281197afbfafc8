package x

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
	"github.com/roost-im/roost/test/specs"
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
	c.self = &api.User{ID: self, Username: "acmetea"}
	return c
}

// payload reads a sample of X's documents from the specs folder, which is not part of the project.
func payload(tb testing.TB, name string) []byte {
	tb.Helper()
	path, err := specs.Find("x-api", "payloads", name)
	if err != nil {
		tb.Skip(specs.Absent)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return b
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
