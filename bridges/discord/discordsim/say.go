package discordsim

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Errors of the methods by which people act.
var (
	ErrNoUser        = errors.New("discordsim: no such user")
	ErrNoChannel     = errors.New("discordsim: no such channel")
	ErrNoGuild       = errors.New("discordsim: no such guild")
	ErrNoMessage     = errors.New("discordsim: no such message")
	ErrNotAuthor     = errors.New("discordsim: only its author may do that")
	ErrNoControl     = errors.New("discordsim: no such button, menu or field")
	ErrNoCommand     = errors.New("discordsim: no such command")
	ErrNoModal       = errors.New("discordsim: no such open modal")
	ErrNoPoll        = errors.New("discordsim: no such open poll or answer")
	ErrNoWebhook     = errors.New("discordsim: no such webhook")
	ErrNothingToUndo = errors.New("discordsim: no such reaction")
	ErrReacted       = errors.New("discordsim: has reacted so already")
	ErrLocked        = errors.New("discordsim: the thread is locked")
)

// Draft is what a person sends.
type Draft struct {
	Text     string // as typed, in Discord's markdown; <@ID> mentions
	ReplyTo  string // id of a message in the same channel
	Silent   bool   // the reply does not notify the author of what it answers
	Files    []Upload
	Stickers []Sticker
	Poll     *Poll
	Voice    bool     // the one file is a voice message
	Forward  *Forward // instead of all others
}

// Upload is a file that a person attaches.
type Upload struct {
	Name    string
	Type    string // MIME type; default found from name and content
	Alt     string // alternative text
	Spoiler bool
	Data    []byte
}

// Sticker is a sticker on a message.
type Sticker struct {
	ID, Name string
	Format   int // 1 PNG, 2 APNG, 3 Lottie, 4 GIF; default 1
}

// Poll is a question with answers to choose from.
type Poll struct {
	Question string
	Answers  []string
	Multi    bool
	Lasts    time.Duration // default 24 h
}

// Forward names the message that is forwarded.
type Forward struct{ Channel, Message string }

// Say posts as a person and returns the message's id, or "" when the user or the channel is unknown, no messages can be written
// there, or the thread is locked and the person no moderator. An archived thread wakes up.
func (s *Sim) Say(user, channel string, d Draft) (id string) {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch := w.channels[channel]
	if ch == nil || w.users[user] == nil || !ch.Type.texty() || ch.Type.thread() && ch.Locked && !w.moderators[user] {
		return ""
	}
	m := w.draft(ch, user, d)
	w.post(ch, m)
	return m.id
}

// draft makes a message of what a person sends.
func (w *world) draft(ch *channel, user string, d Draft) *message {
	m := w.newMessage(ch, user)
	m.content = strings.TrimSpace(d.Text)
	if f := d.Forward; f != nil && w.channels[f.Channel] != nil && w.channels[f.Channel].find(f.Message) != nil {
		w.snapshot(w.channels[f.Channel], w.channels[f.Channel].find(f.Message), m)
	}
	if ch.byID[d.ReplyTo] != nil {
		m.answer(ch, d.ReplyTo)
	}
	for _, up := range d.Files {
		m.files = append(m.files, w.keep(ch, up, d.Voice))
	}
	if d.Voice {
		m.flags |= flagVoice
	}
	for _, st := range d.Stickers {
		m.stickers = append(m.stickers, obj{"id": st.ID, "name": st.Name, "format_type": max(1, st.Format)})
	}
	if d.Poll != nil {
		m.poll = d.Poll.start(w.now())
	}
	var n *notice
	if d.Silent {
		n = &notice{Parse: []string{"users", "roles", "everyone"}}
	}
	w.mention(m, n, true)
	return m
}

// keep stores a person's file.
func (w *world) keep(ch *channel, up Upload, voice bool) *attachment {
	d := described{Alt: &up.Alt, Spoiler: up.Spoiler}
	if voice {
		d.Duration, d.Waveform = 1.5, base64.StdEncoding.EncodeToString([]byte{0, 64, 128, 255, 128, 64, 0})
		if up.Type == "" {
			up.Type = "audio/ogg"
		}
	}
	f := w.newFile(upload{name: up.Name, kind: up.Type, data: slices.Clone(up.Data)}, d)
	f.channel = ch.ID
	return f
}

func (p *Poll) start(now time.Time) *poll {
	lasts := p.Lasts
	if lasts == 0 {
		lasts = 24 * time.Hour
	}
	out := &poll{question: p.Question, multi: p.Multi, expiry: now.Add(lasts)}
	for _, a := range p.Answers {
		out.answers = append(out.answers, pollAnswer{text: a})
	}
	return out
}

