package text_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
)

const (
	slackAnn  = "U0ANN000001"
	slackRoom = "C0LOUNGE001"
)

// onSlack is a workspace with a channel.
func onSlack(t *testing.T) *side {
	t.Helper()
	sim := slacksim.New(slacksim.Config{})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	sim.AddUser(slacksim.User{ID: slackAnn, Name: "ann", RealName: "Ann"})
	sim.AddChannel(slacksim.Channel{ID: slackRoom, Name: "lounge", Members: []string{slackAnn}})
	sim.AddEmoji("roost", "https://emoji.example/roost.png")
	const account = chat.Account("slack/team")
	conn, err := slack.New(slack.Config{
		BotToken: bridges.NewSecret(sim.BotToken()), AppToken: bridges.NewSecret(sim.AppToken()), APIURL: sim.URL() + "/api/",
	}, bridges.Deps{Account: account, Keep: &bridgetest.Keeper{}})
	if err != nil {
		t.Fatal(err)
	}
	return &side{
		name: "slack", to: []chat.Conversation{{Account: account, ID: slackRoom}}, conn: conn,
		say: func(t *testing.T, typed string) chat.MessageID {
			t.Helper()
			typed = strings.ReplaceAll(typed, "{person}", slackAnn)
			d := slacksim.Draft{Text: typed}
			if strings.HasPrefix(typed, "[{") {
				d = slacksim.Draft{Blocks: []byte(typed)}
			}
			return chat.MessageID(sim.Say(slackAnn, slackRoom, d))
		},
		held: func(t *testing.T, at chat.Ref) (message, bool) {
			t.Helper()
			m, ok := sim.Message(slackRoom, string(at.Message))
			return heldBySlack(t, m), ok
		},
	}
}

var (
	slackCalls = regexp.MustCompile(`<[@!][^>]*>|"type":"(?:user|broadcast|usergroup)"`)
	slackBlock = regexp.MustCompile(`"block_id":"[^"]*",?`)
)

func heldBySlack(t *testing.T, m slacksim.Message) message {
	t.Helper()
	blocks := slackBlock.ReplaceAllString(string(m.Blocks), "")
	return message{
		wire: "text: " + m.Text + "\nblocks: " + blocks, reads: strings.Join(readOnSlack(t, m.Blocks), "\n"),
		pings: slackCalls.FindAllString(m.Text+string(m.Blocks), -1),
	}
}

// readOnSlack is what a person reads in each of some blocks.
func readOnSlack(t *testing.T, raw json.RawMessage) []string {
	t.Helper()
	var blocks []struct {
		Type     string
		Text     json.RawMessage
		URL      string
		Name     string
		Elements json.RawMessage
	}
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, &blocks); err != nil {
		t.Fatalf("blocks %s: %v", raw, err)
	}
	var all []string
	for _, b := range blocks {
		var said string
		_ = json.Unmarshal(b.Text, &said) // it is an object in blocks of cards, of which there are none here
		switch {
		case b.Type == "emoji":
			said = ":" + b.Name + ":"
		case said == "":
			said = b.URL
		}
		all = append(all, said+strings.Join(readOnSlack(t, b.Elements), ""))
	}
	return all
}
