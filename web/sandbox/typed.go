package sandbox

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
)

// typed reads what a person types into Telegram: its apps make formatting of these signs when a message is sent.
// https://telegram.org/faq#q-how-do-i-format-text
func typed(s string) (words string, entities []telegramsim.Entity) {
	var out strings.Builder
	units := 0
	write := func(s string) {
		out.WriteString(s)
		units += len(utf16.Encode([]rune(s)))
	}
	for s != "" {
		sign, kind := opening(s)
		inside, after, closed := strings.Cut(s[len(sign):], sign)
		if sign == "" || !closed || strings.TrimSpace(inside) == "" {
			_, size := utf8.DecodeRuneInString(s[len(sign):])
			write(s[:len(sign)+size])
			s = s[len(sign)+size:]
			continue
		}
		e := telegramsim.Entity{Type: kind, Offset: units}
		plain, within := inside, []telegramsim.Entity(nil)
		if kind != "code" && kind != "pre" {
			plain, within = typed(inside)
		}
		for i := range within {
			within[i].Offset += units
		}
		write(plain)
		e.Length = units - e.Offset
		entities = append(append(entities, e), within...)
		s = after
	}
	return out.String(), entities
}

// opening is the sign of formatting that s begins with, and what it makes; empty when it begins with none.
func opening(s string) (sign, kind string) {
	for _, one := range [...][2]string{
		{"```", "pre"}, {"`", "code"}, {"**", "bold"}, {"__", "italic"}, {"~~", "strikethrough"}, {"||", "spoiler"},
	} {
		if strings.HasPrefix(s, one[0]) {
			return one[0], one[1]
		}
	}
	return "", ""
}
