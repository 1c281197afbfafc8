package api

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

// Snowflake is an ID as a number.
type Snowflake uint64

// ParseSnowflake reads an ID; ok is false when it is none.
func ParseSnowflake(id string) (s Snowflake, ok bool) {
	n, err := strconv.ParseUint(id, 10, 64)
	return Snowflake(n), err == nil
}

// SnowflakeAt is the smallest ID of an instant; 0 before X's epoch.
func SnowflakeAt(t time.Time) Snowflake {
	ms := t.UnixMilli() - snowflakeEpoch
	if ms < 0 {
		return 0
	}
	return Snowflake(ms) << snowflakeShift
}

// Time is when the ID was made.
func (s Snowflake) Time() time.Time {
	return time.UnixMilli(int64(s>>snowflakeShift) + snowflakeEpoch).UTC()
}

// Before is the smallest ID that is d older; 0 when there is none.
func (s Snowflake) Before(d time.Duration) Snowflake {
	back := Snowflake(d.Milliseconds()) << snowflakeShift //nolint:gosec // d is a positive constant
	if back > s {
		return 0
	}
	return s - back
}

// String is the ID as the wire has it.
func (s Snowflake) String() string { return strconv.FormatUint(uint64(s), 10) }
