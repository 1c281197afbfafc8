package text_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/discord"
	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/router/chat"
)

// onDiscord is a server with a channel.
func onDiscord(t *testing.T) *side {
	t.Helper()
	sim := discordsim.New(discordsim.Config{})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	guild := sim.AddGuild(discordsim.Guild{ID: "1200000000000000001", Name: "Fans"})
	ann := sim.AddUser(discordsim.User{ID: "1200000000000000002", Name: "ann", GlobalName: "Ann"})
	room := sim.AddChannel(discordsim.Channel{ID: "1200000000000000003", Guild: guild, Name: "lounge", Type: discordsim.ChannelText})
	emoji := sim.AddEmoji(guild, "roost", false)
	const account = chat.Account("discord/fans")
	conn, err := discord.New(discord.Config{
		Token: bridges.NewSecret(sim.Token()), APIURL: sim.URL() + "/api",
	}, bridges.Deps{Account: account, Keep: &bridgetest.Keeper{}})
	if err != nil {
		t.Fatal(err)
	}
	return &side{
		name: "discord", to: []chat.Conversation{{Account: account, ID: chat.ConversationID(room)}}, conn: conn, madeUp: emoji,
		say: func(t *testing.T, typed string) chat.MessageID {
			t.Helper()
			// Nobody can say more than 2,000 characters at once.
			if len(typed) > 2000 {
				typed = strings.TrimSpace(typed[:2000])
			}
			typed = strings.NewReplacer("{person}", ann, "{emoji}", emoji).Replace(typed)
			return chat.MessageID(sim.Say(ann, room, discordsim.Draft{Text: typed}))
		},
		held: func(t *testing.T, at chat.Ref) (message, bool) {
			t.Helper()
			m, ok := sim.Message(room, string(at.Message))
			return message{wire: m.Content, reads: readOnDiscord(m.Content), pings: m.Pings}, ok
		},
	}
}

var (
	discordEscape = regexp.MustCompile(`\\([[:punct:]])`)
	discordEmoji  = regexp.MustCompile(`<a?(:[A-Za-z0-9_]+:)[0-9]+>`)
)

// readOnDiscord is what a person reads of some markdown, with the marks that are not escaped left in.
func readOnDiscord(s string) string {
	return discordEscape.ReplaceAllString(discordEmoji.ReplaceAllString(s, "$1"), "$1")
}
