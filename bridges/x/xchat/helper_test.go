package xchat_test

import (
	"encoding/base64"
	"slices"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

const (
	pairID  = "1111:2222"
	groupID = "g3333"
	changed = "1700000000000" // the first key's version
)

// person is somebody with keys that X lists.
type person struct{ xchat.Author }

func newPerson(tb testing.TB, user string) person {
	tb.Helper()
	keys, err := xchat.NewKeys()
	if err != nil {
		tb.Fatal(err)
	}
	return person{xchat.Author{Keys: keys, User: user, Version: "1"}}
}

// listed is the person's public keys as X lists them.
func (p person) listed() xchat.PublicKeys {
	public := p.Keys.Public()
	public.User, public.Version = p.User, p.Version
	return public
}

// reader reads as the person, and knows some people's keys.
func (p person) reader(tb testing.TB, people ...person) *xchat.Reader {
	tb.Helper()
	r := &xchat.Reader{Keys: p.Keys, User: p.User, Version: p.Version, Directory: &xchat.Directory{}}
	for _, o := range people {
		if n := r.Directory.Learn(o.User, []xchat.PublicKeys{o.listed()}); n != 0 {
			tb.Fatalf("the keys of %s are not bound", o.User)
		}
	}
	return r
}

// event is an event of the person's, before it is signed.
func (p person) event(id, conversation string, what wire.Detail) wire.Event {
	return wire.Event{
		Sequence: 20, Previous: 19, ID: id, Sender: p.User, Conversation: conversation, At: time.UnixMilli(1700000000000).UTC(), Detail: what,
	}
}

// writes is a message of the person's, as X gives it.
func (p person) writes(tb testing.TB, id, conversation string, c wire.Content, key xchat.ConversationKey) wire.Event {
	tb.Helper()
	payload, err := p.Write(xchat.Draft{ID: id, Conversation: conversation, Content: c}, key)
	if err != nil {
		tb.Fatal(err)
	}
	m, err := wire.ParseMessageCreate(payload.Message)
	if err != nil {
		tb.Fatal(err)
	}
	ev := p.event(id, conversation, m)
	if ev.Signature, err = wire.ParseSignature(payload.Signature); err != nil {
		tb.Fatal(err)
	}
	return given(tb, ev)
}

// change is a key change of the person's, before it is signed.
func (p person) change(tb testing.TB, conversation string, key xchat.ConversationKey, to ...person) wire.Event {
	tb.Helper()
	d := wire.KeyChange{Version: key.Version}
	for _, o := range to {
		wrapped, err := key.Wrap(o.listed())
		if err != nil {
			tb.Fatal(err)
		}
		d.Keys = append(d.Keys, wire.WrappedKey{User: o.User, Key: base64.StdEncoding.EncodeToString(wrapped), PublicKeyVersion: o.Version})
	}
	return p.event("change-"+key.Version, conversation, d)
}

// changes is a key change of the person's, signed as it is today.
func (p person) changes(tb testing.TB, conversation string, key xchat.ConversationKey, to ...person) wire.Event {
	tb.Helper()
	return given(tb, p.Sign(p.change(tb, conversation, key, to...), 7, &key))
}

// given is an event as X gives it.
func given(tb testing.TB, ev wire.Event) wire.Event {
	tb.Helper()
	return parse(tb, bare(ev).Encode())
}

// bare is an event of the same content that does not remember how it came, so that what is changed in it is encoded.
func bare(ev wire.Event) wire.Event {
	return wire.Event{
		Sequence: ev.Sequence, Previous: ev.Previous, ID: ev.ID, Sender: ev.Sender, Conversation: ev.Conversation, Token: ev.Token,
		At: ev.At, Detail: ev.Detail, Signature: ev.Signature, Untrusted: ev.Untrusted,
	}
}

// world is Alice, who writes to Bob, who reads; and Mallory, who has nothing to do with them.
type world struct {
	alice, bob, mallory person
	reader              *xchat.Reader // Bob's
	ring                *xchat.Keyring
	key                 xchat.ConversationKey
}

func setup(tb testing.TB) world {
	tb.Helper()
	w := world{alice: newPerson(tb, "1111"), bob: newPerson(tb, "2222"), mallory: newPerson(tb, "9999"), ring: &xchat.Keyring{}}
	w.reader = w.bob.reader(tb, w.alice, w.bob, w.mallory)
	w.key = xchat.NewConversationKey(changed)
	w.ring.Add(w.key)
	return w
}

// says is a message of Alice's in the pair.
func (w world) says(tb testing.TB, id string, c wire.Content) wire.Event {
	tb.Helper()
	return w.alice.writes(tb, id, pairID, c, w.key)
}

// latest is the version that a ring writes with; empty: none.
func latest(r *xchat.Keyring) string {
	k, _ := r.Latest()
	return k.Version
}

// has says whether a ring holds this very key.
func has(r *xchat.Keyring, k xchat.ConversationKey) bool {
	got, ok := r.Key(k.Version)
	return ok && slices.Equal(got.Secret()[:], k.Secret()[:])
}

func base(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func raw(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }
