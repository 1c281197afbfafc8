package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router/chat"
)

const shopScript = `
def order(size, count, when, who, label, note):
    said = [size, count, when, who.name if who else None, label, note]
    return " ".join(["(%s)" % s if s != None else "none" for s in said])
command("order <size:S|M> <count:number> [<when:duration>] [<who:user>] [<label>] [<note...>]", order, help = "order a shirt")

def thanks():
    react("👍")
    say("Thank you!", reply = True)
command("thanks", thanks)

def stand_up():
    return "up"
command("stand-up", stand_up)
`

const moreScript = shopScript + `
def size():
    return "S or M"
command("sizes", size, help = "which sizes there are")
`

// shopTown is a Roost whose bot listens in a mirror between Discord and Telegram.
type shopTown struct {
	*deskTown
	room  string // on Discord
	cafe  int64  // on Telegram
	hears string // which of its routes, places and accounts the bot hears
}

func newShopTown(t *testing.T) *shopTown {
	t.Helper()
	w := &shopTown{deskTown: newDeskTown(t), hears: "[lounge]"}
	forum := w.discord.Channels()[slices.IndexFunc(w.discord.Channels(), func(c discordsim.Channel) bool { return c.ID == w.forum })]
	w.room = w.discord.AddChannel(discordsim.Channel{Guild: forum.Guild, Name: "lounge", Type: discordsim.ChannelText})
	w.cafe = w.telegram.AddGroup(telegramsim.Group{Title: "Cafe", Members: []int64{w.hugo}, BotAdmin: true})
	t.Cleanup(func() {
		if t.Failed() {
			for _, m := range w.discord.Messages(w.room) {
				t.Logf("on Discord: %q", m.Content)
			}
		}
	})
	w.writes(t, shopScript)
	return w
}

