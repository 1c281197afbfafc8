package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

const orderScript = `
def order():
    size = ask("Which size?", choices = ["S", "M", "L"])
    name = ask("Name on the shirt?")
    say("Ordered %s for %s." % (size, name))
command("order", order, help = "order a shirt")

def person():
    hand_off("wants to talk")
    return "Somebody will be with you."
command("person", person)

def deploy(body):
    say("Deployed " + body, to = config["ops"])
on("hook", "deploy", deploy)
`

// bot writes a bot's file and gives the part of the configuration that has it.
func (s *stage) bot(t *testing.T, script string) string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "shop.star"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("bots:\n  shop: {script: shop.star, in: [support], hook_token: open-sesame, may: [\"send:slack/team#%[1]s\"], config: {ops: \"slack/team#%[1]s\"}}\n", s.channel)
}

// TestADialogSurvivesAKill orders something on X from a bot at a desk. Roost is killed between the question and the answer.
func TestADialogSurvivesAKill(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.configure(t, s.accounts(s.xAccount(""), s.slackAccount("")), s.desk(), s.bot(t, orderScript))
	d := s.start(t)
	s.connected(t)
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: "/order"})
	s.arrived(t, "Which size?\n1. S\n2. M\n3. L")
	thread := s.thread(t, "/order").Thread
	d.signal(t, syscall.SIGKILL)
	d.ends(t, patience)

	d = s.start(t)
	s.connected(t)
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: "2"})
	s.arrived(t, "Name on the shirt?")
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: "Alice"})
	s.arrived(t, "Ordered M for Alice.")
	s.thread(t, "Ordered M for Alice.")
	s.onX(t, "each question once", func(v *xsim.View) bool {
		return s.countOnX(v, "Which size?\n1. S\n2. M\n3. L") == 1 && s.countOnX(v, "Name on the shirt?") == 1
	})

	// People take over, and the bot keeps quiet until they give the case back.
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: "/person"})
	s.arrived(t, "Somebody will be with you.")
	s.thread(t, "_🙋 shop hands this over to you: wants to talk_")
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: "/order please"})
	s.thread(t, "/order please")
	s.answers(thread, "I am Dana")
	s.arrived(t, "I am Dana")
	s.onX(t, "the bot quiet", func(v *xsim.View) bool {
		return s.countOnX(v, "Which size?\n1. S\n2. M\n3. L") == 1
	})
	d.stop(t)
}

// TestABotIsLoadedAnewWhenItIsSaved changes a bot's file: a bad version never replaces a good one.
func TestABotIsLoadedAnewWhenItIsSaved(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.configure(t, s.accounts(s.xAccount(""), s.slackAccount("")), s.desk(), s.bot(t, orderScript))
	d := s.start(t)
	s.connected(t)
	s.bot(t, orderScript+"\nthis is no script\n")
	d.says(t, "bot not loaded anew")
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: "/order"})
	s.arrived(t, "Which size?\n1. S\n2. M\n3. L")
	s.bot(t, strings.ReplaceAll(orderScript, "Which size?", "What size, please?"))
	d.says(t, "bot loaded anew")
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: "/order"})
	s.arrived(t, "What size, please?\n1. S\n2. M\n3. L")
	d.stop(t)
}

// TestAWebhookCallsABot posts to a bot's webhook.
func TestAWebhookCallsABot(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.configure(t, s.accounts(s.xAccount(""), s.slackAccount("")), s.desk(), s.bot(t, orderScript))
	d := s.start(t)
	s.connected(t)
	if code, body := d.post(t, "/hooks/bot/shop/deploy", "", "v1"); code != 401 {
		t.Errorf("without a token: %d %q, want 401", code, body)
	}
	for range 2 { // the same call twice is one
		if code, body := d.post(t, "/hooks/bot/shop/deploy", "open-sesame", "v1"); code != 202 {
			t.Errorf("with the token: %d %q, want 202", code, body)
		}
	}
	s.inSlack(t, "deployed once", func(v *slacksim.View) bool {
		n := 0
		for _, m := range v.Messages(s.channel) {
			if strings.TrimSpace(m.Text) == "Deployed v1" {
				n++
			}
		}
		return n == 1
	})
	d.stop(t)
}
