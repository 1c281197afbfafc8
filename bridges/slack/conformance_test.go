package slack_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
)

// TestConformance holds the connector to the promises of every connector, with each way in.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) bridgetest.Stage{
		"sockets": func(t *testing.T) bridgetest.Stage { t.Helper(); return newStage(t, slacksim.Config{}) },
		"http":    func(t *testing.T) bridgetest.Stage { t.Helper(); return newHookStage(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bridgetest.Run(t, open)
		})
	}
}

const account = chat.Account("slack/team")

// stage is a workspace with Ada, who talks to the bot in a direct conversation, and one channel.
type stage struct {
	*slacksim.Sim
	ada, im, room string
}

// newStage starts a workspace that keeps no events for those who don't listen, as Slack keeps none.
func newStage(t *testing.T, cfg slacksim.Config) *stage {
	t.Helper()
	if cfg.Timing.Window == 0 {
		cfg.Timing.Window = -1
	}
	s := &stage{Sim: slacksim.New(cfg)}
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.ada = s.AddUser(slacksim.User{Name: "ada", RealName: "Ada Lovelace"})
	s.im = s.AddChannel(slacksim.Channel{IM: true, Members: []string{s.ada}})
	s.room = s.AddChannel(slacksim.Channel{Name: "lounge", Members: []string{s.ada}})
	return s
}

func (s *stage) config() slack.Config {
	return slack.Config{
		BotToken: bridges.NewSecret(s.BotToken()), AppToken: bridges.NewSecret(s.AppToken()), APIURL: s.URL() + "/api/",
	}
}

func (s *stage) Open(t *testing.T, deps bridges.Deps) chat.Connector {
	t.Helper()
	return s.connect(t, s.config(), deps)
}

func (s *stage) connect(t *testing.T, cfg slack.Config, deps bridges.Deps) *slack.Connector {
	t.Helper()
	c, err := slack.New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { chat.Close(c) })
	return c
}

func (s *stage) Account() chat.Account { return account }

func (s *stage) Talk() chat.Conversation {
	return chat.Conversation{Account: account, ID: chat.ConversationID(s.im)}
}

func (s *stage) Person() chat.PersonID { return chat.PersonID(s.ada) }

func (s *stage) Say(t *testing.T, text string, files ...bridgetest.File) chat.MessageID {
	t.Helper()
	d := slacksim.Draft{Text: text}
	for _, f := range files {
		d.Files = append(d.Files, slacksim.Upload{Name: f.Name, Type: f.Type, Data: f.Data})
	}
	return s.says(t, s.im, d)
}

func (s *stage) says(t *testing.T, channel string, d slacksim.Draft) chat.MessageID {
	t.Helper()
	ts := s.Sim.Say(s.ada, channel, d)
	if ts == "" {
		t.Fatalf("nobody could say %q", d.Text)
	}
	return chat.MessageID(ts)
}

func (s *stage) Edit(t *testing.T, m chat.MessageID, text string) bool {
	t.Helper()
	must(t, s.Sim.Edit(s.ada, s.im, string(m), text))
	return true
}

func (s *stage) Delete(t *testing.T, m chat.MessageID) bool {
	t.Helper()
	must(t, s.Sim.Delete(s.ada, s.im, string(m)))
	return true
}

func (s *stage) React(t *testing.T, m chat.MessageID, emoji string) bool {
	t.Helper()
	names := map[string]string{"👍": "+1", "❤️": "heart"}
	must(t, s.Sim.React(s.ada, s.im, string(m), names[emoji]))
	return true
}

func (s *stage) Heard(t *testing.T) []bridgetest.Heard {
	t.Helper()
	return s.heardIn(t, s.im, func(slacksim.Message) bool { return true })
}

func (s *stage) heardIn(t *testing.T, channel string, which func(slacksim.Message) bool) []bridgetest.Heard {
	t.Helper()
	var heard []bridgetest.Heard
	for _, m := range s.Messages(channel) {
		if (m.BotID != s.BotID() && m.User != s.BotUser()) || !which(m) {
			continue
		}
		h := bridgetest.Heard{
			ID: chat.MessageID(m.TS), Text: readable(t, m), Wire: m.Text + string(m.Blocks), As: m.Username, Gone: m.Deleted, Pings: pings(m),
		}
		for _, f := range m.Files {
			b, _ := s.FileBytes(f.ID)
			h.Files = append(h.Files, bridgetest.File{Name: f.Name, Type: f.Type, Data: b})
		}
		for _, r := range m.Reactions {
			h.Reactions = append(h.Reactions, map[string]string{"+1": "👍", "heart": "❤️"}[r.Name])
		}
		heard = append(heard, h)
	}
	return heard
}

// readable is what a person reads in a message: what its blocks say, or its text without escapes.
func readable(t *testing.T, m slacksim.Message) string {
	t.Helper()
	if len(m.Blocks) == 0 || string(m.Blocks) == "null" {
		return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(m.Text)
	}
	type node struct {
		Type     string
		Text     json.RawMessage
		URL      string
		Elements []json.RawMessage
	}
	var words func(raw json.RawMessage) string
	words = func(raw json.RawMessage) string {
		var n node
		if err := json.Unmarshal(raw, &n); err != nil {
			return ""
		}
		if n.Type == "actions" {
			return ""
		}
		var said string
		if json.Unmarshal(n.Text, &said) != nil { // it has a type, too
			said = words(n.Text)
		}
		if said == "" {
			said = n.URL
		}
		for _, e := range n.Elements {
			said += words(e)
		}
		return said
	}
	var blocks []json.RawMessage
	must(t, json.Unmarshal(m.Blocks, &blocks))
	var said []string
	for _, b := range blocks {
		if w := words(b); w != "" {
			said = append(said, w)
		}
	}
	return strings.Join(said, "\n")
}

var calls = regexp.MustCompile(`<[@!][^>]*>|"type":"(?:user|broadcast|usergroup)"`)

// pings lists what in a message notifies somebody.
func pings(m slacksim.Message) []string { return calls.FindAllString(m.Text+string(m.Blocks), -1) }

func (s *stage) Drop(*testing.T)              { s.DropSockets() }
func (s *stage) Down(_ *testing.T, down bool) { s.RefuseSockets(down) }
func (s *stage) Revoke(*testing.T)            { s.Sim.Revoke() }
func (s *stage) Redeliver(t *testing.T) {
	t.Helper()
	if s.Sim.Redeliver(3) == 0 {
		t.Error("nothing could be delivered again")
	}
}

func (s *stage) Throttle(_ *testing.T, wait time.Duration) { s.post(slacksim.Fault{Throttle: wait}) }

func (s *stage) Fail(_ *testing.T, status int) { s.post(slacksim.Fault{Status: status}) }

func (s *stage) Swallow(*testing.T) { s.post(slacksim.Fault{AcceptThenDrop: true}) }
func (s *stage) Hang(*testing.T)    { s.post(slacksim.Fault{Hang: true}) }

func (s *stage) post(f slacksim.Fault) {
	f.Times = 1
	s.Sim.Fail("chat.postMessage", f)
}

func (s *stage) Odd(t *testing.T) {
	t.Helper()
	must(t, s.Slash(s.ada, s.im, "/unheard", "of"))
}

func (s *stage) Secrets() []string { return []string{s.BotToken(), s.AppToken(), s.SigningSecret()} }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
