package x

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// backoff is how long to wait between tries: twice as long each time, give or take a quarter, so that many accounts
// don't come back at once.
type backoff struct {
	first, most time.Duration
	next        time.Duration
}

// after is how long to wait after err. What the platform asked for is obeyed.
func (b *backoff) after(err error) time.Duration {
	b.next = min(max(b.next*2, b.first), b.most)
	wait := b.next - b.next/4 + rand.N(b.next/2+1)
	if e, ok := errors.AsType[*chat.Error](err); ok && e.Kind == chat.Throttled {
		wait = max(wait, e.Wait)
	}
	return wait
}

// reset starts anew after a success.
func (b *backoff) reset() { b.next = 0 }

// sleep waits, or returns the context's error when it ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
