package thrift

import (
	"encoding/binary"
	"strings"
)

// Encoder writes one struct, field after field; End closes it. The zero value is ready. It is used by one goroutine.
type Encoder struct{ b []byte }

// End closes the struct and gives its bytes.
func (e *Encoder) End() []byte { return append(e.b, byte(stop)) }

// Text writes a Binary field. What is no UTF-8 in it is replaced, because others refuse the whole of what holds such a text.
func (e *Encoder) Text(id int16, s string) {
	e.head(id, Binary)
	e.text(s)
}

// Bytes writes a Binary field.
func (e *Encoder) Bytes(id int16, b []byte) {
	e.head(id, Binary)
	e.length(len(b))
	e.b = append(e.b, b...)
}

// Bool writes a Bool field.
func (e *Encoder) Bool(id int16, v bool) {
	e.head(id, Bool)
	if v {
		e.b = append(e.b, 1)
	} else {
		e.b = append(e.b, 0)
	}
}

// I32 writes an I32 field.
func (e *Encoder) I32(id int16, v int32) {
	e.head(id, I32)
	e.b = binary.BigEndian.AppendUint32(e.b, uint32(v)) //nolint:gosec // the wire's own sign
}

// I64 writes an I64 field.
func (e *Encoder) I64(id int16, v int64) {
	e.head(id, I64)
	e.b = binary.BigEndian.AppendUint64(e.b, uint64(v)) //nolint:gosec // the wire's own sign
}

// Struct writes a Struct field, whose own fields fill writes; nil: it has none.
func (e *Encoder) Struct(id int16, fill func()) {
	e.head(id, Struct)
	e.element(fill)
}

// Raw writes a Struct field whose bytes, End's, are there already.
func (e *Encoder) Raw(id int16, b []byte) {
	e.head(id, Struct)
	e.b = append(e.b, b...)
}

// Raws writes a List field of such structs.
func (e *Encoder) Raws(id int16, all [][]byte) {
	e.head(id, List)
	e.b = append(e.b, byte(Struct))
	e.length(len(all))
	for _, b := range all {
		e.b = append(e.b, b...)
	}
}

// Texts writes a List field of strings, each as Text does.
func (e *Encoder) Texts(id int16, all []string) {
	e.head(id, List)
	e.b = append(e.b, byte(Binary))
	e.length(len(all))
	for _, s := range all {
		e.text(s)
	}
}

// Structs writes a List field of n structs, whose fields fill writes.
func (e *Encoder) Structs(id int16, n int, fill func(i int)) {
	e.head(id, List)
	e.b = append(e.b, byte(Struct))
	e.length(n)
	for i := range n {
		e.element(func() { fill(i) })
	}
}

// element writes a struct without a field's head.
func (e *Encoder) element(fill func()) {
	if fill != nil {
		fill()
	}
	e.b = append(e.b, byte(stop))
}

func (e *Encoder) head(id int16, t Type) {
	e.b = append(e.b, byte(t))
	e.b = binary.BigEndian.AppendUint16(e.b, uint16(id)) //nolint:gosec // the wire's own sign
}

func (e *Encoder) text(s string) {
	s = strings.ToValidUTF8(s, "\uFFFD")
	e.length(len(s))
	e.b = append(e.b, s...)
}

func (e *Encoder) length(n int) {
	e.b = binary.BigEndian.AppendUint32(e.b, uint32(n)) //nolint:gosec // bounded by memory
}
