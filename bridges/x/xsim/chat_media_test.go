package xsim_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/secretstream"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
)

func TestEncryptedFiles(t *testing.T) {
	t.Parallel()
	m := joined(t)
	phone := m.sim.Phone(alice)
	content := bytes.Repeat([]byte("0123456789abcdef"), 1000)
	m.said(phone.SayWith(bot, "look", xsim.File{Name: "a.txt", Data: content}))
	evs := m.events(alice)
	o, err := m.self.Open(evs[0], m.ring)
	if err != nil {
		t.Fatal(err)
	}
	in := o.Content.(wire.Message).Attachments[0].Media
	g := m.get("/2/chat/media/" + alice + "-" + bot + "/" + in.HashKey)
	m.want(g, http.StatusOK)
	var plain bytes.Buffer
	if _, err := plain.ReadFrom(secretstream.NewReader(bytes.NewReader(g.raw), o.Key.Secret())); err != nil || !bytes.Equal(plain.Bytes(), content) {
		t.Errorf("opened %d bytes, %v", plain.Len(), err)
	}
	out := m.upload(alice, content, o.Key)
	m.send(alice, m.payload(alice, wire.Message{Text: "thanks", Attachments: []wire.Attachment{
		{Media: &wire.Media{HashKey: out, Name: "b.txt", Size: int64(len(content)), Kind: wire.Document}},
		{Media: &wire.Media{HashKey: out, Name: "wrong size", Size: 5, Kind: wire.Document}},
		{Media: &wire.Media{HashKey: "none", Name: "none", Size: 5, Kind: wire.Document}},
	}}))
	h := m.shown(phone, bot, 2)[1]
	if len(h.Files) != 1 || h.Files[0].Name != "b.txt" || !bytes.Equal(h.Files[0].Data, content) || len(h.Broken) != 2 {
		t.Errorf("the phone shows %d files, broken %v", len(h.Files), h.Broken)
	}
}

// upload seals a file and uploads it in two pieces, the first as JSON and the second as a form.
func (m *member) upload(to string, content []byte, key xchat.ConversationKey) (hash string) {
	m.Helper()
	var sealed bytes.Buffer
	w := secretstream.NewWriter(&sealed, key.Secret())
	if _, err := w.Write(content); err != nil {
		m.Fatal(err)
	}
	if err := w.Close(); err != nil {
		m.Fatal(err)
	}
	id := bot + "-" + to
	if len(to) < len(bot) {
		id = to + "-" + bot
	}
	m.want(m.post("/2/chat/media/upload/initialize", obj{"conversation_id": to, "total_bytes": sealed.Len()}), http.StatusBadRequest)
	g := m.post("/2/chat/media/upload/initialize", obj{"conversation_id": id, "total_bytes": sealed.Len()})
	m.want(g, http.StatusOK)
	hash = g.text("data.media_hash_key")
	place := "/2/chat/media/upload/" + g.text("data.session_id")
	half := sealed.Len() / 2
	m.want(m.post(place+"/append", obj{
		"conversation_id": id, "media_hash_key": hash, "segment_index": 0, "media": sealed.Bytes()[:half],
	}), http.StatusOK)
	finish := obj{"conversation_id": id, "media_hash_key": hash, "num_parts": "2"}
	m.want(m.post(place+"/finalize", finish), http.StatusBadRequest)
	m.want(m.get("/2/chat/media/"+to+"/"+hash), http.StatusNotFound)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range map[string]string{"conversation_id": id, "media_hash_key": hash, "segment_index": "1"} {
		if err := form.WriteField(name, value); err != nil {
			m.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("media", "piece")
	if err != nil {
		m.Fatal(err)
	}
	if _, err := part.Write(sealed.Bytes()[half:]); err != nil {
		m.Fatal(err)
	}
	if err := form.Close(); err != nil {
		m.Fatal(err)
	}
	m.want(m.do(bearer(m.request("POST", place+"/append", form.FormDataContentType(), body.Bytes()), m.tokens.Access)), http.StatusOK)
	others := m.sim.Tokens(alice)
	m.want(m.with(others.Access, "POST", place+"/finalize", finish), http.StatusNotFound)
	m.want(m.post(place+"/finalize", finish), http.StatusOK)
	m.want(m.post(place+"/finalize", finish), http.StatusOK) // the same again
	m.want(m.get("/2/chat/media/"+carol+"/"+hash), http.StatusNotFound)
	return hash
}
