package bots

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// entry is one thing that a Turn gave and that could be different the next time. Op says what was asked for.
type entry struct {
	op    byte
	value string
}

// What entries hold.
const (
	opAnswer = 'a'
	opNow    = 'n'
	opState  = 's'
	opHTTP   = 'h'
)

// What a dialog may come to.
const (
	turnsMax   = 200
	journalMax = 64 << 10 // bytes
)

// ErrDialog says that a dialog can't go on: it is longer than a dialog may be, or its bot did something else when it was
// replayed than before.
var ErrDialog = errors.New("the dialog can't go on")

// appendJournal writes entries behind head as their op, the length of their value, a colon and the value.
func appendJournal(head []byte, entries []entry) ([]byte, error) {
	size, turns := 0, 0
	for _, e := range entries {
		size += len(e.value) + 8
	}
	b := slices.Grow(head, size)
	for _, e := range entries {
		if e.op == opAnswer {
			turns++
		}
		b = append(b, e.op)
		b = strconv.AppendInt(b, int64(len(e.value)), 10)
		b = append(b, ':')
		b = append(b, e.value...)
	}
	switch {
	case turns > turnsMax:
		return nil, fmt.Errorf("%w: it has more than %d answers", ErrDialog, turnsMax)
	case len(b)-len(head) > journalMax:
		return nil, fmt.Errorf("%w: what it remembers is more than %d bytes", ErrDialog, journalMax)
	}
	return b, nil
}

// decodeJournal reads what appendJournal wrote.
func decodeJournal(b string) ([]entry, error) {
	entries := make([]entry, 0, len(b)/24+1)
	for b != "" {
		op, colon := b[0], 1
		n := 0
		for ; colon < len(b) && b[colon] >= '0' && b[colon] <= '9' && colon < 9; colon++ {
			n = 10*n + int(b[colon]-'0')
		}
		if colon == 1 || colon == len(b) || b[colon] != ':' || len(b)-colon-1 < n {
			return nil, fmt.Errorf("%w: its journal is damaged", ErrDialog)
		}
		entries = append(entries, entry{op, b[colon+1 : colon+1+n]})
		b = b[colon+1+n:]
	}
	return entries, nil
}

// pack puts strings into one; unpack takes them out again.
func pack(parts ...string) string {
	var b []byte
	for _, p := range parts {
		b = strconv.AppendInt(b, int64(len(p)), 10)
		b = append(b, ':')
		b = append(b, p...)
	}
	return string(b)
}

func unpack(s string, into ...*string) error {
	for _, p := range into {
		n, colon := 0, 0
		for ; colon < len(s) && s[colon] >= '0' && s[colon] <= '9' && colon < 8; colon++ {
			n = 10*n + int(s[colon]-'0')
		}
		if colon == 0 || colon == len(s) || s[colon] != ':' || len(s)-colon-1 < n {
			return fmt.Errorf("%w: its journal is damaged", ErrDialog)
		}
		*p, s = s[colon+1:colon+1+n], s[colon+1+n:]
	}
	return nil
}
