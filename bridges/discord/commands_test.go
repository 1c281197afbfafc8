package discord_test

import (
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/router/chat"
)

func commands() []bridges.Command {
	return []bridges.Command{
		{Name: "claim", Help: "Make this case yours"},
		{Name: "snooze", Help: strings.Repeat("Put this case away. ", 10), Form: &chat.Form{Fields: []chat.Field{
			{ID: "for", Label: "For how long?", Choices: []chat.Choice{{Value: "1h", Label: "1 hour"}, {Value: "4h", Label: "4 hours"}}},
			{ID: "why", Optional: true},
		}}},
	}
}

// desked has a connector run whose forum is a surface of a desk.
func desked(t *testing.T) *run {
	t.Helper()
	r := prepare(t, discordsim.Config{})
	r.deps.Commands, r.deps.Surfaces, r.deps.Menu = commands(), []chat.Conversation{r.board()}, &bridges.Menu{}
	r.again(t)
	r.offers(t, r.guild, "claim", "snooze")
	return r
}

// offers waits until a server shows these commands.
func (r *run) offers(t *testing.T, guild string, want ...string) {
	t.Helper()
	r.sees(t, func(v *discordsim.View) bool {
		var names []string
		for _, c := range v.Commands() {
			if c.Guild == guild {
				names = append(names, c.Name)
			}
		}
		return slices.Equal(names, want)
	})
}

// told waits until somebody alone is told something in a channel.
func (r *run) told(t *testing.T, channel, words string) {
	t.Helper()
	r.sees(t, func(v *discordsim.View) bool {
		return slices.ContainsFunc(v.Messages(channel), func(m discordsim.Message) bool {
			return m.Only == r.ada && strings.Contains(m.Content, words)
		})
	})
}

const (
	readCommands = "GET /applications/{}/guilds/{}/commands"
	setCommands  = "PUT /applications/{}/guilds/{}/commands"
)

func TestCommandsAreShownInTheDesksServer(t *testing.T) {
	t.Parallel()
	r := desked(t)
	other := r.AddGuild(discordsim.Guild{Name: "Others"})
	all := r.Commands()
	if got := all[0]; got.Kind != 1 || got.Description != "Make this case yours" || len(got.Options) > 0 {
		t.Errorf("claim is %+v", got)
	}
	want := `[{"choices":[{"name":"1 hour","value":"1h"},{"name":"4 hours","value":"4h"}],"description":"For how long?","name":"for","required":true,"type":3},` +
		`{"description":"why","max_length":6000,"name":"why","type":3}]`
	if diff := cmp.Diff(want, string(all[1].Options)); diff != "" || len([]rune(all[1].Description)) != 100 {
		t.Errorf("snooze is described by %q and its options differ (-want +got):\n%s", all[1].Description, diff)
	}
	must(t, r.Stop())
	r.again(t)
	r.sees(t, func(v *discordsim.View) bool { return len(v.Calls(readCommands)) == 2 })
	r.says(t, r.dm, discordsim.Draft{Text: "still there?"})
	r.Hears(t, "still there?")
	if n := len(r.Calls(setCommands)); n != 1 {
		t.Errorf("the same commands were set %d times, want once", n)
	}

	// The desk moves to another server, and then there is none.
	must(t, r.Stop())
	r.deps.Surfaces[0].ID = chat.ConversationID(r.AddChannel(discordsim.Channel{Guild: other, Name: "help", Type: discordsim.ChannelForum}))
	r.again(t)
	r.offers(t, r.guild)
	r.offers(t, other, "claim", "snooze")
	must(t, r.Stop())
	r.deps.Commands, r.deps.Surfaces = nil, nil
	r.again(t)
	r.offers(t, other)
}

