package bottest_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/roost-im/roost/bots/bottest"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ chat, want string }{
		{"hello", `a.chat:1:1: "hello" is no line of a chat; one is written "alice: hi"`},
		{"\n\n  hello", "a.chat:3:1: an indented line goes on with the message above it, and there is none"},
		{"# x\n  hello", "a.chat:2:1: an indented line"},
		{"alice presses S\n  hello", "a.chat:2:1: an indented line"},
		{"alice edts: x", `a.chat:1:7: alice can't do "edts"; did you mean "edits"?`},
		{"bot presses x", `a.chat:1:5: bot can't do "presses"`},
		{"bot edits", "a.chat:1:5: a colon and words are missing behind edits"},
		{"bot edits 0: x", "a.chat:1:5: messages are counted from 1"},
		{"bot deletes all", `a.chat:1:5: "all" is too much behind deletes`},
		{"alice reacts", "a.chat:1:7: something is missing behind reacts"},
		{"alice presses", "a.chat:1:7: presses what?"},
		{"alice@ : hi", "a.chat:1:6: a place is missing behind the @"},
		{"alice: ", "a.chat:1:1: alice says nothing"},
		{"hook deploy", `a.chat:1:1: a webhook's call is written "hook NAME: body"`},
		{"bot: /(/", "a.chat:1:1: the pattern can't be read"},
		{"bot: /" + strings.Repeat("a", 1001) + "/", "a.chat:1:1: the pattern is longer than 1000 bytes"},
		{"bot: a\nnothing", "a.chat:2:1: the bot can't do nothing and something besides"},
		{"@platform x", "a.chat:1:1: there is no @platform"},
		{"@restrat", `a.chat:1:1: there is no @restrat; did you mean "@restart"?`},
		{"@restart now", `a.chat:1:10: "now" is too much`},
		{"@on telegramm", `a.chat:1:5: there is no platform telegramm; did you mean "telegram"?`},
		{"@on", "a.chat:1:4: something is missing behind @on"},
		{"@can fly", "a.chat:1:6: fly is no ability"},
		{"@at tomorrow", `a.chat:1:5: "tomorrow" is no time; it is written +2h, 09:00`},
		{"@at 2026-01-01 Mars/Base", "a.chat:1:5: there is no time zone Mars/Base"},
		{"@ +2x", `a.chat:1:3: "+2x" is no time`},
		{"@ 25:00", `a.chat:1:3: "25:00" is no time of a day`},
		{"@role alice", "a.chat:1:7: \"alice\" is not a person and their roles"},
		{"@config a", `a.chat:1:9: "a" is not written name=value`},
		{"@place lounge x", "a.chat:1:8: \"lounge x\" is not a place"},
		{"@place #lounge x", "a.chat:1:8: \"x\": a conversation is written"},
		{"@mirror a", "a.chat:1:9: \"a\" is not a mirror's name and its places"},
		{"@fail everything", "a.chat:1:7: \"everything\" can't fail here"},
		{"@http GET x", "a.chat:1:7: \"GET x\" is no web answer"},
		{"@bot a b", `a.chat:1:6: "a b" is not one word`},
		{"alice: hi\n@on x", "a.chat:2:1: @on comes before the chat begins"},
		{"alice: hi\xff", "a.chat:1:1: the transcript is not UTF-8"},
		{strings.Repeat("#", 1<<20+1), "a.chat:1:1: the transcript is longer than 1048576 bytes"},
	} {
		t.Run(tc.want, func(t *testing.T) {
			t.Parallel()
			_, err := bottest.Parse("a.chat", []byte(tc.chat))
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("Parse(%q) = %v, want %s", tc.chat, err, tc.want)
			}
			if f, ok := errors.AsType[*bottest.Fault](err); err != nil && (!ok || f.Line < 1 || f.Column < 1) {
				t.Errorf("Parse(%q) has no place: %v", tc.chat, err)
			}
		})
	}
}

func TestFaultsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := bottest.Parse("a.chat", []byte("x\ny\n@on z\n"+strings.Repeat("x\n", 100)))
	if n := len(strings.Split(fmt.Sprint(err), "\n")); n != 20 {
		t.Errorf("%d faults are told, want 20", n)
	}
}

