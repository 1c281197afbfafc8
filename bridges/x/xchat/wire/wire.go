// Package wire is how X writes the events of encrypted chats: it reads and writes them, and knows no key.
//
//	base64 → thrift → Event{who, where, when, Detail, Signature}
//	                     └ MessageCreate.Contents ─(opened by xchat)→ thrift → Content: Message, Edit, Reaction …
//
// An Event's envelope is in the clear; X reads it. What people write is a Content, sealed inside a MessageCreate. Both
// are sums: a Detail and a Content that we don't know become Other and Strange, never an error, because X adds kinds.
//
// Only what a signature covers can be trusted once it is verified: ID, Sender, Conversation and what the signed text of
// the detail's kind names. Sequence, Previous, At, Token and a message's TTL are X's own word, or anybody's.
//
// The numbers of the fields are those that X's SDK documents (docs/CRYPTO.md and its thrift structures,
// https://github.com/xdevplatform/chat-xdk, MIT).
package wire

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat/wire/internal/thrift"
)

// MostEvent is how many bytes of base64 an event has at most.
const MostEvent = 2 << 20

// ErrMalformed says that bytes are no event, or no content.
var ErrMalformed = errors.New("xchat: malformed")

// Sequence is an event's place in its conversation: larger is later. X gives it; 0 is none.
type Sequence uint64

// ParseSequence reads a Sequence as X writes it; anything else is 0.
func ParseSequence(s string) Sequence {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0
	}
	return Sequence(n)
}

// String is the Sequence as X writes it; empty for 0.
func (s Sequence) String() string {
	if s == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(s), 10)
}

// Event is one event of a conversation.
type Event struct {
	Sequence     Sequence
	Previous     Sequence // the event before it in the conversation; 0: X does not say
	ID           string   // chosen by the sender, and signed
	Sender       string   // user ID
	Conversation string   // A:B for two people, smaller ID first; g and digits for a group
	Token        string   // X wants it back with some posts
	At           time.Time
	Detail       Detail
	Signature    Signature
	Untrusted    bool // X says that the account has not accepted the conversation yet

	raw []byte // as it came; nil for an event of our own making
}

// Signature is what an event bears. The zero value is none.
type Signature struct {
	Value      []byte // r and s
	KeyVersion string // of the sender's public keys
	Version    string // of the signed text's form
}

// IsZero says whether there is no signature.
func (s Signature) IsZero() bool { return len(s.Value) == 0 && s.KeyVersion == "" }

// The envelope's fields.
const (
	evSequence, evID, evSender, evConversation, evToken, evAt, evDetail, evRelay, evSignature, evPrevious, evTrusted = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
)

// ParseEvent reads an event as X gives it: base64, with or without padding. Its error wraps ErrMalformed.
func ParseEvent(encoded string) (Event, error) {
	b, err := decode(encoded)
	if err != nil {
		return Event{}, err
	}
	d := thrift.NewDecoder(b)
	ev := readEvent(d)
	if d.Err() != nil {
		return Event{}, fmt.Errorf("%w event: %w", ErrMalformed, d.Err())
	}
	ev.raw = b[:len(b)-d.Left()]
	return ev, nil
}

func readEvent(d *thrift.Decoder) Event {
	var ev Event
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(evSequence, thrift.Binary):
			ev.Sequence = ParseSequence(d.Text())
		case f.Is(evPrevious, thrift.Binary):
			ev.Previous = ParseSequence(d.Text())
		case f.Is(evID, thrift.Binary):
			ev.ID = d.Text()
		case f.Is(evSender, thrift.Binary):
			ev.Sender = d.Text()
		case f.Is(evConversation, thrift.Binary):
			ev.Conversation = d.Text()
		case f.Is(evToken, thrift.Binary):
			ev.Token = d.Text()
		case f.Is(evAt, thrift.Binary):
			ev.At = parseMillis(d.Text())
		case f.Is(evDetail, thrift.Struct):
			ev.Detail = readDetail(d)
		case f.Is(evSignature, thrift.Struct):
			ev.Signature = readSignature(d)
		case f.Is(evTrusted, thrift.Bool):
			ev.Untrusted = !d.Bool()
		}
	})
	if ev.Detail == nil {
		ev.Detail = Other{}
	}
	return ev
}