func (w *shopTown) writes(t *testing.T, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, "shop.star"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (w *shopTown) file(t *testing.T) *configs.File {
	t.Helper()
	text := fmt.Sprintf("accounts:\n  discord/fans: {token: %q, api_url: %q}\n  telegram/bot: {token: %q, api_url: %q}\n",
		w.discord.Token(), w.discord.URL()+"/api", w.telegram.Token(), w.telegram.URL())
	text += fmt.Sprintf("routes:\n  lounge: {mirror: [\"discord/fans#%s\", \"telegram/bot#%d\"]}\n", w.room, w.cafe)
	text += fmt.Sprintf("  support: {desk: {from: [telegram/bot], on: [%s], hold: 0s}}\n", w.onDiscord())
	if w.hears != "" {
		text += "bots:\n  shop: {script: shop.star, in: " + w.hears + "}\n"
	}
	f, err := configs.Parse(filepath.Join(w.dir, "roost.yaml"), []byte(text), os.LookupEnv, knownPlatforms())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// run runs a Roost that looks at its bots' files, until the test ends.
func (w *shopTown) run(t *testing.T) {
	t.Helper()
	f := w.file(t)
	h, err := openHouse(t.Context(), f, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.house = h
	if err := h.apply(t.Context(), f, true); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return h.router.Run(ctx) })
	g.Go(func() error { return h.cast.watch(ctx) })
	t.Cleanup(func() {
		cancel()
		if err := g.Wait(); err != nil {
			t.Errorf("the router ended with %v", err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

// menu waits until people are offered these commands in a chat on Telegram.
func (w *shopTown) menu(t *testing.T, at int64, want ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []string
	if err := w.telegram.Wait(ctx, func(v *telegramsim.View) bool {
		got = nil
		var list []struct{ Command string }
		_ = json.Unmarshal(v.Menu(at), &list) // nothing is no list
		for _, c := range list {
			got = append(got, c.Command)
		}
		return slices.Equal(got, want)
	}); err != nil {
		t.Fatalf("people are offered %v in %d, want %v", got, at, want)
	}
}

// shows waits until somebody reads this in the room on Discord, and gives the message.
func (w *shopTown) shows(t *testing.T, words string) (m discordsim.Message) {
	t.Helper()
	w.sees(t, fmt.Sprintf("%q", words), func(v *discordsim.View) bool {
		all := v.Messages(w.room)
		i := slices.IndexFunc(all, func(m discordsim.Message) bool { return m.Content == words })
		if i >= 0 {
			m = all[i]
		}
		return i >= 0
	})
	return m
}

// TestMenusFollowTheBots saves a bot's file, and changes where the bot listens, while Roost runs.
func TestMenusFollowTheBots(t *testing.T) {
	t.Parallel()
	w := newShopTown(t)
	w.run(t)
	desk := names()
	w.offers(t, slices.Concat(desk, []string{"order", "thanks", "stand-up"}))
	w.menu(t, w.cafe, "order", "thanks")
	w.menu(t, w.hugo)
	if n := len(w.discord.Calls("PUT /applications/{}/guilds/{}/commands")); n != 1 {
		t.Errorf("they were set %d times at the start, want once: the bots are known before the account runs", n)
	}

	w.writes(t, moreScript)
	w.offers(t, slices.Concat(desk, []string{"order", "thanks", "stand-up", "sizes"}))
	w.menu(t, w.cafe, "order", "thanks", "sizes")
	if err := w.discord.Slash(w.eve, w.room, "sizes", nil); err != nil {
		t.Fatal(err)
	}
	w.shows(t, "S or M")
	w.writes(t, "this is no script\n")
	w.writes(t, shopScript)
	w.menu(t, w.cafe, "order", "thanks")
	w.offers(t, slices.Concat(desk, []string{"order", "thanks", "stand-up"}))

	w.hears = "[support, telegram/bot#" + fmt.Sprint(w.group) + "]"
	w.reload(t, w.file(t))
	w.menu(t, w.hugo, "order", "thanks")
	w.menu(t, w.cafe)
	w.menu(t, w.group, "order", "thanks")
	w.offers(t, desk)
	w.hears = "[discord/fans]"
	w.reload(t, w.file(t))
	w.offers(t, slices.Concat(desk, []string{"order", "thanks", "stand-up"}))
	w.menu(t, w.hugo)
	w.hears = ""
	w.reload(t, w.file(t))
	w.offers(t, desk)
	w.menu(t, w.group)
	if n := w.house.version; len(n) > 0 {
		t.Errorf("accounts were opened again for that: %v", n)
	}
}

// TestBotsAnswerCommandsThatWereChosen gives each kind of option on Discord, and chooses from the menu on Telegram.
func TestBotsAnswerCommandsThatWereChosen(t *testing.T) {
	t.Parallel()
	w := newShopTown(t)
	w.run(t)
	w.offers(t, slices.Concat(names(), []string{"order", "thanks", "stand-up"}))
	for _, tc := range []struct {
		options map[string]string
		said    string // on Telegram
		want    string
	}{
		{map[string]string{"size": "S", "count": "3"}, "order S 3", "(S) (3) none none none none"},
		{map[string]string{"size": "M", "count": "0.5", "when": "2h30m"}, "order M 0.5 2h30m", "(M) (0.5) (2h30m0s) none none none"},
		{map[string]string{"size": "M", "count": "1", "who": w.femi}, `order M 1 "" femi`, "(M) (1) none (femi) none none"},
		{map[string]string{"size": "M", "count": "1", "label": "so large"}, `order M 1 "" "" "so large"`, "(M) (1) none none (so large) none"},
		{map[string]string{"size": "M", "count": "1", "note": `two "big" ones`}, `order M 1 "" "" "" two "big" ones`, `(M) (1) none none none (two "big" ones)`},
	} {
		if err := w.discord.Slash(w.eve, w.room, "order", tc.options); err != nil {
			t.Fatal(err)
		}
		w.shows(t, tc.want)
		w.reads(t, tc.said, tc.want)
	}
	if err := w.discord.Slash(w.eve, w.room, "thanks", nil); err != nil {
		t.Fatal(err)
	}
	if m := w.shows(t, "Thank you!"); m.ReplyTo != "" {
		t.Errorf("it answers %s, which is no message", m.ReplyTo)
	}
	for _, in := range w.discord.Interactions() {
		if in.Failed != "" {
			t.Errorf("%s failed: %s", in.Action, in.Failed)
		}
	}
	bot := w.telegram.Bot().Username
	if w.telegram.Say(w.hugo, w.cafe, telegramsim.Draft{Text: "/order@" + bot + " S 2"}) == 0 {
		t.Fatal("nobody could write")
	}
	w.reads(t, "(S) (2) none none none none")
	for _, d := range w.house.router.Status() {
		if d.Parked != "" {
			t.Errorf("%s is parked: %s", d.Account, d.Parked)
		}
	}
}

// reads waits until messages that end so stand in the group.
func (w *shopTown) reads(t *testing.T, ends ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, end := range ends {
		if err := w.telegram.Wait(ctx, func(v *telegramsim.View) bool {
			return slices.ContainsFunc(v.Messages(w.cafe), func(m telegramsim.Message) bool { return strings.HasSuffix(m.Text, end) })
		}); err != nil {
			for _, m := range w.telegram.Messages(w.cafe) {
				t.Logf("%q", m.Text)
			}
			t.Fatalf("nothing ends in %q on Telegram", end)
		}
	}
}

func TestCommandsOfABot(t *testing.T) {
	t.Parallel()
	order, err := bots.ParseUsage("order <size:S|M> [<count:number>]")
	if err != nil {
		t.Fatal(err)
	}
	spec := &bots.Spec{Triggers: []bots.Trigger{{ID: "a", Command: order}, {ID: "b", Any: true}, {ID: "c", Command: &bots.Command{Name: "hi"}, Help: "say hi"}}}
	want := []bridges.BotCommand{
		{Name: "order", Help: "order <S|M> [count]", Params: []bridges.Param{
			{Name: "size", Kind: bridges.ChoiceParam, Choices: []string{"S", "M"}}, {Name: "count", Kind: bridges.NumberParam, Optional: true},
		}},
		{Name: "hi", Help: "say hi"},
	}
	if diff := cmp.Diff(want, commandsOf(spec)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for prefixes, n := range map[string]int{"!": 0, "! /": 2, "/": 2} {
		spec.Prefixes = strings.Fields(prefixes)
		if got := commandsOf(spec); len(got) != n {
			t.Errorf("with the prefixes %s %d are shown, want %d", prefixes, len(got), n)
		}
	}
}

func TestWhereABotListens(t *testing.T) {
	t.Parallel()
	w := newShopTown(t)
	f := w.file(t)
	for _, tc := range []struct {
		bot      configs.Bot
		at       chat.Account
		in       int
		direct   bool
		anywhere bool
	}{
		{configs.Bot{Routes: []string{"lounge"}}, "discord/fans", 1, false, false},
		{configs.Bot{Routes: []string{"lounge"}}, "telegram/bot", 1, false, false},
		{configs.Bot{Routes: []string{"support"}}, "telegram/bot", 0, true, false},
		{configs.Bot{Routes: []string{"support"}}, "discord/fans", 0, false, false},
		{configs.Bot{Hears: []chat.Account{"discord/fans"}}, "discord/fans", 0, false, true},
		{configs.Bot{Hears: []chat.Account{"discord/fans"}}, "telegram/bot", 0, false, false},
		{configs.Bot{Places: []chat.Conversation{{Account: "telegram/bot", ID: "1"}}}, "telegram/bot", 1, false, false},
	} {
		where, some := ears(f, tc.at, tc.bot)
		if len(where.In) != tc.in || where.Direct != tc.direct || where.Everywhere != tc.anywhere || some != (tc.in > 0 || tc.direct || tc.anywhere) {
			t.Errorf("%+v listens on %s: %+v, %v", tc.bot, tc.at, where, some)
		}
	}
}