func FuzzParse(f *testing.F) {
	for _, file := range []string{"testdata/order.chat"} {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{
		"alice@#a/b: x\n  y\n\n z\nbot@alice edits 2: /x/\nnothing", "@http GET x -> 200 {}\n\tb", "alice presses 2: [a]", "@ +1d\n@ 09:00",
		"@on x\n@mirror a #b\n@can cards\nhook a: b", "\ufeff@at 2026-01-01 UTC\r\n", "bot whispers a: b", "@", "@ ", "bot", "bot@", "a@b",
		"@config a=#b\n@replace x\n@crash\n@stop\n@restart\nalice: /do say a\nalice presses a\nalice picks b\nalice edits: c",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tr, err := bottest.Parse("a.chat", b)
		if err != nil || bytes.Contains(b, []byte("@bot")) || len(b) > 2000 {
			return
		}
		// What can be read can be played.
		for _, p := range tr.On() {
			if err := bottest.Play(t.Context(), tr, p, jack); errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
	})
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	r := play(t, "@on x telegram\nalice: /do say \x01<a>\nbot: b\n", bottest.Options{JUnit: &b, Colour: true})
	if r.Failed != 2 {
		t.Errorf("%d failed, want 2", r.Failed)
	}
	var got struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Tests int `xml:"tests,attr"`
			Cases []struct {
				Name    string `xml:"name,attr"`
				Failure string `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v in\n%s", err, b.Bytes())
	}
	if got.Tests != 2 || got.Failures != 2 || len(got.Suites) != 1 || len(got.Suites[0].Cases) != 2 {
		t.Fatalf("report has %+v", got)
	}
	for i, on := range []string{"x", "telegram"} {
		c := got.Suites[0].Cases[i]
		if !strings.HasSuffix(c.Name, " on "+on) || !strings.Contains(c.Failure, "+       | bot: ") || strings.Contains(c.Failure, "\x1b") {
			t.Errorf("case %d is %+v", i, c)
		}
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, chat, want string }{
		{"other words", "# a\nalice: /do say a\nbot: b\n# b\n", "# a\nalice: /do say a\nbot: a\n# b\n"},
		{
			"all of it", "@in #r\nalice: /do choices Which\n\nalice presses One\nnothing\n# end\nalice: /do say a\nbot: /a/\nbot: b\n  c\n",
			"@in #r\nalice: /do choices Which\nbot: Which  [One] [Two]\n\nalice presses One\nbot: pressed 1\n# end\nalice: /do say a\nbot: /a/\n",
		},
		{"lines", "alice: /do say a\n\n  b", "alice: /do say a\n\n  b\nbot: a\n\n  b"},
		{"a pattern", "alice: /do say /a.b/", "alice: /do say /a.b/\nbot: /^/a\\.b/$/"},
		{"what is right stays", "alice: /do say a\nbot: /a/", "alice: /do say a\nbot: /a/"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := play(t, tc.chat, bottest.Options{Update: true})
			got, err := os.ReadFile(r.Results[0].File)
			if err != nil || string(got) != tc.want || r.Failed > 0 {
				t.Errorf("updated to\n%s\nwant\n%s\n%v, %d failed", got, tc.want, err, r.Failed)
			}
			if again := play(t, string(got), bottest.Options{}); again.Failed > 0 {
				t.Errorf("it fails after the update: %s", again.Results[0].Failure)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"b/x.chat", "a.chat", "a.txt", ".git/y.chat"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := bottest.Files(dir, filepath.Join(dir, "a.chat"))
	if err != nil || len(got) != 2 || filepath.Base(got[0]) != "a.chat" || filepath.Base(got[1]) != "x.chat" {
		t.Errorf("Files = %v, %v; want a.chat and b/x.chat", got, err)
	}
	if _, err := bottest.Files(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Files of nothing = %v, want that it is not there", err)
	}
	if _, err := bottest.Files(filepath.Join(dir, ".git", "..", "b", "..", "c")); err == nil {
		t.Error("Files of a folder that is not there gives no error")
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	r := play(t, "@on x telegram\nalice: /do say a\nbot: a", bottest.Options{Match: regexp.MustCompile("on x$")})
	if len(r.Results) != 1 || !strings.HasSuffix(r.Results[0].Name, "on x") {
		t.Errorf("played %+v, want the case on x alone", r.Results)
	}
}

func BenchmarkOrder(b *testing.B) {
	src, err := os.ReadFile("testdata/order.chat")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		t, err := bottest.Parse("order.chat", src)
		if err != nil {
			b.Fatal(err)
		}
		for _, p := range t.On() {
			if err := bottest.Play(b.Context(), t, p, open); err != nil {
				b.Fatal(err)
			}
		}
	}
}
