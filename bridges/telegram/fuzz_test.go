package telegram_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/telegram"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// unreachable is a network without Telegram on it.
type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no network")
}

// alone is a connector that reaches nobody.
func alone(tb testing.TB) *telegram.Connector {
	tb.Helper()
	c, err := telegram.New(telegram.Config{Token: bridges.NewSecret("110201543:a-token")},
		bridges.Deps{Account: account, Client: &http.Client{Transport: unreachable{}}})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func updates() []string {
	return []string{
		`{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"first_name":"Ada"},"text":"👍 hi","entities":[{"type":"bold","offset":3,"length":2}]}}`,
		`{"update_id":2,"message":{"message_id":2,"date":1,"chat":{"id":-5,"type":"supergroup"},"message_thread_id":9,"is_topic_message":true,"sender_chat":{"id":-5,"type":"supergroup","title":"T"},"photo":[{"file_id":"a","width":1,"height":1}],"media_group_id":"g","caption":"c"}}`,
		`{"update_id":3,"edited_message":{"message_id":1,"date":1,"edit_date":2,"chat":{"id":5,"type":"private"},"text":"x"}}`,
		`{"update_id":4,"message_reaction":{"chat":{"id":-5,"type":"group"},"message_id":1,"date":1,"user":{"id":5,"first_name":"A"},"old_reaction":[],"new_reaction":[{"type":"emoji","emoji":"👍"},{"type":"paid"},{"type":"custom_emoji","custom_emoji_id":"7"}]}}`,
		`{"update_id":5,"callback_query":{"id":"q","from":{"id":5,"first_name":"A"},"chat_instance":"c","data":"b:NAME","message":{"message_id":1,"date":0,"chat":{"id":-5,"type":"group"}}}}`,
		`{"update_id":6,"my_chat_member":{"chat":{"id":5,"type":"private"},"from":{"id":5,"first_name":"A"},"date":1,"old_chat_member":{"status":"member","user":{"id":1}},"new_chat_member":{"status":"kicked","user":{"id":1}}}}`,
		`{"update_id":7,"deleted_business_messages":{"business_connection_id":"b","chat":{"id":5,"type":"private"},"message_ids":[1,2]}}`,
		`{"update_id":8,"message":{"message_id":3,"date":1,"chat":{"id":-5,"type":"group"},"migrate_to_chat_id":-1005}}`,
		`{"update_id":9,"message":{"message_id":4,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"first_name":"A"},"text":"/delete","reply_to_message":{"message_id":1,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"first_name":"A"},"text":"x"}}}`,
		`{"update_id":10,"message":{"message_id":5,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"first_name":"A"},"rich_message":{"blocks":[{"type":"heading","text":"Title","size":1},{"type":"paragraph","text":["a ",{"type":"bold","text":["b",{"type":"url","text":"c","url":"https://example.com/"}]}]},{"type":"list","items":[{"label":"1.","blocks":[{"type":"paragraph","text":"one"}]}]},{"type":"table","cells":[[{"text":"x"},{"text":"y"}]],"caption":"t"},{"type":"photo","photo":[{"file_id":"p","width":1,"height":1}],"caption":{"text":"cap","credit":"me"}}]}}}`,
		`{"update_id":11,"message":{"message_id":6,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"first_name":"A"},"external_reply":{"origin":{"type":"channel","date":1,"chat":{"id":-7,"type":"channel","title":"N"},"message_id":2},"poll":{"question":"?","options":[{"text":"a"}]}},"venue":{"title":"v","address":"a","location":{"latitude":1.5,"longitude":2.5}},"location":{"latitude":1.5,"longitude":2.5}}}`,
		`{"update_id":12,"message":{"message_id":7,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"first_name":"A"},"contact":{"phone_number":"+1","first_name":"Z"}}}`,
		`{"update_id":13,"message":{"message_id":8,"date":1,"chat":{"id":5,"type":"private"},"from":{"id":5,"first_name":"A"},"dice":{"emoji":"🎲","value":4}}}`,
		`{"update_id":14,"message":{"message_id":9,"date":1,"chat":{"id":-5,"type":"group"},"from":{"id":5,"first_name":"A"},"text":"👋 @Sim_Bot /x@sim_bot","entities":[{"type":"mention","offset":3,"length":8},{"type":"bot_command","offset":12,"length":10},{"type":"mention","offset":-1,"length":9},{"type":"bot_command","offset":22,"length":9223372036854775807}]}}`,
		`{"update_id":14,"message":{"message_id":9,"date":1,"chat":{"id":-5,"type":"group"},"new_chat_title":"T"}}`,
		`{"update_id":15,"message":{"message_id":10,"date":1,"chat":{"id":-5,"type":"group"},"novelty":{}}}`,
		`{"update_id":16,"novelty":{}}`, `{"update_id":"x"}`, `[]`, `null`, `7`, `{"update_id":17,"message":7}`,
	}
}

func FuzzUpdate(f *testing.F) {
	for _, u := range updates() {
		f.Add([]byte(u))
	}
	c := alone(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := &bridgetest.Sink{}
		if err := telegram.Take(t.Context(), c, s, raw); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("an update that can't be read is not confirmed: %v", err)
		}
		for _, e := range s.Events() {
			if e.ID == "" || e.Conversation.IsZero() || e.What == nil {
				t.Errorf("event %+v lacks its ID, place or happening", e)
			}
			if p, ok := e.What.(chat.Posted); ok {
				if err := p.Text.Check(); err != nil {
					t.Errorf("the text %+v is not normal: %v", p.Text, err)
				}
			}
		}
	})
}

