// Package interop_test runs bots written with four independent libraries against the simulated Discord: they hear people over the
// gateway, lose their sockets and resume, answer, and use the routes that a connector uses.
package interop_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/test/interop/clienttest"
)

const (
	ada     = "200000000000000001"
	bob     = "200000000000000002"
	shy     = "200000000000000003" // takes no direct messages
	home    = "300000000000000001"
	general = "400000000000000001"
	support = "400000000000000002"
)

// setup starts a Discord with three people, a guild, a text channel and a forum.
func setup(t *testing.T) *discordsim.Sim {
	t.Helper()
	sim := discordsim.New(discordsim.Config{})
	sim.AddUser(discordsim.User{ID: ada, Name: "ada", GlobalName: "Ada Lovelace"})
	sim.AddUser(discordsim.User{ID: bob, Name: "bob"})
	sim.AddUser(discordsim.User{ID: shy, Name: "shy", NoDMs: true, Guilds: []string{}})
	sim.AddGuild(discordsim.Guild{ID: home, Name: "Home"})
	sim.AddChannel(discordsim.Channel{ID: general, Guild: home, Name: "general", Topic: "talk"})
	sim.AddChannel(discordsim.Channel{ID: support, Guild: home, Name: "support", Type: discordsim.ChannelForum, Tags: []string{"open", "closed"}})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim
}

// environment tells a script where everything is.
func environment(sim *discordsim.Sim) []string {
	return []string{
		"DISCORD_URL=" + sim.URL(), "DISCORD_TOKEN=" + sim.Token(), "ADA=" + ada, "SHY=" + shy, "GUILD=" + home, "GENERAL=" + general,
		"SUPPORT=" + support, "NO_PROXY=127.0.0.1",
	}
}

func until(t *testing.T, sim *discordsim.Sim, what string, ok func(*discordsim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clienttest.Patient)
	defer cancel()
	if err := sim.Wait(ctx, ok); err != nil {
		t.Fatalf("%s did not happen: %v\nin general: %s\nprivately: %s\ncalls: %s",
			what, err, said(sim.Messages(general)), said(sim.Messages(sim.DM(ada))), calls(sim.Requests()))
	}
}

// said lists the texts of the last messages.
func said(list []discordsim.Message) string {
	var out []string
	for _, m := range list[max(0, len(list)-10):] {
		out = append(out, m.AuthorName+": "+m.Content)
	}
	return strings.Join(out, " / ")
}

// calls lists the last calls with what they were answered.
func calls(list []discordsim.Request) string {
	var out []string
	for _, r := range list[max(0, len(list)-10):] {
		out = append(out, r.Route+" "+strconv.Itoa(r.Status)+" "+strconv.Itoa(r.Code)+" "+string(r.Body))
	}
	return strings.Join(out, "\n")
}

// hears waits for the bot to say a text in a channel, among what stands there still.
func hears(t *testing.T, sim *discordsim.Sim, channel, text string) discordsim.Message {
	t.Helper()
	var found discordsim.Message
	until(t, sim, strconv.Quote(text), func(v *discordsim.View) bool {
		all := v.Messages(channel)
		i := slices.IndexFunc(all, func(m discordsim.Message) bool { return m.Content == text && !m.Deleted && m.Author == sim.BotUser() })
		if i >= 0 {
			found = all[i]
		}
		return i >= 0
	})
	return found
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// fetch gives what is at an address, for a bot that runs in this program.
func fetch(t *testing.T, link string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	if err != nil {
		t.Error(err)
		return ""
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return string(data)
}
