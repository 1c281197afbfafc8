package text_test

import (
	"fmt"
	"strings"
)

// sample is one text, as a person types it where nothing is said for a platform, and as they do on those that are named. On
// Slack what begins with [{ is the blocks that its editor makes, on Telegram what has tags is HTML, and what begins with {" is
// what a program sends as JSON. {person} stands for the ID of somebody who is there.
type sample struct {
	name  string
	plain string
	on    map[string]string
}

// typed is the sample as a person types it on a platform.
func (s sample) typed(platform string) string {
	if typed, ok := s.on[platform]; ok {
		return typed
	}
	return s.plain
}

// page is the samples that every platform is tried with.
func page() []sample {
	return append(append(styles(), names()...), hard()...)
}

// richText is what Slack's editor makes of some elements.
func richText(elements string) string {
	return `[{"type":"rich_text","block_id":"b","elements":[` + elements + `]}]`
}

// styles are the samples of formatting.
func styles() []sample {
	return []sample{
		{"bold", "a bold word", map[string]string{
			"webhook": marked("a bold word", mark{"bold", "bold", nil}),
			"slack":   "a *bold* word", "discord": "a **bold** word", "telegram": "a <b>bold</b> word",
		}},
		{"italic", "an italic word", map[string]string{
			"webhook": marked("an italic word", mark{"italic", "italic", nil}),
			"slack":   "an _italic_ word", "discord": "an *italic* word", "telegram": "an <i>italic</i> word",
		}},
		{"strike and underline", "a struck and an underlined word", map[string]string{
			"webhook": marked("a struck and an underlined word", mark{"struck", "strike", nil}, mark{"underlined", "underline", nil}),
			"slack": richText(`{"type":"rich_text_section","elements":[{"type":"text","text":"a "},{"type":"text","text":"struck","style":{"strike":true}},` +
				`{"type":"text","text":" and an "},{"type":"text","text":"underlined","style":{"underline":true}},{"type":"text","text":" word"}]}`),
			"discord": "a ~~struck~~ and an __underlined__ word", "telegram": "a <s>struck</s> and an <u>underlined</u> word",
		}},
		{"nested", "bold and italic, then plain", map[string]string{
			"webhook": marked("👍 bold and italic, then plain", mark{"bold and italic", "bold", nil}, mark{"and italic", "italic", nil}),
			"slack": richText(`{"type":"rich_text_section","elements":[{"type":"text","text":"bold ","style":{"bold":true}},` +
				`{"type":"text","text":"and italic","style":{"bold":true,"italic":true}},{"type":"text","text":", then plain"}]}`),
			"discord": "**bold *and italic***, then plain", "telegram": "<b>bold <i>and italic</i></b>, then plain",
		}},
		{"code", "run a * b | c now", map[string]string{
			"webhook": marked("run a * b | c now", mark{"a * b | c", "code", nil}),
			"slack":   "run `a * b | c` now", "discord": "run `a * b | c` now", "telegram": "run <code>a * b | c</code> now",
		}},
		{"code block", "before\nif a < b {\n\treturn *a\n}\nafter", map[string]string{
			"webhook": marked("before\nif a < b {\n\treturn *a\n}\nafter", mark{"if a < b {\n\treturn *a\n}", "pre", map[string]any{"language": "go"}}),
			"slack":   "before\n```if a < b {\n\treturn *a\n}```\nafter", "discord": "before\n```go\nif a < b {\n\treturn *a\n}\n```\nafter",
			"telegram": "before\n<pre><code class=\"language-go\">if a &lt; b {\n\treturn *a\n}</code></pre>\nafter",
		}},
		{"quote", "they said:\nfirst line\nsecond line\nand I say no", map[string]string{
			"webhook": marked("they said:\nfirst line\nsecond line\nand I say no", mark{"first line\nsecond line", "quote", nil}),
			"slack":   "they said:\n> first line\n> second line\nand I say no", "discord": "they said:\n> first line\n> second line\nand I say no",
			"telegram": "they said:\n<blockquote>first line\nsecond line</blockquote>\nand I say no",
		}},
		{"list", "to do:\n- first\n- second", map[string]string{
			"webhook": marked("to do:\nfirst\nsecond\ninner", mark{"first", "item", map[string]any{"number": "1"}},
				mark{"second\ninner", "item", map[string]any{"number": "2"}}, mark{"inner", "item", nil}),
			"slack": richText(`{"type":"rich_text_section","elements":[{"type":"text","text":"to do:\n"}]},` +
				`{"type":"rich_text_list","style":"ordered","indent":0,"elements":[` +
				`{"type":"rich_text_section","elements":[{"type":"text","text":"first"}]},{"type":"rich_text_section","elements":[{"type":"text","text":"second"}]}]},` +
				`{"type":"rich_text_list","style":"bullet","indent":1,"elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"inner"}]}]}`),
			"discord": "to do:\n1. first\n2. second\n  - inner",
		}},
		{"link", "see the page (https://example.com/a_b?c=1&d=2) now", map[string]string{
			"webhook": marked("see the page now", mark{"the page", "link", map[string]any{"url": "https://example.com/a_b?c=1&d=2"}}),
			"slack": richText(`{"type":"rich_text_section","elements":[{"type":"text","text":"see "},` +
				`{"type":"link","url":"https://example.com/a_b?c=1&d=2","text":"the page"},{"type":"text","text":" now"}]}`),
			"discord":  "see [the page](https://example.com/a_b?c=1&d=2) now",
			"telegram": `see <a href="https://example.com/a_b?c=1&amp;d=2">the page</a> now`,
		}},
		{"bare link", "see https://example.com/a_(b)?c=1&d=2, or example.com.", nil},
		{"spoiler", "the end: he dies", map[string]string{
			"webhook": marked("the end: he dies", mark{"he dies", "spoiler", nil}),
			"discord": "the end: ||he dies||", "telegram": "the end: <tg-spoiler>he dies</tg-spoiler>",
		}},
		{"heading", "News\nthe words below", map[string]string{"webhook": marked("News\nthe words below", mark{"News", "heading", nil}), "discord": "# News\nthe words below"}},
	}
}