func FuzzEntities(f *testing.F) {
	f.Add("👍 hi @ada", `[{"type":"bold","offset":0,"length":2},{"type":"text_link","offset":1,"length":9,"url":"x"}]`)
	f.Add("/a@b\u2060", `[]`)
	f.Fuzz(func(t *testing.T, body, entities string) {
		x, err := telegram.ReadText(body, []byte(entities))
		if err != nil {
			return
		}
		if err := x.Check(); err != nil {
			t.Fatalf("%q with %s is not normal: %v", body, entities, err)
		}
		out, _, err := telegram.WriteText(x)
		if err != nil || strings.TrimSpace(out) != out && text.Plain(out).Body == out && strings.Trim(out, " \n\t") != out {
			t.Fatalf("%q goes out as %q: %v", body, out, err)
		}
	})
}

func FuzzMessageID(f *testing.F) {
	f.Add("7,8+9")
	f.Add("-1001:7")
	f.Fuzz(func(t *testing.T, id string) {
		again, ok := telegram.ReadMessages(-5, chat.MessageID(id))
		if !ok {
			return
		}
		if twice, ok := telegram.ReadMessages(-5, again); !ok || twice != again {
			t.Errorf("%q reads as %q, and that as %q", id, again, twice)
		}
	})
}

func TestRichMessagesAndOtherContentAreTold(t *testing.T) {
	t.Parallel()
	c := alone(t)
	want := map[string]string{
		"10": "Title\na bc\none\nx | y\nt\n\ncap\n— me", "11": "📍 v\na\n1.50000, 2.50000 https://www.openstreetmap.org/?mlat=1.50000&mlon=2.50000",
		"12": "👤 Z, +1", "13": "🎲 4",
	}
	for _, u := range updates() {
		s := &bridgetest.Sink{}
		must(t, telegram.Take(t.Context(), c, s, []byte(u)))
		for number, words := range want {
			if !strings.HasPrefix(u, `{"update_id":`+number+",") {
				continue
			}
			if len(s.Events()) != 1 {
				t.Fatalf("update %s gave %d events", number, len(s.Events()))
			}
			if got := s.Events()[0].What.(chat.Posted); got.Text.Body != words {
				t.Errorf("update %s says %q, want %q", number, got.Text.Body, words)
			}
		}
	}
}

// answering is a client whose every call is answered with body.
func answering(body string) *http.Client {
	return &http.Client{Transport: answers(body)}
}

type answers string

func (a answers) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(a)))}, nil
}
