package interop_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// signedCase is an event and what its sender signs of it, after kind, ID, sender and conversation.
type signedCase struct {
	versions [2]int // first and last
	what     wire.Detail
	kind     string
	rest     string // behind the conversation
	shown    object // by the SDK, besides the envelope
}

// TestSignedTexts signs, with the SDK, the texts that X's documents describe, for each kind of event and each version of the
// text, and has both sides verify them. One letter more, and both refuse.
// https://github.com/xdevplatform/chat-xdk/blob/main/docs/CRYPTO.md
func TestSignedTexts(t *testing.T) {
	t.Parallel()
	r := setup(t, 2).room(group)
	a := r.world.people[0]
	for _, tc := range signedCases() {
		for version := tc.versions[0]; version <= tc.versions[1]; version++ {
			id := r.newID()
			head := []string{tc.kind, id, a.User, group}
			if tc.kind == "GroupChangeEvent.GroupCreate" {
				head = head[:3]
			}
			text := strings.Join(append(head, tc.rest), ",")
			if tc.rest == "" {
				text = strings.TrimSuffix(text, ",")
			}
			name := fmt.Sprintf("%s, version %d", tc.kind, version)
			r.verified(a, id, tc, wire.Signature{Value: a.signed(text), KeyVersion: a.Version, Version: fmt.Sprint(version)}, name)
			r.unverified(a, id, tc, wire.Signature{Value: a.signed(text + "0"), KeyVersion: a.Version, Version: fmt.Sprint(version)}, name)
		}
	}
}

// signed is the SDK's signature of a text.
func (p person) signed(text string) []byte {
	p.Helper()
	var sig octets
	p.must("sign", &sig, octets(text))
	return sig
}

func (r *room) verified(from person, id string, tc signedCase, sig wire.Signature, name string) {
	r.Helper()
	ev := r.deliver(from.User, id, tc.what, sig)
	if err := r.reader(from).Verify(ev); err != nil {
		r.Errorf("%s: we say %v", name, err)
	}
	var got json.RawMessage
	if err := from.try("decryptEvent", &got, ev.Encode(), object{}, r.signers()); err != nil {
		r.Errorf("%s: the SDK says %v", name, err)
		return
	}
	want := envelope(ev, "")
	want["verified"] = true
	maps.Copy(want, tc.shown)
	if d := difference(r.T, want, got); d != "" {
		r.Errorf("%s: the SDK reads it otherwise (-want +got):\n%s", name, d)
	}
}

func (r *room) unverified(from person, id string, tc signedCase, sig wire.Signature, name string) {
	r.Helper()
	ev := r.deliver(from.User, id, tc.what, sig)
	if err := r.reader(from).Verify(ev); !errors.Is(err, xchat.ErrForged) {
		r.Errorf("%s: of another text we say %v, want ErrForged", name, err)
	}
	if err := from.try("decryptEvent", nil, ev.Encode(), object{}, r.signers()); err == nil {
		r.Errorf("%s: the SDK takes the signature of another text", name)
	}
}

