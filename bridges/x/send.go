package x

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// groupDigits is the fewest digits of a group's ID; users may have fewer.
const groupDigits = 15

func (t *classic) post(ctx context.Context, p chat.Post) (chat.Receipt, error) {
	draft, err := t.draft(ctx, p)
	if err != nil {
		return chat.Receipt{}, err
	}
	if err := t.c.purse.Send(ctx); err != nil {
		return chat.Receipt{}, err
	}
	var sent dmSent
	got, err := t.send(ctx, p.To, draft, &sent)
	if err != nil {
		if chat.KindOf(err) != chat.Uncertain {
			t.c.purse.Unsend(context.WithoutCancel(ctx))
		}
		return chat.Receipt{}, err
	}
	// The message is sent whether or not the claim reaches the disk; without it, an equal text could find this message.
	t.claims.add(context.WithoutCancel(ctx), p.Key, sent.Data.EventID)
	r := receipt(sent.Data.EventID)
	r.Left = api.Allowances(got.Header)
	return r, nil
}

// receipt is that of a message with this ID.
func receipt(id string) chat.Receipt {
	s, _ := api.ParseSnowflake(id)
	return chat.Receipt{Messages: []chat.MessageID{chat.MessageID(id)}, At: s.Time()}
}

// draft is what X is given for a post; its file is uploaded.
func (t *classic) draft(ctx context.Context, p chat.Post) (dmDraft, error) {
	refuse := func(reason string) error { return &chat.Error{Op: "x: post", Kind: chat.Refused, Reason: reason} }
	if _, err := userID(p.To); err != nil {
		return dmDraft{}, &chat.Error{Op: "x: post", Kind: chat.Refused, Reason: "this is no conversation on X", Err: err}
	}
	if p.Only != "" && string(p.Only) != string(p.To.ID) {
		return dmDraft{}, chat.Unsupported("x: post", "X can't show a message to one person of a group alone")
	}
	d := dmDraft{Text: dm.Write(p)}
	switch {
	case text.Cautious.Len(d.Text) > dm.MostText:
		return dmDraft{}, refuse("the message is longer than the 10,000 characters that X takes")
	case len(p.Files) > 1:
		return dmDraft{}, refuse("X takes one attachment with a message")
	case d.Text == "" && len(p.Files) == 0:
		return dmDraft{}, refuse("the message is empty")
	}
	for _, f := range p.Files {
		id, err := t.c.upload(ctx, f)
		if err != nil {
			return dmDraft{}, err
		}
		d.Attachments = []mediaRef{{MediaID: id}}
	}
	return d, nil
}

// send gives X a draft. An ID that X does not know as a user's may be a group's that we have not met yet.
func (t *classic) send(ctx context.Context, to chat.Conversation, d dmDraft, sent *dmSent) (api.Answer, error) {
	id := string(to.ID)
	group, err := t.groups.has(ctx, id)
	if err != nil {
		return api.Answer{}, err
	}
	call := func(group bool) (api.Answer, error) {
		r := api.Request{Op: "x: post", Method: http.MethodPost, Path: conversationPath(id, group) + "/messages", JSON: d, Writes: true}
		got, err := t.c.api.Call(ctx, r, sent)
		if _, ok := api.ParseSnowflake(sent.Data.EventID); err == nil && !ok {
			err = t.c.api.Lost(r, true, errors.New("answer: no dm_event_id"))
		}
		return got, err
	}
	got, err := call(group)
	if s := api.StatusOf(err); group || len(id) < groupDigits || s != http.StatusBadRequest && s != http.StatusNotFound {
		return got, err
	}
	if again, groupErr := call(true); groupErr == nil || chat.KindOf(groupErr) == chat.Uncertain {
		_ = t.groups.learn(context.WithoutCancel(ctx), []string{id}) // the message is sent; a group that is not kept is learned again
		return again, groupErr
	}
	return got, err
}

// conversationPath is where X keeps a conversation.
func conversationPath(id string, group bool) string {
	if group {
		return "/2/dm_conversations/" + id
	}
	return "/2/dm_conversations/with/" + id
}

const findPage = largestPage

func (t *classic) find(ctx context.Context, p chat.Post, since time.Time) (chat.Receipt, bool, error) {
	if id, ok, err := t.claims.of(ctx, p.Key); err != nil || ok {
		return receipt(id), ok, err
	}
	me, err := t.c.me(ctx)
	if err != nil {
		return chat.Receipt{}, false, err
	}
	id, err := userID(p.To)
	if err != nil {
		return chat.Receipt{}, false, &chat.Error{Op: "x: find", Kind: chat.Refused, Err: err}
	}
	group, err := t.groups.has(ctx, id)
	if err != nil {
		return chat.Receipt{}, false, err
	}
	if since.IsZero() {
		since = t.c.now().Add(-dm.FindDays)
	}
	w := walk{path: conversationPath(id, group) + "/dm_events", until: api.SnowflakeAt(since.Add(-dm.FindSlack)), page: findPage, pages: dm.FindPages}
	v, err := t.walk(ctx, w)
	if err != nil {
		return chat.Receipt{}, false, err
	}
	return t.among(ctx, p, v, me.ID)
}

// among gives the message of a view that is the post's own.
func (t *classic) among(ctx context.Context, p chat.Post, v view, self string) (chat.Receipt, bool, error) {
	for _, s := range v.seen {
		if !says(s.event, self, p) {
			continue
		}
		mine, err := t.claims.claim(ctx, p.Key, s.event.ID)
		if err != nil || mine {
			return receipt(s.event.ID), mine, err
		}
	}
	if !v.reached {
		// It may be further back: not to have found it is not to know that it isn't there.
		return chat.Receipt{}, false, &chat.Error{
			Op: "x: find", Kind: chat.Transient, Reason: "so much was written since that it can't be told whether it arrived",
		}
	}
	return chat.Receipt{}, false, nil
}

// says reports whether an event is a message of the account that says what a post says.
func says(e dmEvent, self string, p chat.Post) bool {
	files := len(e.Attachments.MediaKeys) > 0
	if e.EventType != "MessageCreate" || e.SenderID != self || files != (len(p.Files) > 0) {
		return false
	}
	e.ReferencedPosts, e.ReferencedTweets = nil, nil // what read adds for them was not written
	held := read(e, files, nil)
	return sameText(dm.Write(p), held) || files && sameText(dm.Write(p), withoutLastLink(held))
}

// withoutLastLink is a text without a t.co link at its end, which an attachment leaves where X does not explain it.
func withoutLastLink(s string) string {
	words := strings.Fields(s)
	if n := len(words); n > 0 && strings.HasPrefix(words[n-1], "https://t.co/") {
		return strings.Join(words[:n-1], " ")
	}
	return s
}
