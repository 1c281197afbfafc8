package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/x/xsim"
)

// TestALiveChatBecomesATest records an order from life, and plays it.
func TestALiveChatBecomesATest(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.configure(t, s.accounts(s.xAccount(""), s.slackAccount("")), s.desk(), s.bot(t, orderScript))
	d := s.start(t)
	s.connected(t)
	say := func(words, answer string) {
		s.x.Say(s.alice, s.brand, xsim.Draft{Text: words})
		s.arrived(t, answer)
	}
	say("/order", "Which size?\n1. S\n2. M\n3. L")
	say("XXL", "Please answer with one of: S, M, L")
	say("2", "Name on the shirt?")
	say("Zoë\nof York", "Ordered M for Zoë\nof York.")
	conversation := "x/acme#" + s.alice
	live := s.roost(t, "record", conversation)
	d.stop(t)
	stored := s.roost(t, "record", conversation, "--bot", "shop")
	if live.code != 0 || live != stored {
		t.Fatalf("recorded from the running one %+v, from its files %+v", live, stored)
	}
	chat := stored.out
	for _, want := range []string{
		"@on x\n@at ", "@desk support\n",
		"alice: /order\nbot: Which size?\n  1. S\n  2. M\n  3. L\nalice: XXL\nbot: Please answer with one of: S, M, L\n",
		"alice: 2\nbot: Name on the shirt?\nalice: Zoë\n  of York\nbot: Ordered M for Zoë\n  of York.\n",
	} {
		if !strings.Contains(chat, want) {
			t.Errorf("recorded\n%s\nwithout\n%s", chat, want)
		}
	}
	if strings.Contains(chat, s.alice) {
		t.Errorf("the ID %s is in\n%s", s.alice, chat)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "shop-life.chat"), []byte(chat), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := s.roost(t, "test", filepath.Join(s.dir, "shop-life.chat")); got.code != 0 {
		t.Errorf("it does not pass:\n%s%s", got.out, got.err)
	}
	if got := s.roost(t, "record", "x/acme#1"); got.code != 3 || !strings.Contains(got.err, "no bot was told of anything in x/acme#1") {
		t.Errorf("recording a conversation that is none gives %+v", got)
	}
}
