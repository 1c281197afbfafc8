package interop_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// object is what the SDK shows, or is told.
type object = map[string]any

// shown is what the SDK shows of a message whose signature it has verified.
func shown(ev wire.Event, content wire.Content, proof xchat.Proof) object {
	m := ev.Detail.(wire.MessageCreate)
	o := envelope(ev, "message")
	o["keyVersion"], o["verified"], o["shouldNotify"], o["ttlMsec"] = m.KeyVersion, true, m.Notify, nil
	if m.TTL > 0 {
		o["ttlMsec"] = m.TTL.Milliseconds()
	}
	switch c := content.(type) {
	case wire.Message:
		o["content"] = shownMessage(c)
		if len(c.Attachments) > 0 {
			o["attachments"] = each(c.Attachments, flatAttachment)
		}
		if hashes := shownHashes(c.Attachments); len(hashes) > 0 {
			o["mediaHashes"] = hashes
		}
	case wire.Edit:
		o["content"] = some(object{"content_type": "edit", "target_message_id": c.Target.String(), "new_text": c.Text},
			"entities", each(c.Entities, shownEntity))
	case wire.Reaction:
		o["content"] = object{"content_type": "reaction", "target_message_id": c.Target.String(), "emoji": c.Emoji}
		if c.Removed {
			o["content"].(object)["content_type"] = "reactionRemoved"
		}
	case wire.Strange:
		o["content"] = object{"content_type": "unknown", "type_id": nil}
	}
	switch proof {
	case xchat.Proven:
		o["replyPreviewValidation"] = "valid"
	case xchat.Forged:
		o["replyPreviewValidation"] = "invalid"
	case xchat.Unproven:
	}
	return o
}

// envelope is what the SDK shows of every event.
func envelope(ev wire.Event, kind string) object {
	return object{
		"type": kind, "sequenceId": ev.Sequence.String(), "id": ev.ID, "senderId": ev.Sender, "conversationId": ev.Conversation,
		"createdAtMsec": ev.At.UnixMilli(),
	}
}

func shownMessage(m wire.Message) object {
	o := object{"content_type": "text", "text": m.Text}
	some(o, "entities", each(m.Entities, shownEntity))
	some(o, "attachments", each(m.Attachments, shownAttachment))
	if p := m.Reply; p != nil {
		o["replying_to_preview"] = object{
			"senderId": orNull(p.Sender), "messageText": p.Text, "entities": orNothing(each(p.Entities, shownEntity)),
			"attachments": orNothing(each(p.Attachments, shownAttachment)), "senderDisplayName": nil,
			"replyingToMessageSequenceId": orNull(p.Sequence.String()), "replyingToMessageId": orNull(p.ID),
		}
	}
	if m.Forwarded != nil {
		o["forwarded_message"] = object{"messageText": *m.Forwarded, "entities": nil}
	}
	return o
}

// entityNames are the SDK's names of the kinds of entities.
var entityNames = []string{"", "hashtag", "cashtag", "mention", "url", "email", "address", "phoneNumber"}

func shownEntity(e wire.Entity) object {
	return object{"startIndex": e.Start, "endIndex": e.End, "content": object{entityNames[e.Kind]: object{}}}
}

// mediaNames are the SDK's names of the kinds of media.
var mediaNames = []string{"", "image", "gif", "video", "audio", "file", "svg"}

// shownAttachment is an attachment in a message's content.
func shownAttachment(a wire.Attachment) object {
	switch o := flatAttachment(a); {
	case a.Media != nil:
		delete(o, "attachment_type")
		o["type"] = o["mediaType"]
		delete(o, "mediaType")
		return object{"media": o}
	case a.Post != nil:
		delete(o, "attachment_type")
		return object{"post": o}
	default:
		delete(o, "attachment_type")
		return object{"url": o}
	}
}

// flatAttachment is an attachment beside a message's content.
func flatAttachment(a wire.Attachment) object {
	switch m := a.Media; {
	case m != nil:
		o := object{
			"attachment_type": "media", "mediaHashKey": m.HashKey, "mediaType": mediaNames[m.Kind], "durationMillis": nil,
			"dimensions": object{"width": m.Width, "height": m.Height}, "filesizeBytes": m.Size, "filename": m.Name,
			"attachmentId": orNull(m.ID), "legacyMediaUrlHttps": nil, "legacyMediaPreviewUrl": nil,
		}
		if m.Duration > 0 {
			o["durationMillis"] = m.Duration.Milliseconds()
		}
		return o
	case a.Post != nil:
		return object{"attachment_type": "post", "restId": orNull(a.Post.ID), "postUrl": orNull(a.Post.URL), "attachmentId": nil}
	default:
		return object{
			"attachment_type": "url", "url": orNull(a.Link.URL), "displayTitle": orNull(a.Link.Title), "attachmentId": nil,
			"bannerImageMediaHashKey": nil, "faviconImageMediaHashKey": nil,
		}
	}
}

func shownHashes(all []wire.Attachment) (hashes []object) {
	for _, a := range all {
		if a.Media != nil {
			hashes = append(hashes, object{"source": "media", "mediaHashKey": a.Media.HashKey})
		}
	}
	return hashes
}

func each[T, U any](all []T, as func(T) U) []U {
	us := make([]U, len(all))
	for i, v := range all {
		us[i] = as(v)
	}
	return us
}

// some puts a list into an object unless it is empty.
func some[T any](o object, name string, list []T) object {
	if len(list) > 0 {
		o[name] = list
	}
	return o
}

func orNothing(list []object) any {
	if len(list) == 0 {
		return nil
	}
	return list
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// difference compares what the SDK shows with what it should, field by field; empty: there is none.
func difference(t *testing.T, want object, got json.RawMessage) string {
	t.Helper()
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	return cmp.Diff(plain(t, b), plain(t, got))
}

func plain(t *testing.T, b []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
