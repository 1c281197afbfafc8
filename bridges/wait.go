package bridges

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// shortestThrottle is the least that is waited when a platform asks to slow down, whatever it says.
const shortestThrottle = time.Second

// Backoff spaces tries out: each wait is twice as long as the one before, from First to Most, give or take a quarter, so
// that many accounts don't come back at once. It is for one goroutine.
type Backoff struct {
	First, Most time.Duration

	next time.Duration
}

// After is how long to wait after a try that failed with err: at least as long as the platform asked for.
func (b *Backoff) After(err error) time.Duration {
	b.next = min(max(b.next*2, b.First), b.Most)
	wait := b.next - b.next/4 + rand.N(b.next/2+1)
	if e, ok := errors.AsType[*chat.Error](err); ok && e.Kind == chat.Throttled {
		wait = max(wait, e.Wait, shortestThrottle)
	}
	return wait
}

// Reset starts anew, after a success.
func (b *Backoff) Reset() { b.next = 0 }

// Wait waits as long as After says, and returns nil when it is time for another try. It returns err when that would be
// Pointless, and the context's error when that ends first.
func (b *Backoff) Wait(ctx context.Context, err error) error {
	if Pointless(err) {
		return err
	}
	return Sleep(ctx, b.After(err))
}

// Pointless says whether a person must act before another try can work.
func Pointless(err error) bool {
	e, ok := errors.AsType[*chat.Error](err)
	if !ok {
		return false
	}
	switch e.Kind {
	case chat.Refused, chat.Gone, chat.LoggedOut, chat.Unfunded:
		return true
	case chat.Transient, chat.Throttled, chat.Uncertain:
	}
	return false
}

// Sleep waits, and returns the context's error when that ends first.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
