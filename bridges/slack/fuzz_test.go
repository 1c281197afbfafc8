package slack_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/router/chat"
)

const secret = "a-signing-secret"

// unreachable is a network without Slack on it.
type unreachable struct{}

func (unreachable) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no network")
}

// alone is a connector that reaches nobody.
func alone(tb testing.TB) *slack.Connector {
	tb.Helper()
	c, err := slack.New(slack.Config{
		BotToken: bridges.NewSecret("xoxb-1"), AppToken: bridges.NewSecret("xapp-1"), SigningSecret: bridges.NewSecret(secret),
	}, bridges.Deps{Account: account, Client: &http.Client{Transport: unreachable{}}})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func envelopes() []string {
	return []string{
		`{"type":"event_callback","event":{"type":"message","channel":"C1","user":"U1","ts":"1700000000.000100","text":"hi <@U2>"}}`,
		`{"event":{"type":"message","subtype":"message_changed","channel":"C1","ts":"2.000001","message":{"ts":"1.000001","text":"b","edited":{"ts":"2.000000"}},"previous_message":{"ts":"1.000001","text":"a"}}}`,
		`{"event":{"type":"message","subtype":"message_deleted","channel":"C1","ts":"2.000001","deleted_ts":"1.000001"}}`,
		`{"event":{"type":"message","subtype":"file_share","channel":"D1","user":"U1","ts":"1.1","files":[{"id":"F1","mode":"tombstone"},{"id":"F2","is_external":true}]}}`,
		`{"event":{"type":"reaction_added","user":"U1","reaction":"+1","item":{"type":"message","channel":"C1","ts":"1.1"},"event_ts":"2.2"}}`,
		`{"event":{"type":"pin_added","user":"U1","channel_id":"C1","item":{"type":"message","message":{"ts":"1.1"}},"event_ts":"2.2"}}`,
		`{"event":{"type":"pin_removed","user":"U1","channel_id":"C1","item":{"type":"file"}}}`,
		`{"event":{"type":"member_joined_channel","user":"U1","channel":"C1"},"event_time":999999999999999999}`,
		`{"event":{"type":"member_left_channel","user":"U0BOT","channel":"C1","event_ts":"99999999999999.9"}}`,
		`{"event":{"type":"emoji_changed","subtype":"rename","old_name":"a","new_name":"b"}}`,
		`{"event":{"type":"message","channel":"C1","bot_id":"B1","ts":"1.1","attachments":[{"is_share":true,"author_name":"<!x>","text":"*b*","files":[{"id":"F1"}]}]}}`,
		`{"event":{"type":"channel_created","channel":{"id":"C1"}}}`,
		`{"event":{"type":"user_change","user":{"id":"U1"}}}`,
		`{"event":null}`, `{}`, `[]`, `{"event":{"type":"message","blocks":[{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[null]}]}]}}`,
		`{"type":"block_actions","user":{"id":"U1"},"container":{"channel_id":"C1","message_ts":"1.1"},"actions":[{"block_id":"b","action_id":"p0:claim","action_ts":"2.2"}]}`,
		`{"type":"block_actions","container":{"channel_id":"C1","message_ts":"1.1"},"actions":[{"block_id":"b","action_id":"f0:reply","value":"{\"f\":{}}"}]}`,
		`{"type":"view_submission","view":{"id":"V1","callback_id":"roost","private_metadata":"{\"c\":\"C1\",\"m\":\"1.1\"}","state":{"values":{"a":{"value":{"value":"x"}}}}}}`,
	}
}

// moves says whether an event is about no message.
func moves(e chat.Event) bool {
	name := chat.HappeningName(e.What)
	return name == "joined" || name == "left"
}

// FuzzEnvelope holds that whatever Slack sends is taken in or counted, and never a panic; and that events have what they need.
func FuzzEnvelope(f *testing.F) {
	for _, e := range envelopes() {
		f.Add("events_api", []byte(e))
		f.Add("interactive", []byte(e))
	}
	c := alone(f)
	f.Fuzz(func(t *testing.T, kind string, payload []byte) {
		s := &bridgetest.Sink{}
		err := slack.Take(t.Context(), c, s, kind, payload)
		events := s.Events()
		if err != nil && len(events) > 0 {
			t.Errorf("%s was taken, and failed with %v", payload, err)
		}
		for _, e := range events {
			if e.ID == "" || (e.Message == "" && !moves(e)) || e.Conversation.ID == "" || e.What == nil {
				t.Errorf("%s made %+v, which lacks something", payload, e)
			}
			if _, err := json.Marshal(e); err != nil {
				t.Errorf("%s made an event that can't be stored: %v", payload, err)
			}
		}
	})
}

// FuzzHistory holds that whatever stands in a history is read or counted, and that events have what they need.
func FuzzHistory(f *testing.F) {
	for _, page := range []string{
		`[{"type":"message","user":"U1","ts":"1700000000.000100","text":"hi"},{"ts":"1700000001.000100","files":[{"initial_comment":"x"}]}]`,
		`[{"user":"U1","ts":"1700000000.000100","text":"b","edited":{"user":"U1","ts":"1700000002.000000"},"reply_count":1,"latest_reply":"1700000003.000100"}]`,
		`[{"ts":"1700000000.000100","bot_id":"B0BOT","metadata":{"event_type":"roost","event_payload":{"key":7}}}]`,
		`[{"subtype":"channel_join","user":"U1","ts":"1700000000.000100"},{"subtype":"group_leave","user":"U0BOT","ts":"1700000000.000200"}]`,
		`[{"subtype":"tombstone","ts":"1700000000.000100","edited":{}},{"ts":7},null,[],"x",{}]`,
	} {
		f.Add([]byte(page))
	}
	c := alone(f)
	f.Fuzz(func(t *testing.T, page []byte) {
		events, err := slack.ReadHistory(t.Context(), c, page)
		if err != nil {
			return
		}
		for _, e := range events {
			if e.ID == "" || (e.Message == "" && !moves(e)) || e.Conversation.ID == "" || e.What == nil {
				t.Errorf("%s made %+v, which lacks something", page, e)
			}
		}
	})
}

// FuzzMrkdwn holds that any markup is a valid text, and that what is plain stays as it was.
func FuzzMrkdwn(f *testing.F) {
	for _, s := range []string{"*a _b ~c~_*", "<@U1|x> <!here> <http://a|b>", "```\n<\n```", "&gt; a\n&amp;lt;", ":+1::wave::skin-tone-2:", "<<>>", "`*`*`"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := slack.ReadMrkdwn(s)
		if err := got.Check(); err != nil {
			t.Errorf("%q: %v", s, err)
		}
		block, _, err := slack.WriteMessage(got)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := slack.ReadMessage([]byte(`{"blocks":[` + string(block) + `]}`)); err != nil {
			t.Errorf("%q goes out as %s: %v", s, block, err)
		}
	})
}

// FuzzHTTP holds that any request is answered, and that nothing is accepted that is not signed.
func FuzzHTTP(f *testing.F) {
	for _, e := range envelopes() {
		f.Add([]byte(e), true, false)
		f.Add([]byte("payload="+e), true, true)
		f.Add([]byte(e), false, false)
	}
	c := alone(f)
	f.Fuzz(func(t *testing.T, body []byte, signed, interaction bool) {
		s := &bridgetest.Sink{}
		h, err := slack.Hook(t.Context(), c, s, interaction)
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
		at := strconv.FormatInt(time.Now().Unix(), 10)
		mac := hmac.New(sha256.New, []byte(secret))
		fmt.Fprintf(mac, "v0:%s:%s", at, body)
		sum := mac.Sum(nil)
		if !signed {
			sum[0] ^= 1
		}
		req.Header.Set("X-Slack-Request-Timestamp", at)
		req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(sum))
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, req)
		if got := rec.Code; (got == http.StatusUnauthorized) == signed {
			t.Errorf("%q signed %v was answered %d", body, signed, got)
		}
		if events := s.Events(); !signed && len(events) > 0 {
			t.Errorf("%q was accepted unsigned: %v", body, events)
		}
	})
}
