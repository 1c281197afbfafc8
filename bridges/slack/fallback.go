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
			switch s.Kind {
			case text.Quote:
				quoted++
				b.WriteString("&gt; ")
			case text.Pre:
				code++
				b.WriteString(fence + "\n")
			case text.Link:
				b.WriteString("<" + linkTo(s.Attr) + "|")
			default:
				b.WriteString(mark(s.Kind, code))
			}
		},
		func(run string) {
			run = toWire.Replace(run)
			if quoted > 0 {
				run = strings.ReplaceAll(run, "\n", "\n&gt; ")
			}
			b.WriteString(run)
		},
		func(s text.Span) {
			switch s.Kind {
			case text.Quote:
				quoted--
			case text.Pre:
				code--
				b.WriteString("\n" + fence)
			case text.Link:
				b.WriteString(">")
			default:
				b.WriteString(mark(s.Kind, code))
			}
		})
	return b.String()
}

// mark is what stands on both sides of a span; nothing inside code.
func mark(k text.Kind, code int) string {
	if code > 0 {
		return ""
	}
	switch k {
	case text.Bold:
		return "*"
	case text.Italic:
		return "_"
	case text.Strike:
		return "~"
	case text.Code:
		return "`"
	default:
		return ""
	}
}

// linkTo is an address that ends neither its token nor its label early.
func linkTo(url string) string {
	return toWire.Replace(strings.NewReplacer("|", "%7C", "<", "%3C", ">", "%3E", "\n", "", " ", "%20").Replace(url))
}