// at finds a message that was not deleted.
func (w *world) at(channel, id string) (*channel, *message, error) {
	ch := w.channels[channel]
	if ch == nil {
		return nil, nil, fmt.Errorf("%w: %s", ErrNoChannel, channel)
	}
	m := ch.find(id)
	if m == nil {
		return nil, nil, fmt.Errorf("%w: %s in %s", ErrNoMessage, id, channel)
	}
	return ch, m, nil
}

// Edit changes the text of a person's own message; edited_timestamp tells.
func (s *Sim) Edit(user, channel, id, text string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch, m, err := w.at(channel, id)
	if err != nil {
		return err
	}
	if m.author != user {
		return fmt.Errorf("%w: %s is not by %s", ErrNotAuthor, id, user)
	}
	pings := m.pings
	m.content = strings.TrimSpace(text)
	w.mention(m, nil, true)
	m.pings = pings
	w.edited(ch, m)
	return nil
}

// SetModerator lets a person delete others' messages and write into locked threads.
func (s *Sim) SetModerator(user string) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.moderators[user] = true
}

// Delete removes a message of the person, or of anyone when the person is a moderator.
func (s *Sim) Delete(user, channel, id string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch, m, err := w.at(channel, id)
	if err != nil {
		return err
	}
	if m.author != user && !w.moderators[user] {
		return fmt.Errorf("%w: %s is not by %s", ErrNotAuthor, id, user)
	}
	w.erase(ch, m)
	return nil
}

// BulkDelete removes messages as a moderator's bot does, with one event.
func (s *Sim) BulkDelete(user, channel string, ids ...string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch := w.channels[channel]
	switch {
	case ch == nil:
		return fmt.Errorf("%w: %s", ErrNoChannel, channel)
	case !w.moderators[user]:
		return fmt.Errorf("%w: %s is no moderator", ErrNotAuthor, user)
	}
	w.eraseAll(ch, ids)
	return nil
}

// React adds a person's reaction: a Unicode emoji, or "name:id".
func (s *Sim) React(user, channel, id, emoji string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch, m, err := w.at(channel, id)
	if err != nil {
		return err
	}
	if w.users[user] == nil {
		return fmt.Errorf("%w: %s", ErrNoUser, user)
	}
	if !w.react(ch, m, user, parseEmoji(emoji)) {
		return ErrReacted
	}
	return nil
}

// Unreact takes a person's reaction away.
func (s *Sim) Unreact(user, channel, id, emoji string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch, m, err := w.at(channel, id)
	if err != nil {
		return err
	}
	if !w.unreact(ch, m, user, parseEmoji(emoji)) {
		return ErrNothingToUndo
	}
	return nil
}

// ClearReactions takes every reaction of a message away.
func (s *Sim) ClearReactions(channel, id string) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	ch, m, err := s.w.at(channel, id)
	if err == nil {
		s.w.clearReactions(ch, m)
	}
	return err
}

// Pin pins a message.
func (s *Sim) Pin(user, channel, id string) error { return s.pin(user, channel, id, true) }

// Unpin takes a pin away.
func (s *Sim) Unpin(user, channel, id string) error { return s.pin(user, channel, id, false) }

func (s *Sim) pin(user, channel, id string, on bool) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	ch, m, err := s.w.at(channel, id)
	if err != nil {
		return err
	}
	return s.w.pin(ch, m, user, on)
}

// Type shows that a person types.
func (s *Sim) Type(user, channel string) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	ch := s.w.channels[channel]
	if ch == nil {
		return fmt.Errorf("%w: %s", ErrNoChannel, channel)
	}
	s.w.typed(ch, user)
	return nil
}

// Unfurl adds the preview of a link: the bot hears MESSAGE_UPDATE with edited_timestamp as it was.
func (s *Sim) Unfurl(channel, id, link, title string) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	ch, m, err := s.w.at(channel, id)
	if err != nil {
		return err
	}
	m.embeds = append(slices.Clone(m.embeds), obj{"type": "link", "url": link, "title": title})
	s.w.embedsEvent(ch, m)
	s.w.bump()
	return nil
}

// PartialUpdates switches whether Unfurl sends only the id, the place and the embeds, as Discord did for years, instead of the whole
// message.
func (s *Sim) PartialUpdates(on bool) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.partial = on
}

// embedsEvent tells that the embeds of a message have changed and nothing else.
func (w *world) embedsEvent(ch *channel, m *message) {
	if !w.partial {
		w.messageEvent("MESSAGE_UPDATE", ch, m)
		return
	}
	w.dispatch(event{name: "MESSAGE_UPDATE", need: ch.heardBy(IntentMessages), guild: ch.Guild, channel: ch, build: func(s *session) any {
		embeds := []obj{}
		if w.legible(m, s.intents) {
			embeds = m.embeds
		}
		return ch.place(obj{"id": m.id, "embeds": embeds})
	}})
}
