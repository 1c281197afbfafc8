package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
)

// deskTown is a Roost between a simulated Discord and Telegram.
type deskTown struct {
	discord  *discordsim.Sim
	telegram *telegramsim.Sim
	house    *house
	dir      string

	forum       string // on Discord
	eve, femi   string
	group, hugo int64 // on Telegram
}

func newDeskTown(t *testing.T) *deskTown {
	t.Helper()
	w := &deskTown{
		discord: discordsim.New(discordsim.Config{}), telegram: telegramsim.New(telegramsim.Config{Privacy: new(bool)}), dir: t.TempDir(),
	}
	for _, sim := range []interface {
		Start(string) error
		Close()
	}{w.discord, w.telegram} {
		if err := sim.Start("127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(sim.Close)
	}
	guild := w.discord.AddGuild(discordsim.Guild{Name: "Fans"})
	w.eve, w.femi = w.discord.AddUser(discordsim.User{Name: "eve"}), w.discord.AddUser(discordsim.User{Name: "femi"})
	w.forum = w.discord.AddChannel(discordsim.Channel{Guild: guild, Name: "help", Type: discordsim.ChannelForum})
	w.hugo = w.telegram.AddUser(telegramsim.User{First: "Hugo"})
	w.telegram.Private(w.hugo)
	w.group = w.telegram.AddGroup(telegramsim.Group{Title: "Support", Forum: true, Members: []int64{w.hugo}, BotAdmin: true})
	return w
}

// file is a configuration with these surfaces of its one desk; with none it has no desk.
func (w *deskTown) file(t *testing.T, surfaces ...string) *configs.File {
	t.Helper()
	text := fmt.Sprintf("accounts:\n  discord/fans: {token: %q, api_url: %q}\n  telegram/bot: {token: %q, api_url: %q}\n",
		w.discord.Token(), w.discord.URL()+"/api", w.telegram.Token(), w.telegram.URL())
	text += "  slack/team: {bot_token: xoxb-hidden-bot, app_token: xapp-hidden-app, api_url: \"http://127.0.0.1:1/\"}\nroutes:\n"
	text += "  lounge: {mirror: [slack/team#C0HERE, slack/team#C0THERE]}\n"
	if len(surfaces) > 0 {
		text += fmt.Sprintf("  support: {desk: {from: [telegram/bot], on: [%s], hold: 0s}}\n", strings.Join(surfaces, ", "))
	}
	f, err := configs.Parse(filepath.Join(w.dir, "roost.yaml"), []byte(text), os.LookupEnv, knownPlatforms())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (w *deskTown) onDiscord() string {
	return fmt.Sprintf("{at: \"discord/fans#%s\", members: [%q]}", w.forum, w.femi)
}

func (w *deskTown) onTelegram() string { return fmt.Sprintf("\"telegram/bot#%d\"", w.group) }

// run runs a Roost with f until the test ends.
func (w *deskTown) run(t *testing.T, f *configs.File) {
	t.Helper()
	h, err := openHouse(t.Context(), f, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.house = h
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	if err := h.apply(t.Context(), f, true); err != nil {
		t.Fatal(err)
	}
	go func() { ended <- h.router.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the router ended with %v", err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

func (w *deskTown) reload(t *testing.T, f *configs.File) {
	t.Helper()
	if _, err := w.house.reload(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// sees waits until Discord looks so.
func (w *deskTown) sees(t *testing.T, what string, so func(*discordsim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := w.discord.Wait(ctx, so); err != nil {
		t.Fatalf("Discord never saw %s: %v", what, err)
	}
}

// calls waits until Telegram was called so often.
func (w *deskTown) calls(t *testing.T, method string, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := w.telegram.Wait(ctx, func(v *telegramsim.View) bool { return len(v.Calls(method)) >= n }); err != nil {
		t.Fatalf("Telegram was never called by %s for the %d. time: %v", method, n, err)
	}
}

func names() []string {
	var all []string
	for _, c := range desk.Commands() {
		all = append(all, c.Name)
	}
	return all
}

// offers waits until Discord shows these commands, and would tell of one that is chosen.
func (w *deskTown) offers(t *testing.T, want []string) {
	t.Helper()
	w.sees(t, fmt.Sprintf("the commands %v", want), func(v *discordsim.View) bool {
		var got []string
		for _, c := range v.Commands() {
			got = append(got, c.Name)
		}
		return v.Sessions() == 1 && slices.Equal(got, want)
	})
}

// TestCommandsFollowTheDesks changes the configuration of a Roost that runs.
func TestCommandsFollowTheDesks(t *testing.T) {
	t.Parallel()
	w := newDeskTown(t)
	w.run(t, w.file(t))
	w.sees(t, "a connection", func(v *discordsim.View) bool { return v.Sessions() == 1 })
	w.reload(t, w.file(t, w.onDiscord()))
	w.offers(t, names())
	w.reload(t, w.file(t, w.onDiscord(), w.onTelegram()))
	w.calls(t, "setMyCommands", 1)
	if got := w.telegram.Calls("setMyCommands")[0].Params["scope"]; !strings.Contains(got, fmt.Sprint(w.group)) {
		t.Errorf("they are shown in %s, want the group %d", got, w.group)
	}
	w.reload(t, w.file(t))
	w.offers(t, nil)
	w.calls(t, "deleteMyCommands", 1)
	if got := w.house.version; got["discord/fans"] != 2 || got["telegram/bot"] != 2 || got["slack/team"] != 0 {
		t.Errorf("the accounts were opened again so often: %v, want only those with commands, and those when there were others", got)
	}
}

// TestASlashCommandWorksOnACase goes the whole way: a contact writes on Telegram, and the team answers on Discord.
func TestASlashCommandWorksOnACase(t *testing.T) {
	t.Parallel()
	w := newDeskTown(t)
	w.run(t, w.file(t, w.onDiscord()))
	w.offers(t, names())
	if w.telegram.Say(w.hugo, w.hugo, telegramsim.Draft{Text: "my parcel is dented"}) == 0 {
		t.Fatal("nobody could write")
	}
	var post discordsim.Channel
	w.sees(t, "the case", func(v *discordsim.View) bool {
		posts := v.Threads(w.forum)
		if len(posts) == 1 {
			post = posts[0]
		}
		return len(posts) == 1 && len(v.Messages(post.ID)) > 1
	})
	give := func(who, command string, options map[string]string, want string) {
		t.Helper()
		if err := w.discord.Slash(who, post.ID, command, options); err != nil {
			t.Fatal(err)
		}
		w.sees(t, want, func(v *discordsim.View) bool {
			return slices.ContainsFunc(v.Messages(post.ID), func(m discordsim.Message) bool { return strings.Contains(m.Content, want) })
		})
	}
	give(w.eve, "claim", nil, "not a member of this desk")
	give(w.femi, "claim", nil, "femi has claimed this")
	give(w.femi, "note", map[string]string{"text": "dented twice"}, "dented twice")
	give(w.femi, "snooze", map[string]string{"for": "4h"}, "femi has snoozed this for 4h")
	give(w.femi, "reopen", nil, "femi has opened this again")
	give(w.femi, "reply", map[string]string{"text": "A new one leaves today."}, "A new one leaves today.")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := w.telegram.Wait(ctx, func(v *telegramsim.View) bool {
		return slices.ContainsFunc(v.Messages(w.hugo), func(m telegramsim.Message) bool { return m.Text == "A new one leaves today." })
	}); err != nil {
		t.Errorf("the reply did not arrive: %v", err)
	}
	give(w.femi, "close", nil, "femi has closed this")
}

func TestOnlySurfacesAreGivenCommands(t *testing.T) {
	t.Parallel()
	w := newDeskTown(t)
	f := w.file(t, `"slack/team#C0SUPPORT"`, w.onTelegram())
	for _, p := range platforms {
		for name := range f.Accounts {
			if name.Platform() != p.name {
				continue
			}
			got := deskDeps(f, p, bridges.Deps{Account: name})
			var want []chat.Conversation
			if p.name == "telegram" {
				want = []chat.Conversation{{Account: name, ID: chat.ConversationID(fmt.Sprint(w.group))}}
			}
			if diff := cmp.Diff(want, got.Surfaces); diff != "" || (len(got.Commands) > 0) != (want != nil) {
				t.Errorf("%s is given %d commands, and its surfaces differ (-want +got):\n%s", name, len(got.Commands), diff)
			}
		}
	}
}
