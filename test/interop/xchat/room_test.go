package interop_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// side is who does something: our packages, or X's SDK.
type side string

const (
	ours   side = "ours"
	theirs side = "the SDK"
)

// sides are both.
var sides = []side{ours, theirs}

func (s side) other() side {
	if s == ours {
		return theirs
	}
	return ours
}

// room is a conversation, with what each of its people has of its keys on either side.
type room struct {
	*world
	id      string
	people  []person
	rings   map[string]*xchat.Keyring    // ours, by user
	keys    map[string]map[string]octets // the SDK's, by user and version
	changes []wire.Event                 // of keys, oldest first
	last    wire.Sequence
	made    int // messages of ours
}

// firstSequence is above 2070276095283454002: from there on the SDK refuses a key change with a wrong signature.
const firstSequence = 2080000000000000000

// epoch is when the first event of a room comes.
var epoch = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func (w *world) room(id string, people ...person) *room {
	r := &room{
		world: w, id: id, people: people, last: firstSequence,
		rings: map[string]*xchat.Keyring{}, keys: map[string]map[string]octets{},
	}
	for _, p := range people {
		r.rings[p.User], r.keys[p.User] = &xchat.Keyring{}, map[string]octets{}
	}
	return r
}

// pair is a room of two, which has a key.
func (w *world) pair() *room {
	w.Helper()
	a, b := w.people[0], w.people[1]
	r := w.room(xchat.ConversationID(b.User, a.User), a, b)
	r.rotate(ours, a)
	return r
}

// latest is the key that somebody writes with.
func (r *room) latest(p person) xchat.ConversationKey {
	r.Helper()
	key, ok := r.rings[p.User].Latest()
	if !ok {
		r.Fatalf("%s has no key", p.User)
	}
	return key
}

// deliver puts round an event what X puts round it, and gives what X sends.
func (r *room) deliver(sender, id string, what wire.Detail, sig wire.Signature) wire.Event {
	r.Helper()
	r.last++
	ev := wire.Event{
		Sequence: r.last, Previous: r.last - 1, ID: id, Sender: sender, Conversation: r.id, Token: "token", Detail: what, Signature: sig,
		At: epoch.Add(time.Duration(r.last-firstSequence) * time.Second),
	}
	return r.parse(ev.Encode())
}

func (w *world) parse(encoded string) wire.Event {
	w.Helper()
	ev, err := wire.ParseEvent(encoded)
	if err != nil {
		w.Fatal(err)
	}
	return ev
}

// reader reads as somebody, on our side.
func (w *world) reader(p person) *xchat.Reader {
	return &xchat.Reader{Keys: p.keys, User: p.User, Version: p.Version, Directory: w.directory}
}

// act is an action that somebody signed, as the SDK gives it and as we do.
type act struct {
	ID         string `json:"messageId"`
	Detail     string `json:"encodedMessageEventDetail"`
	Signature  string `json:"signature"`
	Version    string `json:"signatureVersion"`
	KeyVersion string `json:"publicKeyVersion"`
	Payload    string `json:"signaturePayload"`
}

func ourAct(a xchat.Action) act {
	s := a.Signature
	return act{ID: a.MessageID, Detail: a.Detail, Signature: s.Value, Version: s.Version, KeyVersion: s.KeyVersion}
}

// happen is what X sends when it took an action.
func (r *room) happen(sender person, a act) wire.Event {
	r.Helper()
	what, err := wire.ParseDetail(a.Detail)
	if err != nil {
		r.Fatal(err)
	}
	value, err := base64.RawStdEncoding.DecodeString(a.Signature)
	if err != nil {
		r.Fatalf("signature of %s: %v", a.ID, err)
	}
	return r.deliver(sender.User, a.ID, what, wire.Signature{Value: value, KeyVersion: a.KeyVersion, Version: a.Version})
}

// change is a new key with its actions, as the SDK prepares it and as we do.
type change struct {
	Conversation string `json:"conversationId"`
	Key          octets `json:"conversationKey"`
	Version      string `json:"conversationKeyVersion"`
	Keys         []struct {
		User    string `json:"userId"`
		Key     string `json:"encryptedKey"`
		Version string `json:"publicKeyVersion"`
	} `json:"participantKeys"`
	Actions []act `json:"actionSignatures"`
}