func TestACommandInACaseIsAPress(t *testing.T) {
	t.Parallel()
	r := desked(t)
	_, conv := r.opens(t, chat.Open{Key: "k-1", To: r.board(), Title: "Bea", Card: card(chat.MarkOpen)})
	post := string(conv.Thread)
	must(t, r.Slash(r.ada, post, "claim", nil))
	e, p := bridgetest.Happens(t, r.Sink, func(chat.Event, chat.Pressed) bool { return true })
	if diff := cmp.Diff(chat.Pressed{Button: "claim"}, p); diff != "" {
		t.Errorf("pressed (-want +got):\n%s", diff)
	}
	if e.Conversation != conv || e.Message != "" || e.Author.ID != r.Person() || e.Author.Self || e.At.IsZero() || e.ID == "" {
		t.Errorf("it came as %+v", e)
	}
	r.told(t, post, "✓ /claim")
	must(t, r.Slash(r.ada, post, "snooze", map[string]string{"for": "4h"}))
	_, p = bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Pressed) bool { return p.Button == "snooze" })
	if diff := cmp.Diff(map[string]string{"for": "4h"}, p.Fields); diff != "" {
		t.Errorf("the options (-want +got):\n%s", diff)
	}
	for _, i := range r.Interactions() {
		if i.Failed != "" {
			t.Errorf("%s failed: %s", i.Action, i.Failed)
		}
	}
}

func TestACommandOutsideACaseSaysSo(t *testing.T) {
	t.Parallel()
	r := desked(t)
	own := r.ForumPost(r.ada, r.forum, "my own post", discordsim.Draft{Text: "hello"})
	_, elsewhere := r.opens(t, chat.Open{Key: "k-1", To: r.Room(), Title: "Bea", Card: card(chat.MarkOpen)})
	for _, channel := range []string{r.room, own, string(elsewhere.Thread)} {
		must(t, r.Slash(r.ada, channel, "claim", nil))
		r.told(t, channel, "There is no case here. Use /claim in the post or thread of a case.")
	}
	r.Until(t, "no press", func(events []chat.Event) bool {
		return !slices.ContainsFunc(events, func(e chat.Event) bool { _, pressed := e.What.(chat.Pressed); return pressed })
	})
}

func TestACommandThatIsNotTakenSaysSo(t *testing.T) {
	t.Parallel()
	r := desked(t)
	_, conv := r.opens(t, chat.Open{Key: "k-1", To: r.board(), Title: "Bea", Card: card(chat.MarkOpen)})
	post := string(conv.Thread)
	r.Full(math.MaxInt)
	must(t, r.Slash(r.ada, post, "claim", nil))
	r.told(t, post, "try again")
	r.Refuse(nil)
	must(t, r.Slash(r.ada, post, "claim", nil))
	r.told(t, post, "✓ /claim")

	// A command that is still shown and not known any more.
	must(t, r.Stop())
	r.Sim.Fail(setCommands, discordsim.Fault{Status: http.StatusServiceUnavailable})
	r.deps.Commands = commands()[:1]
	r.again(t)
	must(t, r.Slash(r.ada, post, "snooze", map[string]string{"for": "1h"}))
	r.told(t, post, "does not know this command")
}

func TestDoctorMissesTheScopeForCommands(t *testing.T) {
	t.Parallel()
	r := desked(t)
	findings, err := r.conn.Check(t.Context())
	must(t, err)
	for _, f := range findings {
		if f.Grade != chat.Fine {
			t.Errorf("a healthy account has %+v", f)
		}
	}
	r.Sim.Fail(readCommands, discordsim.Fault{Status: http.StatusForbidden, Code: 50001})
	findings, err = r.conn.Check(t.Context())
	must(t, err)
	if last := findings[len(findings)-1]; last.Grade != chat.Warning || last.Name != "Fans: applications.commands" || last.Mend == "" {
		t.Errorf("without the scope it finds %+v", findings)
	}
	must(t, r.Stop())
	r.again(t)
	r.sees(t, func(v *discordsim.View) bool { return len(v.Calls(readCommands)) == 4 })
	r.says(t, r.dm, discordsim.Draft{Text: "runs all the same"})
	r.Hears(t, "runs all the same")
}
