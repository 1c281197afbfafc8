package crash_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/test/lifetest"
	"github.com/roost-im/roost/test/town"
)

const sealedContacts = 3

// sealed is a stage on which people on X have telephones: each writes to the account's desk, and all to a group that is
// mirrored in Discord and Slack.
type sealed struct {
	*stage

	trap   trap
	dice   func(n int) int
	crowd  *crowd
	phones []*xsim.Phone // of the contacts, in their order
	group  string
	loose  bool // what is said in the group now may come late

	habits []string        // of X
	on     map[string]bool // what X does on a bad day, and does now
	ends   map[string]int  // where Roost was killed
	done   map[string]int  // what happened
}

// newSealed makes a stage, with the habits of X and its people that the dice fall on.
func newSealed(t *testing.T, dice func(n int) int) *sealed {
	t.Helper()
	s := &sealed{
		stage: &stage{dir: lifetest.Folder(t)}, dice: dice, crowd: &crowd{},
		on: map[string]bool{}, ends: map[string]int{}, done: map[string]int{},
	}
	var err error
	if s.Town, err = town.Behind(s.trap.round); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	t.Cleanup(s.trap.clear)
	s.log = lifetest.Log(t, s.dir)
	s.accustom()
	s.settle()
	s.configure(t)
	s.keys(t)
	s.gather(t)
	s.configure(t)
	return s
}

// accustom gives X habits of which its documents tell nothing.
func (s *sealed) accustom() {
	s.X.FoldRepeats(false) // a post that is repeated makes a second message
	for _, h := range []struct {
		name string
		set  func(bool)
	}{
		{"key changes among the events", s.X.KeysInline},
		{"own item ids", s.X.OwnItemIDs},
		{"ids with colons", s.X.ColonIDs},
		{"every event with its key", s.X.TellKeysAlways},
		{"edited messages listed", s.X.KeepEdited},
	} {
		if s.dice(2) == 0 {
			h.set(true)
			s.habits = append(s.habits, h.name)
		}
	}
}

// settle lets people in on the surfaces and in the mirror.
func (s *sealed) settle() {
	sam := s.Slack.AddUser(slacksim.User{Name: "sam", RealName: "Sam"})
	dora := s.Discord.AddUser(discordsim.User{Name: "dora", GlobalName: "Dora"})
	slack := func(name string) town.Spot {
		return town.InSlack{Sim: s.Slack, User: sam, Channel: s.Slack.AddChannel(slacksim.Channel{Name: name, Members: []string{sam}})}
	}
	discord := func(name string, kind discordsim.ChannelType) town.Spot {
		return town.OnDiscord{Sim: s.Discord, User: dora, Channel: s.Discord.AddChannel(discordsim.Channel{Guild: s.Guild, Name: name, Type: kind})}
	}
	s.surfaces = []town.Spot{slack("support"), discord("support", discordsim.ChannelForum)}
	s.legs = []town.Spot{discord("lounge", 0), slack("lounge")}
}

// keys gets the account its keys for encrypted chats, as an operator does.
func (s *sealed) keys(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "login", town.X, "--chat", "-c", s.config()).CombinedOutput()
	if err != nil {
		t.Fatalf("roost login --chat: %v %s", err, out)
	}
}

// gather gives people telephones, and makes the group.
func (s *sealed) gather(t *testing.T) {
	t.Helper()
	members := []string{s.Brand}
	for i := range sealedContacts {
		name := fmt.Sprintf("c%d", i)
		p := s.X.Phone(s.X.AddUser(xsim.User{Name: name, Username: name}).ID)
		s.phones, members = append(s.phones, p), append(members, p.User())
		s.crowd.talks = append(s.crowd.talks, &talk{
			name: name, contact: town.InChat{Sim: s.X, Phone: p, Brand: s.Brand}, home: s.surfaces[i%len(s.surfaces)],
		})
	}
	var err error
	if s.group, err = s.phones[0].Group("Lounge", members...); err != nil {
		t.Fatal(err)
	}
	group := func(p *xsim.Phone) town.Spot {
		return town.InChat{Sim: s.X, Phone: p, Brand: s.Brand, Group: s.group}
	}
	s.legs = append([]town.Spot{group(s.phones[0])}, s.legs...)
	for i, at := range []town.Spot{group(s.phones[0]), group(s.phones[1]), s.legs[1], s.legs[2]} {
		s.crowd.talkers = append(s.crowd.talkers, &talker{at: at, name: string(rune('p' + i))})
	}
}

// phoneOf is a contact's telephone.
func (s *sealed) phoneOf(k *talk) *xsim.Phone {
	p, _ := k.contact.(town.InChat)
	return p.Phone
}

// configure writes the configuration.
func (s *sealed) configure(t *testing.T) {
	t.Helper()
	text := s.Accounts(map[string]string{town.X: "poll_every: 300ms\npage: 100", town.Discord: "webhooks: off"}) + fmt.Sprintf(`routes:
  lounge: {mirror: [%s]}
  support: {desk: {from: [%s], on: [%s], reply: send, hold: 0s}}
delivery: {tries: 1000, longest: 1s}
web: {listen: "127.0.0.1:0"}
log: {level: error}
`, names(s.legs), town.X, names(s.surfaces))
	if err := os.WriteFile(s.config(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// opens returns when Roost receives everywhere and each contact's case is open on every surface.
func (s *sealed) opens(ctx context.Context, t *testing.T) {
	t.Helper()
	if err := s.Listening(ctx); err != nil {
		t.Fatalf("Roost does not listen: %v", err)
	}
	for _, from := range s.legs {
		to := s.legs[0]
		if from.Name() == to.Name() {
			to = s.legs[1]
		}
		s.hears(ctx, t, from, to)
	}
	for _, k := range s.crowd.talks {
		k.ask()
		for _, at := range s.surfaces {
			for threadOf(at, k.asked[0]) == "" {
				s.ticks(ctx, t, 1)
			}
		}
	}
}

// hears has a word said in one leg, again and again, until it stands in another one.
func (s *sealed) hears(ctx context.Context, t *testing.T, from, to town.Spot) {
	t.Helper()
	hello := "hello" + from.Name()
	for {
		from.Say(town.Draft{Text: hello})
		for range 10 {
			for _, l := range to.Lines() {
				if l.Ours && l.Token() == hello {
					return
				}
			}
			s.ticks(ctx, t, 1)
		}
	}
}
