package x

import (
	"strconv"
	"time"
)

// An event ID is a snowflake: milliseconds since X's epoch, shifted by 22 bits. IDs are strings on the wire; they are
// compared as unsigned 64-bit numbers, for as strings "9" is greater than "10".
const (
	snowflakeEpoch = 1288834974657
	snowflakeShift = 22
)

// snowflake is an ID as a number.
type snowflake uint64

// parseSnowflake reads an ID; ok is false when it is none.
func parseSnowflake(id string) (s snowflake, ok bool) {
	n, err := strconv.ParseUint(id, 10, 64)
	return snowflake(n), err == nil
}

// snowflakeAt is the smallest ID of an instant; 0 before X's epoch.
func snowflakeAt(t time.Time) snowflake {
	ms := t.UnixMilli() - snowflakeEpoch
	if ms < 0 {
		return 0
	}
	return snowflake(ms) << snowflakeShift
}

// time is when the ID was made.
func (s snowflake) time() time.Time {
	return time.UnixMilli(int64(s>>snowflakeShift) + snowflakeEpoch).UTC()
}

// before is the smallest ID that is d older; 0 when there is none.
func (s snowflake) before(d time.Duration) snowflake {
	back := snowflake(d.Milliseconds()) << snowflakeShift //nolint:gosec // d is a positive constant
	if back > s {
		return 0
	}
	return s - back
}

// String is the ID as the wire has it.
func (s snowflake) String() string { return strconv.FormatUint(uint64(s), 10) }
