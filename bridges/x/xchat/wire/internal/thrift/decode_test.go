package thrift_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat/wire/internal/thrift"
)

// everything is one field of each kind that the Encoder writes.
func everything() []byte {
	var e thrift.Encoder
	e.Text(1, "text")
	e.Bytes(2, []byte{0, 255})
	e.Bool(3, true)
	e.I32(4, -4)
	e.I64(5, 1<<40)
	e.Struct(6, func() { e.Text(1, "within") })
	e.Texts(7, []string{"a", ""})
	e.Structs(8, 2, func(i int) { e.I32(1, int32(i)) })
	var one thrift.Encoder
	one.Text(1, "raw")
	b := one.End()
	e.Raw(9, b)
	e.Raws(10, [][]byte{b, b})
	e.Struct(-11, nil)
	return e.End()
}

func TestReadsWhatIsWritten(t *testing.T) {
	t.Parallel()
	d := thrift.NewDecoder(append(everything(), "left"...))
	var got []any
	inner := func(f thrift.Field) {
		if f.Type == thrift.I32 {
			got = append(got, d.I32())
		} else {
			got = append(got, d.Text())
		}
	}
	d.Fields(func(f thrift.Field) {
		switch f.ID {
		case 1:
			got = append(got, d.Text())
		case 2:
			got = append(got, string(d.Bytes()))
		case 3:
			got = append(got, d.Bool())
		case 4:
			got = append(got, d.I32())
		case 5:
			got = append(got, d.I64())
		case 7:
			d.List(thrift.Binary, func() { got = append(got, d.Text()) })
		case 8, 10:
			d.List(thrift.Struct, func() { d.Fields(inner) })
		default:
			got = append(got, f.ID)
			d.Fields(inner)
		}
	})
	want := []any{
		"text", "\x00\xff", true, int32(-4), int64(1 << 40), int16(6), "within", "a", "", int32(0), int32(1), int16(9), "raw", "raw", "raw",
		int16(-11),
	}
	if d.Err() != nil || !slices.Equal(got, want) || d.Left() != 4 {
		t.Errorf("got %v, %v, and %d bytes left; want %v", got, d.Err(), d.Left(), want)
	}
}

// strangers is a field of each type that the wire knows, of which nobody asks.
func strangers() []byte {
	field := func(t byte, value ...byte) []byte { return append([]byte{t, 0, 99}, value...) }
	return slices.Concat(
		field(2, 1), field(3, 1), field(4, make([]byte, 8)...), field(6, 0, 1), field(8, 0, 0, 0, 1), field(10, make([]byte, 8)...),
		field(11, 0, 0, 0, 1, 'x'), field(12, append(field(2, 1), 0)...), field(13, 11, 8, 0, 0, 0, 1, 0, 0, 0, 1, 'k', 0, 0, 0, 7),
		field(14, 2, 0, 0, 0, 2, 0, 1), field(15, 12, 0, 0, 0, 2, 0, 0), field(16, make([]byte, 16)...), field(13, 0, 0, 0, 0, 0, 0),
	)
}

func TestSkipsStrangers(t *testing.T) {
	t.Parallel()
	all := strangers()
	d := thrift.NewDecoder(slices.Concat(all, []byte{11, 0, 1, 0, 0, 0, 2, 'm', 'e'}, all, []byte{0}))
	text := ""
	d.Fields(func(f thrift.Field) {
		if f.Is(1, thrift.Binary) {
			text = d.Text()
		}
	})
	if d.Err() != nil || text != "me" || d.Left() != 0 {
		t.Errorf("got %q, %v, and %d bytes left", text, d.Err(), d.Left())
	}
}

