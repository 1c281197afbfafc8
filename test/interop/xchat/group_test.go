package interop_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

const group = "g1893412345678901200"

// prepareGroup makes or enlarges a group on one side. g is without the key's version.
func (r *room) prepareGroup(by side, from person, people []person, g wire.GroupChange) change {
	r.Helper()
	if by == ours {
		ids := [2]string{r.newID(), r.newID()}
		return r.ourChange(from.author().RotateGroup(ids, r.id, r.moment(), publics(people), g))
	}
	params := object{"publicKeys": recipients(people), "conversationId": r.id}
	method := "prepareGroupCreate"
	if g.Kind == wire.GroupCreate {
		params["memberIds"], params["adminIds"] = g.Members, g.Admins
		params["title"], params["avatarUrl"], params["ttlMsec"] = g.Title, g.Avatar, g.TTL
	} else {
		method = "prepareGroupMembersChange"
		params["newMemberIds"], params["currentMemberIds"], params["currentAdminIds"] = g.Members, g.Current, g.Admins
		params["currentPendingMemberIds"] = append([]string{}, g.Pending...)
		params["currentTitle"], params["currentAvatarUrl"], params["currentTtlMsec"] = g.Title, g.Avatar, g.TTL
		params["currentScreenCaptureBlockingEnabled"] = g.Screen
	}
	var c change
	from.must(method, &c, params)
	return c
}

func shownGroup(ev wire.Event, g wire.GroupChange) object {
	o := envelope(ev, "groupChange")
	o["verified"] = true
	if g.Kind == wire.GroupCreate {
		o["change"] = object{
			"change_type": "created", "member_ids": g.Members, "admin_ids": g.Admins, "title": g.Title, "avatar_url": g.Avatar,
		}
	} else {
		o["change"] = object{
			"change_type": "membersAdded", "member_ids": g.Members, "current_member_ids": g.Current, "current_admin_ids": g.Admins,
		}
	}
	return o
}

// changeGroup makes or enlarges a group on one side, and checks both actions on both.
func (r *room) changeGroup(by side, from person, people []person, g wire.GroupChange) {
	r.Helper()
	c := r.prepareGroup(by, from, people, g)
	if len(c.Actions) != 2 || c.Conversation != r.id {
		r.Fatalf("%s prepares %d actions in %s", by, len(c.Actions), c.Conversation)
	}
	r.people = people
	for _, p := range people {
		if r.rings[p.User] == nil {
			r.rings[p.User], r.keys[p.User] = &xchat.Keyring{}, map[string]octets{}
		}
	}
	r.adopt(r.happen(from, c.Actions[0]), c)
	ev := r.happen(from, c.Actions[1])
	g.KeyVersion = c.Version
	if d := cmp.Diff(g, ev.Detail, cmpopts.EquateEmpty()); d != "" {
		r.Errorf("%s signed another change (-want +got):\n%s", by, d)
	}
	for _, p := range people {
		if err := r.reader(p).Verify(ev); err != nil {
			r.Errorf("we refuse the change of %s: %v", by, err)
		}
		var got json.RawMessage
		p.must("decryptEvent", &got, ev.Encode(), object{}, r.signers())
		if d := difference(r.T, shownGroup(ev, g), got); d != "" {
			r.Errorf("the SDK reads the change of %s otherwise (-want +got):\n%s", by, d)
		}
	}
	if c.Actions[1].Detail != wire.EncodeDetail(g) {
		r.Errorf("%s writes the change as %s, we as %s", by, c.Actions[1].Detail, wire.EncodeDetail(g))
	}
	r.samePayload(from, people, c, g)
}

