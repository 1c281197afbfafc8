package discord_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// orderUsage is the usage line of the command that order is.
const orderUsage = "order <size:S|M|extra-large> <count:number> [<when:duration>] [<for:user>] [<label>] [<note...>]"

func order(in ...chat.Conversation) bridges.BotCommand {
	c, err := bots.ParseUsage(orderUsage)
	if err != nil {
		panic(err)
	}
	cmd := bridges.BotCommand{Name: c.Name, Help: "order a shirt", In: in}
	for _, p := range c.Params {
		cmd.Params = append(cmd.Params, bridges.Param{Name: p.Name, Kind: bridges.ParamKind(p.Kind), Choices: p.Choices, Optional: p.Optional})
	}
	return cmd
}

func at(channel string) chat.Conversation {
	return chat.Conversation{Account: account, ID: chat.ConversationID(channel)}
}

// served has a connector run in whose room a bot takes orders.
func served(t *testing.T) *run {
	t.Helper()
	r := prepare(t, discordsim.Config{})
	r.deps.Menu = &bridges.Menu{}
	r.deps.Menu.Set([]bridges.BotCommand{order(at(r.room))})
	r.again(t)
	r.offers(t, r.guild, "order")
	return r
}

func TestABotsCommandIsDescribed(t *testing.T) {
	t.Parallel()
	r := served(t)
	got := r.Commands()[0]
	want := []map[string]any{
		{"type": 3.0, "name": "size", "description": "size: S, M, extra-large", "required": true, "choices": []any{
			map[string]any{"name": "S", "value": "S"}, map[string]any{"name": "M", "value": "M"}, map[string]any{"name": "extra-large", "value": "extra-large"},
		}},
		{"type": 10.0, "name": "count", "description": "count: a number", "required": true, "min_value": -1e15, "max_value": 1e15},
		{"type": 3.0, "name": "when", "description": "when: a time, like 90s, 20m, 2h30m or 3d", "max_length": 2000.0},
		{"type": 6.0, "name": "for", "description": "for: somebody"},
		{"type": 3.0, "name": "label", "description": "label", "max_length": 2000.0},
		{"type": 3.0, "name": "note", "description": "note", "max_length": 2000.0},
	}
	var options []map[string]any
	must(t, json.Unmarshal(got.Options, &options))
	if diff := cmp.Diff(want, options); diff != "" || got.Description != "order a shirt" || got.Kind != 1 {
		t.Errorf("%+v; its options differ (-want +got):\n%s", got, diff)
	}
}

func TestABotsCommandIsAMessage(t *testing.T) {
	t.Parallel()
	r := served(t)
	bea := r.AddUser(discordsim.User{Name: "bea", GlobalName: `Bea "B" Ray`})
	read, err := bots.ParseUsage(orderUsage)
	must(t, err)
	for _, tc := range []struct {
		options map[string]string
		body    string
	}{
		{map[string]string{"size": "S", "count": "3"}, "/order S 3"},
		{map[string]string{"size": "extra-large", "count": "-0.25", "when": "2h30m"}, "/order extra-large -0.25 2h30m"},
		{map[string]string{"size": "M", "count": "1e15", "note": `two "big" ones`}, `/order M 1000000000000000 "" "" "" two "big" ones`},
		{map[string]string{"size": "M", "count": "1", "for": bea, "label": "*so* large"}, `/order M 1 "" @Bea "B" Ray "*so* large"`},
		{map[string]string{"size": "M", "count": "1e-7", "note": "for <@" + bea + ">!"}, `/order M 0.0000001 "" "" "" for @Bea "B" Ray!`},
		{map[string]string{"size": "M", "count": "1", "label": `all "of it`}, `/order M 1 "" "" “all "of it”`},
	} {
		must(t, r.Slash(r.ada, r.room, "order", tc.options))
		e, p := bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Posted) bool { return p.Text.Body == tc.body })
		i := slices.IndexFunc(r.Interactions(), func(i discordsim.Interaction) bool { return "slash:"+i.ID == string(e.Message) })
		if i < 0 || e.ID != chat.EventID("press:"+r.Interactions()[i].ID) || e.Conversation != at(r.room) || !e.Addressed || e.Direct ||
			e.Author.ID != r.Person() || e.Author.Name != "Ada Lovelace" || e.Author.Self || e.Author.Bot || e.At.IsZero() {
			t.Errorf("%s came as %+v", tc.body, e)
		}
		args, err := read.Parse(p.Text.Slice(len("/order"), len(p.Text.Body)), account)
		must(t, err)
		if len(args) != len(tc.options) {
			t.Errorf("%s is read as %+v", tc.body, args)
		}
		for name, value := range tc.options {
			holds(t, args[name], value, chat.PersonID(bea))
		}
	}
	r.told(t, r.room, "✓ /order S 3")
	for _, i := range r.Interactions() {
		if i.Failed != "" {
			t.Errorf("%s failed: %s", i.Action, i.Failed)
		}
	}
}

