package discord_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/discord"
	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/router/chat"
)

func TestASessionIsResumed(t *testing.T) {
	t.Parallel()
	r := start(t, discordsim.Config{})
	id := r.says(t, r.room, discordsim.Draft{Text: "react to me"})
	r.Hears(t, "react to me")
	r.RefuseSockets(true)
	r.DropSockets()
	must(t, r.Sim.React(r.ada, r.room, string(id), "👍")) // no history tells of it
	r.RefuseSockets(false)
	bridgetest.Happens(t, r.Sink, func(_ chat.Event, h chat.Reacted) bool { return h.Emoji == "👍" })
	if n := r.Identified(); n != 1 {
		t.Errorf("%d sessions were begun, want one that was resumed", n)
	}
}

func TestDiscordMayAskToReconnect(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(*run){
		"reconnect":         func(r *run) { r.Reconnect() },
		"invalid, for good": func(r *run) { r.InvalidSession(false) },
		"invalid, for now":  func(r *run) { r.InvalidSession(true) },
		"forgotten":         func(r *run) { r.ForgetSessions(); r.DropSockets() },
		"heartbeat":         func(r *run) { r.RequestHeartbeats() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, discordsim.Config{})
			r.says(t, r.dm, discordsim.Draft{Text: "before"})
			r.Hears(t, "before")
			ask(r)
			r.says(t, r.dm, discordsim.Draft{Text: "meanwhile"})
			r.says(t, r.room, discordsim.Draft{Text: "meanwhile in the room"})
			r.Hears(t, "meanwhile")
			r.Hears(t, "meanwhile in the room")
			r.says(t, r.room, discordsim.Draft{Text: "after"})
			r.Hears(t, "after")
		})
	}
}

func TestMissingIntentsAreNamed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		intents []discordsim.Intent
		members bool
		lacks   []string
	}{
		{"none", []discordsim.Intent{}, true, []string{"Message Content Intent", "Server Members Intent"}},
		{"no members", []discordsim.Intent{discordsim.IntentMessageContent}, true, []string{"Server Members Intent"}},
		{"members not wanted", []discordsim.Intent{}, false, []string{"Message Content Intent"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := prepare(t, discordsim.Config{Intents: tc.intents})
			r.cfg.Members = tc.members
			r.begin(t)
			err := r.Over(t)
			if chat.KindOf(err) != chat.Refused || err == nil {
				t.Fatalf("Run = %v, want Refused", err)
			}
			for _, name := range []string{"Message Content Intent", "Server Members Intent"} {
				if want := slices.Contains(tc.lacks, name); strings.Contains(chat.Reason(err), name) != want {
					t.Errorf("the reason is %q; naming %s: want %v", chat.Reason(err), name, want)
				}
			}
			findings, err := r.conn.Check(t.Context())
			must(t, err)
			broken := 0
			for _, f := range findings {
				if f.Grade == chat.Broken {
					broken++
				}
			}
			if broken != len(tc.lacks) {
				t.Errorf("Check finds %+v, want %d broken", findings, len(tc.lacks))
			}
		})
	}
}

func TestJoinsAndLeavesAreToldWhenWanted(t *testing.T) {
	t.Parallel()
	for _, wanted := range []bool{true, false} {
		c, err := discord.New(discord.Config{Token: bridges.NewSecret("t"), Members: wanted}, bridges.Deps{Account: account})
		must(t, err)
		told := func(kind, raw string) []chat.Event {
			events, err := discord.Understand(c, kind, []byte(raw))
			must(t, err)
			return events
		}
		told("GUILD_CREATE", `{"id":"1","system_channel_id":"2","channels":[{"id":"2","type":0}]}`)
		came := told("GUILD_MEMBER_ADD", `{"guild_id":"1","joined_at":"2026-01-02T03:04:05Z","nick":"Bea","user":{"id":"7","username":"bea"}}`)
		went := told("GUILD_MEMBER_REMOVE", `{"guild_id":"1","user":{"id":"7","username":"bea"}}`)
		notice := told("MESSAGE_CREATE", `{"id":"9","channel_id":"2","guild_id":"1","type":7,"content":"","author":{"id":"7","username":"bea"}}`)
		if len(came) != either(wanted) || len(went) != either(wanted) || len(notice) != 1-either(wanted) {
			t.Errorf("wanted %v: %d came, %d went, %d told by a notice", wanted, len(came), len(went), len(notice))
		}
		for _, e := range append(came, notice...) {
			if _, ok := e.What.(chat.Joined); !ok || e.Author.ID != "7" || e.Conversation.ID != "2" {
				t.Errorf("the event is %+v", e)
			}
		}
	}
}

func either(is bool) int {
	if is {
		return 1
	}
	return 0
}

func TestTwoAccountsSideBySide(t *testing.T) {
	t.Parallel()
	one := start(t, discordsim.Config{ApplicationID: "1100000000000000001"})
	two := start(t, discordsim.Config{ApplicationID: "1200000000000000002"})
	for name, r := range map[string]*run{"one": one, "two": two} {
		r.says(t, r.dm, discordsim.Draft{Text: "to " + name})
		r.Hears(t, "to "+name)
		r.posts(t, chat.Post{Key: "k-1", To: r.Talk(), Text: plain("from " + name)})
	}
	if one.count(one.dm, "from two")+two.count(two.dm, "from one") > 0 {
		t.Error("an account spoke at the other's Discord")
	}
}

func TestRunEndsSoonWhileItCanNotConnect(t *testing.T) {
	t.Parallel()
	r := prepare(t, discordsim.Config{})
	r.RefuseSockets(true)
	r.begin(t)
	began := time.Now()
	must(t, r.Stop())
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("Run took %v to end while it could not connect", took)
	}
}
