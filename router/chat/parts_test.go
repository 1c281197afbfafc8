package chat_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

var numberAtEnd = regexp.MustCompile(` \(\d+/\d+\)$`)

func TestPartsFitAndLoseNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tr := chat.Traits{
			Text:  text.Limit{Max: rapid.IntRange(30, 200).Draw(t, "max"), Unit: rapid.SampledFrom([]text.Unit{text.Runes, text.UTF16, text.Graphemes, text.Bytes, text.Weighted}).Draw(t, "unit")},
			Files: chat.FileTraits{Count: rapid.IntRange(0, 4).Draw(t, "count")},
		}
		p := posts().Draw(t, "post")
		p.Key = chat.Delivery{ID: chat.DeliveryID(rapid.Int64Range(1, 1<<62).Draw(t, "id"))}.Key("abcdefgh")
		parts := chat.Parts(p, tr)
		var body strings.Builder
		var names []string
		keys := map[chat.Key]bool{}
		said := 0 // parts with text
		for _, x := range parts {
			if !x.Text.Empty() {
				said++
			}
		}
		for i, x := range parts {
			words := x.Text.Body
			if number := fmt.Sprintf(" (%d/%d)", i+1, said); p.Number && said > 1 && tr.Text.Max > 84 && i < said {
				var numbered bool
				if words, numbered = strings.CutSuffix(words, number); !numbered {
					t.Fatalf("part %d is %q, want%s at its end", i, x.Text.Body, number)
				}
			}
			if p.Number && tr.Text.Max <= 84 {
				words = numberAtEnd.ReplaceAllString(words, "") // there may be too little room for numbers
			}
			body.WriteString(words + " ")
			for _, f := range x.Files {
				names = append(names, f.Name)
			}
			if keys[x.Key] || len(x.Key) > 25 || x.Key == "" {
				t.Fatalf("part %d has key %q: empty, longer than 25 or used twice", i, x.Key)
			}
			keys[x.Key] = true
			if n := tr.SizeOf(x.Text); n > tr.Text.Max {
				t.Fatalf("part %d takes %d of %d", i, n, tr.Text.Max)
			}
			if tr.Files.Count > 0 && len(x.Files) > tr.Files.Count {
				t.Fatalf("part %d has %d files, %d are allowed", i, len(x.Files), tr.Files.Count)
			}
			if len(parts) > 1 && x.Text.Empty() && len(x.Files) == 0 {
				t.Fatalf("part %d of %d is empty", i, len(parts))
			}
			if i > 0 && (x.ReplyTo != "" || x.Quote != nil || x.Card != nil) || i == 0 && (x.ReplyTo != p.ReplyTo || x.Quote != p.Quote || x.Card != p.Card) {
				t.Fatalf("part %d replies, quotes or has a card: only the first does", i)
			}
			if q := tr.Quoted(x); tr.SizeOf(q.Text) > tr.Text.Max || q.Quote != nil || !strings.HasSuffix(q.Text.Body, x.Text.Body) {
				t.Fatalf("part %d with its quote is %q, %d of %d", i, q.Text.Body, tr.SizeOf(q.Text), tr.Text.Max)
			}
			if x.To != p.To || x.As != p.As || x.Only != p.Only || x.Hops != p.Hops {
				t.Fatalf("part %d goes elsewhere or by another name", i)
			}
		}
		if parts[0].Key != p.Key {
			t.Fatalf("the first part's key is %q, want %q", parts[0].Key, p.Key)
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got, want := squeeze(body.String()), squeeze(p.Text.Body); got != want {
			t.Fatalf("the parts read %q, want %q", got, want)
		}
		var want []string
		for _, f := range p.Files {
			want = append(want, f.Name)
		}
		if !slices.Equal(names, want) {
			t.Fatalf("files %q, want %q", names, want)
		}
	})
}

func TestPartsOfFilesAlone(t *testing.T) {
	t.Parallel()
	p := chat.Post{Key: "w-1", To: to, Files: make([]chat.File, 5)}
	got := chat.Parts(p, chat.Traits{Files: chat.FileTraits{Count: 2}})
	if len(got) != 3 || len(got[0].Files) != 2 || len(got[2].Files) != 1 {
		t.Errorf("%d parts, want three with 2, 2 and 1 files", len(got))
	}
	if got := chat.Parts(p, chat.Traits{}); len(got) != 1 || len(got[0].Files) != 5 {
		t.Errorf("where no files are taken: %d parts, want one that still has them all", len(got))
	}
	p.Key = ""
	for i, x := range chat.Parts(p, chat.Traits{Files: chat.FileTraits{Count: 2}}) {
		if x.Key != "" {
			t.Errorf("part %d of a post without a key has key %q", i, x.Key)
		}
	}
}

func TestManyPartsHaveKeysApart(t *testing.T) {
	t.Parallel()
	for _, id := range []chat.DeliveryID{1, 1 << 62} {
		p := chat.Post{Key: chat.Delivery{ID: id}.Key("abcdefgh"), Text: text.Plain(strings.Repeat("word ", 20_000))}
		keys := map[chat.Key]bool{}
		parts := chat.Parts(p, chat.Traits{Text: text.Limit{Max: 50}})
		for _, x := range parts {
			if len(x.Key) > 25 {
				t.Fatalf("key %q is longer than 25", x.Key)
			}
			keys[x.Key] = true
		}
		if len(parts) < 1000 || len(keys) != len(parts) {
			t.Errorf("%d parts have %d keys, want one each", len(parts), len(keys))
		}
	}
}
