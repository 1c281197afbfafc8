package discord_test

import (
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/discord"
	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/router/chat"
)

// TestConformance holds the connector to the promises of every connector: in a direct message, in a channel and in a thread.
func TestConformance(t *testing.T) {
	t.Parallel()
	bridgetest.Run(t, func(t *testing.T) bridgetest.Stage { t.Helper(); return newStage(t, discordsim.Config{}) })
}

var (
	_ bridgetest.Pressing = (*stage)(nil)
	_ bridgetest.Watching = (*stage)(nil)
)

const account = chat.Account("discord/fans")

// stage is a server with Ada, who talks to the bot in a direct message, and a few channels.
type stage struct {
	*discordsim.Sim
	ada, dm, guild, room, forum string
}

func newStage(t *testing.T, cfg discordsim.Config) *stage {
	t.Helper()
	s := &stage{Sim: discordsim.New(cfg)}
	must(t, s.Start("127.0.0.1:0"))
	t.Cleanup(s.Close)
	s.guild = s.AddGuild(discordsim.Guild{Name: "Fans"})
	s.ada = s.AddUser(discordsim.User{Name: "ada", GlobalName: "Ada Lovelace"})
	s.room = s.AddChannel(discordsim.Channel{Guild: s.guild, Name: "lounge", Type: discordsim.ChannelText})
	s.forum = s.AddChannel(discordsim.Channel{Guild: s.guild, Name: "help", Type: discordsim.ChannelForum})
	s.dm = s.DM(s.ada)
	return s
}

func (s *stage) config() discord.Config {
	return discord.Config{Token: bridges.NewSecret(s.Token()), APIURL: s.URL() + "/api"}
}

func (s *stage) Open(t *testing.T, deps bridges.Deps) chat.Connector {
	t.Helper()
	return s.connect(t, s.config(), deps)
}

func (s *stage) connect(t *testing.T, cfg discord.Config, deps bridges.Deps) *discord.Connector {
	t.Helper()
	c, err := discord.New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { chat.Close(c) })
	return c
}

func (s *stage) Talk() chat.Conversation {
	return chat.Conversation{Account: account, ID: chat.ConversationID(s.dm)}
}

func (s *stage) Person() chat.PersonID { return chat.PersonID(s.ada) }

func (s *stage) Say(t *testing.T, text string, files ...bridgetest.File) chat.MessageID {
	t.Helper()
	d := discordsim.Draft{Text: text}
	for _, f := range files {
		d.Files = append(d.Files, discordsim.Upload{Name: f.Name, Type: f.Type, Data: f.Data})
	}
	return s.says(t, s.dm, d)
}

func (s *stage) says(t *testing.T, channel string, d discordsim.Draft) chat.MessageID {
	t.Helper()
	id := s.Sim.Say(s.ada, channel, d)
	if id == "" {
		t.Fatalf("nobody could say %q", d.Text)
	}
	return chat.MessageID(id)
}

func (s *stage) Edit(t *testing.T, m chat.MessageID, text string) bool {
	t.Helper()
	must(t, s.Sim.Edit(s.ada, s.dm, string(m), text))
	return true
}

func (s *stage) Delete(t *testing.T, m chat.MessageID) bool {
	t.Helper()
	must(t, s.Sim.Delete(s.ada, s.dm, string(m)))
	return true
}

func (s *stage) React(t *testing.T, m chat.MessageID, emoji string) bool {
	t.Helper()
	must(t, s.Sim.React(s.ada, s.dm, string(m), emoji))
	return true
}

func (s *stage) Heard(t *testing.T) []bridgetest.Heard {
	t.Helper()
	return s.heard(s.dm)
}

// heard is what the account wrote in a channel, itself or by a webhook.
func (s *stage) heard(channel string) []bridgetest.Heard {
	var heard []bridgetest.Heard
	for _, m := range s.Messages(channel) {
		if m.Author != s.BotUser() && m.Webhook == "" || m.Kind != 0 && m.Kind != 19 {
			continue
		}
		h := bridgetest.Heard{
			ID: chat.MessageID(m.ID), Text: discord.ReadMarkdown(m.Content).Body, Wire: m.Content, Gone: m.Deleted, Pings: m.Pings,
			ReplyTo: chat.MessageID(m.ReplyTo),
		}
		if m.Webhook != "" {
			h.As = m.AuthorName
		}
		for _, a := range m.Attachments {
			h.Files = append(h.Files, bridgetest.File{Name: a.Name, Type: a.Type, Data: a.Data})
		}
		for _, r := range m.Reactions {
			h.Reactions = append(h.Reactions, r.Emoji)
		}
		heard = append(heard, h)
	}
	return heard
}

