package relay_test

import (
	"testing"
	"time"

	"github.com/roost-im/roost/plugins/examples/irc/relay"
)

// TestFlood takes more than there is: three at once, then one every two seconds, and three again after a pause.
func TestFlood(t *testing.T) {
	t.Parallel()
	b := relay.NewBucket(2, 3)
	now := time.Unix(1e9, 0)
	for i, want := range []time.Duration{0, 0, 0, 2 * time.Second, 4 * time.Second, 6 * time.Second} {
		if got := max(b.Take(now), 0); got != want {
			t.Errorf("number %d waits %v, want %v", i, got, want)
		}
	}
	now = now.Add(time.Minute)
	for i, want := range []time.Duration{0, 0, 0, 2 * time.Second} {
		if got := max(b.Take(now), 0); got != want {
			t.Errorf("after a pause number %d waits %v, want %v", i, got, want)
		}
	}
}
