package slacksim

import (
	"regexp"
	"strings"
)

// Patterns of Slack's text. https://docs.slack.dev/messaging/formatting-message-text
var (
	pickedPattern = regexp.MustCompile(`<(?:@[UWB][A-Z0-9]+|#[CG][A-Z0-9]+(?:\|[^<>]*)?|!(?:here|channel|everyone)|!subteam\^S[A-Z0-9]+(?:\|[^<>]*)?)>`)
	tokenPattern  = regexp.MustCompile(`<(?:[@#!][^<>\s][^<>]*|(?:https?|mailto|tel|slack):[^<>]+)>`)
	urlPattern    = regexp.MustCompile(`https?://[^\s<>"'` + "`" + `|*~]+[^\s<>"'` + "`" + `|*~_.,;:!?)\]]`)
	entityPattern = regexp.MustCompile(`&(?:amp|lt|gt);`)
	inlinePattern = regexp.MustCompile("(^|[\\s(])(\\*[^*\\n]+\\*|_[^_\\n]+_|~[^~\\n]+~|`[^`\\n]+`)")
	emojiPattern  = regexp.MustCompile(`:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):`)
)

// typedText turns what a person typed into what Slack stores: the characters & < > escaped, addresses made links. Mentions that a
// picker puts in (<@U…>, <#C…>, <!here>, <!subteam^S…>) stay.
func typedText(typed string) string {
	return outside(pickedPattern, typed, func(s string) string { return linked(escape(s)) })
}

// postedText turns the text of an API call into what Slack stores: control sequences and entities stay, stray & < > are escaped.
func postedText(text string) string {
	return outside(tokenPattern, text, func(s string) string {
		return linked(outside(entityPattern, s, escape))
	})
}

// outside rewrites what pattern does not match.
func outside(pattern *regexp.Regexp, s string, rewrite func(string) string) string {
	var b strings.Builder
	at := 0
	for _, m := range pattern.FindAllStringIndex(s, -1) {
		b.WriteString(rewrite(s[at:m[0]]))
		b.WriteString(s[m[0]:m[1]])
		at = m[1]
	}
	b.WriteString(rewrite(s[at:]))
	return b.String()
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

func linked(s string) string { return urlPattern.ReplaceAllString(s, "<$0>") }

// richText is the rich_text block that a Slack client makes of a stored text.
func richText(text, blockID string) obj {
	var elements []any
	for i, part := range strings.Split(text, "```") {
		if i%2 == 1 {
			elements = append(elements, obj{"type": "rich_text_preformatted", "border": 0, "elements": inline(part, false)})
			continue
		}
		if i > 0 { // a block of code ends its line by itself
			part = strings.TrimPrefix(part, "\n")
		}
		elements = append(elements, paragraphs(part)...)
	}
	if elements == nil {
		elements = []any{}
	}
	return obj{"type": "rich_text", "block_id": blockID, "elements": elements}
}

// paragraphs splits a text into sections and quotes.
func paragraphs(text string) []any {
	var (
		out    []any
		lines  []string
		quoted bool
	)
	flush := func() {
		if joined := strings.Join(lines, "\n"); joined != "" {
			kind := "rich_text_section"
			if quoted {
				kind = "rich_text_quote"
			}
			out = append(out, obj{"type": kind, "elements": inline(joined, true)})
		}
		lines = nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		rest, quote := strings.CutPrefix(line, "&gt; ")
		if quote != quoted {
			flush()
			quoted = quote
		}
		lines = append(lines, rest)
	}
	flush()
	return out
}

// inline makes the elements of a section.
func inline(text string, styled bool) []any {
	out := []any{}
	at := 0
	for _, m := range tokenPattern.FindAllStringIndex(text, -1) {
		out = append(out, plain(text[at:m[0]], styled)...)
		out = append(out, element(text[m[0]+1:m[1]-1]))
		at = m[1]
	}
	return append(out, plain(text[at:], styled)...)
}

// element is what stands for the inside of <…>.
func element(token string) obj {
	target, label, _ := strings.Cut(token, "|")
	switch {
	case strings.HasPrefix(target, "@"):
		return obj{"type": "user", "user_id": target[1:]}
	case strings.HasPrefix(target, "#"):
		return obj{"type": "channel", "channel_id": target[1:]}
	case strings.HasPrefix(target, "!subteam^"):
		return obj{"type": "usergroup", "usergroup_id": strings.TrimPrefix(target, "!subteam^")}
	case strings.HasPrefix(target, "!"):
		return obj{"type": "broadcast", "range": target[1:]}
	case label != "":
		return obj{"type": "link", "url": unescape(target), "text": unescape(label)}
	default:
		return obj{"type": "link", "url": unescape(target)}
	}
}

// plain makes the elements of text without tokens: emoji, styled and plain runs.
func plain(text string, styled bool) []any {
	if !styled {
		return run(text, "")
	}
	var out []any
	at := 0
	for _, m := range inlinePattern.FindAllStringSubmatchIndex(text, -1) {
		out = append(out, run(text[at:m[4]], "")...)
		style := map[byte]string{'*': "bold", '_': "italic", '~': "strike", '`': "code"}[text[m[4]]]
		out = append(out, run(text[m[4]+1:m[5]-1], style)...)
		at = m[5]
	}
	return append(out, run(text[at:], "")...)
}

// run makes the elements of text in one style.
func run(text, style string) []any {
	var out []any
	add := func(e obj) {
		if style != "" {
			e["style"] = obj{style: true}
		}
		out = append(out, e)
	}
	at := 0
	if style != "code" {
		for _, m := range emojiPattern.FindAllStringSubmatchIndex(text, -1) {
			if m[0] > 0 && '0' <= text[m[0]-1] && text[m[0]-1] <= '9' {
				continue // 10:30:15 is a time
			}
			if m[0] > at {
				add(obj{"type": "text", "text": unescape(text[at:m[0]])})
			}
			add(obj{"type": "emoji", "name": text[m[2]:m[3]]})
			at = m[1]
		}
	}
	if at < len(text) {
		add(obj{"type": "text", "text": unescape(text[at:])})
	}
	return out
}