// A union is what its one known member says, whatever strangers stand beside it; two known ones are a fault.
func TestUnion(t *testing.T) {
	t.Parallel()
	member := func(id byte) []byte { return []byte{12, 0, id, 0} }
	for _, tc := range []struct {
		name     string
		in       []byte
		known    int16
		stranger int16
		fault    bool
	}{
		{"empty", nil, 0, 0, false},
		{"a known one", member(1), 1, 0, false},
		{"a stranger", member(9), 0, 9, false},
		{"two strangers", slices.Concat(member(9), member(8)), 0, 9, false},
		{"a stranger before", slices.Concat(member(9), member(2)), 2, 9, false},
		{"a stranger after", slices.Concat(member(2), member(9)), 2, 9, false},
		{"a known one of another type", []byte{2, 0, 1, 1}, 0, 0, false},
		{"two known ones", slices.Concat(member(1), member(2)), 2, 0, true},
		{"one twice", slices.Concat(member(1), member(1)), 1, 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := thrift.NewDecoder(append(tc.in, 0))
			known := int16(0)
			stranger := d.Union(func(f thrift.Field) bool {
				if f.Is(1, thrift.Struct) || f.Is(2, thrift.Struct) {
					known = f.ID
					d.Fields(func(thrift.Field) {})
					return true
				}
				return false
			})
			if fault := errors.Is(d.Err(), thrift.ErrMalformed); fault != tc.fault || !fault && (known != tc.known || stranger != tc.stranger) {
				t.Errorf("got member %d, stranger %d, %v", known, stranger, d.Err())
			}
		})
	}
}