// samePayload checks that both sides sign the same text: ours, with the other's ID and version in it, is the SDK's.
func (r *room) samePayload(from person, people []person, c change, g wire.GroupChange) {
	r.Helper()
	their := r.prepareGroup(theirs, from, people, g)
	a, b := c.Actions[1], their.Actions[1]
	payload := strings.NewReplacer(b.ID, a.ID, their.Version, c.Version).Replace(b.Payload)
	if !strings.HasPrefix(payload, "GroupChangeEvent.") || !strings.Contains(payload, ","+a.ID+","+from.User+",") {
		r.Fatalf("the SDK shows the payload %q", b.Payload)
	}
	sig := r.happen(from, a).Signature.Value
	var verified bool
	from.must("verify", &verified, encode(from.Signing), octets(sig), octets(payload))
	if !verified || !holds(r.T, from.Signing, sig, []byte(payload)) {
		r.Errorf("it is not %q that was signed", payload)
	}
}

func ids(people []person) []string {
	return each(people, func(p person) string { return p.User })
}

// TestGroup makes a group of two, lets a third and a fourth in, and talks in it.
func TestGroup(t *testing.T) {
	t.Parallel()
	for _, by := range sides {
		t.Run("by "+string(by), func(t *testing.T) {
			t.Parallel()
			w := setup(t, 4)
			a, c := w.people[0], w.people[2]
			r := w.room(group)
			r.changeGroup(by, a, w.people[:2], wire.GroupChange{
				Kind: wire.GroupCreate, Members: ids(w.people[:2]), Admins: []string{a.User}, Title: new("Projekt Grün"),
				Avatar: new("https://example.org/a.png"), TTL: new(int64(60000)),
			})
			hello := wire.Message{Text: "hello, all"}
			said := r.tell(by, note{from: a, content: hello})
			r.changeGroup(by, a, w.people[:3], wire.GroupChange{
				Kind: wire.GroupMemberAdd, Members: []string{c.User}, Current: ids(w.people[:2]), Admins: []string{a.User},
				Pending: []string{w.people[3].User}, Title: new(r.latest(a).SealText("Projekt Grün")), TTL: new(int64(60000)), Screen: new(true),
			})
			r.refuseOld(said)
			r.changeGroup(by, c, w.people, wire.GroupChange{
				Kind: wire.GroupMemberAdd, Members: []string{w.people[3].User}, Current: ids(w.people[:3]), Admins: ids(w.people[:1]),
				Screen: new(false),
			})
			answer := wire.Message{Text: "hello, a", Reply: preview(said, hello, nil, wire.Edit{})}
			answer.Reply.KeyChanges = r.changes[:1]
			n := note{from: a, content: answer, proof: xchat.Proven, quoted: quoteOf(said, hello.Text)}
			ev := r.write(by, &n)
			for _, p := range w.people[:2] {
				r.check(by.other(), p, ev, n)
			}
			r.rotate(by, w.people[1])
			for _, p := range w.people {
				r.tell(by, note{from: p, content: wire.Message{Text: "from " + p.User}})
			}
		})
	}
}

// TestBareGroup makes a group of which nothing is known.
func TestBareGroup(t *testing.T) {
	t.Parallel()
	for _, by := range sides {
		w := setup(t, 2)
		w.room(group).changeGroup(by, w.people[1], w.people, wire.GroupChange{
			Kind: wire.GroupCreate, Members: ids(w.people), Admins: ids(w.people),
		})
	}
}

// refuseOld checks that the third of the group, who has just come, can't read what was written before.
func (r *room) refuseOld(ev wire.Event) {
	r.Helper()
	r.refused(r.people[2], ev, "a message from before one came", xchat.ErrNoKey)
}

// TestComma gives a group a name with a comma, which would let one signature stand for two groups. Neither side signs it.
func TestComma(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	a := w.people[0]
	r := w.room(group)
	g := wire.GroupChange{Kind: wire.GroupCreate, Members: ids(w.people), Admins: ids(w.people), Title: new("one,two")}
	if _, err := a.author().RotateGroup([2]string{"1", "2"}, group, "1", publics(w.people), g); err == nil {
		t.Error("we sign it")
	}
	params := object{
		"publicKeys": recipients(w.people), "conversationId": group, "memberIds": g.Members, "adminIds": g.Admins, "title": *g.Title,
	}
	if err := a.try("prepareGroupCreate", nil, params); err == nil {
		t.Error("the SDK signs it")
	}
	g.Title = new("one two")
	r.changeGroup(theirs, a, w.people, g)
}
