package xsim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
)

// member is the bot as a client of the API that was written against X's documents.
type member struct {
	*world
	keys   *xchat.Keys
	self   *xchat.Reader
	author xchat.Author
	ring   *xchat.Keyring
	n      int
}

const allKeyFields = "?public_key.fields=public_key,public_key_version,signing_public_key,identity_public_key_signature"

// joined is a world whose bot has registered keys, and whose people have telephones.
func joined(t *testing.T, change ...func(*xsim.Config)) *member {
	t.Helper()
	w := setup(t, change...)
	keys, err := xchat.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	m := &member{world: w, keys: keys, ring: &xchat.Keyring{}}
	body, err := keys.Registration("1")
	if err != nil {
		t.Fatal(err)
	}
	g := w.post("/2/users/"+bot+"/public_keys", body)
	w.want(g, http.StatusOK)
	version := g.text("data.public_key_version")
	m.self = &xchat.Reader{Keys: keys, User: bot, Version: version, Directory: &xchat.Directory{}}
	m.author = xchat.Author{Keys: keys, User: bot, Version: version}
	w.sim.Phone(alice)
	w.sim.Phone(carol)
	for _, user := range []string{bot, alice, carol} {
		m.learn(user)
	}
	return m
}

// learn asks for a user's public keys.
func (m *member) learn(user string) {
	m.Helper()
	g := m.get("/2/users/" + user + "/public_keys" + allKeyFields)
	m.want(g, http.StatusOK)
	var told struct {
		Data []struct {
			Version  string `json:"public_key_version"`
			Identity []byte `json:"public_key"`
			Signing  []byte `json:"signing_public_key"`
			Binding  []byte `json:"identity_public_key_signature"`
		} `json:"data"`
	}
	if err := json.Unmarshal(g.raw, &told); err != nil {
		m.Fatal(err)
	}
	var all []xchat.PublicKeys
	for _, k := range told.Data {
		all = append(all, xchat.PublicKeys{Version: k.Version, Identity: k.Identity, Signing: k.Signing, Binding: k.Binding})
	}
	if n := m.self.Directory.Learn(user, all); n != 0 || len(all) == 0 {
		m.Fatalf("%s has %d keys, %d not bound", user, len(all), n)
	}
}

func (m *member) people(users ...string) []xchat.PublicKeys {
	m.Helper()
	var out []xchat.PublicKeys
	for _, u := range users {
		k, have := m.self.Directory.Latest(u)
		if !have {
			m.Fatalf("%s has no keys", u)
		}
		out = append(out, k)
	}
	return out
}

func (m *member) id() string { m.n++; return fmt.Sprintf("m-%d", m.n) }

// rotate gives the conversation with somebody a new key.
func (m *member) rotate(with string) xchat.Rotation {
	m.Helper()
	m.clock.Add(time.Millisecond)
	version := fmt.Sprint(m.clock.Now().UnixMilli())
	r, err := m.author.Rotate(m.id(), with, version, m.people(bot, with))
	if err != nil {
		m.Fatal(err)
	}
	g := m.post("/2/chat/conversations/"+with+"/keys", r)
	m.want(g, http.StatusOK)
	if got, want := g.text("data.conversation_id"), xchat.ConversationID(with, bot); got != want || g.text("data.sequence_id") == "" {
		m.Fatalf("the key change was answered with %s", g.raw)
	}
	m.ring.Add(r.Key)
	return r
}

// payload seals and signs what the bot writes.
func (m *member) payload(to string, c wire.Content) xchat.Payload {
	m.Helper()
	key, have := m.ring.Latest()
	if !have {
		m.Fatal("there is no key")
	}
	p, err := m.author.Write(xchat.Draft{ID: m.id(), Conversation: to, Content: c}, key)
	if err != nil {
		m.Fatal(err)
	}
	return p
}

// send posts a payload and tells the event that X answers.
func (m *member) send(to string, p xchat.Payload) wire.Event {
	m.Helper()
	g := m.post("/2/chat/conversations/"+to+"/messages", p)
	m.want(g, http.StatusCreated)
	return m.parse(g.text("data.encoded_message_event"))
}

func (m *member) parse(encoded string) wire.Event {
	m.Helper()
	ev, err := wire.ParseEvent(encoded)
	if err != nil {
		m.Fatal(err)
	}
	return ev
}

// text is what an event says, opened by the bot.
func (m *member) text(ev wire.Event) string {
	m.Helper()
	o, err := m.self.Open(ev, m.ring)
	if err != nil {
		m.Fatal(err)
	}
	said, is := o.Content.(wire.Message)
	if !is {
		m.Fatalf("%T is no message", o.Content)
	}
	return said.Text
}

// shown waits until a telephone shows so many messages and tells them.
func (m *member) shown(p *xsim.Phone, with string, n int) []xsim.Heard {
	m.Helper()
	ctx, cancel := context.WithTimeout(m.Context(), 10*time.Second)
	defer cancel()
	var all []xsim.Heard
	err := p.Wait(ctx, with, func(h []xsim.Heard) bool { all = h; return len(h) >= n })
	if err != nil || len(all) != n {
		m.Fatalf("%s shows %+v, want %d messages: %v", p.User(), all, n, err)
	}
	return all
}

func (m *member) said(s xsim.Said, err error) xsim.Said {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
	return s
}

// events are the events of a conversation as a lookup lists them, oldest first, with the key changes taken into the ring.
func (m *member) events(with string) []wire.Event {
	m.Helper()
	g := m.get("/2/chat/conversations/" + with + "/events?max_results=100&chat_message_event.fields=encoded_event")
	m.want(g, http.StatusOK)
	keys, _ := g.at("meta.conversation_key_events").([]any)
	for _, k := range keys {
		if _, err := m.self.Adopt(m.parse(k.(string)), m.ring); err != nil {
			m.Fatal(err)
		}
	}
	rows, _ := g.at("data").([]any)
	var out []wire.Event
	for _, one := range slices.Backward(rows) {
		row, _ := one.(map[string]any)
		encoded, _ := row["encoded_event"].(string)
		out = append(out, m.parse(encoded))
	}
	return out
}
