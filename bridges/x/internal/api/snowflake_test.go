package api

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestSnowflakesCompareAsNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Uint64().Draw(t, "a"), rapid.Uint64().Draw(t, "b")
		x, okX := ParseSnowflake(fmt.Sprint(a))
		y, okY := ParseSnowflake(fmt.Sprint(b))
		if !okX || !okY || (x < y) != (a < b) || x.String() != fmt.Sprint(a) {
			t.Fatalf("%d and %d became %v and %v", a, b, x, y)
		}
	})
	for _, bad := range []string{"", "-1", "1.5", "1e3", "18446744073709551616", "abc"} {
		if _, ok := ParseSnowflake(bad); ok {
			t.Errorf("ParseSnowflake(%q) is fine, want not", bad)
		}
	}
	at := time.Date(2026, 11, 20, 12, 0, 0, 123e6, time.UTC)
	s := SnowflakeAt(at)
	if !s.Time().Equal(at) || !s.Before(time.Minute).Time().Equal(at.Add(-time.Minute)) {
		t.Errorf("%v tells %v, a minute before %v", s, s.Time(), s.Before(time.Minute).Time())
	}
	if SnowflakeAt(time.Unix(0, 0)) != 0 || Snowflake(1).Before(time.Hour) != 0 {
		t.Error("an ID before X's first one is not 0")
	}
}
