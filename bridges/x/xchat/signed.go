package xchat

import (
	"cmp"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// The versions of the signed text. https://github.com/xdevplatform/chat-xdk/blob/main/docs/CRYPTO.md
const (
	oldestSigned = 2 // before it, the text did not name the kind of event
	pendingFrom  = 3 // a group's pending members are signed from here
	titleFrom    = 4 // a new group's title is signed from here
	screenFrom   = 5
	keyFrom      = 6 // a key change signs the key itself, so whoever has the key can verify it
	newestSigned = 7 // what we write
)

// ErrUnsignable says that something has no signed text: its kind has none, it names no ID, no sender, no conversation of the
// sender's or no version of the keys, or one of its parts holds a comma, which would let one signature stand for two events,
// or what is no UTF-8.
var ErrUnsignable = errors.New("it can't be signed")

// signedVersion reads a signature's version; one that X does not name is the newest.
func signedVersion(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return newestSigned
	}
	return min(n, newestSigned)
}

// signedText is what the sender of an event signs. key is that of a key change, and nil for anything else.
func signedText(ev wire.Event, version int, key *ConversationKey) ([]byte, error) {
	if ev.ID == "" || ev.Sender == "" || ev.Conversation == "" {
		return nil, ErrUnsignable
	}
	name, rest, err := signedParts(ev.Detail, version, key)
	if err != nil {
		return nil, err
	}
	all := []string{name, ev.ID, ev.Sender}
	if g, ok := ev.Detail.(wire.GroupChange); !ok || g.Kind != wire.GroupCreate {
		all = append(all, ev.Conversation)
	}
	all = append(all, rest...)
	for _, part := range all {
		if strings.Contains(part, ",") || !utf8.ValidString(part) {
			return nil, ErrUnsignable
		}
	}
	return []byte(strings.Join(all, ",")), nil
}

// signedParts is the name of a kind of event, and what of it is signed.
func signedParts(what wire.Detail, version int, key *ConversationKey) (name string, parts []string, err error) {
	switch d := what.(type) {
	case wire.MessageCreate:
		return "MessageCreateEvent", []string{d.KeyVersion, encode64(d.Contents)}, nil
	case wire.KeyChange:
		return "ConversationKeyChangeEvent", keyParts(d, version, key), nil
	case wire.MessageDelete:
		parts = []string{strconv.Itoa(d.Action())}
		for _, s := range d.Sequences {
			parts = append(parts, s.String())
		}
		return "MessageDeleteEvent", parts, nil
	case wire.MarkRead:
		parts = []string{d.Until.String()}
		if !d.At.IsZero() {
			parts = append(parts, strconv.FormatInt(d.At.UnixMilli(), 10))
		}
		return "MarkConversationReadEvent", parts, nil
	case wire.TTLChange:
		if d.TTL == 0 {
			return "ConversationMetadataChangeEvent.MessageDurationRemove", nil, nil
		}
		return "ConversationMetadataChangeEvent.MessageDurationChange", []string{strconv.FormatInt(d.TTL.Milliseconds(), 10)}, nil
	case wire.GroupChange:
		return groupParts(d, version)
	case wire.Typing, wire.Failure, wire.Other:
	}
	return "", nil, ErrUnsignable
}

// keyParts is what a key change signs: the key itself, or, before that could be checked, what it is wrapped in.
func keyParts(d wire.KeyChange, version int, key *ConversationKey) []string {
	parts := []string{d.Version}
	if version >= keyFrom {
		if key != nil {
			parts = append(parts, encode64(key.secret()[:]))
		}
		return parts
	}
	for _, w := range d.Keys {
		parts = append(parts, w.User, w.Key, w.PublicKeyVersion)
	}
	return parts
}

func groupParts(g wire.GroupChange, version int) (name string, parts []string, err error) {
	switch g.Kind {
	case wire.GroupCreate:
		parts = append([]string{g.KeyVersion}, g.Members...)
		if version >= titleFrom {
			parts = append(parts, truth(g.Legacy), orNull(g.Title), orNull(g.Avatar))
		}
		return "GroupChangeEvent.GroupCreate", parts, nil
	case wire.GroupMemberAdd:
		return "GroupChangeEvent.GroupMemberAddChange", addParts(g, version), nil
	case wire.GroupMemberLeave:
		return "GroupChangeEvent.GroupMemberRemoveChange", g.Members, nil
	case wire.GroupAdminAdd:
		return "GroupChangeEvent.GroupAdminAddChange", g.Members, nil
	case wire.GroupAdminRemove:
		return "GroupChangeEvent.GroupAdminRemoveChange", g.Members, nil
	case wire.GroupTitle:
		return "GroupChangeEvent.GroupTitleChange", []string{g.KeyVersion, orEmpty(g.Title)}, nil
	case wire.GroupAvatar:
		return "GroupChangeEvent.GroupAvatarUrlChange", []string{g.KeyVersion, orEmpty(g.Avatar)}, nil
	}
	return "", nil, ErrUnsignable
}

func addParts(g wire.GroupChange, version int) []string {
	parts := append(append(append([]string{}, g.Members...), g.Current...), g.Admins...)
	if version >= pendingFrom && version < newestSigned {
		parts = append(parts, g.Pending...)
	}
	parts = append(parts, orNull(g.Title), orNull(g.Avatar), number(g.TTL), g.KeyVersion)
	if version >= screenFrom {
		parts = append(parts, truth(g.Screen))
	}
	if i := g.Invite; version >= newestSigned && i != nil {
		parts = append(parts, filled(i.URL), filled(i.Affiliate), number(i.Expires))
	}
	return parts
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func orNull(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

// filled is a text that is not there when it is empty.
func filled(s string) string { return cmp.Or(s, "null") }

func truth(b *bool) string {
	if b == nil {
		return "null"
	}
	return strconv.FormatBool(*b)
}

func number(n *int64) string {
	if n == nil {
		return "null"
	}
	return strconv.FormatInt(*n, 10)
}

// encode64 is base64 as it stands in signed texts: without padding.
func encode64(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }
