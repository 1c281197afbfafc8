package slacksim

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestTypedText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ typed, want string }{
		{"a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"},
		{"<@U0ADA000001> in <#C0GENERAL01> <!here> <!subteam^S0GROUP0001>", "<@U0ADA000001> in <#C0GENERAL01> <!here> <!subteam^S0GROUP0001>"},
		{"<!everybody> <@ada>", "&lt;!everybody&gt; &lt;@ada&gt;"},
		{"see https://example.org/a?b=1&c=2.", "see <https://example.org/a?b=1&amp;c=2>."},
		{"&amp;", "&amp;amp;"},
		{"", ""},
	} {
		if got := typedText(tc.typed); got != tc.want {
			t.Errorf("typedText(%q) = %q, want %q", tc.typed, got, tc.want)
		}
	}
}

func TestPostedText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ posted, want string }{
		{"a < b & c", "a &lt; b &amp; c"},
		{"a &lt; b &amp; c", "a &lt; b &amp; c"},
		{"<https://example.org|label> <@U0ADA000001>", "<https://example.org|label> <@U0ADA000001>"},
		{"https://example.org", "<https://example.org>"},
		{"<b>", "&lt;b&gt;"},
	} {
		if got := postedText(tc.posted); got != tc.want {
			t.Errorf("postedText(%q) = %q, want %q", tc.posted, got, tc.want)
		}
	}
}

func TestRichText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, want string }{
		{
			"hi *bold* <@U1> :tada:",
			`[{"elements":[{"text":"hi ","type":"text"},{"style":{"bold":true},"text":"bold","type":"text"},{"text":" ","type":"text"},{"type":"user","user_id":"U1"},{"text":" ","type":"text"},{"name":"tada","type":"emoji"}],"type":"rich_text_section"}]`,
		},
		{
			"&gt; quote\na &lt; b",
			`[{"elements":[{"text":"quote","type":"text"}],"type":"rich_text_quote"},{"elements":[{"text":"a \u003c b","type":"text"}],"type":"rich_text_section"}]`,
		},
		{
			"```a *b*```",
			`[{"border":0,"elements":[{"text":"a *b*","type":"text"}],"type":"rich_text_preformatted"}]`,
		},
		{
			"<https://x.org|X> <#C1|c> <!here> <!subteam^S1>",
			`[{"elements":[{"text":"X","type":"link","url":"https://x.org"},{"text":" ","type":"text"},{"channel_id":"C1","type":"channel"},{"text":" ","type":"text"},{"range":"here","type":"broadcast"},{"text":" ","type":"text"},{"type":"usergroup","usergroup_id":"S1"}],"type":"rich_text_section"}]`,
		},
	} {
		if got := string(mustJSON(richText(tc.text, "b")["elements"])); got != tc.want {
			t.Errorf("richText(%q) =\n%s\nwant\n%s", tc.text, got, tc.want)
		}
	}
}

// FuzzTypedText: whatever is typed, no control sequence arises that a picker did not put in, and nothing is lost.
func FuzzTypedText(f *testing.F) {
	for _, seed := range []string{"a<b>&c", "<@U1>", "https://a.b/c?d=<e>", "<!here|x>", "```*_~`", "&gt; q\n&lt;"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		stored := typedText(typed)
		bare := urlPattern.ReplaceAllString(pickedPattern.ReplaceAllString(typed, ""), "")
		if rest := tokenPattern.ReplaceAllString(stored, ""); strings.ContainsAny(rest, "<>") {
			t.Errorf("%q is stored as %q", typed, stored)
		}
		if !strings.ContainsAny(bare, "<>&") && !urlPattern.MatchString(typed) && stored != typed {
			t.Errorf("%q became %q", typed, stored)
		}
		if raw := mustJSON(richText(stored, "b")); !json.Valid(raw) {
			t.Errorf("rich text of %q is no JSON: %s", typed, raw)
		}
	})
}