func (r *room) ourChange(rot xchat.Rotation, err error) change {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
	c := change{Conversation: r.id, Key: rot.Key.Secret()[:], Version: rot.Version}
	for _, k := range rot.Keys {
		c.Keys = append(c.Keys, struct {
			User    string `json:"userId"`
			Key     string `json:"encryptedKey"`
			Version string `json:"publicKeyVersion"`
		}{k.User, k.Key, k.PublicKeyVersion})
	}
	for _, a := range rot.Actions {
		c.Actions = append(c.Actions, ourAct(a))
	}
	return c
}

// moment is the version of the next key of ours: the SDK takes the time of day, so it is one too, and larger than all before.
func (r *room) moment() string {
	return strconv.FormatInt(max(time.Now().UnixMilli(), r.newest()+1), 10)
}

// newest is the version of the newest key.
func (r *room) newest() (version int64) {
	for _, ev := range r.changes {
		version = max(version, int64(wire.ParseSequence(ev.Detail.(wire.KeyChange).Version)))
	}
	return version
}

// prepare makes a new key on one side.
func (r *room) prepare(by side, from person) change {
	r.Helper()
	if by == ours {
		return r.ourChange(from.author().Rotate(r.newID(), r.id, r.moment(), publics(r.people)))
	}
	params := object{"publicKeys": recipients(r.people)}
	if r.id[0] == 'g' {
		params["conversationId"] = r.id
	}
	var c change
	for int64(wire.ParseSequence(c.Version)) <= r.newest() { // until the clock says another millisecond
		c = change{}
		from.must("prepareConversationKeyChange", &c, params)
	}
	return c
}

// newID is the ID of something of ours.
func (r *room) newID() string {
	r.made++
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", len(r.id), r.made)
}

// rotate gives the room a new key from one side, which everybody in it adopts on both.
func (r *room) rotate(by side, from person) wire.Event {
	r.Helper()
	c := r.prepare(by, from)
	ev := r.happen(from, c.Actions[0])
	r.adopt(ev, c)
	return ev
}

// adopt has everybody take the key of a change on both sides, and checks that it is the one.
func (r *room) adopt(ev wire.Event, want change) {
	r.Helper()
	r.changes = append(r.changes, ev)
	for _, p := range r.people {
		added, err := r.reader(p).Adopt(ev, r.rings[p.User])
		if !added || err != nil {
			r.Fatalf("%s adopts %s: %v, %v", p.User, ev.ID, added, err)
		}
		if key := r.latest(p); key.Version != want.Version || string(key.Secret()[:]) != string(want.Key) {
			r.Fatalf("the latest key of %s is of version %s, want that of %s", p.User, key.Version, want.Version)
		}
		got := r.batch(p, ev)
		if len(got.Errors) > 0 || len(got.Messages) != 1 {
			r.Fatalf("the SDK of %s refuses %s: %v", p.User, ev.ID, got.Errors)
		}
		if d := difference(r.T, shownChange(ev, want), got.Messages[0].Event); d != "" {
			r.Errorf("the SDK of %s shows the key change otherwise (-want +got):\n%s", p.User, d)
		}
		if encoded := wire.EncodeDetail(ev.Detail); encoded != want.Actions[0].Detail {
			r.Errorf("we write the key change as %s, it was %s", encoded, want.Actions[0].Detail)
		}
		if key := got.Keys.Keys[want.Version]; string(key) != string(want.Key) || got.Keys.Latest != want.Version {
			r.Fatalf("the SDK of %s has not adopted the key of version %s", p.User, want.Version)
		}
		r.keys[p.User][want.Version] = want.Key
	}
}

func shownChange(ev wire.Event, c change) object {
	o := envelope(ev, "keyChange")
	o["keyVersion"], o["verified"], o["participantKeys"] = c.Version, true, c.Keys
	return o
}

// batch is what the SDK makes of some events.
type batch struct {
	Messages []struct {
		Event    json.RawMessage `json:"event"`
		Original string          `json:"originalB64"`
	} `json:"messages"`
	Keys struct {
		Keys   map[string]octets `json:"keys"`
		Latest string            `json:"latestVersion"`
	} `json:"conversationKeys"`
	Errors map[string]string `json:"errors"`
}

func (r *room) batch(p person, events ...wire.Event) batch {
	r.Helper()
	all := make([]string, len(events))
	for i, ev := range events {
		all[i] = ev.Encode()
	}
	var got batch
	p.must("decryptEvents", &got, all)
	return got
}
