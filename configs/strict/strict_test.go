package strict_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/configs/strict"
)

func file() *strict.File {
	return &strict.File{Name: "f.yaml", Bytes: 10_000, Words: 500, Empty: "write something"}
}

func parse(t *testing.T, f *strict.File, src string) strict.Value {
	t.Helper()
	root, ok := f.Parse([]byte(src))
	if !ok {
		t.Fatalf("%q: %v", src, f.Err())
	}
	return root
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, src, want string }{
		{"nothing", "# a word\n", "f.yaml: is empty; write something"},
		{"too many bytes", strings.Repeat("a", 10_001), "f.yaml: is too large: more than 10000 bytes"},
		{"too many words", strings.Repeat("- a\n", 400), "too much: more than 32 levels or 500 words at f.yaml:251:3"},
		{"too many brackets", strings.Repeat("[", 40), "too much: more than 32 levels or 500 words at f.yaml:1:33"},
		{"too many dashes", strings.Repeat("- ", 40), "too much: more than 32 levels or 500 words at f.yaml:1:65"},
		{"too far in", "a:\n" + strings.Repeat(" ", 129) + "b: c\n", "too much: more than 32 levels or 500 words at f.yaml:2:130"},
		{"no UTF-8", "a: \xff", "is no text: it is not UTF-8 at f.yaml:1:4"},
		{"a zero byte", "a: b\nü\x00", "is no text: it has the character U+0000 at f.yaml:2:2"},
		{"an anchor", "a: &b c", "anchors, aliases and merge keys are not taken at f.yaml:1:4; write the value out, or put it in quotes"},
		{"a tag", "a: !b c", "tags are not taken at f.yaml:1:4; put a value that begins with ! in quotes"},
		{"a directive", "%YAML 1.2\n---\na: b", "directives are not taken at f.yaml:1:1"},
		{"a question mark", "? a\n: b", "keys that begin with ? are not taken at f.yaml:1:1; write key: value"},
		{"two documents", "a: b\n---\nc: d\n", "a second document; there is one in a file at f.yaml:3:1"},
		{"a tab", "a:\n\tb: c", "is no YAML: found character tab that cannot start any token at f.yaml:2:1; look at the indentation"},
		{"an open quote", "a: 'b", "is no YAML: could not find end character of single-quoted text at f.yaml:1:4"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := file()
			root, ok := f.Parse([]byte(tc.src))
			if ok || !root.IsZero() || !strings.HasPrefix(fmt.Sprint(f.Err()), tc.want) {
				t.Errorf("Parse = %v, %v, want %s", ok, f.Err(), tc.want)
			}
		})
	}
}

func TestParseTellsAllThatIsNotTaken(t *testing.T) {
	t.Parallel()
	f := file()
	f.Parse([]byte("a: &b c\nd: *b\n" + strings.Repeat("- !x y\n", 60)))
	if faults := f.Faults(); len(faults) != 34 || !strings.Contains(faults[33].Text, "too much") {
		t.Errorf("%d faults, want 33 and that it is too much: %v", len(faults), f.Err())
	}
}

func TestMost(t *testing.T) {
	t.Parallel()
	f := file()
	f.Most = 3
	for i := range 9 {
		f.Fault(strict.Spot{Line: 9 - i}, "", "wrong")
	}
	if faults := f.Faults(); f.Len() != 3 || len(faults) != 3 || faults[0].Line != 7 || faults[2].Line != 9 {
		t.Errorf("%d faults: %v, want the first three by line", f.Len(), f.Err())
	}
}

