package bridges_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func TestWordsAreWrittenAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	cmd := bridges.BotCommand{Name: "thank", Params: []bridges.Param{
		{Name: "who", Kind: bridges.UserParam},
		{Name: "word", Kind: bridges.TextParam, Optional: true},
		{Name: "times", Kind: bridges.NumberParam, Optional: true},
		{Name: "why", Kind: bridges.RestParam, Optional: true},
	}}
	ann := text.Text{Body: "@Ann Lee", Spans: []text.Span{{Start: 0, End: 8, Kind: text.Mention, ID: "U1", Name: "Ann Lee"}}}
	for _, tc := range []struct {
		name  string
		given map[string]text.Text
		want  string
		not   string
	}{
		{"nothing", nil, "/thank", ""},
		{"a mention", map[string]text.Text{"who": ann}, "/thank @Ann Lee", ""},
		{"one left out", map[string]text.Text{"who": ann, "times": text.Plain("3")}, `/thank @Ann Lee "" 3`, ""},
		{"the rest", map[string]text.Text{"who": ann, "why": text.Plain(`for "all" of it`)}, `/thank @Ann Lee "" "" for "all" of it`, ""},
		{"spaces", map[string]text.Text{"who": ann, "word": text.Plain("so much")}, `/thank @Ann Lee "so much"`, ""},
		{"quotes in it", map[string]text.Text{"who": ann, "word": text.Plain(`"so" much`)}, `/thank @Ann Lee “"so" much”`, ""},
		{"more quotes", map[string]text.Text{"who": ann, "word": text.Plain(`"so” much`)}, `/thank @Ann Lee «"so” much»`, ""},
		{"all quotes", map[string]text.Text{"who": ann, "word": text.Plain(`"”» “`)}, "", "word"},
		{"a mention and more", map[string]text.Text{"word": text.Join(ann, text.Plain("!"))}, `/thank "" "@Ann Lee!"`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, not := cmd.Words(tc.given)
			if got.Body != tc.want || not != tc.not {
				t.Errorf("got %q, unsaid %q; want %q, %q", got.Body, not, tc.want, tc.not)
			}
			for _, s := range got.Spans {
				if s.ID != "U1" || got.Body[s.Start:s.End] != "@Ann Lee" {
					t.Errorf("the mention is of %q", got.Body[s.Start:s.End])
				}
			}
		})
	}
}

// TestBotsReadBackWhatWasGiven gives any values for any parameters, and has them read as bots read them.
func TestBotsReadBackWhatWasGiven(t *testing.T) {
	t.Parallel()
	kinds := []bots.ParamKind{bots.TextParam, bots.NumberParam, bots.UserParam, bots.DurationParam, bots.ChoiceParam}
	rapid.Check(t, func(t *rapid.T) {
		read := bots.Command{Name: "c"}
		cmd := bridges.BotCommand{Name: "c"}
		given, want := map[string]text.Text{}, map[string]bots.Value{}
		free := rapid.IntRange(0, 4).Draw(t, "required")
		for i := range rapid.IntRange(0, 6).Draw(t, "params") {
			p := bots.Param{Name: "p" + strconv.Itoa(i), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Optional: i >= free}
			if p.Kind == bots.ChoiceParam {
				p.Choices = []string{"S", "extra large", `"M"`}
			}
			read.Params = append(read.Params, p)
			cmd.Params = append(cmd.Params, bridges.Param{Name: p.Name, Kind: bridges.ParamKind(p.Kind), Choices: p.Choices, Optional: p.Optional})
			if !p.Optional || rapid.Bool().Draw(t, "given") {
				given[p.Name], want[p.Name] = drawValue(t, p)
			}
		}
		if rapid.Bool().Draw(t, "rest") {
			read.Params = append(read.Params, bots.Param{Name: "rest", Kind: bots.RestParam, Optional: true})
			cmd.Params = append(cmd.Params, bridges.Param{Name: "rest", Kind: bridges.RestParam, Optional: true})
			v := text.Plain(rapid.StringMatching(`[a-z"“”«»„ ]{0,12}`).Draw(t, "words")).Trim()
			if given["rest"] = v; !v.Empty() {
				want["rest"] = bots.Value{Kind: bots.RestParam, Text: v.Body}
			}
		}
		words, unsaid := cmd.Words(given)
		if unsaid != "" {
			if all := given[unsaid].Body; !strings.Contains(all, `"`) || !strings.Contains(all, "”") || !strings.Contains(all, "»") || !strings.Contains(all, "“") {
				t.Fatalf("%q can't be said", all)
			}
			return
		}
		said := words.Slice(len("/c"), len(words.Body))
		got, err := read.Parse(said, "discord/fans")
		if err != nil {
			t.Fatalf("%q can't be read: %v", words.Body, err)
		}
		if diff := cmp.Diff(bots.Args(want), got); diff != "" {
			t.Fatalf("%q is read so (-want +got):\n%s", words.Body, diff)
		}
	})
}

