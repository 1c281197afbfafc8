package slack

import (
	"slices"
	"strings"

	"github.com/roost-im/roost/router/text"
)

// fallback is t as Slack's markup: what notifications show, and what a message with files says. Its characters are
// escaped, so that nothing in them is a mention or a link of its own.
func fallback(t text.Text) string {
	t = text.Degrade(shown(t), func(k text.Kind) bool { return k != text.ListItem && k != text.Emoji && slices.Contains(spans(), k) })
	var b strings.Builder
	quoted, code := 0, 0
	text.Walk(t,
		func(s text.Span) {
			b.WriteString(before(s, code))
			quoted, code = quoted+count(s, text.Quote), code+count(s, text.Pre)
		},
		func(run string) {
			run = escape(run)
			if quoted > 0 {
				run = strings.ReplaceAll(run, "\n", "\n&gt; ")
			}
			b.WriteString(run)
		},
		func(s text.Span) {
			quoted, code = quoted-count(s, text.Quote), code-count(s, text.Pre)
			b.WriteString(behind(s, code))
		})
	return b.String()
}

func count(s text.Span, k text.Kind) int {
	if s.Kind == k {
		return 1
	}
	return 0
}

// before is what stands before a span. code is in how many blocks of code it lies.
func before(s text.Span, code int) string {
	if s.Kind == text.Quote {
		return "&gt; "
	}
	if s.Kind == text.Pre {
		return fence + "\n"
	}
	if s.Kind == text.Link {
		return "<" + linkTo(s.Attr) + "|"
	}
	return mark(s.Kind, code)
}

// behind is what stands behind a span.
func behind(s text.Span, code int) string {
	if s.Kind == text.Pre {
		return "\n" + fence
	}
	if s.Kind == text.Link {
		return ">"
	}
	return mark(s.Kind, code)
}

// mark is what stands on both sides of a span; nothing inside code.
func mark(k text.Kind, code int) string {
	switch {
	case code > 0:
		return ""
	case k == text.Bold:
		return "*"
	case k == text.Italic:
		return "_"
	case k == text.Strike:
		return "~"
	case k == text.Code:
		return "`"
	}
	return ""
}

// linkTo is an address that ends neither its token nor its label early.
func linkTo(url string) string {
	return escape(strings.NewReplacer("|", "%7C", "<", "%3C", ">", "%3E", "\n", "", " ", "%20").Replace(url))
}
