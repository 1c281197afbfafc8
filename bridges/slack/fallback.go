package slack

import (
	"slices"
	"strings"

	"github.com/roost-im/roost/router/text"
)

// fallback is t as Slack's markup: what notifications show, and what a message with files says. Its characters are
// escaped, so that nothing in them is a mention or a link of its own.
func fallback(t text.Text) string {
	t = text.Degrade(shown(t), func(k text.Kind) bool { return k != text.ListItem && slices.Contains(spans(), k) })
	var b strings.Builder
	quoted, code := 0, 0
	text.Walk(t,
		func(s text.Span) {
			switch k := s.Kind; {
			case k == text.Quote:
				quoted++
				b.WriteString("&gt; ")
			case k == text.Pre:
				code++
				b.WriteString(fence + "\n")
			case k == text.Link:
				b.WriteString("<" + linkTo(s.Attr) + "|")
			default:
				b.WriteString(mark(s.Kind, code))
			}
		},
		func(run string) {
			run = escape(run)
			if quoted > 0 {
				run = strings.ReplaceAll(run, "\n", "\n&gt; ")
			}
			b.WriteString(run)
		},
		func(s text.Span) {
			switch k := s.Kind; {
			case k == text.Quote:
				quoted--
			case k == text.Pre:
				code--
				b.WriteString("\n" + fence)
			case k == text.Link:
				b.WriteString(">")
			default:
				b.WriteString(mark(s.Kind, code))
			}
		})
	return b.String()
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
