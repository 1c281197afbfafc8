package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/roost-im/roost/router/store"
)

// codeOf is SQLite's result code in err's chain, 0 when there is none.
func codeOf(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()
	}
	return 0
}

// mapped marks err with the word that callers know it by.
func mapped(err error) error {
	switch code := codeOf(err); code & 0xff {
	case lib.SQLITE_FULL, lib.SQLITE_IOERR:
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	case lib.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", store.ErrForeign, err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fmt.Errorf("%w: %w", store.ErrLocked, err)
	case lib.SQLITE_CONSTRAINT:
		if code == lib.SQLITE_CONSTRAINT_UNIQUE {
			return fmt.Errorf("%w: %w", errDouble, err)
		}
	}
	return err
}

// errDouble means that a row with the same key is there already.
var errDouble = errors.New("stored already")
