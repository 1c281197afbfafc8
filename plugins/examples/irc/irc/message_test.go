package irc_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/roost-im/roost/plugins/examples/irc/irc"
)

// vectors reads a file of https://github.com/ircdocs/parser-tests.
func vectors[T any](tb testing.TB, name string) []T {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "parser-tests", name))
	if err != nil {
		tb.Fatal(err)
	}
	var file struct {
		Tests []T `yaml:"tests"`
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		tb.Fatal(err)
	}
	if len(file.Tests) == 0 {
		tb.Fatalf("%s has no tests", name)
	}
	return file.Tests
}

type atoms struct {
	Tags   map[string]string `yaml:"tags"`
	Source string            `yaml:"source"`
	Verb   string            `yaml:"verb"`
	Params []string          `yaml:"params"`
}

type splitting struct {
	Input string `yaml:"input"`
	Atoms atoms  `yaml:"atoms"`
}

func TestParseVectors(t *testing.T) {
	t.Parallel()
	for _, tc := range vectors[splitting](t, "msg-split.yaml") {
		m, err := irc.Parse(tc.Input)
		if err != nil {
			t.Errorf("%q: %v", tc.Input, err)
			continue
		}
		same := maps.Equal(m.Tags, tc.Atoms.Tags) && m.Source == tc.Atoms.Source &&
			strings.EqualFold(m.Verb, tc.Atoms.Verb) && slices.Equal(m.Params, tc.Atoms.Params)
		if !same {
			t.Errorf("%q is %#v, want %#v", tc.Input, m, tc.Atoms)
		}
	}
}

func TestJoinVectors(t *testing.T) {
	t.Parallel()
	type joining struct {
		Atoms   atoms    `yaml:"atoms"`
		Matches []string `yaml:"matches"`
	}
	for _, tc := range vectors[joining](t, "msg-join.yaml") {
		m := irc.Message{Tags: tc.Atoms.Tags, Source: tc.Atoms.Source, Verb: tc.Atoms.Verb, Params: tc.Atoms.Params}
		if got := m.String(); !slices.Contains(tc.Matches, got) {
			t.Errorf("%#v is %q, want one of %q", m, got, tc.Matches)
		}
	}
}

func TestSourceVectors(t *testing.T) {
	t.Parallel()
	type source struct {
		Source string `yaml:"source"`
		Atoms  struct {
			Nick string `yaml:"nick"`
			User string `yaml:"user"`
			Host string `yaml:"host"`
		} `yaml:"atoms"`
	}
	for _, tc := range vectors[source](t, "userhost-split.yaml") {
		if got, want := irc.ParseSource(tc.Source), irc.Source(tc.Atoms); got != want {
			t.Errorf("%q is %+v, want %+v", tc.Source, got, want)
		}
	}
}

func TestParseRefusesNothing(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"", "\r\n", ":source", "@tag=1", "@tag :source  ", "   ", ": :0", "PRIV-MSG x"} {
		if m, err := irc.Parse(line); err == nil {
			t.Errorf("%q is %#v, want an error", line, m)
		}
	}
}

// TestOneLine puts commands into every part of a message: they stay inside it.
func TestOneLine(t *testing.T) {
	t.Parallel()
	const evil = "x\r\nQUIT :\x00bye"
	m := irc.Message{Tags: map[string]string{evil: evil}, Source: evil, Verb: "PRIVMSG", Params: []string{evil, ":" + evil, "", evil}}
	got := m.String()
	if want := `@x=x\r\nQUIT\s:bye :x PRIVMSG x x * :x  QUIT : bye`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	back, err := irc.Parse(got)
	if err != nil || back.Verb != "PRIVMSG" || len(back.Params) != 4 {
		t.Errorf("%q is read as %#v, %v", got, back, err)
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ mapping, name, want string }{
		{"", `Al[i]ce\^`, "al{i}ce|~"},
		{"rfc1459", "A^", "a~"},
		{"rfc1459-strict", `A[\]^`, "a{|}^"},
		{"ascii", `A[\]^Ü`, `a[\]^Ü`},
		{"rfc8265", "AÜ", "aü"},
	} {
		if got := irc.Fold(tc.mapping, tc.name); got != tc.want {
			t.Errorf("Fold(%q, %q) = %q, want %q", tc.mapping, tc.name, got, tc.want)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"grün 👍": "grün 👍", "gr\xfcn": "grün", "\x80 \x93quoted\x94 \x85": "€ “quoted” …", "\x81": "\uFFFD",
	} {
		if got := irc.Decode([]byte(in)); got != want {
			t.Errorf("Decode(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestParam(t *testing.T) {
	t.Parallel()
	m := irc.Message{Params: []string{"a", "b"}}
	if got := m.Param(-1) + m.Param(0) + m.Param(2) + m.Last(); got != "ab" {
		t.Errorf("got %q, want ab", got)
	}
	if got := (irc.Message{}).Last(); got != "" {
		t.Errorf("the last of none is %q", got)
	}
}

// FuzzParse holds that a line that is taken is written as one that means the same.
func FuzzParse(f *testing.F) {
	for _, tc := range vectors[splitting](f, "msg-split.yaml") {
		f.Add([]byte(tc.Input))
	}
	f.Add([]byte("@a=\\;b;=c :\xff PRIVMSG # ::)"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := irc.Parse(irc.Decode(raw))
		if err != nil {
			return
		}
		line := m.String()
		if strings.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("%q is not one line", line)
		}
		if strings.ContainsAny(string(raw), "\r\n\x00") || len(raw) > lineMost {
			return // no line of a server
		}
		back, err := irc.Parse(line)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if again := back.String(); again != line {
			t.Fatalf("%q is read and written as %q", line, again)
		}
		if back.Verb != m.Verb || !slices.Equal(back.Params, m.Params) {
			t.Fatalf("%#v is read back as %#v", m, back)
		}
	})
}

const lineMost = 8192 + 512
