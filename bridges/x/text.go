package x

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

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
