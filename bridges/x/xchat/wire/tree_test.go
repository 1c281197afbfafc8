package wire_test

import (
	"encoding/binary"
	"slices"
)

// node is a value of thrift's binary protocol, read without knowing what it means, to be written again otherwise.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
type node struct {
	kind   byte
	flat   []byte // of what holds no structs: all of it
	elem   byte   // of a list: the type of its elements
	fields []field
	list   []*node
}

type field struct {
	id    uint16
	value *node
}

const kindBinary, kindStruct, kindList = 11, 12, 15

// sizes is how many bytes the types have that are of one size.
func sizes(kind byte) int { return map[byte]int{2: 1, 3: 1, 4: 8, 6: 2, 8: 4, 10: 8, 16: 16}[kind] }

// grow reads a value, and gives what follows. It is for sound input alone.
func grow(kind byte, b []byte) (*node, []byte) {
	n := &node{kind: kind}
	switch kind {
	case kindBinary:
		size := 4 + binary.BigEndian.Uint32(b)
		n.flat, b = b[:size], b[size:]
	case kindStruct:
		for b[0] != 0 {
			f := field{id: binary.BigEndian.Uint16(b[1:])}
			f.value, b = grow(b[0], b[3:])
			n.fields = append(n.fields, f)
		}
		b = b[1:]
	case kindList:
		n.elem = b[0]
		count := binary.BigEndian.Uint32(b[1:])
		b = b[5:]
		for range count {
			var one *node
			one, b = grow(n.elem, b)
			n.list = append(n.list, one)
		}
	default:
		n.flat, b = b[:sizes(kind)], b[sizes(kind):]
	}
	return n, b
}

// append writes a value.
func (n *node) append(b []byte) []byte {
	switch n.kind {
	case kindStruct:
		for _, f := range n.fields {
			b = binary.BigEndian.AppendUint16(append(b, f.value.kind), f.id)
			b = f.value.append(b)
		}
		return append(b, 0)
	case kindList:
		b = binary.BigEndian.AppendUint32(append(b, n.elem), uint32(len(n.list)))
		for _, one := range n.list {
			b = one.append(b)
		}
		return b
	default:
		return append(b, n.flat...)
	}
}

// structs is all structs in a value, and itself if it is one.
func (n *node) structs() []*node {
	var all []*node
	if n.kind == kindStruct {
		all = append(all, n)
	}
	for _, f := range n.fields {
		all = append(all, f.value.structs()...)
	}
	for _, one := range n.list {
		all = append(all, one.structs()...)
	}
	return all
}

// insert puts a field somewhere in a struct.
func (n *node) insert(at int, f field) { n.fields = slices.Insert(n.fields, at, f) }
