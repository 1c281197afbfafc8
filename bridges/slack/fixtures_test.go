package slack_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/test/specs"
)

// recordings is the folder of recorded payloads, which is no part of this repository.
func recordings(t *testing.T) string {
	t.Helper()
	dir, err := specs.Find("fixtures-vercel-chat")
	if err != nil {
		t.Skip(specs.Absent)
	}
	return dir
}

func TestRecordedPayloadsAreUnderstood(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(recordings(t), "replay", "*", "*.json"))
	must(t, err)
	taken := 0
	for _, file := range files {
		if name := filepath.Base(file); name != "slack.json" && name != "slack-direct.json" && name != "team1.json" && name != "team2.json" {
			continue
		}
		raw, err := os.ReadFile(file)
		must(t, err)
		var parts map[string]json.RawMessage
		must(t, json.Unmarshal(raw, &parts))
		for name, part := range parts {
			var head struct {
				Type   string
				Event  struct{ Type, SubType string }
				Action []struct{ Type string } `json:"actions"`
			}
			if json.Unmarshal(part, &head) != nil || head.Type == "" {
				continue
			}
			s := &bridgetest.Sink{}
			kind := "interactive"
			if head.Type == "event_callback" {
				kind = "events_api"
			}
			if err := slack.Take(t.Context(), alone(t), s, kind, part); err != nil {
				t.Errorf("%s: %s = %v", file, name, err)
			}
			events := s.Events()
			if want := wanted(head.Type, head.Event.Type); want >= 0 && len(events) != want {
				t.Errorf("%s: %s made %d events, want %d: %+v", file, name, len(events), want, events)
			}
			taken += len(events)
			for _, e := range events {
				if e.At.IsZero() || e.Author.ID == "" {
					t.Errorf("%s: %s made %+v, without a time or an author", file, name, e)
				}
				if p, ok := e.What.(chat.Posted); ok && p.Text.Empty() && len(p.Files) == 0 {
					t.Errorf("%s: %s says nothing", file, name)
				}
			}
		}
	}
	if taken < 10 {
		t.Errorf("%d events were made of the recordings, want more", taken)
	}
}

// wanted is how many events a recording makes; -1 when that depends on more.
func wanted(kind, event string) int {
	switch {
	case event == "message", event == "app_mention", event == "reaction_added", event == "member_joined_channel":
		return 1
	case kind == "block_actions", kind == "view_submission":
		return 0 // other apps' buttons and forms
	}
	return -1
}
