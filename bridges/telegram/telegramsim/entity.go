package telegramsim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Entity is a part of a text with a meaning. https://core.telegram.org/bots/api#messageentity
type Entity struct {
	Type           string // "bold", "text_link", "mention", …
	Offset, Length int    // in UTF-16 code units
	URL            string // of "text_link"
	User           int64  // of "text_mention"
	Language       string // of "pre"
	Emoji          string // custom_emoji_id of "custom_emoji"
	Unix           int64  // unix_time of "date_time"
	Format         string // date_time_format of "date_time"
}

// wireEntity is an entity as bots send it.
type wireEntity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"`
	Length int    `json:"length"`
	URL    string `json:"url"`
	User   *struct {
		ID int64 `json:"id"`
	} `json:"user"`
	Language string `json:"language"`
	Emoji    string `json:"custom_emoji_id"`
	Unix     int64  `json:"unix_time"`
	Format   string `json:"date_time_format"`
}

// units is the length of a text in UTF-16 code units.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// cutUnits is the part of a text between two offsets in UTF-16 code units.
func cutUnits(s string, from, to int) string {
	u := utf16.Encode([]rune(s))
	from = min(max(from, 0), len(u))
	to = min(max(to, from), len(u))
	return string(utf16.Decode(u[from:to]))
}

// givenEntities reads the entities that a bot sends instead of a parse_mode; those that the server finds itself are ignored.
func givenEntities(raw, text string) ([]Entity, error) {
	if raw == "" || raw == "null" {
		return nil, nil
	}
	var list []wireEntity
	if json.Unmarshal([]byte(raw), &list) != nil {
		return nil, bad("can't parse entities: expected an Array of MessageEntity")
	}
	var out []Entity
	for _, e := range list {
		if finds(e.Type) {
			continue // not the bot's to set
		}
		if !settable(e.Type) {
			return nil, bad("can't parse MessageEntity: Unsupported type specified")
		}
		if err := inside(text, e.Offset, e.Length); err != nil {
			return nil, err
		}
		got := Entity{Type: e.Type, Offset: e.Offset, Length: e.Length, URL: e.URL, Language: e.Language, Emoji: e.Emoji, Unix: e.Unix, Format: e.Format}
		if !timeFormat(e.Format) {
			return nil, bad("can't parse MessageEntity: Invalid date-time format specified")
		}
		if e.User != nil {
			got.User = e.User.ID
		}
		if e.Length > 0 {
			out = append(out, got)
		}
	}
	return out, nil
}

func settable(kind string) bool {
	switch kind {
	case "bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre",
		"text_link", "text_mention", "custom_emoji", "date_time":
		return true
	default:
		return false
	}
}

// finds says whether the server finds entities of a kind by itself.
func finds(kind string) bool {
	switch kind {
	case "mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number":
		return true
	default:
		return false
	}
}

// timeFormat checks the format of a date_time.
func timeFormat(format string) bool {
	return format == "r" || format == "R" || strings.Trim(format, "tTdDwW") == ""
}

// inside checks that an entity begins and ends at a character.
func inside(text string, offset, length int) error {
	if offset < 0 || length < 0 {
		return bad("can't parse entities: entity has a negative offset or length")
	}
	at, begins, ends := 0, offset == 0, false
	for _, r := range text {
		at += utf16.RuneLen(r)
		begins = begins || at == offset
		ends = ends || at == offset+length
	}
	switch {
	case length > at || offset > at-length:
		return bad(fmt.Sprintf("entity beginning at UTF-16 offset %d ends after the end of the text at UTF-16 offset %d", offset, at))
	case !begins:
		return bad(fmt.Sprintf("entity begins in a middle of a UTF-16 symbol at UTF-16 offset %d", offset))
	case !ends && length > 0:
		return bad(fmt.Sprintf("entity beginning at UTF-16 offset %d ends in a middle of a UTF-16 symbol", offset))
	}
	return nil
}