// holds says whether an argument is what was given for it; bea is who may be mentioned.
func holds(t *testing.T, got bots.Value, given string, bea chat.PersonID) {
	t.Helper()
	const name = `Bea "B" Ray`
	switch got.Kind {
	case bots.NumberParam:
		if n, err := strconv.ParseFloat(given, 64); err != nil || got.Number != n {
			t.Errorf("the number is %v, want %s", got.Number, given)
		}
	case bots.UserParam:
		if want := (bots.Person{Account: account, ID: bea, Name: name}); got.Person != want {
			t.Errorf("it is for %+v, want %+v", got.Person, want)
		}
	case bots.DurationParam, bots.ChoiceParam, bots.TextParam, bots.RestParam:
		if want := strings.ReplaceAll(given, "<@"+string(bea)+">", "@"+name); got.Text != want {
			t.Errorf("it is %q, want %q", got.Text, want)
		}
	default:
		t.Errorf("%q was not read", given)
	}
}

func TestCommandsOfOnePlaceAreOneList(t *testing.T) {
	t.Parallel()
	r := prepare(t, discordsim.Config{})
	other := r.AddGuild(discordsim.Guild{Name: "Others"})
	far := r.AddChannel(discordsim.Channel{Guild: other, Name: "far", Type: discordsim.ChannelText})
	r.deps.Commands, r.deps.Surfaces = commands(), []chat.Conversation{r.board()}
	r.deps.Menu = &bridges.Menu{}
	r.again(t)
	r.offers(t, r.guild, "claim", "snooze")
	named := func(name string, c bridges.BotCommand) bridges.BotCommand { c.Name = name; return c }
	thread := at(far)
	thread.Thread = "12345"
	first := []bridges.BotCommand{
		order(at(r.room)),
		named("claim", order(at(r.room))), // the desk's comes first
		named("talk", bridges.BotCommand{Direct: true}),
		named("all", bridges.BotCommand{Everywhere: true, In: []chat.Conversation{at(r.room)}}),
		named("all", order(at(far))), // it is shown already
		named("board", order(r.board())),
		named("here", order(thread)),
		named("dm", order(at(r.dm))),
		named("talk", order(at(r.room))),
		named("gone", order(at("99"))),
		named("Ünfit", order(at(far))),
	}
	r.deps.Menu.Set(first)
	r.offers(t, r.guild, "claim", "snooze", "order", "talk")
	r.offers(t, other, "here")
	r.offers(t, "", "talk", "all", "dm")
	for _, c := range r.Commands() {
		want := map[string][]int{"all": {0, 1}, "talk": {1}, "dm": {1}}[c.Name]
		if c.Guild == "" && !slices.Equal(c.Contexts, want) {
			t.Errorf("%s is shown in %v, want %v", c.Name, c.Contexts, want)
		}
	}
	if c := r.Commands()[0]; c.Name != "claim" || c.Description != "Make this case yours" {
		t.Errorf("the first one is %+v, want the desk's", c)
	}
	must(t, r.Stop())
	calls := len(r.Calls(setCommands)) + len(r.Calls("PUT /applications/{}/commands"))
	r.again(t)
	r.sees(t, func(v *discordsim.View) bool { return len(v.Calls("GET /applications/{}/commands")) >= 2 })
	r.says(t, r.dm, discordsim.Draft{Text: "still there?"})
	r.Hears(t, "still there?")
	if n := len(r.Calls(setCommands)) + len(r.Calls("PUT /applications/{}/commands")); n != calls {
		t.Errorf("the same commands were set %d times more", n-calls)
	}
	r.deps.Menu.Set(first[:1])
	r.offers(t, r.guild, "claim", "snooze", "order")
	r.offers(t, other)
	r.offers(t, "")
	r.deps.Menu.Set(nil)
	r.offers(t, r.guild, "claim", "snooze")
}