// Pin has the person pin a message. Who takes a pin off Discord does not say.
func (s *stage) Pin(t *testing.T, m chat.MessageID, on bool) bool {
	t.Helper()
	if on {
		must(t, s.Sim.Pin(s.ada, s.dm, string(m)))
	} else {
		must(t, s.Unpin(s.ada, s.dm, string(m)))
	}
	return on
}

func (s *stage) Pinned(*testing.T) []chat.MessageID {
	var pinned []chat.MessageID
	for _, m := range s.Messages(s.dm) {
		if m.Pinned {
			pinned = append(pinned, chat.MessageID(m.ID))
		}
	}
	return pinned
}

func (s *stage) Room() chat.Conversation {
	return chat.Conversation{Account: account, ID: chat.ConversationID(s.room)}
}

func (s *stage) SayIn(t *testing.T, in chat.Conversation, text string) chat.MessageID {
	t.Helper()
	return s.says(t, inside(in), discordsim.Draft{Text: text})
}

func (s *stage) Self() chat.PersonID { return chat.PersonID(s.BotUser()) }

func (s *stage) Call(t *testing.T, called bool, words string) chat.MessageID {
	t.Helper()
	if called {
		words = "<@" + s.BotUser() + "> " + words
	}
	return s.says(t, s.room, discordsim.Draft{Text: words})
}

func (s *stage) HeardIn(t *testing.T, in chat.Conversation) []bridgetest.Heard {
	t.Helper()
	return s.heard(inside(in))
}

// inside is the channel of a conversation, as Discord names it.
func inside(c chat.Conversation) string {
	if c.Thread != "" {
		return string(c.Thread)
	}
	return string(c.ID)
}

func (s *stage) Vanish(_ *testing.T, c chat.Conversation) { s.DeleteChannel(inside(c)) }

func (s *stage) Expel(*testing.T) { s.RemoveBot(s.guild) }

func (s *stage) Answer(t *testing.T, to chat.MessageID, text string) chat.MessageID {
	t.Helper()
	return s.says(t, s.dm, discordsim.Draft{Text: text, ReplyTo: string(to)})
}

func (s *stage) Buttons(t *testing.T, in chat.Conversation, m chat.MessageID) []string {
	t.Helper()
	shown, _ := s.Message(inside(in), string(m))
	if shown.Embeds != nil && string(shown.Embeds) != "[]" {
		t.Errorf("beside its buttons there is %s", shown.Embeds)
	}
	var labels []string
	for _, b := range buttons(t, shown) {
		labels = append(labels, b.Label)
	}
	return labels
}

// Press returns when the bot has answered, with nothing to be seen.
func (s *stage) Press(t *testing.T, in chat.Conversation, m chat.MessageID, label string) {
	t.Helper()
	shown, _ := s.Message(inside(in), string(m))
	must(t, s.Sim.Press(s.ada, inside(in), string(m), pressable(t, shown, label)))
	ctx, cancel := contextFor(t, soon)
	defer cancel()
	must(t, s.Wait(ctx, func(v *discordsim.View) bool {
		all := v.Interactions()
		return all[len(all)-1].Answered
	}))
	if all := s.Interactions(); all[len(all)-1].Answer != 6 {
		t.Errorf("the press was answered %+v, want a deferred update", all[len(all)-1])
	}
}

func (s *stage) Typings(_ *testing.T, in chat.Conversation) int {
	n := 0
	for _, typing := range s.Sim.Typings() {
		if typing.Channel == inside(in) {
			n++
		}
	}
	return n
}

func (s *stage) Lose(*testing.T) bool {
	s.Sim.Fail("cdn", discordsim.Fault{Status: 404})
	return true
}

func (s *stage) Drop(*testing.T)              { s.DropSockets() }
func (s *stage) Down(_ *testing.T, down bool) { s.RefuseSockets(down) }
func (s *stage) Revoke(*testing.T)            { s.Sim.Revoke() }

func (s *stage) Redeliver(t *testing.T) {
	t.Helper()
	if s.Sim.Redeliver(3) == 0 {
		t.Error("nothing could be delivered again")
	}
}

func (s *stage) Throttle(_ *testing.T, wait time.Duration) { s.post(discordsim.Fault{Throttle: wait}) }

func (s *stage) Fail(_ *testing.T, status int) { s.post(discordsim.Fault{Status: status}) }

func (s *stage) Swallow(*testing.T) { s.post(discordsim.Fault{AcceptThenDrop: true}) }
func (s *stage) Hang(*testing.T)    { s.post(discordsim.Fault{Hang: true}) }

func (s *stage) post(f discordsim.Fault) {
	f.Times = 1
	s.Sim.Fail("POST /channels/{}/messages", f)
}

func (s *stage) Odd(*testing.T) { s.Sim.Odd() }

func (s *stage) Secrets() []string {
	all := []string{s.Token()}
	for _, w := range s.Webhooks() {
		all = append(all, w.Token)
	}
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