// parsed turns a text with its parse_mode or entities into plain text with entities, as the server does before anything is counted.
func (w *world) parsed(text, mode, entities string) (string, []Entity, error) {
	if !utf8.ValidString(text) {
		return "", nil, bad("text must be encoded in UTF-8")
	}
	var list []Entity
	var err error
	switch strings.ToLower(mode) {
	case "":
		list, err = givenEntities(entities, text)
	case "html":
		text, list, err = parseHTML(text)
	case "markdownv2":
		text, list, err = parseMarkdownV2(text)
	case "markdown":
		text, list, err = parseMarkdown(text)
	default:
		err = bad("unsupported parse_mode")
	}
	if err != nil {
		return "", nil, err
	}
	list = slices.DeleteFunc(list, func(e Entity) bool { return e.Type == "text_mention" && w.users[e.User] == nil })
	text, list = trimmed(text, list)
	return text, withFound(text, list), nil
}

// trimmed takes white space away at both ends, as the server does.
func trimmed(text string, list []Entity) (string, []Entity) {
	short := strings.TrimLeft(text, " \t\r\n")
	lost := len(text) - len(short)
	short = strings.TrimRight(short, " \t\r\n")
	end := units(short)
	out := make([]Entity, 0, len(list))
	for _, e := range list {
		from, to := max(0, e.Offset-lost), min(end, e.Offset+e.Length-lost)
		if from < to {
			e.Offset, e.Length = from, to-from
			out = append(out, e)
		}
	}
	return short, out
}

var (
	foundLink    = regexp.MustCompile(`https?://[^\s<>"]*[^\s<>".,;:!?)\]}'*_~|]`)
	foundEmail   = regexp.MustCompile(`[A-Za-z0-9][A-Za-z0-9._%+-]*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+`)
	foundMention = regexp.MustCompile(`(?:^|[^\w@/.])(@[A-Za-z][A-Za-z0-9_]{3,31})\b`)
	foundTag     = regexp.MustCompile(`(?:^|[^\w#&/])(#\pL[\pL\pN_]*)`)
	foundCommand = regexp.MustCompile(`(?:^|[^\w/<>])(/[A-Za-z0-9_]{1,64}(?:@[A-Za-z][A-Za-z0-9_]{3,31})?)(?:$|[^\w/<>])`)
)

// withFound adds the entities that the server finds by itself: links, addresses, mentions, tags and commands, none of them in code
// or in a link.
func withFound(text string, list []Entity) []Entity {
	taken := slices.Clone(list)
	taken = slices.DeleteFunc(taken, func(e Entity) bool { return !solid(e.Type) })
	for _, f := range []struct {
		kind string
		re   *regexp.Regexp
	}{{"url", foundLink}, {"email", foundEmail}, {"bot_command", foundCommand}, {"mention", foundMention}, {"hashtag", foundTag}} {
		for _, at := range f.re.FindAllStringSubmatchIndex(text, 100) {
			from, to := at[0], at[1]
			if f.kind != "url" && f.kind != "email" {
				from, to = at[2], at[3]
			}
			e := Entity{Type: f.kind, Offset: units(text[:from]), Length: units(text[from:to])}
			if !slices.ContainsFunc(taken, func(t Entity) bool { return e.Offset < t.Offset+t.Length && t.Offset < e.Offset+e.Length }) {
				taken, list = append(taken, e), append(list, e)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Entity) int { return cmp.Or(a.Offset-b.Offset, b.Length-a.Length) })
	return list
}

// solid entities hold no others that are found.
func solid(kind string) bool {
	switch kind {
	case "code", "pre", "text_link", "text_mention", "custom_emoji", "date_time", "url", "email", "mention", "hashtag", "bot_command":
		return true
	default:
		return false
	}
}

// wireEntities are entities as bots get them.
func (w *world) wireEntities(list []Entity) []obj {
	out := make([]obj, 0, len(list))
	for _, e := range list {
		o := obj{"type": e.Type, "offset": e.Offset, "length": e.Length}
		if e.URL != "" {
			o["url"] = e.URL
		}
		if u := w.users[e.User]; u != nil {
			o["user"] = w.wireUser(u)
		}
		if e.Language != "" {
			o["language"] = e.Language
		}
		if e.Emoji != "" {
			o["custom_emoji_id"] = e.Emoji
		}
		if e.Type == "date_time" {
			o["unix_time"] = e.Unix
		}
		if e.Format != "" {
			o["date_time_format"] = e.Format
		}
		out = append(out, o)
	}
	return out
}
