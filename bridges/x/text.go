package x

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// mostText is how long a message may be. X does not say what it counts, so the larger of runes and UTF-16 units is.
const mostText = 10_000

func textLimit() text.Limit { return text.Limit{Max: mostText, Unit: text.Cautious} }

// plain says that X shows no formatting.
func plain(text.Kind) bool { return false }

// size is how much of the limit a text takes once it is written for X.
func size(t text.Text) int { return text.Cautious.Len(text.Degrade(t, plain).Body) }

// write is what a post says, as X is given it. X has no replies, so what it answers is quoted; whose words they are has been
// put in front by whoever asks, because X shows no persona. Buttons that can be answered by their numbers stand below.
func write(p chat.Post) string {
	p = chat.Traits{Text: textLimit(), Size: size}.Quoted(p)
	body := text.Degrade(p.Text, plain).Body
	if p.Card != nil {
		card := text.Degrade(p.Card.Plain().Trim(), plain).Body
		if body == card {
			card = ""
		}
		body = lines(body, card, p.Card.Lines().Body)
	}
	return lines(body)
}

// lines is those of several texts that say anything, below one another.
func lines(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return strings.TrimSpace(s) == "" }), "\n")
}

// read is what a message says: links are written out again, and the link that X put in for an attachment goes.
func read(e dmEvent, files bool, links []string) string {
	s := e.Text
	for _, l := range e.links() {
		switch {
		case l.URL == "":
		case files && isAttachment(l, links):
			s = dropLink(s, l.URL)
		case l.ExpandedURL != "":
			s = strings.Replace(s, l.URL, l.ExpandedURL, 1)
		}
	}
	for _, p := range e.posts() {
		if p.ID != "" && !strings.Contains(s, p.ID) {
			s = strings.TrimSpace(s + " https://x.com/i/status/" + p.ID)
		}
	}
	return s
}

// mentioning is t, which has no formatting, with the @handles that are the account's own as mentions of it. X's direct messages
// tell of no mentions by themselves.
func mentioning(t text.Text, handle, id string) text.Text {
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

// isAttachment says whether a link of a message with files only stands for one of them. links is the t.co links of the
// files, where X told them.
func isAttachment(l urlMark, links []string) bool {
	if slices.Contains(links, l.URL) {
		return true
	}
	for _, host := range []string{"https://x.com/", "https://twitter.com/", "https://ton.twitter.com/"} {
		rest, ok := strings.CutPrefix(l.ExpandedURL, host)
		if ok && (strings.HasPrefix(rest, "messages/media/") || strings.Contains(rest, "/data/dm/")) {
			return true
		}
	}
	return strings.HasPrefix(l.DisplayURL, "pic.x.com/") || strings.HasPrefix(l.DisplayURL, "pic.twitter.com/")
}

// dropLink takes the last occurrence of a link out, when it ends the text.
func dropLink(s, link string) string {
	if rest, ok := strings.CutSuffix(strings.TrimRight(s, " \n"), link); ok {
		return strings.TrimRight(rest, " \n")
	}
	return s
}

// sameText says whether X's text is what was sent, give or take what X does to links: it shortens them, adds a scheme
// and may add a slash.
func sameText(sent, held string) bool {
	a, b := strings.Fields(norm.NFC.String(sent)), strings.Fields(norm.NFC.String(held))
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && bareLink(a[i]) != bareLink(b[i]) && !shortened(a[i], b[i]) {
			return false
		}
	}
	return true
}

// bareLink is a word without the parts of a link that X may change.
func bareLink(word string) string {
	word = strings.TrimPrefix(strings.TrimPrefix(word, "https://"), "http://")
	return strings.TrimSuffix(word, "/")
}

// shortened says whether held is a link of X's that may stand for the link sent.
func shortened(sent, held string) bool {
	return strings.HasPrefix(held, "https://t.co/") && strings.Contains(sent, ".")
}
