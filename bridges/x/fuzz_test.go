package x

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
)

func FuzzEvents(f *testing.F) {
	f.Add([]byte(`{"id":"17","event_type":"MessageCreate","text":"hi https://t.co/a","sender_id":"2","dm_conversation_id":"1-2","created_at":"2026-11-20T12:00:00.000Z","attachments":{"media_keys":["3_4"]},"entities":{"urls":[{"url":"https://t.co/a","expanded_url":"https://example.com"}]},"referenced_posts":[{"id":"9"}]}`))
	f.Add([]byte(`{"id":"18","event_type":"ParticipantsJoin","participant_ids":["3","4"],"sender_id":"2","dm_conversation_id":"1234567890123456"}`))
	f.Add([]byte(`{"id":"19","event_type":"ParticipantsLeave","participant_ids":["3"],"dm_conversation_id":"1:2"}`))
	f.Add([]byte(`{"id":1.5e30,"event_type":null}`))
	f.Add([]byte("{\"id\":\"20\",\"event_type\":\"MessageCreate\",\"sender_id\":\"\u202e\",\"dm_conversation_id\":\"-\",\"text\":\"\\u0000\xff\"}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, ok := decodeEvent(raw)
		if !ok {
			return
		}
		r := connector(t, "1", nil).reader("1")
		for _, ev := range r.lookup(e, map[string]media{"3_4": {MediaKey: "3_4", Type: "photo", URL: "https://ton.twitter.com/1.1/ton/data/dm/1/2/a.jpg"}}) {
			bridgetest.Sound{TB: t, Account: "x/acme"}.Event(ev)
		}
	})
}

func FuzzActivity(f *testing.F) {
	f.Add([]byte(`{"data":{"event_type":"dm.received","event_uuid":"1","filter":{"user_id":"1"},"payload":{"direct_message_events":[{"type":"message_create","id":"17","created_timestamp":"1784928224372","message_create":{"target":{"recipient_id":"1"},"sender_id":"2","message_data":{"text":"hi","entities":{"urls":[]},"attachment":{"media":{"id_str":"4","type":"video","url":"https://t.co/a","media_url_https":"https://a/b.jpg","video_info":{"variants":[{"bitrate":1,"content_type":"video/mp4","url":"https://a/b.mp4"}]}}}}}}],"users":{"2":{"data":{"id":"2","name":"N","username":"u"}}}}}}`))
	f.Add([]byte(`{"for_user_id":"1","direct_message_indicate_typing_events":[{"created_timestamp":"1","sender_id":"2","target":{"recipient_id":"1"}}],"users":{"2":{"id":"2","screen_name":"u"}}}`))
	f.Add([]byte(`{"for_user_id":"1","direct_message_mark_read_events":[{"created_timestamp":"1","sender_id":"2","target":{"recipient_id":"1"},"last_read_event_id":"5"}]}`))
	f.Add([]byte(`{"data":{"event_type":"oauth.revoke","filter":{},"payload":{"user_id":"1"}}}`))
	f.Add([]byte(`{"errors":[{"title":"operational-disconnect"}]}`))
	f.Add([]byte(`{"data":null}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		_ = connector(t, "1", nil).take(t.Context(), bridgetest.Sound{TB: t, Account: "x/acme"}, raw)
	})
}

// FuzzCRC looks for a challenge whose answer could sign the body of a call.
func FuzzCRC(f *testing.F) {
	for _, s := range []string{"challenge_string", "", `{"data":{}}`, `["a"]`, " {}", "\t[]", `"x"`, strings.Repeat("a", 128), strings.Repeat("a", 129), "MTczNjM5+/=="} {
		f.Add(s)
	}
	key := bridges.NewSecret("k")
	f.Fuzz(func(t *testing.T, token string) {
		answer, ok := respond(key, token)
		if !ok {
			if answer != "" {
				t.Errorf("a refused challenge was answered %q", answer)
			}
			return
		}
		if len(token) > 128 {
			t.Errorf("a challenge of %d bytes was answered", len(token))
		}
		var a activity
		if json.Unmarshal([]byte(token), &a) == nil && (a.Data != nil || a.ForUserID != "" || a.Errors != nil) {
			t.Errorf("the challenge %q is the body of a call", token)
		}
		if answer != seal(key, []byte(token)) {
			t.Errorf("the answer to %q is %q", token, answer)
		}
	})
}
