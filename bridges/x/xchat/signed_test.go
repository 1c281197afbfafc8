package xchat_test

import (
	"cmp"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// signedTexts are events of Alice's with what she signs of them, by the version from which that holds.
func signedTexts(key xchat.ConversationKey) []struct {
	name string
	what wire.Detail
	text map[int]string // from this version on
} {
	added := wire.GroupChange{
		Kind: wire.GroupMemberAdd, Members: []string{"4", "5"}, Current: []string{"1111", "2"}, Admins: []string{"1111"}, Pending: []string{"6"},
		Title: new("team"), KeyVersion: "42", TTL: new(int64(60000)), Screen: new(true),
	}
	invited, plain := added, added
	invited.Invite = &wire.Invite{URL: "https://x.com/i/1", Expires: new(int64(1700000000000))}
	plain.Title, plain.TTL, plain.Screen, plain.Pending = nil, nil, nil, nil
	made := wire.GroupChange{Kind: wire.GroupCreate, Members: []string{"1111", "2"}, Admins: []string{"1111"}, Title: new("team"), KeyVersion: "42", Legacy: new(false), TTL: new(int64(1))}
	wrapped := []wire.WrappedKey{{User: "1111", Key: "AAAA", PublicKeyVersion: "1"}, {User: "2222", Key: "BBBB"}}
	return []struct {
		name string
		what wire.Detail
		text map[int]string
	}{
		{"message", wire.MessageCreate{Contents: []byte{0xfb, 0xff}, KeyVersion: "42", Notify: true, TTL: time.Second}, map[int]string{2: "MessageCreateEvent,e,1111,g3333,42,+/8"}},
		{"key change", wire.KeyChange{Version: "42", Keys: wrapped}, map[int]string{
			2: "ConversationKeyChangeEvent,e,1111,g3333,42,1111,AAAA,1,2222,BBBB,",
			6: "ConversationKeyChangeEvent,e,1111,g3333,42," + raw(key.Secret()[:]),
		}},
		{"delete for all", wire.MessageDelete{Sequences: []wire.Sequence{8, 7}, ForAll: true}, map[int]string{2: "MessageDeleteEvent,e,1111,g3333,2,8,7"}},
		{"delete for oneself", wire.MessageDelete{Sequences: []wire.Sequence{8}}, map[int]string{2: "MessageDeleteEvent,e,1111,g3333,1,8"}},
		{"read", wire.MarkRead{Until: 8, At: time.UnixMilli(1700000000000).UTC()}, map[int]string{2: "MarkConversationReadEvent,e,1111,g3333,8,1700000000000"}},
		{"read at no time", wire.MarkRead{Until: 8}, map[int]string{2: "MarkConversationReadEvent,e,1111,g3333,8"}},
		{"time to live", wire.TTLChange{TTL: time.Minute}, map[int]string{2: "ConversationMetadataChangeEvent.MessageDurationChange,e,1111,g3333,60000"}},
		{"no time to live", wire.TTLChange{}, map[int]string{2: "ConversationMetadataChangeEvent.MessageDurationRemove,e,1111,g3333"}},
		{"group made", made, map[int]string{
			2: "GroupChangeEvent.GroupCreate,e,1111,42,1111,2",
			4: "GroupChangeEvent.GroupCreate,e,1111,42,1111,2,false,team,null",
		}},
		{"members came", added, map[int]string{
			2: "GroupChangeEvent.GroupMemberAddChange,e,1111,g3333,4,5,1111,2,1111,team,null,60000,42",
			3: "GroupChangeEvent.GroupMemberAddChange,e,1111,g3333,4,5,1111,2,1111,6,team,null,60000,42",
			5: "GroupChangeEvent.GroupMemberAddChange,e,1111,g3333,4,5,1111,2,1111,6,team,null,60000,42,true",
			7: "GroupChangeEvent.GroupMemberAddChange,e,1111,g3333,4,5,1111,2,1111,team,null,60000,42,true",
		}},
		{"members came, of whom nothing else is said", plain, map[int]string{
			2: "GroupChangeEvent.GroupMemberAddChange,e,1111,g3333,4,5,1111,2,1111,null,null,null,42",
			5: "GroupChangeEvent.GroupMemberAddChange,e,1111,g3333,4,5,1111,2,1111,null,null,null,42,null",
		}},
		{"members came by a link", invited, map[int]string{
			6: "GroupChangeEvent.GroupMemberAddChange,e,1111,g3333,4,5,1111,2,1111,6,team,null,60000,42,true",
			7: "GroupChangeEvent.GroupMemberAddChange,e,1111,g3333,4,5,1111,2,1111,team,null,60000,42,true,https://x.com/i/1,null,1700000000000",
		}},
		{"members left", wire.GroupChange{Kind: wire.GroupMemberLeave, Members: []string{"4", "5"}}, map[int]string{2: "GroupChangeEvent.GroupMemberRemoveChange,e,1111,g3333,4,5"}},
		{"admins made", wire.GroupChange{Kind: wire.GroupAdminAdd, Members: []string{"4"}}, map[int]string{2: "GroupChangeEvent.GroupAdminAddChange,e,1111,g3333,4"}},
		{"admins unmade", wire.GroupChange{Kind: wire.GroupAdminRemove, Members: []string{"4"}}, map[int]string{2: "GroupChangeEvent.GroupAdminRemoveChange,e,1111,g3333,4"}},
		{"title", wire.GroupChange{Kind: wire.GroupTitle, Title: new("crew"), KeyVersion: "42"}, map[int]string{2: "GroupChangeEvent.GroupTitleChange,e,1111,g3333,42,crew"}},
		{"no title", wire.GroupChange{Kind: wire.GroupTitle, KeyVersion: "42"}, map[int]string{2: "GroupChangeEvent.GroupTitleChange,e,1111,g3333,42,"}},
		{"picture", wire.GroupChange{Kind: wire.GroupAvatar, Avatar: new("https://x.com/a"), KeyVersion: "42"}, map[int]string{2: "GroupChangeEvent.GroupAvatarUrlChange,e,1111,g3333,42,https://x.com/a"}},
	}
}

// TestSignaturesOfAllVersions signs each kind of event as it is written out here, and verifies it as X gives it.
func TestSignaturesOfAllVersions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	key := xchat.NewConversationKey("42")
	for _, tc := range signedTexts(key) {
		since := ""
		for version := 2; version <= 7; version++ {
			since = cmp.Or(tc.text[version], since)
			if since == "" {
				continue
			}
			want := since
			t.Run(fmt.Sprintf("%s/%d", tc.name, version), func(t *testing.T) {
				t.Parallel()
				ev := w.alice.event("e", groupID, tc.what)
				got, err := xchat.SignedText(ev, version, &key)
				if err != nil || string(got) != want {
					t.Fatalf("the signed text is\n%s, %v, want\n%s", got, err, want)
				}
				if _, ok := tc.what.(wire.KeyChange); ok {
					return // TestKeyChanges
				}
				signed := w.alice.SignText(ev, []byte(want), fmt.Sprint(version))
				if err := w.reader.Verify(given(t, signed)); err != nil {
					t.Errorf("it does not verify: %v", err)
				}
				signed.ID = "f"
				if err := w.reader.Verify(given(t, signed)); !errors.Is(err, xchat.ErrForged) {
					t.Errorf("with another ID it is %v, want ErrForged", err)
				}
			})
		}
	}
}