func TestSpots(t *testing.T) {
	t.Parallel()
	f := file()
	root := parse(t, f, `# where things stand
top:
  word: 7
  list: [a, {ü: 'b'}]
  table:
    deep: |
      one
      two
  none:
`)
	got := map[string]string{}
	var walk func(v strict.Value)
	walk = func(v strict.Value) {
		got[v.At.Path] = fmt.Sprintf("%d:%d %v %s", v.At.Line, v.At.Column, v.Kind(), v.Word())
		for _, item := range v.Items() {
			walk(item)
		}
		if v.Kind() == strict.Table {
			for _, e := range v.Entries() {
				walk(e.Value)
			}
		}
	}
	walk(root)
	want := map[string]string{
		"": "2:1 keys and values ", "top": "2:1 keys and values ", "top.word": "3:9 a number 7", "top.list": "4:3 a list ",
		"top.list[0]": "4:10 text a", "top.list[1]": "4:13 keys and values ", "top.list[1].ü": "4:17 text b",
		"top.table": "5:3 keys and values ", "top.table.deep": "6:11 text one\ntwo\n", "top.none": "9:3 empty ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	deep := root.Key("top").Key("table").Key("deep")
	if at := deep.Within(2, 1); at.Line != 8 || at.Column != 8 {
		t.Errorf("the w of two stands at %d:%d, want 8:8", at.Line, at.Column)
	}
	if quoted := root.Key("top").Key("list").Items()[1].Key("ü"); quoted.Within(1, 0).Column != 18 {
		t.Errorf("what is in quotes begins at %d, want 18", quoted.Within(1, 0).Column)
	}
	if !root.Key("other").IsZero() || !root.Key("top").Key("word").Key("x").IsZero() {
		t.Error("there is a value for a key that is not there")
	}
}

func TestLiteral(t *testing.T) {
	t.Parallel()
	f := file()
	root := parse(t, f, "[yes, true, 'true', 12, -3, 2.5, .inf, null, ~, []]")
	items := root.Items()
	for i, want := range []any{"none", true, "none", uint64(12), int64(-3), 2.5, "none", nil, nil, "none"} {
		got, ok := items[i].Literal()
		if !ok {
			got = "none"
		}
		if got != want {
			t.Errorf("item %d is %#v, want %#v", i, got, want)
		}
	}
}

func TestTwiceIsListedOnce(t *testing.T) {
	t.Parallel()
	f := file()
	root := parse(t, f, "a: 1\nb: 2\na: 3\n")
	if n := len(root.Quiet().Entries()); n != 2 || f.Err() != nil {
		t.Errorf("%d entries and %v, want two and nothing said", n, f.Err())
	}
	entries := root.Entries()
	if len(entries) != 2 || entries[0].Value.Word() != "1" || fmt.Sprint(f.Err()) != "a: written twice, first in line 1 at f.yaml:3:1" {
		t.Errorf("%d entries, %v", len(entries), f.Err())
	}
	if !f.Faulted("a") || f.Faulted("b") {
		t.Error("Faulted says otherwise than Err")
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	const src = "a: {b: ${B:-x, y}, ${K}: c}\nhun ter2: ${\nhun ter2: d\n"
	f := file()
	f.Secrets = true
	root := parse(t, f, src)
	if got := root.Key("a").Key("b").Word(); got != "${B:-x, y}" {
		t.Errorf("b is %q, want it whole", got)
	}
	if got := root.Key("a").Entries()[1].Key; got != "${K}" {
		t.Errorf("the key is %q", got)
	}
	root.Entries()
	if err := fmt.Sprint(f.Err()); err != "(key): written twice, first in line 2 at f.yaml:3:1" {
		t.Errorf("%s, want it without the key", err)
	}
	open := file()
	if _, ok := open.Parse([]byte(src)); ok {
		t.Errorf("a file without secrets takes ${…} for one word")
	}
	for _, f := range []*strict.File{{Name: "f.yaml", Bytes: 99, Words: 99, Secrets: true}, {Name: "f.yaml", Bytes: 99, Words: 99}} {
		if _, ok := f.Parse([]byte("a: \U0010FE41")); ok == f.Secrets {
			t.Errorf("with secrets: %v, the veil's own characters are taken: %v", f.Secrets, ok)
		}
	}
}

func TestAll(t *testing.T) {
	t.Parallel()
	one, two := &strict.Fault{Text: "one"}, &strict.Fault{Text: "two"}
	err := errors.Join(errors.New("other"), fmt.Errorf("read: %w", errors.Join(one, fmt.Errorf("again: %w", two))))
	if got := strict.All[*strict.Fault](err); !slices.Equal(got, []*strict.Fault{one, two}) {
		t.Errorf("All = %v, want both", got)
	}
	if got := strict.All[*strict.Fault](nil); got != nil {
		t.Errorf("All of nothing = %v", got)
	}
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	many := strings.Split("abcdefghijklmno", "")
	for _, tc := range []struct {
		word  string
		known []string
		want  string
	}{
		{"replay", []string{"reply", "react"}, "did you mean reply?"},
		{"TRUE", []string{"None", "True"}, "did you mean True?"},
		{"colour", []string{"name", "run"}, "it can be name, run"},
		{"x", []string{"y"}, "it can be y"},
		{"colour", many, ""},
		{"colour", nil, ""},
		{strings.Repeat("x", 999), append(many, strings.Repeat("x", 998)), ""},
	} {
		if got := strict.DidYouMean(tc.word, tc.known); got != tc.want {
			t.Errorf("DidYouMean(%.20q, %.40q) = %q, want %q", tc.word, tc.known, got, tc.want)
		}
	}
}

// TestNearestFindsASlip holds that a word of four letters or more is known again when one of them is wrong, missing or too much.
func TestNearestFindsASlip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-z]{4,12}`).Draw(t, "word")
		i := rapid.IntRange(0, len(word)-1).Draw(t, "where")
		slip := rapid.SampledFrom([]string{
			word[:i] + "#" + word[i+1:], word[:i] + word[i+1:], word[:i] + "#" + word[i:], strings.ToUpper(word),
		}).Draw(t, "slip")
		if got := strict.Nearest(slip, []string{"123456", word, "654321"}); got != word {
			t.Errorf("Nearest(%q) = %q, want %q", slip, got, word)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"a: b", "a: {b: [c, 1, ${D:-e, f}]}\n", "- a\n- b: |\n    c\n", "a: 'b\n  c'\n", "? a\n: b", "&a b: *a", "[[[", "a:\n\tb", "%YAML\n---\n", "a: b\n---\nc",
		"{a: b, a: c}", "- - - a", "!!binary x", "\ufeffa: .inf", "<<: a",
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, src []byte, secrets bool) {
		f := file()
		f.Secrets = secrets
		root, ok := f.Parse(src)
		if ok == (f.Err() != nil) || ok == root.IsZero() {
			t.Fatalf("Parse = %v, %v", ok, f.Err())
		}
		lines := 1 + strings.Count(string(src), "\n") + strings.Count(string(src), "\r")
		var walk func(v strict.Value, deep int)
		walk = func(v strict.Value, deep int) {
			if v.At.Line > lines || deep > 300 || v.IsWord() != slices.Contains([]strict.Kind{strict.Text, strict.Number, strict.Flag}, v.Kind()) {
				t.Errorf("%q: %v, %d deep", src, v.At, deep)
			}
			_, _ = v.Literal()
			for _, item := range v.Items() {
				walk(item, deep+1)
			}
			if v.Kind() == strict.Table {
				for _, e := range v.Entries() {
					walk(e.Value, deep+1)
				}
			}
			v.Within(1, 0)
		}
		if ok {
			walk(root, 0)
		}
		for _, fault := range f.Faults() {
			if fault.Text == "" || fault.Line < 0 || fault.Line > lines {
				t.Errorf("%q: a fault without its place or text: %+v", src, fault)
			}
		}
	})
}

func ExampleFile() {
	f := &strict.File{Name: "lamp.yaml", Bytes: 1 << 10, Words: 100}
	root, ok := f.Parse([]byte("colour: red\nbrigth: true\n"))
	if ok {
		for _, e := range root.Entries() {
			switch e.Key {
			case "colour":
				fmt.Println("colour is", e.Value.Word())
			default:
				f.Fault(e.At, strict.DidYouMean(e.Key, []string{"bright", "colour"}), "unknown key")
			}
		}
	}
	fmt.Println(f.Err())
	// Output:
	// colour is red
	// brigth: unknown key at lamp.yaml:2:1; did you mean bright?
}