// Encode is the event as X gives it. An event that was parsed is given back as it came, whatever was changed in it since.
func (ev Event) Encode() string { return base64.StdEncoding.EncodeToString(ev.bytes()) }

// bytes is the event's thrift.
func (ev Event) bytes() []byte {
	if ev.raw != nil {
		return ev.raw
	}
	var e thrift.Encoder
	text(&e, evSequence, ev.Sequence.String())
	text(&e, evID, ev.ID)
	text(&e, evSender, ev.Sender)
	text(&e, evConversation, ev.Conversation)
	text(&e, evToken, ev.Token)
	if !ev.At.IsZero() {
		e.Text(evAt, strconv.FormatInt(ev.At.UnixMilli(), 10))
	}
	if ev.Detail != nil {
		e.Struct(evDetail, func() { ev.Detail.write(&e) })
	}
	if !ev.Signature.IsZero() {
		e.Struct(evSignature, func() { ev.Signature.write(&e) })
	}
	text(&e, evPrevious, ev.Previous.String())
	e.Bool(evTrusted, !ev.Untrusted)
	return e.End()
}

// Signature fields.
const sgValue, sgKeyVersion, sgVersion = 1, 2, 3

func readSignature(d *thrift.Decoder) Signature {
	var s Signature
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(sgValue, thrift.Binary):
			s.Value = nil
			if b, err := decode64(d.Text()); err == nil { // what is no base64 verifies nothing
				s.Value = b
			}
		case f.Is(sgKeyVersion, thrift.Binary):
			s.KeyVersion = d.Text()
		case f.Is(sgVersion, thrift.Binary):
			s.Version = d.Text()
		}
	})
	return s
}

func (s Signature) write(e *thrift.Encoder) {
	e.Text(sgValue, s.Text())
	e.Text(sgKeyVersion, s.KeyVersion)
	e.Text(sgVersion, s.Version)
}

// Text is the signature alone, as X's JSON has it: base64 without padding.
func (s Signature) Text() string { return base64.RawStdEncoding.EncodeToString(s.Value) }

// Encode is the signature as X takes it beside a message.
func (s Signature) Encode() string {
	var e thrift.Encoder
	s.write(&e)
	return base64.StdEncoding.EncodeToString(e.End())
}

// ParseSignature undoes Encode. Its error wraps ErrMalformed.
func ParseSignature(encoded string) (Signature, error) {
	b, err := decode(encoded)
	if err != nil {
		return Signature{}, err
	}
	d := thrift.NewDecoder(b)
	s := readSignature(d)
	if d.Err() != nil {
		return Signature{}, fmt.Errorf("%w signature: %w", ErrMalformed, d.Err())
	}
	return s, nil
}

// decode reads the base64 of something whole.
func decode(encoded string) ([]byte, error) {
	if len(encoded) > MostEvent {
		return nil, fmt.Errorf("%w: %d bytes are too many", ErrMalformed, len(encoded))
	}
	b, err := decode64(encoded)
	if err != nil {
		return nil, fmt.Errorf("%w: no base64", ErrMalformed)
	}
	return b, nil
}

// decode64 reads base64 with or without padding.
func decode64(s string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}

// parseMillis reads a time in milliseconds; anything else is none.
func parseMillis(s string) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || n > 1<<50 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// text writes a field unless it is empty.
func text(e *thrift.Encoder, id int16, s string) {
	if s != "" {
		e.Text(id, s)
	}
}

// readTexts reads a list of strings.
func readTexts(d *thrift.Decoder) []string {
	var all []string
	d.List(thrift.Binary, func() { all = append(all, d.Text()) })
	return all
}
