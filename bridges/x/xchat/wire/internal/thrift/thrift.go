// Package thrift reads and writes Thrift's TBinaryProtocol, as far as X's chat events use it: structs and unions of
// strings, integers, booleans, lists and each other. It knows no field by itself.
//
// Reading is bounded: nothing is allocated that the input does not hold, all lists of one value have 10,000 elements
// together at most, there are 20,000 structs in it at most, and structs and lists lie within each other 32 deep at most.
// What the caller does not ask for is skipped, so a field that X adds tomorrow spoils nothing.
//
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
package thrift

import "errors"

// Type is what a field holds, as the wire numbers it.
type Type byte

// The types. The wire has more; they are only skipped.
const (
	stop   Type = 0
	Bool   Type = 2
	I8     Type = 3
	Double Type = 4
	I16    Type = 6
	I32    Type = 8
	I64    Type = 10
	Binary Type = 11 // strings, too
	Struct Type = 12 // unions, too
	Map    Type = 13
	Set    Type = 14
	List   Type = 15
	UUID   Type = 16
)

const (
	mostDepth    = 32
	mostElements = 10_000
	mostStructs  = 20_000 // an empty one is a byte here, and hundreds where it is read into
)

// ErrMalformed says that the input is no value of the protocol, or goes past a bound.
var ErrMalformed = errors.New("malformed thrift")

// Field is a field's number and type.
type Field struct {
	ID   int16
	Type Type
}

// Is says whether the field has this number and type. One with the number and another type is a stranger.
func (f Field) Is(id int16, t Type) bool { return f.ID == id && f.Type == t }
