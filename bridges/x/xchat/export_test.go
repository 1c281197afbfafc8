package xchat

import (
	"strconv"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// What the tests must make that no door makes: events signed as they were once, and as nobody should.
const (
	MostKeys    = mostKeys
	MostSealed  = mostSealed
	MostTries   = mostTries
	MostBrought = mostBrought
)

// SignedText is what the sender of an event signs. key is that of a key change.
func SignedText(ev wire.Event, version int, key *ConversationKey) ([]byte, error) {
	return signedText(ev, version, key)
}

// Sign signs an event with somebody's keys, at a version of the signed text that X knows.
func (a Author) Sign(ev wire.Event, version int, key *ConversationKey) wire.Event {
	text, err := signedText(ev, version, key)
	if err != nil {
		panic(err)
	}
	return a.SignText(ev, text, strconv.Itoa(version))
}

// SignText signs an event with any text, and says that the text has a version.
func (a Author) SignText(ev wire.Event, text []byte, version string) wire.Event {
	ev.Signature = wire.Signature{Value: a.Keys.sign(text), KeyVersion: a.Version, Version: version}
	return ev
}

// Seal seals anything.
func (k ConversationKey) Seal(plain []byte) []byte { return k.seal(plain) }

// Wrap encrypts a conversation key for somebody.
func (k ConversationKey) Wrap(to PublicKeys) ([]byte, error) {
	identity, err := point(to.Identity)
	if err != nil {
		return nil, err
	}
	return k.wrap(identity)
}

// Unwrap undoes Wrap.
func (k *Keys) Unwrap(version string, wrapped []byte) (ConversationKey, error) {
	return k.unwrap(version, wrapped)
}
