package plugins_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/plugins"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestWhatHappenedIsUnderstood(t *testing.T) {
	t.Parallel()
	const at, by = `"id":"e1","conversation":"#c"`, `"message":"m1","author":{"id":"U1"}`
	for raw, want := range map[string]chat.Happening{
		`"kind":"posted","text":"hi","reply_to":"m0",` + by:                  chat.Posted{Text: text.Plain("hi"), ReplyTo: "m0"},
		`"kind":"edited","text":"ho",` + by:                                  chat.Edited{Text: text.Plain("ho")},
		`"kind":"deleted",` + by:                                             chat.Deleted{},
		`"kind":"reacted","emoji":"👍","removed":true,` + by:                  chat.Reacted{Emoji: "👍", Removed: true},
		`"kind":"pinned",` + by:                                              chat.Pinned{},
		`"kind":"pressed","button":"b","value":"v","fields":{"f":"x"},` + by: chat.Pressed{Button: "b", Value: "v", Fields: map[string]string{"f": "x"}},
		`"kind":"joined",` + by:                                              chat.Joined{},
		`"kind":"left",` + by:                                                chat.Left{},
		`"kind":"typing",` + by:                                              chat.Typing{},
		`"kind":"read",` + by:                                                chat.Read{},
		`"kind":"bounced","reason":"no such\u202e mailbox\u0007",` + by:      chat.Bounced{Reason: "no such\u202e mailbox\u202c"},
		`"kind":"bounced","message":"m1"`:                                    chat.Bounced{},
		`"kind":"bounced","message":"m1","author":{"id":"","name":"mailer"}`: chat.Bounced{},
	} {
		ev, err := plugins.EventOf([]byte("{" + at + "," + raw + "}"))
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if diff := cmp.Diff(want, ev.What); diff != "" || ev.ID != "e1" || ev.Message != "m1" || ev.Conversation != channel() {
			t.Errorf("%s is %+v (-want +got):\n%s", raw, ev, diff)
		}
	}
}

func TestWhatCantHaveHappenedIsNamed(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`"id":"e","kind":"danced","conversation":"c","author":{"id":"u"}`:               `of no kind that there is: "danced"`,
		`"id":"e","kind":"edited","conversation":"c","author":{"id":"u"}`:               "is edited and has no message",
		`"id":"e","kind":"bounced","conversation":"c","author":{"id":"u"}`:              "is bounced and has no message",
		`"kind":"joined","conversation":"c","author":{"id":"u"}`:                        "has an id",
		`"id":"e","kind":"joined","author":{"id":"u"}`:                                  "has no conversation",
		`"id":"e","kind":"read","conversation":"c"`:                                     "has no author",
		`"id":"e","kind":"bounced","conversation":"c","message":"m","why":"no mailbox"`: "why",
	} {
		if _, err := plugins.EventOf([]byte("{" + raw + "}")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want that it %s", raw, err, want)
		}
	}
}