func signedCases() []signedCase {
	at := time.UnixMilli(1795341600000).UTC()
	all, changed := [2]int{2, 7}, "GroupChangeEvent."
	two := []string{"1", "2"}
	groupShown := func(kind string, rest object) object {
		rest["change_type"] = kind
		return object{"type": "groupChange", "change": rest}
	}
	created := groupShown("created", object{"member_ids": two, "admin_ids": []string{"1"}, "title": "name", "avatar_url": nil})
	add := wire.GroupChange{
		Kind: wire.GroupMemberAdd, Members: two, Current: []string{"3"}, Admins: []string{"4"}, Pending: []string{"5"},
		Title: new("name"), KeyVersion: "77", TTL: new(int64(60000)), Screen: new(true),
	}
	invited := add
	invited.Invite = &wire.Invite{URL: "https://x.com/i", Affiliate: "me", Expires: new(int64(9))}
	added := groupShown("membersAdded", object{
		"member_ids": two, "current_member_ids": []string{"3"}, "current_admin_ids": []string{"4"},
	})
	create := wire.GroupChange{Kind: wire.GroupCreate, Members: two, Admins: []string{"1"}, Title: new("name"), KeyVersion: "77"}
	legacy := create
	legacy.Legacy = new(true)
	settings := func(change object) object { return object{"type": "settingsChange", "change": change} }
	receipt := func(at any) object { return object{"type": "readReceipt", "seenUntilId": "5", "seenAtMsec": at} }
	deleted := func(forAll bool) object {
		return object{"type": "messageDeleted", "messageIds": []string{"5", "6"}, "deleteForAll": forAll}
	}
	one := func(kind wire.GroupKind) wire.GroupChange {
		return wire.GroupChange{Kind: kind, Members: two, Title: new("name"), Avatar: new("face"), KeyVersion: "77"}
	}
	return []signedCase{
		{all, wire.MessageDelete{Sequences: []wire.Sequence{5, 6}}, "MessageDeleteEvent", "1,5,6", deleted(false)},
		{all, wire.MessageDelete{Sequences: []wire.Sequence{5, 6}, ForAll: true}, "MessageDeleteEvent", "2,5,6", deleted(true)},
		{all, wire.MarkRead{Until: 5}, "MarkConversationReadEvent", "5", receipt(nil)},
		{all, wire.MarkRead{Until: 5, At: at}, "MarkConversationReadEvent", "5,1795341600000", receipt(at.UnixMilli())},
		{all, wire.TTLChange{TTL: time.Minute}, "ConversationMetadataChangeEvent.MessageDurationChange", "60000", settings(object{
			"setting": "messageDuration", "ttl_msec": 60000, "apply_to_all": false,
		})},
		{all, wire.TTLChange{}, "ConversationMetadataChangeEvent.MessageDurationRemove", "", settings(object{"setting": "messageDurationRemoved"})},
		{[2]int{2, 3}, create, changed + "GroupCreate", "77,1,2", created},
		{[2]int{4, 7}, create, changed + "GroupCreate", "77,1,2,null,name,null", created},
		{[2]int{4, 7}, legacy, changed + "GroupCreate", "77,1,2,true,name,null", created},
		{[2]int{2, 2}, add, changed + "GroupMemberAddChange", "1,2,3,4,name,null,60000,77", added},
		{[2]int{3, 4}, add, changed + "GroupMemberAddChange", "1,2,3,4,5,name,null,60000,77", added},
		{[2]int{5, 6}, add, changed + "GroupMemberAddChange", "1,2,3,4,5,name,null,60000,77,true", added},
		{[2]int{7, 7}, add, changed + "GroupMemberAddChange", "1,2,3,4,name,null,60000,77,true", added},
		{[2]int{6, 6}, invited, changed + "GroupMemberAddChange", "1,2,3,4,5,name,null,60000,77,true", added},
		{[2]int{7, 7}, invited, changed + "GroupMemberAddChange", "1,2,3,4,name,null,60000,77,true,https://x.com/i,me,9", added},
		{all, one(wire.GroupTitle), changed + "GroupTitleChange", "77,name", groupShown("titleChanged", object{"new_title": "name"})},
		{all, one(wire.GroupAvatar), changed + "GroupAvatarUrlChange", "77,face", groupShown("avatarChanged", object{"new_avatar_url": "face"})},
		{all, one(wire.GroupAdminAdd), changed + "GroupAdminAddChange", "1,2", groupShown("adminsAdded", object{"admin_ids": two})},
		{all, one(wire.GroupAdminRemove), changed + "GroupAdminRemoveChange", "1,2", groupShown("adminsRemoved", object{"admin_ids": two})},
		{all, one(wire.GroupMemberLeave), changed + "GroupMemberRemoveChange", "1,2", groupShown("membersRemoved", object{"member_ids": two})},
	}
}

// TestDelete takes messages back, for all and for oneself, and checks that both sides sign the same text.
func TestDelete(t *testing.T) {
	t.Parallel()
	w := setup(t, 2)
	r := w.pair()
	for i, forAll := range []bool{true, false} {
		from := r.people[i]
		their, names := act{}, []string{"5", "2080000000000000006"}
		from.must("prepareMessageDelete", &their, object{"conversationId": r.id, "sequenceIds": names, "deleteForAll": forAll})
		made, err := from.author().Delete(r.newID(), r.id, []wire.Sequence{5, 2080000000000000006}, forAll)
		if err != nil {
			t.Fatal(err)
		}
		our := ourAct(made)
		if their.Detail != our.Detail {
			t.Errorf("we write the detail %s, the SDK %s", our.Detail, their.Detail)
		}
		payload := strings.ReplaceAll(their.Payload, their.ID, our.ID)
		if sig := r.happen(from, our).Signature.Value; !holds(t, from.Signing, sig, []byte(payload)) {
			t.Errorf("we don't sign %q", payload)
		}
		tc := signedCase{what: wire.MessageDelete{Sequences: []wire.Sequence{5, 2080000000000000006}, ForAll: forAll}}
		tc.shown = object{"type": "messageDeleted", "messageIds": names, "deleteForAll": forAll}
		for _, a := range []act{our, their} {
			r.verified(from, a.ID, tc, r.happen(from, a).Signature, "delete")
		}
	}
}
