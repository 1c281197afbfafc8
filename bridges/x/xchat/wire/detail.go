package wire

import (
	"encoding/base64"
	"fmt"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat/wire/internal/thrift"
)

// Detail is what an event says happened, as far as X can see it. It is sealed: the types below are all there are.
//
//sumtype:decl
type Detail interface {
	detail()
	write(e *thrift.Encoder) // as the one member of the union
}

// The kinds of Detail.
type (
	// MessageCreate says that somebody wrote: a message, an edit, a reaction. Contents is sealed with the conversation's key
	// of KeyVersion; without a KeyVersion it is in the clear.
	MessageCreate struct {
		Contents   []byte
		KeyVersion string
		Notify     bool
		TTL        time.Duration // how long the message should live; 0: for ever
		Request    bool          // it is a message request
	}
	// KeyChange gives the conversation a new key, wrapped for each participant. X gives each account its own copy alone.
	KeyChange struct {
		Version string
		Keys    []WrappedKey
	}
	// MessageDelete takes messages back, for their sender alone or for everybody.
	MessageDelete struct {
		Sequences []Sequence
		ForAll    bool
	}
	// MarkRead says that Sender has read up to Until.
	MarkRead struct {
		Until Sequence
		At    time.Time
	}
	// Typing says that Sender is writing.
	Typing struct{}
	// Failure says why X did not carry a message of the account on.
	Failure struct{ Type FailureType }
	// GroupChange says that a group is another one now.
	GroupChange struct {
		Kind       GroupKind
		Members    []string // who came, left, or was made or unmade an admin
		Current    []string // with MemberAdd: who was there
		Admins     []string // with MemberAdd and Create
		Pending    []string // with MemberAdd
		Title      *string  // may be sealed with the conversation's key
		Avatar     *string
		KeyVersion string
		TTL        *int64 // milliseconds
		Legacy     *bool  // with Create
		Screen     *bool  // with MemberAdd: whether pictures of the screen are blocked
		Invite     *Invite
	}
	// TTLChange says how long messages live from now on; 0: for ever.
	TTLChange struct{ TTL time.Duration }
	// Other is a kind that we don't use; Member is its number, 0 when there was none.
	Other struct{ Member int16 }
)

// Invite is a link by which people can join a group.
type Invite struct {
	URL, Affiliate string // empty: not there
	Expires        *int64 // milliseconds
}

// WrappedKey is a conversation key for one participant.
type WrappedKey struct {
	User             string
	Key              string // base64
	PublicKeyVersion string
}

func (MessageCreate) detail() {}
func (KeyChange) detail()     {}
func (MessageDelete) detail() {}
func (MarkRead) detail()      {}
func (Typing) detail()        {}
func (Failure) detail()       {}
func (GroupChange) detail()   {}
func (TTLChange) detail()     {}
func (Other) detail()         {}

// The union's members.
const (
	dtCreate, dtKeyChange, dtGroup, dtFailure, dtTyping, dtDelete, dtMetadata, dtRead = 1, 3, 4, 5, 6, 7, 9, 12
)

func readDetail(d *thrift.Decoder) Detail {
	var got Detail
	stranger := d.Union(func(f thrift.Field) bool {
		if f.Type != thrift.Struct {
			return false
		}
		switch f.ID {
		case dtCreate:
			got = readCreate(d)
		case dtKeyChange:
			got = readKeyChange(d)
		case dtGroup:
			got = readGroup(d)
		case dtFailure:
			got = readFailure(d)
		case dtTyping:
			got = Typing{}
		case dtDelete:
			got = readDelete(d)
		case dtMetadata:
			got = readMetadata(d)
		case dtRead:
			got = readRead(d)
		default:
			return false
		}
		return true
	})
	if got == nil {
		return Other{Member: stranger}
	}
	return got
}

// EncodeDetail is a detail by itself, as X takes it with an action that is signed.
func EncodeDetail(what Detail) string {
	var e thrift.Encoder
	what.write(&e)
	return base64.StdEncoding.EncodeToString(e.End())
}

// ParseDetail undoes EncodeDetail. Its error wraps ErrMalformed.
func ParseDetail(encoded string) (Detail, error) {
	b, err := decode(encoded)
	if err != nil {
		return nil, err
	}
	d := thrift.NewDecoder(b)
	what := readDetail(d)
	if d.Err() != nil {
		return nil, fmt.Errorf("%w detail: %w", ErrMalformed, d.Err())
	}
	return what, nil
}

// The fields of a MessageCreate.
const mcContents, mcKeyVersion, mcNotify, mcTTL, mcRequest = 100, 101, 102, 103, 109

func readCreate(d *thrift.Decoder) MessageCreate {
	var m MessageCreate
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(mcContents, thrift.Binary):
			m.Contents = d.Bytes()
		case f.Is(mcKeyVersion, thrift.Binary):
			m.KeyVersion = d.Text()
		case f.Is(mcNotify, thrift.Bool):
			m.Notify = d.Bool()
		case f.Is(mcTTL, thrift.I64):
			m.TTL = millis(d.I64())
		case f.Is(mcRequest, thrift.Bool):
			m.Request = d.Bool()
		}
	})
	return m
}

func (m MessageCreate) write(e *thrift.Encoder) { e.Struct(dtCreate, func() { m.fields(e) }) }

