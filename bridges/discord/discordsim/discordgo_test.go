package discordsim_test

import (
	"strings"
	"testing"

	"github.com/bwmarrin/discordgo"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

// heard listens to one kind of event.
func heard[T any](s *discordgo.Session) <-chan T {
	out := make(chan T, 100)
	s.AddHandler(func(_ *discordgo.Session, ev T) { out <- ev })
	return out
}

func TestDiscordgoTalksInADirectMessage(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := w.bot(t)
	s.AddHandler(func(s *discordgo.Session, m *discordgo.MessageCreate) {
		if m.Author.ID != w.BotUser() {
			_, _ = s.ChannelMessageSendReply(m.ChannelID, "heard: "+m.Content, m.Reference())
		}
	})
	edits, deletes, reactions := heard[*discordgo.MessageUpdate](s), heard[*discordgo.MessageDelete](s), heard[*discordgo.MessageReactionAdd](s)
	w.open(t, s)
	dm := w.DM(ada)
	id := w.Say(ada, dm, discordsim.Draft{Text: "hello"})
	w.until(t, "the answer", func(v *discordsim.View) bool {
		all := v.Messages(dm)
		return len(all) == 2 && all[1].Content == "heard: hello" && all[1].ReplyTo == id && all[1].Author == w.BotUser()
	})
	if err := w.Edit(ada, dm, id, "hello!"); err != nil {
		t.Fatal(err)
	}
	if ev := next(t, edits); ev.Content != "hello!" || ev.EditedTimestamp == nil || ev.GuildID != "" {
		t.Errorf("edit = %+v", ev.Message)
	}
	if err := w.React(ada, dm, id, "👍"); err != nil {
		t.Fatal(err)
	}
	if ev := next(t, reactions); ev.Emoji.Name != "👍" || ev.UserID != ada || ev.MessageID != id {
		t.Errorf("reaction = %+v", ev.MessageReaction)
	}
	if err := w.Delete(ada, dm, id); err != nil {
		t.Fatal(err)
	}
	if ev := next(t, deletes); ev.ID != id || ev.ChannelID != dm {
		t.Errorf("delete = %+v", ev.Message)
	}
	channel := must(s.UserChannelCreate(ada))(t)
	if channel.ID != dm || channel.Type != discordgo.ChannelTypeDM {
		t.Errorf("UserChannelCreate = %+v, want %s", channel, dm)
	}
	own := w.Messages(dm)[1].ID
	must(s.ChannelMessageEdit(dm, own, "changed"))(t)
	if err := s.MessageReactionAdd(dm, own, "🎉"); err != nil {
		t.Error(err)
	}
	if m, _ := w.Message(dm, own); m.Content != "changed" || !m.Edited || len(m.Reactions) != 1 || m.Reactions[0].Users[0] != w.BotUser() {
		t.Errorf("own message = %+v", m)
	}
	if err := s.ChannelMessageDelete(dm, own); err != nil {
		t.Error(err)
	}
	if left := must(s.ChannelMessages(dm, 10, "", "", ""))(t); len(left) != 0 {
		t.Errorf("%d messages left, want none", len(left))
	}
}

func TestDiscordgoReadsAGuild(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := w.bot(t)
	guilds := heard[*discordgo.GuildCreate](s)
	messages := heard[*discordgo.MessageCreate](s)
	w.open(t, s)
	g := next(t, guilds)
	if g.Name != "Home" || len(g.Channels) != 3 || len(g.Roles) != 2 || g.MemberCount != 3 {
		t.Errorf("guild = %q, %d channels, %d roles, %d members", g.Name, len(g.Channels), len(g.Roles), g.MemberCount)
	}
	long := strings.Repeat("x", 1500)
	w.Say(ada, general, discordsim.Draft{Text: long + " <@" + bob + ">", Files: []discordsim.Upload{{Name: "a b.txt", Data: []byte("abc"), Spoiler: true, Alt: "alt"}}})
	m := next(t, messages)
	if !strings.HasPrefix(m.Content, long) || m.GuildID != home || m.Member == nil || len(m.Mentions) != 1 || m.Mentions[0].ID != bob {
		t.Errorf("message = %+v", m.Message)
	}
	if len(m.Attachments) != 1 || m.Attachments[0].Filename != "SPOILER_a_b.txt" || m.Attachments[0].Size != 3 {
		t.Errorf("attachments = %+v", m.Attachments)
	}
	if link := m.Attachments[0].URL; !strings.HasPrefix(link, w.URL()+"/attachments/"+general+"/") {
		t.Errorf("address = %s", link)
	}
}

// TestDiscordgoIdentifiesAgain ends its session: it starts another on the same socket and hears on.
func TestDiscordgoIdentifiesAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := w.bot(t)
	messages := heard[*discordgo.MessageCreate](s)
	w.open(t, s)
	w.until(t, "the session", func(v *discordsim.View) bool { return v.Sessions() == 1 })
	w.InvalidSession(false)
	w.until(t, "the second session", func(v *discordsim.View) bool { return v.Identified() == 2 })
	w.Say(ada, general, discordsim.Draft{Text: "back?"})
	if m := next(t, messages); m.Content != "back?" || w.Sockets() != 1 {
		t.Errorf("heard %q on one of %d sockets", m.Content, w.Sockets())
	}
}
