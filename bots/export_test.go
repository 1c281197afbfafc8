package bots

import (
	"errors"
	"fmt"
	"reflect"
)

// JournalAgain reads a journal and writes it again. ok is false when it is none; the error is one of the code.
func JournalAgain(b string) (again string, ok bool, err error) {
	entries, err := decodeJournal(b)
	if err != nil {
		if !errors.Is(err, ErrDialog) {
			return "", false, fmt.Errorf("decodeJournal = %w, want ErrDialog", err)
		}
		return "", false, nil
	}
	out, err := appendJournal(nil, entries)
	if errors.Is(err, ErrDialog) {
		return b, true, nil // it is too long
	}
	return string(out), true, err
}

// DialogAgain reads a dialog and writes it again, twice. ok is false when it is none; the error is one of the code.
func DialogAgain(b []byte) (ok bool, err error) {
	d, err := decodeDialog("k", b)
	if err != nil {
		if !errors.Is(err, ErrDialog) {
			return false, fmt.Errorf("decodeDialog = %w, want ErrDialog", err)
		}
		return false, nil
	}
	out, err := d.encode()
	if errors.Is(err, ErrDialog) {
		return true, nil // it is too long
	}
	if err != nil {
		return true, err
	}
	same, err := decodeDialog("k", out)
	if err != nil {
		return true, fmt.Errorf("what was written can't be read: %w", err)
	}
	same.raw = d.raw
	if again, err := same.encode(); err != nil || string(again) != string(out) {
		return true, fmt.Errorf("written again: %q, %w, want %q", again, err, out)
	}
	if !reflect.DeepEqual(same.entries, d.entries) && len(same.entries)+len(d.entries) > 0 {
		return true, fmt.Errorf("the journal was %v and is %v", d.entries, same.entries)
	}
	return true, nil
}

// UnpackAgain packs what was unpacked; ok is false when s holds fewer than n parts.
func UnpackAgain(s string, n int) (again string, ok bool) {
	parts := make([]string, n)
	into := make([]*string, n)
	for i := range parts {
		into[i] = &parts[i]
	}
	if unpack(s, into...) != nil {
		return "", false
	}
	return pack(parts...), true
}