// TestVersionsAreNotMixed holds that a signature of one form does not hold as one of another.
func TestVersionsAreNotMixed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	key := xchat.NewConversationKey("42")
	for _, tc := range signedTexts(key) {
		if _, ok := tc.what.(wire.KeyChange); ok || len(tc.text) == 1 {
			continue
		}
		for _, version := range []int{2, 7} {
			signed := w.alice.Sign(w.alice.event("e", groupID, tc.what), version, &key)
			signed.Signature.Version = fmt.Sprint(9 - version)
			if err := w.reader.Verify(given(t, signed)); !errors.Is(err, xchat.ErrForged) {
				t.Errorf("%s, signed as %d and said to be %d: %v, want ErrForged", tc.name, version, 9-version, err)
			}
		}
	}
}

func TestWhatKnowsNoSignature(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, what := range []wire.Detail{wire.Typing{}, wire.Failure{Type: wire.RecipientNotTrusted}, wire.Other{Member: 14}, wire.Other{}, wire.GroupChange{Kind: 8}} {
		ev := w.alice.SignText(w.alice.event("e", pairID, what), []byte("e,1111"), "7")
		if err := w.reader.Verify(given(t, ev)); !errors.Is(err, xchat.ErrUnsigned) {
			t.Errorf("%T: %v, want ErrUnsigned", what, err)
		}
	}
	// A delete is signed by the API's caller, as the API takes it.
	act, err := w.alice.Delete("d", "2222", []wire.Sequence{7}, true)
	if err != nil {
		t.Fatal(err)
	}
	detail, err := wire.ParseDetail(act.Detail)
	if err != nil {
		t.Fatal(err)
	}
	ev := w.alice.event("d", pairID, detail)
	ev.Signature = wire.Signature{Value: unbase(t, act.Signature.Value+"=="), KeyVersion: act.Signature.KeyVersion, Version: act.Signature.Version}
	if err := w.reader.Verify(given(t, ev)); err != nil {
		t.Errorf("the delete: %v", err)
	}
}
