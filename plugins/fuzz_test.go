package plugins_test

import (
	"testing"

	"github.com/roost-im/roost/plugins"
)

// FuzzUnderstand has a program answer anything: nothing of it may end in a panic.
func FuzzUnderstand(f *testing.F) {
	for _, s := range []string{
		`{"api": 1, "commands": [{"usage": "a <b:number>"}], "schedules": [{"spec": "0 9 * * *", "zone": "UTC"}], "events": ["message"]}`,
		`{"traits": {"platform": "X", "text": {"max": 9, "unit": "bytes"}, "pace": {"account": {"every": 1}}}}`,
		`["a", {"text": "b", "choices": ["c", {"label": "d"}]}]`, `null`, `7`, `slack/team#C1|bot:x:k1-0`,
		`{"id": "1", "kind": "posted", "conversation": {"id": "c"}, "message": "m", "author": {"id": "u"}, "text": "x", "spans": [{"s": -1, "e": 9, "k": "bold"}]}`,
		`{"id": "1", "kind": "bounced", "conversation": "c", "message": "m", "reason": "no such mailbox"}`,
		`{"kind": "throttled", "wait": 1e99}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(_ *testing.T, raw []byte) { plugins.Understand(raw) })
}
