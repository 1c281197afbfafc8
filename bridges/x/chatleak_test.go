package x_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// minutes is everything that is written there.
type minutes struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write writes on.
func (m *minutes) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.b.Write(p)
}

func (m *minutes) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.b.String()
}

// TestEncryptedMessagesShowNoKey has much go well and much go wrong in an encrypted conversation. No line of the log at its
// most talkative, no error and no event shows a key: neither the account's nor the conversation's.
func TestEncryptedMessagesShowNoKey(t *testing.T) {
	t.Parallel()
	s, said := fast(t, xsim.Config{}), &minutes{}
	s.deps.Log = slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	done, err := s.open(t).LoginChat(t.Context(), x.ChatLoginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	sealed := &sealedScene{scene: s, phone: s.sim.Phone(s.ann)}
	sealed.streams(t)
	sealed.begin(t)
	note := func(v any) { fmt.Fprintf(said, "%v %+v %#v\n", v, v, v) }
	note(done)

	hers := sealed.say(t, "first")
	s.event(t, "the first message", func(ev chat.Event) bool { return ev.Message == idOf(hers) })
	write := func(key chat.Key) {
		r, err := s.conn.Post(t.Context(), chat.Post{Key: key, To: s.talk(), Text: text.Plain("answer"), ReplyTo: idOf(hers)})
		note(r)
		if err != nil {
			note(err)
			note(chat.Reason(err))
		}
	}
	write("fine")
	s.sim.FailChat(wire.FailureType(7), wire.FailureType(1))
	write("distrusted")
	write("failed")
	for i, f := range []xsim.Fault{{Status: http.StatusInternalServerError}, {AcceptThenDrop: true}, {Status: http.StatusForbidden}, {Throttle: true}, {Body: "{"}} {
		s.sim.Fail(xsim.SendChatMessage, f)
		write(chat.Key(fmt.Sprint("fault", i)))
	}
	talk := xchat.ConversationID(s.ann, s.brand)
	events := s.sim.ChatEvents(talk)
	s.sim.Inject(talk, "bm8gZXZlbnQ=")
	for _, ev := range events { // once more, unsigned, and by somebody else
		s.sim.Inject(talk, ev.Encode(), func(ev *wire.Event) { ev.Signature = wire.Signature{} })
		s.sim.Inject(talk, ev.Encode(), func(ev *wire.Event) { ev.Sender = s.bob })
	}
	if err := sealed.phone.NewKey(s.brand); err != nil {
		t.Fatal(err)
	}
	last := sealed.say(t, "last")
	s.event(t, "the last message", func(ev chat.Event) bool { return ev.Message == idOf(last) })
	s.stop(t)
	for _, ev := range s.sink.Accepted() {
		note(ev)
	}
	secrets := append(s.ringKeys(t, talk), spellingsOf(t, done.Keys.Reveal())...)
	if all := said.String(); slices.ContainsFunc(secrets, func(one string) bool { return strings.Contains(all, one) }) {
		t.Error("a log line, an error or an event shows a key")
	}
}

// spellingsOf are the texts that show some of a blob.
func spellingsOf(t *testing.T, text string) []string {
	t.Helper()
	keys, err := xchat.ParseBlobText(text)
	if err != nil {
		t.Fatal(err)
	}
	return spellings(keys)
}

// ringKeys are the texts that show a key of a conversation: of all that are kept, which must be two at least.
func (s *scene) ringKeys(t *testing.T, talk string) (all []string) {
	t.Helper()
	b, err := s.keep.Kept(t.Context(), "chat/talk/"+talk)
	var kept struct {
		Ring struct {
			Keys []struct {
				Secret string `json:"secret"`
			} `json:"keys"`
		} `json:"ring"`
	}
	if err == nil {
		err = json.Unmarshal(b, &kept)
	}
	if err != nil || len(kept.Ring.Keys) < 2 {
		t.Fatalf("%d keys of the conversation are kept (%v), want two at least", len(kept.Ring.Keys), err)
	}
	for _, k := range kept.Ring.Keys {
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(k.Secret, "="))
		if err != nil || len(raw) != 32 {
			t.Fatalf("a kept key has %d bytes (%v)", len(raw), err)
		}
		all = append(all, bridgetest.Spellings(string(raw))...)
	}
	return all
}
