package dm

import (
	"slices"
	"strings"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// MostText is how long a message may be. X does not say what it counts, so the larger of runes and UTF-16 units is.
const MostText = 10_000

// TextLimit is how much text a message takes.
func TextLimit() text.Limit { return text.Limit{Max: MostText, Unit: text.Cautious} }

// plain says that X shows no formatting.
func plain(text.Kind) bool { return false }

// Size is how much of the limit a text takes once it is written for X.
func Size(t text.Text) int { return text.Cautious.Len(text.Degrade(t, plain).Body) }

// Write is what a post says, as X is given it. X has no replies, so what it answers is quoted; whose words they are has been
// put in front by whoever asks, because X shows no persona. Buttons that can be answered by their numbers stand below.
func Write(p chat.Post) string {
	p = chat.Traits{Text: TextLimit(), Size: Size}.Quoted(p)
	body := text.Degrade(p.Text, plain).Body
	if p.Card != nil {
		card := text.Degrade(p.Card.Plain().Trim(), plain).Body
		if body == card {
			card = ""
		}
		body = Lines(body, card, p.Card.Lines().Body)
	}
	return Lines(body)
}

// Lines is those of several texts that say anything, below one another.
func Lines(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return strings.TrimSpace(s) == "" }), "\n")
}

// Mentioning is t, which has no formatting, with the @handles that are the account's own as mentions of it. X's direct messages
// tell of no mentions by themselves.
func Mentioning(t text.Text, handle, id string) text.Text {
	for at := 0; handle != ""; {
		i := strings.IndexByte(t.Body[at:], '@')
		if i < 0 {
			break
		}
		start, end := at+i, at+i+1+len(handle)
		at = start + 1
		if end > len(t.Body) || !strings.EqualFold(t.Body[start+1:end], handle) || !apart(t.Body, start, end) {
			continue
		}
		name := t.Body[start+1 : end]
		t.Spans = append(t.Spans, text.Span{Start: start, End: end, Kind: text.Mention, ID: id, Name: name})
		at = end
	}
	return t
}

// apart says whether what stands between two offsets is no part of a longer name, of an address or of a link.
func apart(s string, start, end int) bool {
	part := func(c byte) bool {
		return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	if start > 0 && (part(s[start-1]) || strings.IndexByte("/@.", s[start-1]) >= 0) {
		return false
	}
	return end == len(s) || !part(s[end])
}
