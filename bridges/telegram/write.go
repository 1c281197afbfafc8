package telegram

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/roost-im/roost/router/text"
)

// maxEntities is how many entities Telegram keeps of a message; those behind are dropped.
// https://core.telegram.org/bots/api#formatting-options
const maxEntities = 100

// spans are the kinds that Telegram shows.
func spans() []text.Kind {
	return []text.Kind{text.Bold, text.Italic, text.Underline, text.Strike, text.Code, text.Pre, text.Quote, text.Link, text.Spoiler}
}

// shown is t as Telegram can show it: lists, headings and mentions are characters, and so are links that are not web
// addresses, because tg://user?id=1 would be a mention. Telegram takes away space at both ends.
func shown(t text.Text) text.Text {
	links := !slices.ContainsFunc(t.Spans, func(s text.Span) bool { return s.Kind == text.Link && !isWeb(s.Attr) })
	t = text.Degrade(t, func(k text.Kind) bool {
		return slices.Contains(spans(), k) && (links || k != text.Link)
	})
	return guarded(t).Trim()
}

// isWeb says whether an address is one that browsers open.
func isWeb(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

// size is how many UTF-16 units are sent for t.
func size(t text.Text) int { return text.UTF16.Len(shown(t).Body) }

// entitiesOf is the formatting of a text that shown has made.
func entitiesOf(t text.Text) []entity {
	var all []entity
	for _, s := range t.ToUTF16() {
		e := entity{Type: styleOf(s.Kind), Offset: s.Start, Length: s.End - s.Start}
		if s.Kind == text.Pre {
			e.Language = s.Attr
		}
		if s.Kind == text.Link {
			e.URL = s.Attr
		}
		if e.Type != "" {
			all = append(all, e)
		}
	}
	return all[:min(len(all), maxEntities)]
}

// styleOf is the type of entity for a kind; empty for what is characters by now.
func styleOf(k text.Kind) string {
	switch k {
	case text.Pre:
		return "pre"
	case text.Link:
		return "text_link"
	case text.Quote:
		return "blockquote"
	case text.Bold, text.Italic, text.Underline, text.Strike, text.Code, text.Spoiler:
		for style, kind := range styles() {
			if kind == k {
				return style
			}
		}
	case text.ListItem, text.Mention, text.Emoji, text.Heading:
	}
	return ""
}

// web is an address that Telegram certainly reads as one; a name in its path is no mention.
var web = regexp.MustCompile(`https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}(?::\d+)?/[A-Za-z0-9/_.~%@?&=+:#-]*`)

// guarded is t without the power to mention and command: Telegram makes a mention of every @name that it finds, and a
// command of /word, whatever entities it is given. Inside code it does not look.
// https://core.telegram.org/api/entities
func guarded(t text.Text) text.Text {
	addresses := web.FindAllStringIndex(t.Body, -1)
	var edits []edit
	for i := range len(t.Body) {
		if !wakes(t.Body, i) || within(addresses, i) || inCode(t, i) {
			continue
		}
		edits = append(edits, edit{at: i + 1, ins: joiner})
	}
	return edited(t, edits)
}

// wakes says whether a mention or a command may begin at i.
func wakes(s string, i int) bool {
	switch {
	case i+1 == len(s) || !wordly(s[i+1]):
		return false
	case s[i] == '@':
		return i == 0 || !wordly(s[i-1])
	}
	return s[i] == '/' && commands(s, i)
}

// commands says whether the / at i may begin a command: not behind a letter, and not in a path.
func commands(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	if unicode.IsLetter(before) || unicode.IsDigit(before) || strings.ContainsRune("_/<", before) {
		return false
	}
	end := i + 1
	for end < len(s) && wordly(s[end]) {
		end++
	}
	return end == len(s) || s[end] != '/'
}

// wordly says whether b may be part of a name or a command.
func wordly(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_'
}

func within(ranges [][]int, i int) bool {
	return slices.ContainsFunc(ranges, func(r []int) bool { return r[0] <= i && i < r[1] })
}

func inCode(t text.Text, i int) bool {
	return slices.ContainsFunc(t.Spans, func(s text.Span) bool {
		return (s.Kind == text.Code || s.Kind == text.Pre) && s.Start <= i && i < s.End
	})
}