func (m MessageCreate) fields(e *thrift.Encoder) {
	e.Bytes(mcContents, m.Contents)
	text(e, mcKeyVersion, m.KeyVersion)
	e.Bool(mcNotify, m.Notify)
	if m.TTL > 0 {
		e.I64(mcTTL, m.TTL.Milliseconds())
	}
	if m.Request {
		e.Bool(mcRequest, true)
	}
}

// Encode is the message as X takes it, without what X puts round it.
func (m MessageCreate) Encode() string {
	var e thrift.Encoder
	m.fields(&e)
	return base64.StdEncoding.EncodeToString(e.End())
}

// ParseMessageCreate undoes Encode. Its error wraps ErrMalformed.
func ParseMessageCreate(encoded string) (MessageCreate, error) {
	b, err := decode(encoded)
	if err != nil {
		return MessageCreate{}, err
	}
	d := thrift.NewDecoder(b)
	m := readCreate(d)
	if d.Err() != nil {
		return MessageCreate{}, fmt.Errorf("%w message: %w", ErrMalformed, d.Err())
	}
	return m, nil
}

func readKeyChange(d *thrift.Decoder) KeyChange {
	var k KeyChange
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(1, thrift.Binary):
			k.Version = d.Text()
		case f.Is(2, thrift.List):
			d.List(thrift.Struct, func() { k.Keys = append(k.Keys, readWrapped(d)) })
		}
	})
	return k
}

func readWrapped(d *thrift.Decoder) WrappedKey {
	var w WrappedKey
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(1, thrift.Binary):
			w.User = d.Text()
		case f.Is(2, thrift.Binary):
			w.Key = d.Text()
		case f.Is(3, thrift.Binary):
			w.PublicKeyVersion = d.Text()
		}
	})
	return w
}

func (k KeyChange) write(e *thrift.Encoder) {
	e.Struct(dtKeyChange, func() {
		e.Text(1, k.Version)
		e.Structs(2, len(k.Keys), func(i int) {
			e.Text(1, k.Keys[i].User)
			e.Text(2, k.Keys[i].Key)
			e.Text(3, k.Keys[i].PublicKeyVersion)
		})
		e.Bool(5, false) // not a rotation of ratchet trees
	})
}

const deleteForAll = 2

func readDelete(d *thrift.Decoder) MessageDelete {
	var m MessageDelete
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(1, thrift.List):
			for _, s := range readTexts(d) {
				m.Sequences = append(m.Sequences, ParseSequence(s))
			}
		case f.Is(2, thrift.I32):
			m.ForAll = d.I32() == deleteForAll
		}
	})
	return m
}

func (m MessageDelete) write(e *thrift.Encoder) {
	e.Struct(dtDelete, func() {
		all := make([]string, len(m.Sequences))
		for i, s := range m.Sequences {
			all[i] = s.String()
		}
		e.Texts(1, all)
		e.I32(2, int32(m.Action())) //nolint:gosec // 1 or 2
	})
}

// Action is the number that X gives to whom a delete is for.
func (m MessageDelete) Action() int {
	if m.ForAll {
		return deleteForAll
	}
	return 1
}

func readRead(d *thrift.Decoder) MarkRead {
	var m MarkRead
	d.Fields(func(f thrift.Field) {
		switch {
		case f.Is(1, thrift.Binary):
			m.Until = ParseSequence(d.Text())
		case f.Is(2, thrift.I64):
			m.At = time.UnixMilli(d.I64()).UTC()
		}
	})
	return m
}

func (m MarkRead) write(e *thrift.Encoder) {
	e.Struct(dtRead, func() {
		e.Text(1, m.Until.String())
		if !m.At.IsZero() {
			e.I64(2, m.At.UnixMilli())
		}
	})
}

func (Typing) write(e *thrift.Encoder) { e.Struct(dtTyping, nil) }

func (o Other) write(e *thrift.Encoder) { e.Struct(o.Member, nil) }

func readMetadata(d *thrift.Decoder) Detail {
	var got Detail = Other{Member: dtMetadata}
	d.Fields(func(f thrift.Field) {
		if f.Is(1, thrift.Struct) {
			d.Union(func(f thrift.Field) bool { return readMetadataChange(d, f, &got) })
		}
	})
	return got
}

func readMetadataChange(d *thrift.Decoder, f thrift.Field, got *Detail) (known bool) {
	switch {
	case f.Is(1, thrift.Struct):
		var t TTLChange
		d.Fields(func(f thrift.Field) {
			if f.Is(1, thrift.I64) {
				t.TTL = millis(d.I64())
			}
		})
		*got = t
	case f.Is(2, thrift.Struct):
		*got = TTLChange{}
	default:
		return false
	}
	return true
}

func (t TTLChange) write(e *thrift.Encoder) {
	e.Struct(dtMetadata, func() {
		e.Struct(1, func() {
			if t.TTL > 0 {
				e.Struct(1, func() { e.I64(1, t.TTL.Milliseconds()) })
			} else {
				e.Struct(2, nil)
			}
		})
	})
}

// millis is a span of so many milliseconds; 0 for what is none.
func millis(n int64) time.Duration {
	if n <= 0 || n > 1<<43 {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}
