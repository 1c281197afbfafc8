// Package interop_test runs bots written with four independent libraries against the simulated Telegram: they hear people over
// long polling and over a webhook, answer, and use the methods that a connector uses.
package interop_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"slices"
	"strconv"
	"testing"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/test/interop/clienttest"
)

const (
	ada   int64 = 5_100_000_001
	bob   int64 = 5_100_000_002
	eve   int64 = 5_100_000_003 // in no chat
	forum int64 = -1_002_100_000_001
	small int64 = -4_100_000_001
	news  int64 = -1_002_100_000_002

	secret = "hook_Secret-1" // of the webhook
)

// setup starts a Telegram with Ada's private chat, a forum where the bot is an administrator, a group where it is a plain member,
// and a channel.
func setup(t *testing.T) *telegramsim.Sim {
	t.Helper()
	sim := telegramsim.New(telegramsim.Config{})
	sim.AddUser(telegramsim.User{ID: ada, First: "Ada", Last: "Lovelace", Username: "ada_l", Language: "en"})
	sim.AddUser(telegramsim.User{ID: bob, First: "Bob"})
	sim.AddUser(telegramsim.User{ID: eve, First: "Eve"})
	sim.Private(ada)
	sim.AddGroup(telegramsim.Group{ID: forum, Title: "Forum", Forum: true, Admins: []int64{ada}, Members: []int64{bob}, BotAdmin: true})
	sim.AddGroup(telegramsim.Group{ID: small, Title: "Small", Admins: []int64{ada}, Members: []int64{bob}})
	sim.AddGroup(telegramsim.Group{ID: news, Title: "News", Type: telegramsim.Channel, Username: "sim_news", Admins: []int64{ada}})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim
}

// kinds are the updates that the bots ask for.
func kinds() []string {
	return []string{"message", "edited_message", "channel_post", "message_reaction", "callback_query", "poll_answer", "my_chat_member"}
}

// start runs a script of this folder.
func start(t *testing.T, sim *telegramsim.Sim, script string, env ...string) *clienttest.Child {
	t.Helper()
	node := clienttest.Node(t, "grammy")
	number := func(id int64) string { return strconv.FormatInt(id, 10) }
	env = append(env, "TELEGRAM_URL="+sim.URL(), "TELEGRAM_TOKEN="+sim.Token(), "SECRET="+secret,
		"ADA="+number(ada), "EVE="+number(eve), "FORUM="+number(forum))
	return clienttest.Start(t, env, node, script)
}

func until(t *testing.T, sim *telegramsim.Sim, what string, ok func(*telegramsim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clienttest.Patient)
	defer cancel()
	if err := sim.Wait(ctx, ok); err != nil {
		t.Fatalf("%s did not happen: %v\nprivately: %+v\nin the forum: %+v\ncalls: %+v",
			what, err, sim.Messages(ada), sim.Messages(forum), sim.Requests())
	}
}

// hears waits for the bot to say a text in a chat.
func hears(t *testing.T, sim *telegramsim.Sim, chat int64, text string) telegramsim.Message {
	t.Helper()
	var found telegramsim.Message
	until(t, sim, strconv.Quote(text), func(v *telegramsim.View) bool {
		all := v.Messages(chat)
		i := slices.IndexFunc(all, func(m telegramsim.Message) bool {
			return m.Text == text && !m.Deleted && (m.From == sim.Bot().ID || m.From == news)
		})
		if i >= 0 {
			found = all[i]
		}
		return i >= 0
	})
	return found
}

// picture is a PNG of 640 by 400.
func picture() []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, 640, 400)))
	return b.Bytes()
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}
