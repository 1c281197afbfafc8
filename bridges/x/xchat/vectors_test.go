package xchat_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// vectors are X's own, in testdata/sdk_vectors.json.
type vectors struct {
	ConversationKey   string `json:"conversation_key_b64"`
	Conversation      string `json:"event_conversation_id"`
	KeyVersion        string `json:"event_conversation_key_version"`
	Failure           string `json:"event_failure_b64"`
	Garbage           string `json:"event_garbage_b64"`
	KeyChange         string `json:"event_key_change_b64"`
	Message           string `json:"event_message_b64"`
	MessageText       string `json:"event_message_text"`
	RecipientVersion  string `json:"event_recipient_key_version"`
	ReplyForged       string `json:"event_reply_forged_b64"`
	ReplyForgedText   string `json:"event_reply_forged_preview_text"`
	ReplyText         string `json:"event_reply_text"`
	ReplyValid        string `json:"event_reply_valid_b64"`
	Sender            string `json:"event_sender_id"`
	SigningVersion    string `json:"event_signing_key_version"`
	IdentityPrivate   string `json:"identity_private_b64"`
	IdentityPublic    string `json:"identity_public_b64"`
	IdentitySignature string `json:"identity_public_key_signature_b64"`
	SignedText        string `json:"message_utf8"`
	Plain             string `json:"plaintext_b64"`
	Blob              string `json:"private_keys_concat_b64"`
	Signature         string `json:"signature_b64"`
	SigningPrivate    string `json:"signing_private_b64"`
	SigningPublic     string `json:"signing_public_b64"`
}

func readVectors(tb testing.TB) vectors {
	tb.Helper()
	b, err := os.ReadFile("testdata/sdk_vectors.json")
	if err != nil {
		tb.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		tb.Fatal(err)
	}
	return v
}

func unbase(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// reader is the account of the vectors, which is the sender, too.
func (v vectors) reader(tb testing.TB) *xchat.Reader {
	tb.Helper()
	keys, err := xchat.ParseBlobText(v.Blob)
	if err != nil {
		tb.Fatal(err)
	}
	r := &xchat.Reader{Keys: keys, User: v.Sender, Version: v.RecipientVersion, Directory: &xchat.Directory{}}
	public := xchat.PublicKeys{
		Version: v.SigningVersion, Identity: unbase(tb, v.IdentityPublic), Signing: unbase(tb, v.SigningPublic),
		Binding: unbase(tb, v.IdentitySignature),
	}
	if n := r.Directory.Learn(v.Sender, []xchat.PublicKeys{public}); n != 0 {
		tb.Fatalf("%d of X's own public keys are not bound", n)
	}
	return r
}

func parse(tb testing.TB, encoded string) wire.Event {
	tb.Helper()
	ev, err := wire.ParseEvent(encoded)
	if err != nil {
		tb.Fatal(err)
	}
	return ev
}

func TestVectorsKeys(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	keys, err := xchat.ParseBlobText(v.Blob)
	if err != nil {
		t.Fatal(err)
	}
	if got := base64.StdEncoding.EncodeToString(keys.Blob()); got != v.Blob {
		t.Error("the blob is another one when it is exported again")
	}
	if got := v.IdentityPrivate + v.SigningPrivate; got == "" || string(unbase(t, v.IdentityPrivate))+string(unbase(t, v.SigningPrivate)) != string(keys.Blob()) {
		t.Error("the blob is not identity and signing key")
	}
	listed := xchat.PublicKeys{Identity: unbase(t, v.IdentityPublic), Signing: unbase(t, v.SigningPublic), Binding: unbase(t, v.IdentitySignature)}
	if !keys.Public().Same(listed) {
		t.Error("the public keys are others than X's")
	}
	if err := listed.Bound(); err != nil {
		t.Errorf("X's binding: %v", err)
	}
	if err := keys.Public().Bound(); err != nil {
		t.Errorf("our binding: %v", err)
	}
}

func TestVectorsEvents(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	r, ring := v.reader(t), &xchat.Keyring{}
	ev := parse(t, v.Message)
	if _, err := r.Open(ev, ring); !errors.Is(err, xchat.ErrNoKey) {
		t.Errorf("without a key: %v, want ErrNoKey", err)
	}
	added, err := r.Adopt(parse(t, v.KeyChange), ring)
	if !added || err != nil {
		t.Fatalf("adopt the key change: %v, %v", added, err)
	}
	key, ok := ring.Latest()
	if !ok || key.Version != v.KeyVersion || string(key.Secret()[:]) != string(unbase(t, v.ConversationKey)) {
		t.Fatalf("the ring has %v, want the key of version %s", key, v.KeyVersion)
	}
	o, err := r.Open(ev, ring)
	if m, ok := o.Content.(wire.Message); err != nil || !ok || m.Text != v.MessageText {
		t.Errorf("the message is %+v, %v, want %q", o.Content, err, v.MessageText)
	}
	if ev.Conversation != v.Conversation || ev.Sender != v.Sender || ev.Sequence == 0 || ev.At.IsZero() {
		t.Errorf("the envelope is %+v", ev)
	}
}

func TestVectorsReplies(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	r, ring := v.reader(t), &xchat.Keyring{}
	if _, err := r.Adopt(parse(t, v.KeyChange), ring); err != nil {
		t.Fatal(err)
	}
	valid, err := r.Open(parse(t, v.ReplyValid), ring)
	if err != nil || valid.Proof != xchat.Proven || valid.Quoted.Text != v.MessageText || valid.Quoted.Sender != v.Sender {
		t.Errorf("the valid reply quotes %+v (%v), %v", valid.Quoted, valid.Proof, err)
	}
	forged, err := r.Open(parse(t, v.ReplyForged), ring)
	if err != nil || forged.Proof != xchat.Forged || forged.Quoted.Text != "" {
		t.Errorf("the forged reply quotes %+v (%v), %v", forged.Quoted, forged.Proof, err)
	}
	m, ok := forged.Content.(wire.Message)
	if !ok || m.Reply == nil || m.Reply.Text != v.ReplyForgedText || m.Text != v.ReplyText {
		t.Errorf("the forged reply is %+v", forged.Content)
	}
}

func TestVectorsOthers(t *testing.T) {
	t.Parallel()
	v := readVectors(t)
	if f, ok := parse(t, v.Failure).Detail.(wire.Failure); !ok || f.Type != wire.RateLimitUpsell {
		t.Errorf("the failure is %+v", f)
	}
	if _, err := wire.ParseEvent(v.Garbage); !errors.Is(err, wire.ErrMalformed) {
		t.Errorf("garbage: %v, want ErrMalformed", err)
	}
}
