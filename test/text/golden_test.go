package text_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// platforms are those that texts are carried between.
func platforms() []func(*testing.T) *side {
	return []func(*testing.T) *side{onSlack, onX, onWebhook, onTelegram, onDiscord}
}

// TestTextsBetweenPlatforms carries the page from every platform to every platform.
func TestTextsBetweenPlatforms(t *testing.T) {
	t.Parallel()
	var sides []*side
	for _, open := range platforms() {
		s := open(t)
		s.run(t)
		sides = append(sides, s)
	}
	heard := map[string][]text.Text{}
	for _, from := range sides {
		for _, s := range page() {
			heard[from.name] = append(heard[from.name], from.hears(t, s.typed(from.name)))
		}
	}
	for i, from := range sides {
		for j, to := range sides {
			name := from.name + "-" + to.name
			var b strings.Builder
			for n, s := range page() {
				x := heard[from.name][n]
				shown := to.shows(t, chat.Key(fmt.Sprintf("k%d-%d-%d", i, j, n)), x)
				harmless(t, name+" "+s.name, x, shown)
				write(t, &b, result{s.name, s.typed(from.name), x, shown})
			}
			compare(t, filepath.Join("testdata", name+".golden"), settled(b.String(), sides))
		}
	}
}

// harmless holds what must be so whatever the golden file says: nobody was notified, and all that was written is there. Of a
// mention that is the name.
func harmless(t *testing.T, what string, x text.Text, shown []message) {
	t.Helper()
	var reads strings.Builder
	for _, m := range shown {
		reads.WriteString(m.reads)
		if len(m.pings) > 0 {
			t.Errorf("%s notified %q", what, m.pings)
		}
	}
	rest, written := letters(reads.String()), text.Degrade(x, func(k text.Kind) bool { return k != text.Mention }).Body
	for _, r := range letters(written) {
		_, after, found := strings.Cut(rest, string(r))
		if !found {
			t.Errorf("%s: of %q a person reads %q, in which %q is missing", what, written, reads.String(), r)
			return
		}
		rest = after
	}
}

// settled is s without what is made up anew each time.
func settled(s string, sides []*side) string {
	for _, side := range sides {
		if side.madeUp != "" {
			s = strings.ReplaceAll(s, side.madeUp, "{emoji}")
		}
	}
	return s
}

// result is what became of one sample.
type result struct {
	name, typed string
	heard       text.Text
	shown       []message
}

func write(t *testing.T, b *strings.Builder, r result) {
	t.Helper()
	spans, err := json.Marshal(r.heard.Spans)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(b, "== %s\n", r.name)
	field(b, "typed", r.typed)
	field(b, "text", r.heard.Body)
	field(b, "spans", string(spans))
	for _, m := range r.shown {
		field(b, "wire", m.wire)
	}
	b.WriteString("\n")
}

// Texts longer than most are shown by their ends.
const (
	most = 2000
	ends = 60
)

// field writes a value, its further lines indented.
func field(b *strings.Builder, name, value string) {
	if n := utf8.RuneCountInString(value); n > most {
		r := []rune(value)
		value = fmt.Sprintf("%s … %s (%d characters)", string(r[:ends]), string(r[n-ends:]), n)
	}
	value = strings.NewReplacer("\t", `\t`, "\u202e", `\u202e`, "\u2067", `\u2067`, "\u2069", `\u2069`, "\u202c", `\u202c`, "\u2060", `\u2060`).Replace(value)
	fmt.Fprintf(b, "%s: %s\n", name, strings.ReplaceAll(value, "\n", "\n    "))
}

// compare holds got against a golden file, or writes it.
func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test ./test/text -update writes it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
