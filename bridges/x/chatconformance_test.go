package x_test

import (
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
)

// TestSealedConformance holds the connector of an account with keys to the promises of every connector, with each way in, where
// people write encrypted.
func TestSealedConformance(t *testing.T) {
	t.Parallel()
	for _, receive := range []string{x.Poll, x.Stream, x.Webhook} {
		t.Run(receive, func(t *testing.T) {
			t.Parallel()
			bridgetest.Run(t, func(t *testing.T) bridgetest.Stage {
				t.Helper()
				return newSealedStage(t, receive)
			})
		})
	}
}

var (
	_ bridgetest.Lasting   = (*sealedStage)(nil)
	_ bridgetest.Answering = (*sealedStage)(nil)
	_ bridgetest.Watching  = (*sealedStage)(nil)
	_ bridgetest.Calling   = (*sealedStage)(nil)
)

// sealedStage is a simulated X for bridgetest, on which people write encrypted.
type sealedStage struct {
	*board

	phone *xsim.Phone
	keys  []byte // as they are kept
	blob  string
}

func newSealedStage(t *testing.T, receive string) *sealedStage {
	t.Helper()
	st := &sealedStage{board: newBoard(t, receive, xsim.SendChatMessage, xsim.DownloadChatMedia)}
	c := st.board.Open(t, bridges.Deps{Account: account, Keep: st.keep})
	done, err := c.(*x.Connector).LoginChat(t.Context(), x.ChatLoginOptions{}) //nolint:forcetypeassert // it is one
	if err != nil {
		t.Fatal(err)
	}
	st.blob = done.Keys.Reveal()
	if st.keys, err = st.keep.Kept(t.Context(), "chat/keys"); err != nil || st.keys == nil {
		t.Fatal(err)
	}
	st.phone = st.sim.Phone(st.ann)
	if err := st.phone.NewKey(st.brand); err != nil { // X knows of no conversation without
		t.Fatal(err)
	}
	return st
}

// Open makes the connector; the first time it logs the account in, with its keys.
func (st *sealedStage) Open(t *testing.T, deps bridges.Deps) chat.Connector {
	t.Helper()
	if b, _ := deps.Keep.Kept(t.Context(), "chat/keys"); b == nil {
		if err := deps.Keep.Keep(t.Context(), "chat/keys", st.keys); err != nil {
			t.Fatal(err)
		}
	}
	c := st.board.Open(t, deps)
	if err := c.(*x.Connector).FindKeys(t.Context()); err != nil { //nolint:forcetypeassert // it is one; its Traits tell of them from then on
		t.Fatal(err)
	}
	return c
}

// Say has the person write.
func (st *sealedStage) Say(t *testing.T, text string, files ...bridgetest.File) chat.MessageID {
	t.Helper()
	var all []xsim.File
	for _, f := range files {
		all = append(all, xsim.File{Name: f.Name, Type: f.Type, Data: f.Data})
	}
	return idOf(must(t)(st.phone.SayWith(st.brand, text, all...)))
}

// Edit has the person edit.
func (st *sealedStage) Edit(t *testing.T, m chat.MessageID, text string) bool {
	t.Helper()
	must(t)(st.phone.Edit(st.brand, placeOf(m), text))
	return true
}

// Delete has the person delete for everybody.
func (st *sealedStage) Delete(t *testing.T, m chat.MessageID) bool {
	t.Helper()
	if err := st.phone.Delete(st.brand, true, placeOf(m)); err != nil {
		t.Fatal(err)
	}
	return true
}

// React has the person react.
func (st *sealedStage) React(t *testing.T, m chat.MessageID, emoji string) bool {
	t.Helper()
	must(t)(st.phone.React(st.brand, placeOf(m), emoji))
	return true
}

// Answer has the person answer a message.
func (st *sealedStage) Answer(t *testing.T, to chat.MessageID, text string) chat.MessageID {
	t.Helper()
	return idOf(must(t)(st.phone.Reply(st.brand, placeOf(to), text)))
}

// placeOf undoes idOf.
func placeOf(m chat.MessageID) wire.Sequence { return wire.ParseSequence(string(m[1:])) }

// Heard is what the account wrote, as the person's telephone shows it.
func (st *sealedStage) Heard(t *testing.T) []bridgetest.Heard {
	t.Helper()
	var all []bridgetest.Heard
	for _, m := range st.phone.Talk(st.brand) {
		if m.Sender != st.brand {
			continue
		}
		if m.Unreadable != "" || len(m.Broken) > 0 {
			t.Errorf("the person can't read a message: %s %q", m.Unreadable, m.Broken)
		}
		h := bridgetest.Heard{ID: chat.MessageID("e" + m.Sequence.String()), Text: m.Text, Wire: m.Text, Gone: m.Deleted}
		for _, f := range m.Files {
			h.Files = append(h.Files, bridgetest.File{Name: f.Name, Type: f.Type, Data: f.Data})
		}
		for emoji := range m.Reactions {
			h.Reactions = append(h.Reactions, emoji)
		}
		if m.Reply != nil && m.Reply.Proof == xchat.Proven {
			h.ReplyTo = chat.MessageID("e" + m.Reply.Sequence.String())
		}
		all = append(all, h)
	}
	return all
}

// Typings is how often the account was seen to write.
func (st *sealedStage) Typings(_ *testing.T, in chat.Conversation) int {
	if in == st.Talk() {
		return st.phone.Signals(st.brand).Typing[st.brand]
	}
	return st.phone.Signals(string(in.ID)).Typing[st.brand]
}

// Call has the person write into a group.
func (st *sealedStage) Call(t *testing.T, called bool, words string) chat.MessageID {
	t.Helper()
	if st.group == "" {
		st.sim.Phone(st.bob)
		var err error
		if st.group, err = st.phone.Group("tea", st.brand, st.bob); err != nil {
			t.Fatal(err)
		}
	}
	if called {
		words = "@AcmeTea " + words
	}
	return idOf(must(t)(st.phone.Say(st.group, words)))
}

// Odd has X tell of something that nobody knows.
func (st *sealedStage) Odd(*testing.T) {
	room := xchat.ConversationID(st.ann, st.brand)
	all := st.sim.ChatEvents(room)
	last := all[len(all)-1].Sequence
	st.sim.Inject(room, wire.Event{
		Sequence: last + 1, Previous: last, ID: "odd", Sender: st.ann, Conversation: room, At: time.Now(), Detail: wire.Other{Member: 77},
	}.Encode())
}

// Secrets are the account's credentials and its keys.
func (st *sealedStage) Secrets() []string { return append(st.board.Secrets(), st.blob) }
