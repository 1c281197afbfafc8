package crash_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/test/binary"
	"github.com/roost-im/roost/test/lifetest"
	"github.com/roost-im/roost/test/town"
)

// program is the path of the built command.
var program string

func TestMain(m *testing.M) {
	os.Exit(binary.With(func(path string) int { program = path; return m.Run() }))
}

// stage is the four platforms, who is where on them, and the files of one Roost.
type stage struct {
	*town.Town

	legs     []town.Spot // of the mirror
	surfaces []town.Spot // of the desk
	dir      string
	log      *os.File
	guests   int
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{dir: lifetest.Folder(t)}
	var err error
	if s.Town, err = town.New(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.settle()
	s.configure(t)
	s.log = lifetest.Log(t, s.dir)
	return s
}

// settle lets the people in: one in each leg of the mirror, one on each surface of the desk.
func (s *stage) settle() {
	xena := s.X.AddUser(xsim.User{Name: "Xena", Username: "xena"}).ID
	sam := s.Slack.AddUser(slacksim.User{Name: "sam", RealName: "Sam"})
	dora := s.Discord.AddUser(discordsim.User{Name: "dora", GlobalName: "Dora"})
	tess := s.Telegram.AddUser(telegramsim.User{First: "Tess"})
	group := func(g telegramsim.Group) int64 {
		g.Members, g.Admins, g.BotAdmin = []int64{tess}, []int64{tess}, true
		return s.Telegram.AddGroup(g)
	}
	s.legs = []town.Spot{
		town.OnX{Sim: s.X, User: xena, Brand: s.Brand, Group: s.X.NewGroup(xena, s.Brand, s.X.AddUser(xsim.User{Name: "Yan", Username: "yan"}).ID)},
		town.InSlack{Sim: s.Slack, User: sam, Channel: s.Slack.AddChannel(slacksim.Channel{Name: "lounge", Members: []string{sam}})},
		town.OnDiscord{Sim: s.Discord, User: dora, Channel: s.Discord.AddChannel(discordsim.Channel{Guild: s.Guild, Name: "lounge"})},
		town.OnTelegram{Sim: s.Telegram, User: tess, Chat: group(telegramsim.Group{Title: "Lounge", Type: telegramsim.Supergroup})},
	}
	s.surfaces = []town.Spot{
		town.InSlack{Sim: s.Slack, User: sam, Channel: s.Slack.AddChannel(slacksim.Channel{Name: "support", Members: []string{sam}})},
		town.OnDiscord{Sim: s.Discord, User: dora, Channel: s.Discord.AddChannel(discordsim.Channel{Guild: s.Guild, Name: "support", Type: discordsim.ChannelForum})},
		town.OnTelegram{Sim: s.Telegram, User: tess, Chat: group(telegramsim.Group{Title: "Support", Forum: true})},
	}
}

// guest is another person who writes to the account on X, Discord or Telegram, the three in turn.
func (s *stage) guest() town.Spot {
	n := s.guests
	s.guests++
	name := fmt.Sprintf("guest%d", n)
	switch n % 3 {
	case 0:
		return town.OnX{Sim: s.X, User: s.X.AddUser(xsim.User{Name: name, Username: name}).ID, Brand: s.Brand}
	case 1:
		user := s.Discord.AddUser(discordsim.User{Name: name})
		return town.OnDiscord{Sim: s.Discord, User: user, Channel: s.Discord.DM(user)}
	}
	user := s.Telegram.AddUser(telegramsim.User{First: name})
	return town.OnTelegram{Sim: s.Telegram, User: user, Chat: s.Telegram.Private(user)}
}

// names lists places as routes name them.
func names(places []town.Spot) string {
	all := make([]string, 0, len(places))
	for _, p := range places {
		all = append(all, strconv.Quote(p.Name()))
	}
	return strings.Join(all, ", ")
}

// configure writes the configuration: one mirror of all legs, one desk on all surfaces.
func (s *stage) configure(t *testing.T) {
	t.Helper()
	extra := map[string]string{town.Telegram: "uncertain: hold\ngroup_minute: 100000", town.X: "poll_every: 1s"} // X tells nothing of groups by itself
	if !*hooks {
		extra[town.Discord] = "webhooks: off"
	}
	text := s.Accounts(extra) + fmt.Sprintf(`routes:
  lounge: {mirror: [%s]}
  support: {desk: {from: [%s, %s, %s], on: [%s], reply: send, hold: 0s}}
web: {listen: "127.0.0.1:0"}
log: {level: error}
`, names(s.legs), town.X, town.Discord, town.Telegram, names(s.surfaces))
	if err := os.WriteFile(s.config(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *stage) config() string { return filepath.Join(s.dir, "roost.yaml") }

// start begins a life.
func (s *stage) start(t *testing.T) *lifetest.Life {
	t.Helper()
	return lifetest.Begin(t, program, s.config(), s.log)
}

// ledger is what "roost deliveries" says: how many wait, and what will not be tried again by itself.
type ledger struct {
	Count      map[string]int
	Deliveries []struct{ State, Action, To, Reason, Text string }
}

func (s *stage) ledger(t *testing.T) ledger {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out []byte
	for {
		cmd := exec.CommandContext(ctx, program, "deliveries", "--json", "--dead", "--limit", "100000", "-c", s.config())
		var errs strings.Builder
		cmd.Stderr = &errs
		var err error
		if out, err = cmd.Output(); err == nil {
			break
		}
		if ctx.Err() != nil || !strings.Contains(errs.String(), "is starting, ending") { // it listens a little before it answers
			t.Fatalf("roost deliveries: %v %s", err, errs.String())
		}
		sleep(ctx, 100*time.Millisecond)
	}
	var l ledger
	if err := json.Unmarshal(out, &l); err != nil {
		t.Fatal(err)
	}
	return l
}

// state is how the delivery of a message to a place ended, if not as sent: held, rejected or dead.
func (l ledger) state(at, token string) string {
	for _, d := range l.Deliveries {
		here := d.To == at || strings.HasPrefix(d.To, at+"/") // in a thread
		if here && d.Action == "post" && (town.Line{Text: d.Text}).Token() == token {
			return d.State
		}
	}
	return ""
}
