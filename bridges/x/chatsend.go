package x

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// errNoKeys says that the other one can't be written to in an encrypted way.
var errNoKeys = errors.New("the person has no keys for encrypted messages")

const sealTries = 3 // when the conversation's key changes between sealing and sending

func (t *encrypted) post(ctx context.Context, p chat.Post) (chat.Receipt, error) {
	if err := t.fits(p); err != nil {
		return chat.Receipt{}, err
	}
	compose := func(ctx context.Context, one *talk, key xchat.ConversationKey) (wire.Content, error) {
		return t.message(ctx, one, key, p)
	}
	return t.deliver(ctx, p.Key, p.To, compose)
}

// fits refuses what X would not take.
func (t *encrypted) fits(p chat.Post) error {
	refuse := func(reason string) error { return &chat.Error{Op: "x: post", Kind: chat.Refused, Reason: reason} }
	body := write(p)
	switch {
	case p.Only != "" && string(p.Only) != string(p.To.ID):
		return chat.Unsupported("x: post", "X can't show a message to one person of a group alone")
	case text.Cautious.Len(body) > mostText:
		return refuse("the message is longer than the 10,000 characters that X takes")
	case len(p.Files) > 1:
		return refuse("X takes one attachment with a message")
	case body == "" && len(p.Files) == 0:
		return refuse("the message is empty")
	}
	return nil
}

// conversation is the conversation that a place is; an error when it is none on X.
func (t *encrypted) conversation(ctx context.Context, to chat.Conversation) (*talk, error) {
	id := string(to.ID)
	if _, ok := parseSnowflake(id); to.Thread != "" || !ok && !isGroup(id) {
		return nil, &chat.Error{Op: "x: post", Kind: chat.Refused, Reason: "this is no conversation on X"}
	}
	return t.talks.talk(ctx, xchat.ConversationID(id, t.own.user))
}

// compose makes what is to be sealed, once it is known with which key.
type compose func(ctx context.Context, one *talk, key xchat.ConversationKey) (wire.Content, error)

// deliver seals something and gives it to X. What was sealed is on disk before it leaves, and a later try with the same key
// sends the same bytes.
func (t *encrypted) deliver(ctx context.Context, key chat.Key, to chat.Conversation, write compose) (chat.Receipt, error) {
	one, err := t.conversation(ctx, to)
	if err != nil {
		return chat.Receipt{}, err
	}
	d := xchat.Draft{ID: t.id(key), Conversation: one.id, Silent: key == ""}
	for try := 1; ; try++ {
		l, kept, err := t.letter(ctx, d, one, write)
		if err != nil {
			return chat.Receipt{}, err
		}
		r, failure, err := t.send(ctx, *l)
		if err != nil {
			return chat.Receipt{}, err
		}
		if failure == 0 {
			t.sent(ctx, one, *l, r)
			return r, nil
		}
		if kept { // X does not take it now, and may have taken it before
			if r, found, err := t.find(ctx, *l, time.Time{}); found || err != nil {
				return r, err
			}
		}
		mended, err := t.retract(ctx, one, d.ID, failure)
		if err != nil {
			return chat.Receipt{}, err
		}
		if !mended || try == sealTries {
			return chat.Receipt{}, failed(failure)
		}
	}
}

// letter is what was sealed before under a draft's ID, and kept; otherwise it is sealed now.
func (t *encrypted) letter(ctx context.Context, d xchat.Draft, one *talk, write compose) (l *letter, kept bool, err error) {
	if l, err = t.outbox.letter(ctx, d.ID); err != nil || l != nil {
		return l, true, err
	}
	l, err = t.seal(ctx, d, one, write)
	return l, false, err
}

// retract forgets what was sealed, because X took nothing, and does what lets another try pass, if anything does.
func (t *encrypted) retract(ctx context.Context, one *talk, id string, failure wire.FailureType) (mended bool, err error) {
	if err := t.outbox.drop(context.WithoutCancel(ctx), id); err != nil {
		return false, err
	}
	return t.mend(ctx, one, failure)
}

// sent notes what a sealed message became, should X say later that it could not carry it on, and that what came before it is
// read. Without either the message is sent all the same.
func (t *encrypted) sent(ctx context.Context, one *talk, l letter, r chat.Receipt) {
	l.Message = r.Messages[0]
	_ = t.outbox.put(context.WithoutCancel(ctx), l)
	t.markRead(ctx, one)
}

