package slack

import (
	_ "embed" // for the list of emoji names
	"strings"
)

// emojiList is one emoji a line, followed by Slack's names for it. It is made from the iamcal short names of emojibase-data
// 17.0.0, which is under the MIT licence of emoji.LICENSE.
//
//go:embed emoji.txt
var emojiList string

// emojis turns Slack's names into Unicode and back.
type emojis struct {
	byName map[string]string
	byRune map[string]string // without variation selectors
}

func newEmojis() *emojis {
	e := &emojis{byName: map[string]string{}, byRune: map[string]string{}}
	for line := range strings.Lines(emojiList) {
		words := strings.Fields(line)
		for _, name := range words[1:] {
			e.byName[name] = words[0]
		}
		e.byRune[bare(words[0])] = words[1]
	}
	return e
}

const toneMark = "::skin-tone-" // 2 to 6, the Fitzpatrick modifiers U+1F3FB to U+1F3FF

// unicode gives the characters for a name such as "+1" or "wave::skin-tone-3". ok is false for custom emoji.
func (e *emojis) unicode(name string) (s string, ok bool) {
	name, tone, toned := strings.Cut(name, toneMark)
	s, ok = e.byName[name]
	if !ok || !toned {
		return s, ok
	}
	if len(tone) != 1 || tone[0] < '2' || tone[0] > '6' {
		return "", false
	}
	first, rest := head(s)
	return first + string(0x1F3FB+rune(tone[0])-'2') + strings.TrimPrefix(rest, "\uFE0F"), true
}

// name gives Slack's name for a Unicode emoji, or the name between the colons. ok is false for what is neither.
func (e *emojis) name(emoji string) (name string, ok bool) {
	if n := strings.Trim(emoji, ":"); len(n) == len(emoji)-2 && n != "" {
		return n, true
	}
	if name, ok = e.byRune[bare(emoji)]; ok {
		return name, true
	}
	first, rest := head(emoji)
	tone, rest := head(rest)
	if tone < "\U0001F3FB" || tone > "\U0001F3FF" {
		return "", false
	}
	name, ok = e.byRune[bare(first+rest)]
	return name + toneMark + string('2'+[]rune(tone)[0]-0x1F3FB), ok
}

func bare(s string) string { return strings.ReplaceAll(s, "\uFE0F", "") }

func head(s string) (first, rest string) {
	for i := range s {
		if i > 0 {
			return s[:i], s[i:]
		}
	}
	return s, ""
}
