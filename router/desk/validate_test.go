package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
)

func TestValidateReportsEveryFault(t *testing.T) {
	t.Parallel()
	thread := slack
	thread.Thread = "1"
	d := desk.Desk{
		NoteMark: "! ", SendMark: "! x", Hold: 2 * time.Hour, Revive: -1,
		Surfaces: []desk.Surface{
			{At: thread, Reply: "shout", Members: []chat.PersonID{""}},
			{At: thread, Reply: desk.Send},
			{Reply: desk.Send},
		},
	}
	err := d.Validate()
	if err == nil {
		t.Fatal("Validate() = nil")
	}
	for _, want := range []string{
		"a desk needs a name", "is there twice", "not a thread", `reply mode "shout"`, "a member has no ID", "needs a place",
		"no spaces", "begins like the note mark", "hold 2h0m0s", "revive -1ns",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in\n%v", want, err)
		}
	}
	if err := (desk.Desk{Name: "a"}).Validate(); err == nil || !strings.Contains(err.Error(), "needs a surface") {
		t.Errorf("Validate() = %v", err)
	}
}

func TestNewCaseIDIsMadeFromTheEventAlone(t *testing.T) {
	t.Parallel()
	a := desk.NewCaseID("x/acme", "1")
	if a != desk.NewCaseID("x/acme", "1") || a == desk.NewCaseID("x/acme", "2") || a == desk.NewCaseID("x/other", "1") {
		t.Error("case IDs must differ exactly when their events do")
	}
	if len(a) != 16 || strings.Trim(string(a), "abcdefghijklmnopqrstuvwxyz234567") != "" {
		t.Errorf("NewCaseID = %q", a)
	}
}
