package thrift

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Decoder reads one value. Its first fault stays: everything after it reads as nothing, and Err tells it. It is used by
// one goroutine.
type Decoder struct {
	rest     []byte
	err      error
	depth    int
	elements int  // of all lists so far
	structs  int  // so far
	unread   bool // the field that Fields shows has not been read
}

// NewDecoder reads from b, which must not change meanwhile.
func NewDecoder(b []byte) *Decoder { return &Decoder{rest: b} }

// Err is the first fault, wrapping ErrMalformed, or nil.
func (d *Decoder) Err() error { return d.err }

// Left is how many bytes follow what has been read.
func (d *Decoder) Left() int { return len(d.rest) }

// Fields reads a struct and shows each field. What show does not read is skipped.
func (d *Decoder) Fields(show func(f Field)) {
	d.unread = false
	d.enter()
	defer d.leave()
	if d.structs++; d.structs > mostStructs {
		d.fail("there are too many structs")
	}
	for d.err == nil {
		f := Field{Type: Type(d.byte())}
		if d.err != nil || f.Type == stop {
			return
		}
		f.ID = int16(d.uint16()) //nolint:gosec // the wire's own sign
		d.unread = true
		show(f)
		if d.unread {
			d.unread = false
			d.skip(f.Type)
		}
	}
}

// Union reads a union: a struct of which one field is set. show reads the field when it knows it; a second such field is a
// fault, because then nobody could say which one counts. The result is the first struct that it does not know, or 0.
func (d *Decoder) Union(show func(f Field) (known bool)) (stranger int16) {
	one := false
	d.Fields(func(f Field) {
		known := show(f)
		if known && one {
			d.fail("a union has two members")
		}
		one = one || known
		if !known && stranger == 0 && f.Type == Struct {
			stranger = f.ID
		}
	})
	return stranger
}

// List reads a list and calls each for every element, if they are of this type; each reads exactly one. Other lists are
// skipped.
func (d *Decoder) List(elem Type, each func()) {
	d.enter()
	defer d.leave()
	t, n := d.listHead()
	for range n {
		if d.err != nil {
			return
		}
		if t == elem {
			each()
		} else {
			d.skip(t)
		}
	}
}

// Bytes reads a Binary. The result is part of the input.
func (d *Decoder) Bytes() []byte {
	n := d.uint32()
	if uint64(n) > uint64(len(d.rest)) {
		d.fail("a string is longer than what is left")
		return nil
	}
	return d.take(int(n))
}

// Text reads a Binary as text; what is no UTF-8 in it is replaced.
func (d *Decoder) Text() string { return strings.ToValidUTF8(string(d.Bytes()), "\uFFFD") }

// Bool reads a Bool.
func (d *Decoder) Bool() bool { return d.byte() != 0 }

// I32 reads an I32.
func (d *Decoder) I32() int32 { return int32(d.uint32()) } //nolint:gosec // the wire's own sign

// I64 reads an I64.
func (d *Decoder) I64() int64 {
	b := d.take(8)
	if b == nil {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b)) //nolint:gosec // the wire's own sign
}

// fail notes the first fault.
func (d *Decoder) fail(what string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", ErrMalformed, what)
	}
	d.rest = nil
}

// enter goes into a struct or list; leave goes out of it.
func (d *Decoder) enter() {
	if d.depth++; d.depth > mostDepth {
		d.fail("values lie too deep")
	}
}

func (d *Decoder) leave() { d.depth-- }

// take is the next n bytes; nil when there are not so many.
func (d *Decoder) take(n int) []byte {
	d.unread = false
	if d.err != nil || n > len(d.rest) {
		d.fail("it ends too early")
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

func (d *Decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *Decoder) uint16() uint16 {
	if b := d.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (d *Decoder) uint32() uint32 {
	if b := d.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// listHead reads what stands before the elements of a list or set.
func (d *Decoder) listHead() (Type, int) {
	t := Type(d.byte())
	n := d.uint32()
	return t, d.count(n)
}

// count takes n elements, unless they are too many.
func (d *Decoder) count(n uint32) int {
	if n > mostElements || d.elements+int(n) > mostElements {
		d.fail("a list is too long")
		return 0
	}
	d.elements += int(n)
	return int(n)
}

// size is how many bytes the types of one size have.
func size(t Type) (n int, fixed bool) {
	switch t {
	case Bool, I8:
		return 1, true
	case I16:
		return 2, true
	case I32:
		return 4, true
	case I64, Double:
		return 8, true
	case UUID:
		return 16, true
	case stop, Binary, Struct, Map, Set, List:
	}
	return 0, false
}

// skip passes a value over.
func (d *Decoder) skip(t Type) {
	if n, fixed := size(t); fixed {
		d.take(n)
		return
	}
	switch t {
	case Binary:
		d.Bytes()
	case Struct:
		d.Fields(func(Field) {})
	case List, Set:
		d.enter()
		defer d.leave()
		elem, n := d.listHead()
		d.skipAll(n, elem)
	case Map:
		d.enter()
		defer d.leave()
		key, value := Type(d.byte()), Type(d.byte())
		d.skipAll(d.count(d.uint32()), key, value)
	case stop, Bool, I8, Double, I16, I32, I64, UUID:
		d.fail("there is no such type")
	default:
		d.fail("there is no such type")
	}
}

// skipAll passes n elements over, each of so many values.
func (d *Decoder) skipAll(n int, each ...Type) {
	for range n {
		for _, t := range each {
			if d.err != nil {
				return
			}
			d.skip(t)
		}
	}
}
