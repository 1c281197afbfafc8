package bridges_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
)

func TestACacheSaysWhatIsOutOfDate(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	c := bridges.NewCache[string](10, time.Hour, func() time.Time { return now })
	holds := func(want string, wantFresh bool) {
		t.Helper()
		if got, fresh := c.Get("U1"); got != want || fresh != wantFresh {
			t.Errorf("holds %q, fresh %v; want %q, %v", got, fresh, want, wantFresh)
		}
	}
	holds("", false)
	c.Put("U1", "Ada")
	holds("Ada", true)
	now = now.Add(time.Hour)
	holds("Ada", false)
	c.Refresh("U1", "nobody")
	holds("Ada", true)
	c.Forget("U1")
	holds("", false)
	c.Refresh("U1", "nobody")
	holds("nobody", true)
}

func TestACacheIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	c := bridges.NewCache[int](100, time.Hour, func() time.Time { return now })
	held := func(from, to int) (n int) {
		for i := from; i < to; i++ {
			if _, fresh := c.Get(strconv.Itoa(i)); fresh {
				n++
			}
		}
		return n
	}
	for i := range 1000 {
		c.Put(strconv.Itoa(i), i)
		if _, fresh := c.Get(strconv.Itoa(i)); !fresh {
			t.Fatalf("%d is not held right after it was put", i)
		}
	}
	if n := held(0, 1000); n > 100 || n < 50 {
		t.Errorf("holds %d, want no more than 100 and most of those", n)
	}
	now = now.Add(2 * time.Hour)
	for i := 1000; i < 1060; i++ { // what is out of date goes first, and all of it
		c.Put(strconv.Itoa(i), i)
	}
	if n := held(1000, 1060); n < 45 {
		t.Errorf("of 60 fresh ones %d are held, want nearly all", n)
	}
}
