package xsim

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/secretstream"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// RefusedError is what a Phone is told when X answers a message with a failure.
type RefusedError struct{ Type wire.FailureType }

// Error tells the number of the failure.
func (e *RefusedError) Error() string {
	return "xsim: X answered with failure " + strconv.Itoa(int(e.Type))
}

// Say writes a text.
func (p *Phone) Say(to, text string) (Said, error) {
	return p.write(to, func(string, xchat.ConversationKey) (wire.Content, error) { return wire.Message{Text: text}, nil })
}

// SayWith writes a text with files.
func (p *Phone) SayWith(to, text string, files ...File) (Said, error) {
	return p.write(to, func(id string, key xchat.ConversationKey) (wire.Content, error) {
		return p.message(id, text, files, key)
	})
}

// message is a text with files, which it leaves at X.
func (p *Phone) message(id, text string, files []File, key xchat.ConversationKey) (wire.Message, error) {
	m := wire.Message{Text: text}
	for _, f := range files {
		item, err := p.upload(id, f, key)
		if err != nil {
			return m, err
		}
		m.Attachments = append(m.Attachments, wire.Attachment{Media: item})
	}
	return m, nil
}

// upload seals a file and leaves it at X.
func (p *Phone) upload(id string, f File, key xchat.ConversationKey) (*wire.Media, error) {
	var sealed bytes.Buffer
	w := secretstream.NewWriter(&sealed, key.Secret())
	if _, err := w.Write(f.Data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	kind := f.Type
	if kind == "" {
		kind = http.DetectContentType(f.Data)
	}
	m := &wire.Media{Name: f.Name, Size: int64(len(f.Data)), Kind: mediaKind(kind)}
	s := p.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.newBlob(p.user, id, int64(sealed.Len()))
	b.finish(sealed.Bytes())
	m.HashKey = b.hash
	return m, nil
}

// mediaKind is how an encrypted message calls a media type.
func mediaKind(mime string) wire.MediaKind {
	switch kind, _, _ := strings.Cut(mime, "/"); {
	case mime == "image/gif":
		return wire.GIF
	case mime == "image/svg+xml":
		return wire.SVG
	case kind == "image":
		return wire.Image
	case kind == "video":
		return wire.Video
	case kind == "audio":
		return wire.Audio
	}
	return wire.Document
}

// Reply answers a message, with a preview that proves what it quotes.
func (p *Phone) Reply(to string, target wire.Sequence, text string) (Said, error) {
	return p.ReplyWith(to, target, text)
}

// ReplyWith is Reply with files.
func (p *Phone) ReplyWith(to string, target wire.Sequence, text string, files ...File) (Said, error) {
	return p.write(to, func(id string, key xchat.ConversationKey) (wire.Content, error) {
		preview, err := p.preview(id, target, key)
		if err != nil {
			return nil, err
		}
		m, err := p.message(id, text, files, key)
		m.Reply = preview
		return m, err
	})
}

// Forge answers a message with a preview that puts words into somebody's mouth, beside the original that has others.
func (p *Phone) Forge(to string, target wire.Sequence, quoted, text string) (Said, error) {
	return p.write(to, func(id string, key xchat.ConversationKey) (wire.Content, error) {
		preview, err := p.preview(id, target, key)
		if err != nil {
			return nil, err
		}
		preview.Text = quoted
		return wire.Message{Text: text, Reply: preview}, nil
	})
}

// preview is what a reply says of a message; p.mu is held.
func (p *Phone) preview(id string, target wire.Sequence, key xchat.ConversationKey) (*wire.Preview, error) {
	t := p.talk(id)
	l := t.at(target)
	if l == nil || l.alone || l.Deleted || l.Unreadable != "" {
		return nil, errUnknown
	}
	out := &wire.Preview{
		Sender: l.Sender, Text: l.said.Text, Entities: l.said.Entities, Attachments: l.said.Attachments, Sequence: l.Sequence,
		ID: l.MessageID, Original: new(l.event),
	}
	needed := []wire.Event{l.event}
	if edit, is := t.edits[target]; is {
		out.Text, out.Entities, out.Edited = l.Text, nil, new(edit)
		needed = append(needed, edit)
	}
	var brought []string
	for _, ev := range needed {
		m, _ := ev.Detail.(wire.MessageCreate)
		change, have := t.keys[m.KeyVersion]
		if have && m.KeyVersion != key.Version && !slices.Contains(brought, m.KeyVersion) {
			brought = append(brought, m.KeyVersion)
			out.KeyChanges = append(out.KeyChanges, change)
		}
	}
	return out, nil
}

// Edit changes what the person wrote.
func (p *Phone) Edit(to string, target wire.Sequence, text string) (Said, error) {
	return p.write(to, func(string, xchat.ConversationKey) (wire.Content, error) {
		return wire.Edit{Target: target, Text: text}, nil
	})
}

// React puts an emoji on a message.
func (p *Phone) React(to string, target wire.Sequence, emoji string) (Said, error) {
	return p.write(to, func(string, xchat.ConversationKey) (wire.Content, error) {
		return wire.Reaction{Target: target, Emoji: emoji}, nil
	})
}

// Unreact takes an emoji off a message.
func (p *Phone) Unreact(to string, target wire.Sequence, emoji string) (Said, error) {
	return p.write(to, func(string, xchat.ConversationKey) (wire.Content, error) {
		return wire.Reaction{Target: target, Emoji: emoji, Removed: true}, nil
	})
}

// Post writes any content: what the other methods have no words for.
func (p *Phone) Post(to string, c wire.Content) (Said, error) {
	return p.write(to, func(string, xchat.ConversationKey) (wire.Content, error) { return c, nil })
}

// maxTries is how often a message is written anew because somebody else changed the key in between.
const maxTries = 5

// write seals, signs and sends what make makes, in a conversation that is given a key when it has none that the person can
// use.
func (p *Phone) write(to string, content func(id string, key xchat.ConversationKey) (wire.Content, error)) (Said, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := roomID(to, p.user)
	for try := 1; ; try++ {
		said, err := p.writeOnce(id, content)
		if refused, is := errors.AsType[*RefusedError](err); is && refused.Type == wire.NonLatestKeyVersion && try < maxTries {
			continue
		}
		if err != nil {
			return said, fmt.Errorf("xsim: phone of %s: %w", p.user, err)
		}
		return said, nil
	}
}

// writeOnce is one try of write; p.mu is held.
func (p *Phone) writeOnce(id string, content func(id string, key xchat.ConversationKey) (wire.Content, error)) (Said, error) {
	p.catchUp()
	key, err := p.usable(id)
	if err != nil {
		return Said{}, err
	}
	what, err := content(id, key)
	if err != nil {
		return Said{}, err
	}
	payload, err := p.author().Write(xchat.Draft{ID: newMessageID(), Conversation: id, Content: what}, key)
	if err != nil {
		return Said{}, err
	}
	encoded, err := p.send(id, payload)
	if err != nil {
		return Said{}, err
	}
	ev, err := wire.ParseEvent(encoded)
	if err != nil {
		return Said{}, err
	}
	said := Said{Conversation: id, MessageID: ev.ID, Sequence: ev.Sequence}
	if f, is := ev.Detail.(wire.Failure); is {
		return said, &RefusedError{Type: f.Type}
	}
	p.catchUp()
	p.take(mail{conversation: id, event: encoded}) // in case that X fails it afterwards
	return said, nil
}

// send gives X a message.
func (p *Phone) send(id string, payload xchat.Payload) (encoded string, err error) {
	s := p.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.enter(id, p.user)
	if err != nil {
		return "", err
	}
	return s.postChat(p.user, r, payload)
}

// usable is the key that a conversation is written with, a new one when the person has not the newest; p.mu is held.
func (p *Phone) usable(id string) (xchat.ConversationKey, error) {
	for {
		_, version := p.sim.state(id)
		if key, have := p.ring(id).Latest(); have && key.Version == version {
			return key, nil
		}
		key, err := p.rotate(id)
		if err == nil {
			return key, nil
		}
		if _, now := p.sim.state(id); now == version {
			return key, err
		}
		p.catchUp() // somebody else was quicker
	}
}