// seal composes, seals, signs and keeps. What is Silent, as reactions are, is sealed anew by another try.
func (t *encrypted) seal(ctx context.Context, d xchat.Draft, one *talk, write compose) (*letter, error) {
	secret, err := t.key(ctx, one)
	if err != nil {
		return nil, err
	}
	if d.Content, err = write(ctx, one, secret); err != nil {
		return nil, err
	}
	one.mu.Lock()
	token := one.at.Token
	d.TTL = one.at.TTL
	one.mu.Unlock()
	payload, err := t.author.Write(d, secret)
	if err != nil {
		return nil, &chat.Error{Op: "x: post", Kind: chat.Refused, Err: err}
	}
	payload.Token = token
	l := letter{Conversation: one.id, Payload: payload, Loose: d.Silent}
	return &l, t.outbox.put(ctx, l)
}

// send gives X a sealed message. failure is X's reason for not carrying it on; 0 when it does.
func (t *encrypted) send(ctx context.Context, l letter) (r chat.Receipt, failure wire.FailureType, err error) {
	if err := t.c.purse.send(ctx); err != nil {
		return chat.Receipt{}, 0, err
	}
	var got struct {
		Data struct {
			Event string `json:"encoded_message_event"`
		} `json:"data"`
	}
	req := request{
		op: "x: post", method: http.MethodPost, path: "/2/chat/conversations/" + t.path(l.Conversation) + "/messages", json: l.Payload, writes: true,
	}
	said, err := t.c.api.call(ctx, req, &got)
	var ev wire.Event
	if err == nil {
		if ev, err = wire.ParseEvent(got.Data.Event); err != nil {
			err = t.c.api.lost(req, true, fmt.Errorf("answer: %w", err))
		}
	}
	if err != nil {
		if chat.KindOf(err) != chat.Uncertain {
			t.c.purse.unsend(context.WithoutCancel(ctx))
		}
		return chat.Receipt{}, 0, err
	}
	if f, ok := ev.Detail.(wire.Failure); ok {
		t.c.purse.unsend(context.WithoutCancel(ctx))
		return chat.Receipt{}, max(f.Type, 1), nil
	}
	if ev.Sequence == 0 {
		return chat.Receipt{}, 0, t.c.api.lost(req, true, errors.New("answer: no sequence id"))
	}
	return t.receipt(ev, said), 0, nil
}

func (t *encrypted) receipt(ev wire.Event, said answer) chat.Receipt {
	r := chat.Receipt{Messages: []chat.MessageID{messageID(ev.Sequence)}, At: ev.At}
	if said.header != nil {
		r.Left = allowances(said.header)
	}
	return r
}

// path is a conversation in a path: of two people, the other one, whom X pairs with the account itself.
func (t *encrypted) path(id string) string {
	if isGroup(id) {
		return id
	}
	place, _ := t.c.reader(t.own.user).place(id)
	return string(place)
}

// key is the key that the conversation is written with. One that has none is given one.
func (t *encrypted) key(ctx context.Context, one *talk) (xchat.ConversationKey, error) {
	if k, ok := one.ring.Latest(); ok {
		return k, nil
	}
	if err := t.learn(ctx, one); err != nil {
		return xchat.ConversationKey{}, err
	}
	if k, ok := one.ring.Latest(); ok {
		return k, nil
	}
	if isGroup(one.id) {
		return xchat.ConversationKey{}, &chat.Error{Op: "x: post", Kind: chat.Refused, Reason: "the group's key has not reached this account"}
	}
	return t.rotate(ctx, one)
}

// learn adopts the keys that X has for the conversation.
func (t *encrypted) learn(ctx context.Context, one *talk) error {
	var changes []wire.Event
	err := t.walk(ctx, one.id, 1, func(page chatEvents) bool {
		changes = t.parseAll(page.Meta.KeyEvents)
		for _, item := range page.Data {
			if ev, ok := t.parse(item.Event); ok {
				changes = append(changes, ev)
			}
		}
		return true
	})
	if chat.KindOf(err) == chat.Gone && err != nil {
		return nil // nobody has written there yet
	}
	if err != nil {
		return err
	}
	return t.adoptAll(ctx, one, changes)
}

