package thrift_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat/wire/internal/thrift"
)

// copyFields writes everything again that a decoder reads, and that the Encoder can write.
func copyFields(d *thrift.Decoder, e *thrift.Encoder) {
	d.Fields(func(f thrift.Field) {
		switch f.Type {
		case thrift.Binary:
			e.Bytes(f.ID, d.Bytes())
		case thrift.Bool:
			e.Bool(f.ID, d.Bool())
		case thrift.I32:
			e.I32(f.ID, d.I32())
		case thrift.I64:
			e.I64(f.ID, d.I64())
		case thrift.Struct:
			e.Struct(f.ID, func() { copyFields(d, e) })
		case thrift.List:
			var all [][]byte
			d.List(thrift.Struct, func() {
				var one thrift.Encoder
				copyFields(d, &one)
				all = append(all, one.End())
			})
			e.Raws(f.ID, all)
		case thrift.I8, thrift.Double, thrift.I16, thrift.Map, thrift.Set, thrift.UUID:
		default:
		}
	})
}

// FuzzDecoder holds that what is read fits in the input, and that what is read and written again reads the same.
func FuzzDecoder(f *testing.F) {
	f.Add(everything())
	f.Add(append(strangers(), 0))
	f.Add([]byte("\x0f\x00\x01\x0c\x00\x00\x00\x02\x00\x0b\x00\x01\x00\x00\x00\x01a\x00\x00"))
	f.Add([]byte("\x0c\x00\x01\x0c\x00\x01\x0c\x00\x01\x00\x00\x00\x00left"))
	f.Fuzz(func(t *testing.T, b []byte) {
		was := bytes.Clone(b)
		d := thrift.NewDecoder(b)
		var e thrift.Encoder
		copyFields(d, &e)
		if !bytes.Equal(b, was) {
			t.Error("the input is another one now")
		}
		if err := d.Err(); err != nil {
			if !errors.Is(err, thrift.ErrMalformed) || d.Left() != 0 {
				t.Errorf("it is %v, with %d bytes left", err, d.Left())
			}
			return
		}
		once := e.End()
		if len(once) > len(b)-d.Left() {
			t.Errorf("%d bytes are read out of %d", len(once), len(b)-d.Left())
		}
		if fields(b) != nil {
			t.Error("what can be read can't be skipped")
		}
		again := thrift.NewDecoder(once)
		var e2 thrift.Encoder
		copyFields(again, &e2)
		if twice := e2.End(); again.Err() != nil || !bytes.Equal(once, twice) || again.Left() != 0 {
			t.Errorf("it reads otherwise the second time: %x, then %x, %v", once, twice, again.Err())
		}
	})
}
