package route

import (
	"regexp"
	"slices"
	"strings"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Filter picks events. An empty list picks nothing and demands nothing.
type Filter struct {
	Authors []string         // IDs or handles of who did it; not names, which anybody can take
	Text    []*regexp.Regexp // what is in the text of a message
	Kinds   []Kind           // what a message is
}

// Kind is what a message is. It may be of several kinds.
type Kind string

// The kinds of a message.
const (
	KindText  Kind = "text" // has words
	KindImage Kind = "image"
	KindVideo Kind = "video"
	KindAudio Kind = "audio"
	KindFile  Kind = "file"  // has a file that is none of these
	KindReply Kind = "reply" // answers another message
)

// hit says what of the event a Filter picks; empty when it picks nothing of it. A deletion is never picked: what was not
// carried has no copies that it could take back, and what was carried must not stay.
func (f Filter) hit(ev chat.Event) string {
	body, kinds, message := about(ev)
	switch {
	case isDeleted(ev):
		return ""
	case f.by(ev.Author):
		return "the author"
	case message && f.in(body):
		return "the text"
	case message && f.of(kinds):
		return "the kind of message"
	}
	return ""
}

// miss says what of the event a Filter does not pick; empty when it picks all that it demands.
func (f Filter) miss(ev chat.Event) string {
	body, kinds, message := about(ev)
	switch {
	case isDeleted(ev):
		return ""
	case len(f.Authors) > 0 && !f.by(ev.Author):
		return "the author"
	case message && len(f.Text) > 0 && !f.in(body):
		return "the text"
	case message && len(f.Kinds) > 0 && !f.of(kinds):
		return "the kind of message"
	}
	return ""
}

func (f Filter) by(a chat.Author) bool {
	return slices.ContainsFunc(f.Authors, func(word string) bool { return known(a, word) })
}

func (f Filter) in(body string) bool {
	return slices.ContainsFunc(f.Text, func(r *regexp.Regexp) bool { return r.MatchString(body) })
}

func (f Filter) of(kinds []Kind) bool {
	return slices.ContainsFunc(kinds, func(k Kind) bool { return slices.Contains(f.Kinds, k) })
}

func isDeleted(ev chat.Event) bool {
	_, ok := ev.What.(chat.Deleted)
	return ok
}

// about is what an event says of a message; message is false when it says nothing of one.
func about(ev chat.Event) (body string, kinds []Kind, message bool) {
	switch w := ev.What.(type) {
	case chat.Posted:
		return w.Text.Body, kindsOf(w.Text, w.Files, w.ReplyTo), true
	case chat.Edited:
		return w.Text.Body, kindsOf(w.Text, w.Files, w.ReplyTo), true
	case chat.Deleted, chat.Reacted, chat.Pinned, chat.Pressed, chat.Joined, chat.Left, chat.Typing, chat.Read, chat.Bounced, chat.Called:
	}
	return "", nil, false
}

func kindsOf(said text.Text, files []chat.File, replyTo chat.MessageID) []Kind {
	var kinds []Kind
	if !said.Empty() {
		kinds = append(kinds, KindText)
	}
	for _, f := range files {
		first, _, _ := strings.Cut(f.Type, "/")
		if k := Kind(first); k == KindImage || k == KindVideo || k == KindAudio {
			kinds = append(kinds, k)
		} else {
			kinds = append(kinds, KindFile)
		}
	}
	if replyTo != "" {
		kinds = append(kinds, KindReply)
	}
	return kinds
}

// known says whether a word is somebody's ID or handle.
func known(a chat.Author, word string) bool {
	return word == string(a.ID) || a.Handle != "" && strings.EqualFold(strings.TrimPrefix(word, "@"), a.Handle)
}

// named says whether a bot is among words: by its ID, handle or name, or as every bot is.
func named(bot chat.Author, words []string) bool {
	return slices.ContainsFunc(words, func(word string) bool {
		return word == AllBots || known(bot, word) || bot.Name != "" && strings.EqualFold(word, bot.Name)
	})
}
