package text_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/telegram"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
)

// onTelegram is a group in which the bot hears everything.
func onTelegram(t *testing.T) *side {
	t.Helper()
	sim := telegramsim.New(telegramsim.Config{Privacy: new(bool)})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	ann := sim.AddUser(telegramsim.User{ID: 4001, First: "Ann", Username: "ann"})
	const account = chat.Account("telegram/bot")
	var groups []int64
	var to []chat.Conversation
	for i := range 20 {
		id := sim.AddGroup(telegramsim.Group{
			ID: -1001234567000 - int64(i), Title: "Lounge", Type: telegramsim.Supergroup, Members: []int64{ann}, BotAdmin: true,
		})
		groups = append(groups, id)
		to = append(to, chat.Conversation{Account: account, ID: chat.ConversationID(strconv.FormatInt(id, 10))})
	}
	conn, err := telegram.New(telegram.Config{Token: bridges.NewSecret(sim.Token()), APIURL: sim.URL()}, bridges.Deps{Account: account, Keep: &bridgetest.Keeper{}})
	if err != nil {
		t.Fatal(err)
	}
	return &side{
		name: "telegram", to: to, conn: conn,
		say: func(t *testing.T, typed string) chat.MessageID {
			t.Helper()
			typed = strings.ReplaceAll(typed, "{person}", strconv.FormatInt(ann, 10))
			// Nobody can say more than 4,096 characters at once.
			if len(typed) > 4000 {
				typed = strings.TrimSpace(typed[:4000])
			}
			id := sim.Say(ann, groups[0], telegramsim.Draft{Text: typed, HTML: strings.Contains(typed, "</")})
			if id == 0 {
				t.Fatalf("telegram: nobody could say %.60q", typed)
			}
			return chat.MessageID(strconv.Itoa(id))
		},
		held: func(t *testing.T, at chat.Ref) (message, bool) {
			t.Helper()
			group, err := strconv.ParseInt(string(at.Conversation.ID), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			n, err := strconv.Atoi(string(at.Message))
			if err != nil {
				t.Fatal(err)
			}
			m, ok := sim.Message(group, n)
			return heldByTelegram(m), ok
		},
	}
}

func heldByTelegram(m telegramsim.Message) message {
	held := message{wire: m.Text, reads: m.Text}
	for _, e := range m.Entities {
		held.wire += fmt.Sprintf("\n%s: %d+%d %s%s", e.Type, e.Offset, e.Length, e.URL, e.Language)
	}
	for _, id := range m.Pings {
		held.pings = append(held.pings, fmt.Sprint(id))
	}
	return held
}