func TestTooManyCommandsAreNotAllShown(t *testing.T) {
	t.Parallel()
	r := served(t)
	var many []bridges.BotCommand
	for i := range 120 {
		c := order(at(r.room))
		c.Name = fmt.Sprintf("c%d", i)
		many = append(many, c)
	}
	large := order(at(r.room))
	large.Name, large.Params[0].Choices = "large", nil
	for i := range 25 {
		large.Params[0].Choices = append(large.Params[0].Choices, fmt.Sprintf("%0100d", i))
	}
	for i := range 2 {
		large.Params = append(large.Params, large.Params[0])
		large.Params[len(large.Params)-1].Name = fmt.Sprintf("more%d", i)
	}
	r.deps.Menu.Set(append([]bridges.BotCommand{large}, many...))
	r.sees(t, func(v *discordsim.View) bool { return len(v.Commands()) == 100 })
	if first := r.Commands()[0].Name; first != "c0" {
		t.Errorf("the first one is %s, want c0: the large one can't be shown", first)
	}
}

func TestABotsCommandElsewhereSaysSo(t *testing.T) {
	t.Parallel()
	r := prepare(t, discordsim.Config{})
	r.deps.Commands, r.deps.Surfaces = commands(), []chat.Conversation{r.board()}
	r.deps.Menu = &bridges.Menu{}
	claim := order(at(r.room))
	claim.Name = "claim"
	claim.Params = nil
	r.deps.Menu.Set([]bridges.BotCommand{order(at(r.room)), claim, {Name: "talk", Direct: true}})
	r.again(t)
	r.offers(t, "", "talk")
	r.offers(t, r.guild, "claim", "snooze", "order")
	cafe := r.AddChannel(discordsim.Channel{Guild: r.guild, Name: "cafe", Type: discordsim.ChannelText})
	_, conv := r.opens(t, chat.Open{Key: "k-1", To: r.board(), Title: "Bea", Card: card(chat.MarkOpen)})
	give := map[string]string{"size": "S", "count": "1"}
	for _, channel := range []string{cafe, string(conv.Thread)} {
		must(t, r.Slash(r.ada, channel, "order", give))
		r.told(t, channel, "No bot listens for /order here.")
	}
	// A command of a desk is one in a case alone, and a bot's of the same name where that listens.
	must(t, r.Slash(r.ada, cafe, "claim", nil))
	r.told(t, cafe, "There is no case here.")
	must(t, r.Slash(r.ada, string(conv.Thread), "claim", nil))
	bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Pressed) bool { return p.Button == "claim" })
	must(t, r.Slash(r.ada, r.room, "claim", nil))
	r.Hears(t, "/claim")
	must(t, r.Slash(r.ada, r.dm, "talk", nil))
	e, _ := r.Hears(t, "/talk")
	if !e.Direct || e.Conversation != at(r.dm) {
		t.Errorf("it came as %+v, want it in the direct message", e)
	}
	thread := r.StartThread(r.ada, r.room, "", "aside")
	must(t, r.Slash(r.ada, thread, "order", give))
	if e, _ := r.Hears(t, "/order S 1"); e.Conversation.Place() != at(r.room) || e.Conversation.Thread != chat.ThreadID(thread) {
		t.Errorf("it came as %+v, want it in the thread", e)
	}
}

// TestADesksCommandIsGivenToABotOfItsName is the one list in which only one of the two can be.
func TestADesksCommandIsGivenToABotOfItsName(t *testing.T) {
	t.Parallel()
	r := prepare(t, discordsim.Config{})
	r.deps.Commands, r.deps.Surfaces = commands(), []chat.Conversation{r.board()}
	r.deps.Menu = &bridges.Menu{}
	snooze := order(at(r.room))
	snooze.Name = "snooze"
	r.deps.Menu.Set([]bridges.BotCommand{snooze})
	r.again(t)
	r.offers(t, r.guild, "claim", "snooze")
	must(t, r.Slash(r.ada, r.room, "snooze", map[string]string{"for": "1h", "why": "so tired"}))
	r.Hears(t, "/snooze 1h so tired")
}

