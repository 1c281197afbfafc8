package webhook

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/roost-im/roost/router/chat"
)

const (
	mostID    = 200     // bytes of an ID
	mostName  = 1000    // bytes of a name, a topic, a description, a type
	mostURL   = 4000    // bytes of an address
	mostValue = 10_000  // bytes of a button's value or of one field
	mostField = 25      // fields of a form
	mostSpans = 1000    // of one text
	mostGiven = 10      // files of one message
	mostData  = 1 << 20 // bytes in the data of one message
	mostHops  = 100
	dataMark  = "data:" // begins a Source that is the bytes themselves, in base64
	threading = "thread:"
)

// reading turns the events of one call into ours, and stops at the first fault.
type reading struct {
	account chat.Account
	now     time.Time
	key     string // a signed Idempotency-Key; empty: there was none
	bad     *fault
}

// fail notes a fault, if it is the first.
func (r *reading) fail(at, format string, args ...any) {
	if r.bad == nil {
		r.bad = &fault{Said: fmt.Sprintf(format, args...), At: at}
	}
}

// event reads one event, the ith of its call. alone says that the call has no others.
func (r *reading) event(in *incoming, i int, alone bool) chat.Event {
	ev := chat.Event{
		ID: r.eventID(in, i, alone),
		Conversation: chat.Conversation{
			Account: r.account,
			ID:      chat.ConversationID(r.id("conversation", in.Conversation, true)),
			Thread:  chat.ThreadID(r.id("thread", in.Thread, false)),
		},
		Message: chat.MessageID(r.message("message", in.Message)),
		Author:  r.author(in.Author),
		At:      r.at(in.At),
		Direct:  in.Direct,
		Hops:    in.Hops,
		// Only the program knows by which names people call the account.
		Addressed: in.Addressed && (in.Type == "posted" || in.Type == "edited"),
		Topic:     r.within("topic", in.Topic, mostName),
		Root:      chat.MessageID(r.message("root", in.Root)),
	}
	if in.Hops < 0 || in.Hops > mostHops {
		r.fail("hops", "is %d, and wants 0 to %d", in.Hops, mostHops)
	}
	if in.Type == "posted" && ev.Message == "" {
		ev.Message = chat.MessageID(r.message("id", string(ev.ID)))
	}
	ev.What = r.happening(in)
	r.needs(in.Type, &ev)
	return ev
}

// needs checks that what an event of its type is nothing without is there.
func (r *reading) needs(kind string, ev *chat.Event) {
	switch kind {
	case "edited", "deleted", "reacted", "pinned", "pressed", "read":
		if ev.Message == "" {
			r.fail("message", "is missing: which message was %s?", kind)
		}
	}
	if kind != "edited" && kind != "deleted" && ev.Author.ID == "" {
		r.fail("author.id", "is missing: who did it?")
	}
}

func (r *reading) happening(in *incoming) chat.Happening {
	switch in.Type {
	case "posted":
		return r.posted(in)
	case "edited":
		return chat.Edited(r.posted(in))
	case "reacted":
		if in.Emoji == "" {
			r.fail("emoji", "is missing")
		}
		return chat.Reacted{Emoji: r.within("emoji", in.Emoji, mostID), Removed: in.Removed}
	case "pinned":
		return chat.Pinned{Removed: in.Removed}
	case "pressed":
		return r.pressed(in)
	}
	return r.plain(in.Type)
}

// plain is what is said by its type alone.
func (r *reading) plain(kind string) chat.Happening {
	switch kind {
	case "deleted":
		return chat.Deleted{}
	case "joined":
		return chat.Joined{}
	case "left":
		return chat.Left{}
	case "typing":
		return chat.Typing{}
	case "read":
		return chat.Read{}
	case "":
		r.fail("type", "is missing")
	default:
		r.fail("type", unknownType+"%.40q; there are %s", kind, types)
	}
	return nil
}

const (
	unknownType = "unknown type "
	types       = "posted, edited, deleted, reacted, pinned, pressed, joined, left, typing and read"
)

func (r *reading) posted(in *incoming) chat.Posted {
	r.spans(in)
	p := chat.Posted{ReplyTo: chat.MessageID(r.message("reply_to", in.ReplyTo)), Files: r.files(in.Files)}
	if q := in.Quote; q != nil {
		p.Quote = &chat.Quote{Name: r.within("quote.name", q.Name, mostName), Text: fromWire(q.Text, nil)}
	}
	if r.bad == nil {
		p.Text = fromWire(in.Text, in.Spans)
	}
	if p.Text.Empty() && len(in.Files) == 0 {
		r.fail("text", "is empty, and there are no files")
	}
	return p
}

func (r *reading) pressed(in *incoming) chat.Pressed {
	if in.Button == "" {
		r.fail("button", "is missing: which button of the card?")
	}
	if len(in.Fields) > mostField {
		r.fail("fields", "has %d, and at most %d are taken", len(in.Fields), mostField)
	}
	for name, value := range in.Fields {
		r.within("fields", name, mostID)
		r.within("fields."+name, value, mostValue)
	}
	return chat.Pressed{
		Button: r.within("button", in.Button, mostID), Value: r.within("value", in.Value, mostValue), Fields: in.Fields,
	}
}

