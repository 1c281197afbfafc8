package encrypted

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// errNoKeys says that the other one can't be written to in an encrypted way.
var errNoKeys = errors.New("the person has no keys for encrypted messages")

const sealTries = 3 // when the conversation's key changes between sealing and sending

// Post seals a post, or what was sealed for it before, and gives it to X.
func (t *Transport) Post(ctx context.Context, p chat.Post) (chat.Receipt, error) {
	if err := t.fits(p); err != nil {
		return chat.Receipt{}, err
	}
	compose := func(ctx context.Context, one *talk, key xchat.ConversationKey) (wire.Content, error) {
		return t.message(ctx, one, key, p)
	}
	return t.deliver(ctx, p.Key, p.To, compose)
}

// fits refuses what X would not take.
func (t *Transport) fits(p chat.Post) error {
	refuse := func(reason string) error { return &chat.Error{Op: "x: post", Kind: chat.Refused, Reason: reason} }
	body := dm.Write(p)
	switch {
	case p.Only != "" && string(p.Only) != string(p.To.ID):
		return chat.Unsupported("x: post", "X can't show a message to one person of a group alone")
	case text.Cautious.Len(body) > dm.MostText:
		return refuse("the message is longer than the 10,000 characters that X takes")
	case len(p.Files) > 1:
		return refuse("X takes one attachment with a message")
	case body == "" && len(p.Files) == 0:
		return refuse("the message is empty")
	}
	return nil
}

// conversation is the conversation that a place is; an error when it is none on X.
func (t *Transport) conversation(ctx context.Context, to chat.Conversation) (*talk, error) {
	id, ok := t.ours(string(to.ID))
	if to.Thread != "" || !ok {
		return nil, &chat.Error{Op: "x: post", Kind: chat.Refused, Reason: "this is no conversation on X"}
	}
	return t.talks.talk(ctx, id)
}

// compose makes what is to be sealed, once it is known with which key.
type compose func(ctx context.Context, one *talk, key xchat.ConversationKey) (wire.Content, error)

// deliver seals something and gives it to X. What was sealed is on disk before it leaves, and a later try with the same key
// sends the same bytes.
func (t *Transport) deliver(ctx context.Context, key chat.Key, to chat.Conversation, write compose) (chat.Receipt, error) {
	one, err := t.conversation(ctx, to)
	if err != nil {
		return chat.Receipt{}, err
	}
	id := t.id(key)
	for try := 1; ; try++ {
		l, err := t.outbox.letter(ctx, id)
		former := l != nil && try == 1
		if err == nil && l == nil {
			l, err = t.seal(ctx, id, key == "", one, write)
		}
		if err != nil {
			return chat.Receipt{}, err
		}
		r, failure, err := t.give(ctx, *l, former)
		if err == nil && failure == 0 {
			t.markRead(ctx, one)
			return r, nil
		}
		if err == nil {
			err = t.refused(ctx, one, id, failure, try == sealTries)
		}
		if err != nil {
			return chat.Receipt{}, err
		}
	}
}

// give gives X a sealed message that is not known to have arrived, and notes that it has. former says that a try before may have
// brought it there already.
func (t *Transport) give(ctx context.Context, l letter, former bool) (r chat.Receipt, failure wire.FailureType, err error) {
	if l.Message != "" {
		return l.receipt(), 0, nil
	}
	r, failure, err = t.send(ctx, l)
	if err == nil && failure != 0 && former { // X does not take it now, and may have done so before
		var found bool
		if r, found, err = t.find(ctx, l, time.Time{}); found {
			failure = 0
		}
	}
	if err == nil && failure == 0 {
		t.noted(ctx, l, r)
	}
	return r, failure, err
}

// refused mends what X did not carry a message on for, and returns nil when it can be sealed anew; last says that it was tried
// often enough.
func (t *Transport) refused(ctx context.Context, one *talk, id string, failure wire.FailureType, last bool) error {
	// X took nothing, so what was sealed is of no use any more.
	if err := t.outbox.drop(context.WithoutCancel(ctx), id); err != nil {
		return err
	}
	mended, err := t.mend(ctx, one, failure)
	if err == nil && (!mended || last) {
		err = failed(failure)
	}
	return err
}

