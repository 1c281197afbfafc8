package wire_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// allocated is how many bytes f allocates. It is not for parallel tests.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// TestAllocations holds that an event of the largest size, whatever it is made of, costs a small multiple of it to read.
func TestAllocations(t *testing.T) { //nolint:paralleltest // it measures the process
	const (
		size    = wire.MostEvent / 4 * 3
		content = "\x0c\x00\x01\x0c\x00\x01"
		list    = "\x00\x00\x27\x10" // 10,000
	)
	fill := func(head, unit string) string { return head + strings.Repeat(unit, (size-len(head)-64)/len(unit)) }
	end := func(s string) string { return s + strings.Repeat("\x00", 8) }
	for name, in := range map[string]string{
		"one text":           content + "\x0b\x00\x01\x00\x0f\xff\xff" + strings.Repeat("\xff a", 1<<20/3),
		"empty texts":        fill(content, "\x0b\x00\x01\x00\x00\x00\x00"),
		"short texts":        fill(content, "\x0b\x00\x01\x00\x00\x00\x01\xff"),
		"forwarded":          fill(content, "\x0c\x00\x06\x00"),
		"replies":            fill(content, "\x0c\x00\x04\x00"),
		"originals":          fill(content+"\x0c\x00\x04", "\x0c\x00\x08\x00"),
		"key changes":        content + "\x0c\x00\x04\x0f\x00\x0a\x0c" + list + strings.Repeat("\x00", 10_000),
		"lists of changes":   fill(content+"\x0c\x00\x04", "\x0f\x00\x0a\x0c\x00\x00\x00\x01\x00"),
		"attachments":        content + "\x0f\x00\x03\x0c" + list + strings.Repeat("\x0c\x00\x01\x00\x00", 10_000),
		"lists of one":       fill(content, "\x0f\x00\x03\x0c\x00\x00\x00\x01\x0c\x00\x01\x00\x00"),
		"entities":           content + "\x0f\x00\x02\x0c" + list + strings.Repeat("\x00", 10_000),
		"a list that is not": content + "\x0f\x00\x03\x0c\x7f\xff\xff\xff",
		"media":              fill(content+"\x0f\x00\x03\x0c\x00\x00\x00\x01", "\x0c\x00\x01\x00"),
	} {
		in := end(in)
		if n := allocated(func() { _, _ = wire.ParseContent([]byte(in)) }); n > 8*size {
			t.Errorf("%s: %d bytes allocated to read %d", name, n, len(in))
		}
	}
	for name, in := range map[string]string{
		"details":  fill("", "\x0c\x00\x07\x00"),
		"messages": fill("", "\x0c\x00\x07\x0c\x00\x01\x00\x00"),
		"keys":     "\x0c\x00\x07\x0c\x00\x03\x0f\x00\x02\x0c" + list + strings.Repeat("\x0b\x00\x01\x00\x00\x00\x00\x00", 10_000),
		"deletes":  "\x0c\x00\x07\x0c\x00\x07\x0f\x00\x01\x0b" + list + strings.Repeat("\x00\x00\x00\x011", 10_000),
		"members":  fill("\x0c\x00\x07\x0c\x00\x04\x0c\x00\x01\x0c\x00\x01", "\x0b\x00\x03\x00\x00\x00\x00"),
	} {
		in := encode([]byte(end(in)))
		if n := allocated(func() { _, _ = wire.ParseEvent(in) }); n > 8*size {
			t.Errorf("%s: %d bytes allocated to read %d", name, n, len(in))
		}
	}
}