// fields reads a struct and asks for nothing.
func fields(b []byte) error {
	d := thrift.NewDecoder(b)
	d.Fields(func(thrift.Field) {})
	return d.Err()
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	whole := slices.Concat(strangers(), everything())
	if err := fields(whole); err != nil {
		t.Fatalf("the whole: %v", err)
	}
	for n := range whole {
		if err := fields(whole[:n]); !errors.Is(err, thrift.ErrMalformed) {
			t.Fatalf("%d bytes of %d: %v, want ErrMalformed", n, len(whole), err)
		}
	}
	list := func(n uint32) []byte { return binary.BigEndian.AppendUint32([]byte{15, 0, 1, 2}, n) }
	deep := func(n int) string { return strings.Repeat("\x0c\x00\x01", n) + strings.Repeat("\x00", n+1) }
	for _, tc := range []struct {
		name string
		in   string
		want error
	}{
		{"nothing", "", thrift.ErrMalformed},
		{"an empty struct", "\x00", nil},
		{"an unknown type", "\x05\x00\x01\x00\x00", thrift.ErrMalformed},
		{"type 255", "\xff\x00\x01\x00", thrift.ErrMalformed},
		{"a negative length", "\x0b\x00\x01\xff\xff\xff\xff\x00", thrift.ErrMalformed},
		{"a length of 2 GiB", "\x0b\x00\x01\x7f\xff\xff\xff\x00", thrift.ErrMalformed},
		{"a negative count", string(list(0xffffffff)), thrift.ErrMalformed},
		{"10000 elements", string(list(10_000)) + strings.Repeat("\x01", 10_000) + "\x00", nil},
		{"10001 elements", string(list(10_001)) + strings.Repeat("\x01", 10_001) + "\x00", thrift.ErrMalformed},
		{"two lists of 10001 elements together", string(list(5000)) + strings.Repeat("\x01", 5000) + string(list(5001)) + strings.Repeat("\x01", 5001) + "\x00", thrift.ErrMalformed},
		{"a list of nothing that goes on", "\x0f\x00\x01\x00\x00\x00\x00\x05\x00", thrift.ErrMalformed},
		{"a map of 10001 pairs", "\x0d\x00\x01\x02\x02\x00\x00\x27\x11" + strings.Repeat("\x01", 20_002) + "\x00", thrift.ErrMalformed},
		{"deep", deep(31), nil},
		{"too deep", deep(32), thrift.ErrMalformed},
		{"lists are deep, too", "\x0f\x00\x01" + strings.Repeat("\x0f\x00\x00\x00\x01", 30) + "\x02\x00\x00\x00\x00\x00", nil},
		{"lists too deep", "\x0f\x00\x01" + strings.Repeat("\x0f\x00\x00\x00\x01", 31) + "\x02\x00\x00\x00\x00\x00", thrift.ErrMalformed},
		{"lists in lists", "\x0f\x00\x01" + strings.Repeat("\x0f\x00\x00\x00\x01", 10_000), thrift.ErrMalformed},
		{"19999 structs", strings.Repeat("\x0c\x00\x01\x00", 19_999) + "\x00", nil},
		{"20000 structs, and the one around them", strings.Repeat("\x0c\x00\x01\x00", 20_000) + "\x00", thrift.ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if err := fields([]byte(tc.in)); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

// After a fault everything reads as nothing, and the first fault is the one that is told.
func TestAfterAFault(t *testing.T) {
	t.Parallel()
	d := thrift.NewDecoder([]byte("\x0b\x00\x01\x00\x00\x00\x09only"))
	d.Fields(func(thrift.Field) { _ = d.Text() })
	first := d.Err()
	d.List(thrift.Struct, func() { t.Error("there is an element") })
	d.Fields(func(thrift.Field) { t.Error("there is a field") })
	if d.Text() != "" || d.Bytes() != nil || d.Bool() || d.I32() != 0 || d.I64() != 0 || d.Left() != 0 {
		t.Error("something is read after a fault")
	}
	if !errors.Is(first, thrift.ErrMalformed) || d.Err() != first { //nolint:errorlint // the very same
		t.Errorf("the fault is %v, and was %v", d.Err(), first)
	}
}

func TestTextIsUTF8(t *testing.T) {
	t.Parallel()
	d := thrift.NewDecoder([]byte("\x0b\x00\x01\x00\x00\x00\x05a\xff\xfe\x00b\x00"))
	got := ""
	d.Fields(func(thrift.Field) { got = d.Text() })
	if got != "a\uFFFD\x00b" {
		t.Errorf("got %q", got)
	}
	var e thrift.Encoder
	e.Text(1, "a\xff\xfeb")
	e.Texts(2, []string{"\xc3"})
	want := "\x0b\x00\x01\x00\x00\x00\x05a\uFFFDb\x0f\x00\x02\x0b\x00\x00\x00\x01\x00\x00\x00\x03\uFFFD\x00"
	if got := string(e.End()); got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

// allocated is how many bytes f allocates. It is not for parallel tests.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestAllocations holds that reading takes no more than the input, whatever it claims to hold.
func TestAllocations(t *testing.T) { //nolint:paralleltest // it measures the process
	const size = 2 << 20
	for name, unit := range map[string]string{
		"long strings":  "\x0b\x00\x01\x7f\xff\xff\xff",
		"long lists":    "\x0f\x00\x01\x0b\x00\x00\x27\x10",
		"empty strings": "\x0b\x00\x01\x00\x00\x00\x00",
		"structs":       "\x0c\x00\x01\x00",
		"maps":          "\x0d\x00\x01\x0b\x0b\x7f\xff\xff\xff",
		"zeros":         "\x00",
	} {
		in := bytes.Repeat([]byte(unit), size/len(unit))
		if n := allocated(func() { _ = fields(in) }); n > size/8 {
			t.Errorf("%s: %d bytes allocated to skip %d", name, n, len(in))
		}
	}
	in := slices.Concat([]byte("\x0b\x00\x01\x00\x1f\xff\xf0"), bytes.Repeat([]byte("a"), 0x1ffff0), []byte{0})
	n := allocated(func() {
		d := thrift.NewDecoder(in)
		d.Fields(func(thrift.Field) { _ = d.Text() })
		if d.Err() != nil {
			t.Error(d.Err())
		}
	})
	if n > 3*size {
		t.Errorf("%d bytes allocated for a text of %d", n, len(in))
	}
}