// noted notes what a sealed message became, so that it is neither sent again nor looked for. Without it, it is sent all the same.
func (t *Transport) noted(ctx context.Context, l letter, r chat.Receipt) {
	l.Message, l.At = r.Messages[0], r.At
	_ = t.outbox.put(context.WithoutCancel(ctx), l)
}

// seal composes, seals, signs and keeps. What is loose is sealed anew by another try. A reaction has nobody's telephone ring.
func (t *Transport) seal(ctx context.Context, id string, loose bool, one *talk, write compose) (*letter, error) {
	secret, err := t.key(ctx, one)
	if err != nil {
		return nil, err
	}
	d := xchat.Draft{ID: id, Conversation: one.id}
	if d.Content, err = write(ctx, one, secret); err != nil {
		return nil, err
	}
	_, d.Silent = d.Content.(wire.Reaction)
	at := one.place()
	d.TTL = at.TTL
	payload, err := t.author.Write(d, secret)
	if err != nil {
		return nil, &chat.Error{Op: "x: post", Kind: chat.Refused, Err: err}
	}
	payload.Token = at.Token
	l := letter{Conversation: one.id, Payload: payload, Loose: loose}
	return &l, t.outbox.put(ctx, l)
}

// send gives X a sealed message. failure is X's reason for not carrying it on; 0 when it does.
func (t *Transport) send(ctx context.Context, l letter) (r chat.Receipt, failure wire.FailureType, err error) {
	if err := t.a.Purse.Send(ctx); err != nil {
		return chat.Receipt{}, 0, err
	}
	var got struct {
		Data struct {
			Event string `json:"encoded_message_event"`
		} `json:"data"`
	}
	req := api.Request{
		Op: "x: post", Method: http.MethodPost, Path: "/2/chat/conversations/" + t.path(l.Conversation) + "/messages", JSON: l.Payload, Writes: true,
	}
	said, err := t.a.API.Call(ctx, req, &got)
	var ev wire.Event
	if err == nil {
		if ev, err = wire.ParseEvent(got.Data.Event); err != nil {
			err = t.a.API.Lost(req, true, fmt.Errorf("answer: %w", err))
		}
	}
	if err != nil {
		if chat.KindOf(err) != chat.Uncertain {
			t.a.Purse.Unsend(context.WithoutCancel(ctx))
		}
		return chat.Receipt{}, 0, err
	}
	if f, ok := ev.Detail.(wire.Failure); ok {
		t.a.Purse.Unsend(context.WithoutCancel(ctx))
		return chat.Receipt{}, max(f.Type, 1), nil
	}
	if ev.Sequence == 0 {
		return chat.Receipt{}, 0, t.a.API.Lost(req, true, errors.New("answer: no sequence id"))
	}
	return t.receipt(ev, said), 0, nil
}

func (t *Transport) receipt(ev wire.Event, said api.Answer) chat.Receipt {
	r := chat.Receipt{Messages: []chat.MessageID{messageID(ev.Sequence)}, At: ev.At}
	if said.Header != nil {
		r.Left = api.Allowances(said.Header)
	}
	return r
}

// path is a conversation in a path: of two people, the other one, whom X pairs with the account itself.
func (t *Transport) path(id string) string {
	if isGroup(id) {
		return id
	}
	place, _ := t.as().Place(id)
	return string(place)
}

// id is the message ID of a post: the same for every try. Without a key it is another one each time.
func (t *Transport) id(key chat.Key) string {
	var b [16]byte
	if key == "" {
		_, _ = rand.Read(b[:]) // never fails
	} else {
		sum := sha256.Sum256([]byte(string(t.a.Name) + "\n" + t.own.user + "\n" + string(key)))
		copy(b[:], sum[:])
	}
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80 // a UUID of our own making: version 8
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// message is what a post says, with its file given to X, and with what it answers proven where that can be.
func (t *Transport) message(ctx context.Context, one *talk, key xchat.ConversationKey, p chat.Post) (wire.Content, error) {
	m := wire.Message{Reply: t.preview(ctx, one, key, p.ReplyTo)}
	if m.Reply != nil {
		p.ReplyTo, p.Quote = "", nil // X shows it
	}
	m.Text = dm.Write(p)
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
