package plugins

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/configs/strict"
)

// The bounds of a manifest.
const (
	manifestMax = 64 << 10 // bytes
	tokensMax   = 8_000
)

// wrong joins what is wrong with a manifest, each as file:line:column: path: text; hint.
func wrong(f *strict.File) error {
	var joined []error
	for _, fault := range f.Faults() {
		said := fault.Text
		if fault.Path != "" {
			said = fault.Path + ": " + said
		}
		if fault.Hint != "" {
			said += "; " + fault.Hint
		}
		joined = append(joined, fmt.Errorf("%s:%d:%d: %s", fault.File, max(fault.Line, 1), max(fault.Column, 1), said))
	}
	return errors.Join(joined...)
}

// known reports keys of a table that are none of these, keys that are there twice, and a value that has no keys.
func known(v strict.Value, keys ...string) {
	if v.Kind() != strict.Table {
		v.Fault("", "wants keys and values: %s", strings.Join(keys, ", "))
		return
	}
	for _, e := range v.Entries() {
		if !slices.Contains(keys, e.Key) {
			at := e.At
			at.Path = v.At.Path
			v.FaultAt(at, strict.DidYouMean(e.Key, keys), "unknown key %s", e.Key)
		}
	}
}

// items are the values of a list; there must be one.
func items(v strict.Value) []strict.Value {
	if v.Kind() != strict.List {
		v.Fault("", "wants a list: [a, b]")
	}
	return v.Items()
}

// textOf is a word; there must be one.
func textOf(v strict.Value) string {
	s := v.Word()
	if s == "" {
		v.Fault("", "wants a text")
	}
	return s
}

// number is a whole number; ok is false when it is none.
func number(v strict.Value) (n int64, ok bool) {
	literal, _ := v.Literal()
	switch n := literal.(type) {
	case uint64:
		return int64(min(n, math.MaxInt64)), true
	case int64:
		return n, true
	}
	v.Fault("", "wants a number")
	return 0, false
}

func truth(v strict.Value) bool {
	literal, _ := v.Literal()
	is, ok := literal.(bool)
	if !ok {
		v.Fault("", "wants true or false")
	}
	return is
}

func duration(v strict.Value, least, most time.Duration) time.Duration {
	d, err := time.ParseDuration(v.Word())
	if err != nil || d < least || d > most {
		v.Fault("", "wants a time from %v to %v, written like 10s or 5m", least, most)
		return 0
	}
	return d
}

func size(v strict.Value, least, most uint64) uint64 {
	n, err := parseSize(v.Word())
	switch {
	case err != nil:
		v.Fault("", "%q %v", v.Word(), err)
	case n < least || n > most:
		v.Fault("", "is %d bytes; it can be %d to %d", n, least, most)
	}
	return n
}