// adoptAll adopts key changes and keeps the ring.
func (t *encrypted) adoptAll(ctx context.Context, one *talk, all []wire.Event) error {
	rung := false
	for _, ev := range all {
		if _, is := ev.Detail.(wire.KeyChange); !is {
			continue
		}
		added, err := t.adopt(ctx, one, ev)
		if err := t.unless(ctx, ev, err); err != nil {
			return err
		}
		rung = rung || added
	}
	if !rung {
		return nil
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	return t.talks.save(ctx, one)
}

// rotate gives a conversation of two people a new key. https://docs.x.com/x-api/chat/initialize-conversation-keys
func (t *encrypted) rotate(ctx context.Context, one *talk) (xchat.ConversationKey, error) {
	peer := t.path(one.id)
	people, missing, err := t.members(ctx, t.own.user, peer)
	if err != nil {
		return xchat.ConversationKey{}, err
	}
	if missing != "" {
		return xchat.ConversationKey{}, &chat.Error{Op: "x: post", Kind: chat.Refused, Reason: "this person can't be written to in an encrypted way", Err: errNoKeys}
	}
	version := strconv.FormatInt(t.c.now().UnixMilli(), 10)
	made, err := t.author.Rotate(t.id(""), one.id, version, people)
	if err != nil {
		return xchat.ConversationKey{}, &chat.Error{Op: "x: post", Kind: chat.Refused, Err: err}
	}
	r := request{op: "x: set key", method: http.MethodPost, path: "/2/chat/conversations/" + peer + "/keys", json: made}
	if _, err := t.c.api.call(ctx, r, nil); err != nil {
		return xchat.ConversationKey{}, err // if X has it, it comes back as a key change that we can read
	}
	one.ring.Add(made.Key)
	one.mu.Lock()
	defer one.mu.Unlock()
	return made.Key, t.talks.save(ctx, one)
}

// mend does what lets a message pass that X did not carry on, if anything does.
func (t *encrypted) mend(ctx context.Context, one *talk, failure wire.FailureType) (mended bool, err error) {
	if failure == wire.RecipientKeyChanged && !isGroup(one.id) {
		_, err := t.rotate(ctx, one)
		return true, err
	}
	if failure == wire.NonLatestKeyVersion || failure == wire.RecipientKeyChanged {
		return true, t.learn(ctx, one)
	}
	return false, nil
}

// id is the message ID of a post: the same for every try. Without a key it is another one each time.
func (t *encrypted) id(key chat.Key) string {
	var b [16]byte
	if key == "" {
		_, _ = rand.Read(b[:]) // never fails
	} else {
		sum := sha256.Sum256([]byte(string(t.c.account) + "\n" + t.own.user + "\n" + string(key)))
		copy(b[:], sum[:])
	}
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80 // a UUID of our own making: version 8
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// message is what a post says, with its file given to X, and with what it answers proven where that can be.
func (t *encrypted) message(ctx context.Context, one *talk, key xchat.ConversationKey, p chat.Post) (wire.Content, error) {
	m := wire.Message{Reply: t.preview(ctx, one, key, p.ReplyTo)}
	if m.Reply != nil {
		p.ReplyTo, p.Quote = "", nil // X shows it
	}
	m.Text = write(p)
	m.Entities = linkEntities(m.Text)
	for _, f := range p.Files {
		media, err := t.upload(ctx, one.id, key, f)
		if err != nil {
			return nil, err
		}
		m.Attachments = append(m.Attachments, wire.Attachment{Media: media})
	}
	return m, nil
}

const (
	previewMost = 280 // bytes of what a reply quotes
	quotePages  = 5   // back in a conversation, to find what is answered
)

// preview is the proof of what a message answers; nil when it can't be had.
func (t *encrypted) preview(ctx context.Context, one *talk, key xchat.ConversationKey, to chat.MessageID) *wire.Preview {
	s, ok := sequenceOf(to)
	if !ok {
		return nil
	}
	ev, ok := t.original(ctx, one, s)
	if !ok {
		return nil
	}
	o, err := t.open(ctx, one, ev)
	m, isMessage := o.Content.(wire.Message)
	if err != nil || !isMessage || o.Key.Version != key.Version {
		return nil // what is sealed with a former key is proven by a key change that we don't hold
	}
	p := &wire.Preview{Sender: ev.Sender, Text: m.Text, Sequence: ev.Sequence, ID: ev.ID, Original: &ev}
	if edited, fresh := t.raw.Get(rawKey(one.id, s) + " edited"); fresh {
		if o, err := t.open(ctx, one, edited); err == nil && o.Key.Version == key.Version {
			if e, ok := o.Content.(wire.Edit); ok {
				p.Edited, p.Text = &edited, e.Text
			}
		}
	}
	p.Text = cut(p.Text, previewMost)
	return p
}

// cut is the beginning of a text, at most so many bytes, that ends between two characters.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// original is a message as its writer signed it: remembered, or looked up.
func (t *encrypted) original(ctx context.Context, one *talk, s wire.Sequence) (wire.Event, bool) {
	if ev, fresh := t.raw.Get(rawKey(one.id, s)); fresh {
		return ev, true
	}
	var found wire.Event
	err := t.walk(ctx, one.id, quotePages, func(page chatEvents) bool {
		for _, item := range page.Data {
			ev, err := wire.ParseEvent(item.Event)
			if err == nil && ev.Sequence == s && t.within(one, ev) {
				found = ev
			}
			if err == nil && ev.Sequence <= s {
				return true
			}
		}
		return false
	})
	return found, err == nil && found.Sequence != 0
}
