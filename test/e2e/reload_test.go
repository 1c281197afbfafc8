package e2e_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// TestReload changes the configuration of a Roost that runs.
func TestReload(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	d := s.start(t)
	s.asks(t, "one")
	s.connected(t)

	second := s.slack.AddChannel(slacksim.Channel{Name: "second", Members: []string{s.dana}})
	other := s.x.AddUser(xsim.User{Name: "Other Tea", Username: "othertea"}).ID
	brand := s.tokens
	s.tokens = s.x.Tokens(other)
	added := s.xAccount("receive: stream")
	s.tokens = brand
	both := s.accounts(s.xAccount(""), s.slackAccount("")) + "  x/other:" + added
	desks := s.desk() + fmt.Sprintf("  second: {desk: {from: [x/other], on: [\"slack/team#%s\"], hold: 0s}}\n", second)

	sockets := len(s.slack.Calls("apps.connections.open"))
	s.configure(t, both, desks)
	d.signal(t, syscall.SIGHUP)
	d.says(t, "accounts_added=[x/other] routes_added=[second]")
	s.x.Say(s.alice, other, xsim.Draft{Text: "two"})
	in := func(channel, text string) {
		t.Helper()
		s.inSlack(t, text, func(v *slacksim.View) bool {
			for _, m := range v.Messages(channel) {
				if m.BotID != "" && m.Thread != m.TS && m.Text == text {
					return true
				}
			}
			return false
		})
	}
	in(second, "two")

	// The route leads elsewhere from now on.
	s.configure(t, both, strings.NewReplacer(second, s.channel, s.channel, second).Replace(desks))
	d.signal(t, syscall.SIGHUP)
	d.says(t, `routes_changed="[second support]"`)
	bruno := s.x.AddUser(xsim.User{Name: "Bruno", Username: "bruno"}).ID
	s.x.Say(bruno, other, xsim.Draft{Text: "three"})
	in(s.channel, "three")

	// A file with faults changes nothing.
	s.configure(t, both, desks, "webb: {listen: x}", "log: {levle: info}")
	d.signal(t, syscall.SIGHUP)
	d.says(t, "configuration not changed")
	d.says(t, "did you mean web?")
	d.says(t, "did you mean level?")
	s.x.Say(bruno, other, xsim.Draft{Text: "four"})
	in(s.channel, "four")

	// An account goes; the others run on without a new connection.
	s.configure(t, s.accounts(s.xAccount(""), s.slackAccount("")), s.desk(), "delivery: {tries: 3}")
	d.signal(t, syscall.SIGHUP)
	d.says(t, "accounts_removed=[x/other]")
	d.says(t, "a restart is needed for the rest")
	s.onX(t, "end of the other account's stream", func(v *xsim.View) bool { return v.Streams() <= 1 })
	s.asks(t, "five")
	if n := len(s.slack.Calls("apps.connections.open")); n != sockets {
		t.Errorf("slack/team connected %d times more, and its settings did not change", n-sockets)
	}
	if code, body := d.get(t, "/healthz"); code != 200 || strings.Contains(body, "x/other") {
		t.Errorf("healthz = %d %s, want 200 without x/other", code, body)
	}
	d.stop(t)
}
