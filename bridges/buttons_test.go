package bridges_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

func TestAButtonIsKnownAfterARestart(t *testing.T) {
	t.Parallel()
	keep := bridges.Deps{}.Ready().Keep
	snooze := chat.Button{ID: "snooze", Label: "Snooze", Value: "case-1", Form: &chat.Form{
		Title: "Snooze", Fields: []chat.Field{{ID: "for", Choices: []chat.Choice{{Value: "1h", Label: "1 hour"}}}},
	}}
	name, err := bridges.NewButtons(keep, time.Now).Name(t.Context(), snooze)
	if err != nil || len(name) != 16 {
		t.Fatalf("name = %q, %v; want 16 characters", name, err)
	}
	later := bridges.NewButtons(keep, time.Now)
	got, ok, err := later.Button(t.Context(), name)
	if diff := cmp.Diff(snooze, got); !ok || err != nil || diff != "" {
		t.Errorf("after a restart: %v, %v\n%s", ok, err, diff)
	}
	if again, err := later.Name(t.Context(), snooze); again != name || err != nil {
		t.Errorf("the same button is named %q, %v; want %q", again, err, name)
	}
	if _, ok, err := later.Button(t.Context(), "NOSUCHBUTTON0000"); ok || err != nil {
		t.Errorf("a button that never was = %v, %v", ok, err)
	}
}