func TestABotsCommandIsStoredBeforeItIsAnswered(t *testing.T) {
	t.Parallel()
	r := served(t)
	give := map[string]string{"size": "S", "count": "1"}
	r.Full(math.MaxInt)
	must(t, r.Slash(r.ada, r.room, "order", give))
	r.told(t, r.room, "Roost could not take that down. Please try again.")
	r.Refuse(nil)
	storing, stored := make(chan struct{}), make(chan struct{})
	r.Refuse(func(chat.Batch) error {
		close(storing)
		<-stored
		return nil
	})
	must(t, r.Slash(r.ada, r.room, "order", give))
	<-storing
	last := r.Interactions()[len(r.Interactions())-1]
	if last.Answered {
		t.Error("it was answered before it was stored")
	}
	r.Refuse(nil)
	close(stored)
	r.told(t, r.room, "✓ /order S 1")

	must(t, r.Slash(r.ada, r.room, "order", map[string]string{"size": "S", "count": "1", "label": `"”» “`}))
	r.told(t, r.room, "What you wrote for label has spaces and every kind of quotation mark.")
}

// TestWhatIsDoneToACommandIsDone has a bot and the routes do to a command what they do to messages.
func TestWhatIsDoneToACommandIsDone(t *testing.T) {
	t.Parallel()
	r := served(t)
	must(t, r.Slash(r.ada, r.room, "order", map[string]string{"size": "S", "count": "1"}))
	e, _ := r.Hears(t, "/order S 1")
	must(t, r.conn.React(t.Context(), chat.React{To: at(r.room), Message: e.Message, Emoji: "👍"}))
	must(t, r.conn.React(t.Context(), chat.React{To: at(r.room), Message: e.Message, Emoji: "👍", Remove: true}))
	must(t, r.conn.Pin(t.Context(), chat.Pin{To: at(r.room), Message: e.Message}))
	must(t, r.conn.Delete(t.Context(), chat.Delete{To: at(r.room), Messages: []chat.MessageID{e.Message}}))
	m := r.posts(t, chat.Post{Key: "a-1", To: at(r.room), Text: plain("Ordered."), ReplyTo: e.Message})
	if m.Content != "Ordered." || m.ReplyTo != "" {
		t.Errorf("the answer is %+v", m)
	}
	m = r.posts(t, chat.Post{
		Key: "a-2", To: at(r.room), Text: plain("Nice."), ReplyTo: e.Message, As: &chat.Persona{Name: "Cleo"},
		Quote: &chat.Quote{Name: "Ada", Text: text.Plain("/order S 1")},
	})
	if want := "> **Ada**: /order S 1\nNice."; m.Content != want {
		t.Errorf("who answers it elsewhere reads %q, want %q", m.Content, want)
	}
	_, conv := r.opens(t, chat.Open{Key: "a-3", To: at(r.room), Title: "aside", Bare: true, Root: e.Message})
	if conv.Thread == "" || conv.Place() != at(r.room) {
		t.Errorf("its thread is %s", conv)
	}
	for _, bad := range []string{"reactions", "pins", "DELETE"} {
		if slices.ContainsFunc(r.Requests(), func(q discordsim.Request) bool { return strings.Contains(q.Method+" "+q.Path, bad) }) {
			t.Errorf("Discord was asked for %s", bad)
		}
	}
}

func TestDoctorMissesTheScopeForBotsCommands(t *testing.T) {
	t.Parallel()
	r := served(t)
	r.Sim.Fail(readCommands, discordsim.Fault{Status: http.StatusForbidden, Code: 50001})
	findings, err := r.conn.Check(t.Context())
	must(t, err)
	if last := findings[len(findings)-1]; last.Grade != chat.Warning || last.Name != "Fans: applications.commands" {
		t.Errorf("without the scope it finds %+v", findings)
	}
}