// drawValue draws a value for a parameter, as it is given and as it is to be understood.
func drawValue(t *rapid.T, p bots.Param) (text.Text, bots.Value) {
	v := bots.Value{Kind: p.Kind}
	var given text.Text
	switch p.Kind {
	case bots.NumberParam:
		v.Number = float64(rapid.IntRange(-1_000_000, 1_000_000).Draw(t, "number")) / 8
		given = text.Plain(strconv.FormatFloat(v.Number, 'f', -1, 64))
	case bots.DurationParam:
		given = text.Plain("2h30m")
		v.Duration = 150 * 60 * 1e9
	case bots.ChoiceParam:
		given = text.Plain(rapid.SampledFrom(p.Choices).Draw(t, "choice"))
	case bots.UserParam:
		name := rapid.StringMatching(`[a-z"“] ?[a-z"”]{1,5}`).Draw(t, "name")
		var b text.Builder
		b.Span(text.Mention, text.Attrs{ID: "7", Name: name}, func() { b.Write("@" + name) })
		given = b.Text()
		v.Person = bots.Person{Account: "discord/fans", ID: "7", Name: name}
	case bots.TextParam, bots.RestParam:
		given = text.Plain(rapid.StringMatching(`[a-z"“”«»„@/ ]{0,8}[a-z"“”«»„]`).Draw(t, "text"))
	}
	v.Text = given.Body
	return given, v
}

func TestAMenuSaysWhereCommandsAreHeard(t *testing.T) {
	t.Parallel()
	room := chat.Conversation{Account: "discord/fans", ID: "1"}
	thread := chat.Conversation{Account: "discord/fans", ID: "2", Thread: "3"}
	var m bridges.Menu
	m.Set([]bridges.BotCommand{
		{Name: "order", Help: "one", In: []chat.Conversation{room, thread}}, {Name: "order", Help: "two", Direct: true}, {Name: "all", Everywhere: true},
	})
	within := room
	within.Thread = "9"
	for _, tc := range []struct {
		name       string
		at         chat.Conversation
		direct     bool
		help       string
		here, some bool
	}{
		{"order", room, false, "one", true, true},
		{"order", within, false, "one", true, true},
		{"order", thread, false, "one", true, true},
		{"order", thread.Place(), false, "", false, true},
		{"order", chat.Conversation{Account: "discord/fans", ID: "5"}, true, "two", true, true},
		{"all", chat.Conversation{Account: "discord/fans", ID: "5"}, true, "", true, true},
		{"all", thread.Place(), false, "", true, true},
		{"none", room, false, "", false, false},
	} {
		if c, here, known := m.Find(tc.name, tc.at, tc.direct); c.Help != tc.help || here != tc.here || known != tc.some {
			t.Errorf("%s in %s: %q, here %v, known %v", tc.name, tc.at, c.Help, here, known)
		}
	}
	if all, changed := (*bridges.Menu)(nil).Now(); all != nil || changed != nil {
		t.Error("nil has commands")
	}
}

// TestSignsFollowTheMenu changes what there is while signs hang.
func TestSignsFollowTheMenu(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWall()
		w.Deps.Menu = &bridges.Menu{}
		w.Places = func(context.Context) ([]string, error) {
			all, _ := w.Deps.Menu.Now()
			var places []string
			for _, c := range all {
				places = append(places, c.Name)
			}
			return places, nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); w.Follow(ctx) }()
		for _, step := range []struct{ names, want string }{
			{"", ""}, {"a", "+a"}, {"a", ""}, {"b c", "-a +b +c"}, {"", "-b -c"},
		} {
			w.calls = nil
			var all []bridges.BotCommand
			for name := range strings.FieldsSeq(step.names) {
				all = append(all, bridges.BotCommand{Name: name})
			}
			w.Deps.Menu.Set(all)
			synctest.Wait()
			if got := strings.Join(w.calls, " "); got != step.want {
				t.Errorf("with %q the platform was asked %q, want %q", step.names, got, step.want)
			}
		}
		cancel()
		<-ended
	})
}