// names are the samples of what calls or stands for somebody or something.
func names() []sample {
	return []sample{
		{"mention", "ask @ann about it", map[string]string{
			"webhook": marked("ask @ann about it", mark{"@ann", "mention", map[string]any{"id": "{person}", "name": "ann"}}),
			"slack":   "ask <@{person}> about it", "discord": "ask <@{person}> about it",
			"telegram": `ask <a href="tg://user?id={person}">Ann</a> about it`,
		}},
		{"everyone", "@everyone @here @channel <!channel> <!here|here> <@U012345> <@&42> <#C012345> look", map[string]string{
			"slack": "@everyone @here <!channel> <!here> <!everyone> look",
		}},
		{"custom emoji", "a :roost: here", map[string]string{"webhook": marked("a :roost: here", mark{":roost:", "emoji", map[string]any{"name": "roost", "image": "https://emoji.example/roost.png"}}), "discord": "a <:roost:{emoji}> here", "telegram": `a <tg-emoji emoji-id="5368324170671202286">🐔</tg-emoji> here`}},
		{"colons", ":+1: is :not_an_emoji: at 10:30:15", nil},
		{"slash", "/giphy cats", nil},
		{"address", "write to ann@example.com or @ann@example.social", nil},
	}
}

// hard are the samples of characters that are easily damaged.
func hard() []sample {
	marks := "a < b & c > d &amp; [x](y) {z} | 2*3*4 snake_case_name ~/dir 1. one # no > no - no"
	return []sample{
		{"emoji", "👩‍👩‍👧‍👦 👍🏽 🇩🇪 🏳️‍🌈 ❤️ #️⃣ done", nil},
		{"right to left", "שלום עולם (abc) مرحبا 123", nil},
		{"chinese and japanese", "漢字、かな。全角！ 한국어", nil},
		{"accents", "e\u0301 é ﬁ Ǆ ß İ", nil},
		{"direction tricks", "invoice\u202egnp.exe and \u2067isolated\u2069", nil},
		{"marks", marks, nil},
		{"long", long(), nil},
	}
}

// long is a text that takes several messages on platforms with small ones.
func long() string {
	var b strings.Builder
	for i := range 240 {
		fmt.Fprintf(&b, "Sentence number %d of a story that goes on. ", i)
	}
	return strings.TrimSpace(b.String())
}