// eventID is the event's own ID, or made from the key of the call.
func (r *reading) eventID(in *incoming, i int, alone bool) chat.EventID {
	switch {
	case in.ID != "":
		return chat.EventID(r.id("id", in.ID, true))
	case r.key == "":
		r.fail("id", "is missing, and there is no signed Idempotency-Key")
	case alone:
		return chat.EventID(r.id("id", r.key, true))
	}
	return chat.EventID(r.id("id", fmt.Sprintf("%s#%d", r.key, i), true))
}

// id checks something that names something.
func (r *reading) id(at, s string, needed bool) string {
	if s == "" && needed {
		r.fail(at, "is missing")
	}
	if s != "" && !isID(s) {
		r.fail(at, "is longer than %d bytes, or has control characters", mostID)
	}
	return s
}

// isID says whether s may name something.
func isID(s string) bool {
	return s != "" && len(s) <= mostID && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// message checks an ID of a message.
func (r *reading) message(at, s string) string {
	if strings.HasPrefix(s, threading) {
		r.fail(at, "begins with %s, which no message may", threading)
	}
	return r.id(at, s, false)
}

func (r *reading) within(at, s string, most int) string {
	if len(s) > most {
		r.fail(at, "has %d bytes, and at most %d are taken", len(s), most)
	}
	return s
}

func (r *reading) author(a author) chat.Author {
	return chat.Author{
		ID:     chat.PersonID(r.id("author.id", a.ID, false)),
		Name:   r.within("author.name", a.Name, mostName),
		Handle: strings.TrimPrefix(r.within("author.handle", a.Handle, mostName), "@"),
		Avatar: r.within("author.avatar", a.Avatar, mostURL),
		Bot:    a.Bot,
	}
}

func (r *reading) at(s string) time.Time {
	if s == "" {
		return r.now
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		r.fail("at", "is no time such as 2026-11-22T08:30:00Z")
	}
	return at.UTC()
}

// spans checks that every span is one of in.Text. An offset inside a character comes of counting something else.
func (r *reading) spans(in *incoming) {
	if len(in.Spans) == 0 {
		return
	}
	if len(in.Spans) > mostSpans {
		r.fail("spans", "has %d, and at most %d are taken", len(in.Spans), mostSpans)
		return
	}
	units, inside := utf16(in.Text)
	all := kinds()
	for i, s := range in.Spans {
		at := fmt.Sprintf("spans[%d]", i)
		switch {
		case !slices.Contains(all, s.Kind):
			r.fail(at+".kind", "unknown kind %.40q", string(s.Kind))
		case s.Start < 0 || s.Start >= s.End:
			r.fail(at+".start", "is %d, and the end %d", s.Start, s.End)
		case s.End > units:
			r.fail(at+".end", "is %d, and the text has %d UTF-16 units", s.End, units)
		case inside[s.Start] || inside[s.End]:
			r.fail(at, "begins or ends inside a character; offsets count UTF-16 units")
		case s.Kind == "link" && !isWeb(s.URL):
			r.fail(at+".url", "is no http or https address")
		}
	}
}

// utf16 counts the UTF-16 units of s, and lists the offsets that are inside a character.
func utf16(s string) (units int, inside map[int]bool) {
	inside = map[int]bool{}
	for _, c := range s {
		if c >= 0x10000 {
			units++
			inside[units] = true
		}
		units++
	}
	return units, inside
}

func isWeb(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= mostURL && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
}

func (r *reading) files(in []given) []chat.File {
	if len(in) == 0 {
		return nil
	}
	if len(in) > mostGiven {
		r.fail("files", "has %d, and at most %d are taken", len(in), mostGiven)
		return nil
	}
	files, room := make([]chat.File, 0, len(in)), mostData
	for i, g := range in {
		at := fmt.Sprintf("files[%d]", i)
		f := chat.File{
			Name: r.within(at+".name", g.Name, mostName), Type: r.within(at+".type", g.Type, mostName),
			Alt: r.within(at+".alt", g.Alt, mostName), Spoiler: g.Spoiler, Size: max(g.Size, 0), Account: r.account,
		}
		switch {
		case (g.URL == "") == (g.Data == ""):
			r.fail(at, "has a url or data, one of them")
		case g.Data != "":
			f.Source, f.Size = dataMark+g.Data, r.data(at, g.Data)
			if room -= int(f.Size); room < 0 {
				r.fail(at+".data", "is too much: data may have %d bytes in a message; send a url", mostData)
			}
		case !isWeb(g.URL):
			r.fail(at+".url", "is no http or https address")
		default:
			f.Source = g.URL
		}
		if f.Name == "" {
			f.Name = nameOf(g.URL)
		}
		files = append(files, f)
	}
	return files
}

// data is how many bytes base64 stands for.
func (r *reading) data(at, b64 string) int64 {
	b, err := base64.StdEncoding.DecodeString(b64)
	if err != nil || strings.ContainsAny(b64, "\r\n") {
		r.fail(at+".data", "is no base64 (the standard alphabet, with padding, on one line)")
	}
	return int64(len(b))
}

// nameOf is the name of a file that was given none.
func nameOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Path != "" {
		if base := path.Base(u.Path); base != "/" && base != "." && len(base) <= mostName {
			return base
		}
	}
	return "file"
}
