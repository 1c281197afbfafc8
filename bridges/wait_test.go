package bridges_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

func TestTriesAreSpacedOut(t *testing.T) {
	t.Parallel()
	b := bridges.Backoff{First: 100 * time.Millisecond, Most: time.Second}
	for _, ms := range []int{100, 200, 400, 800, 1000, 1000} {
		about := time.Duration(ms) * time.Millisecond
		if got := b.After(errDisk); got < about*3/4 || got > about*5/4 {
			t.Errorf("waits %v, want %v give or take a quarter", got, about)
		}
	}
	b.Reset()
	if got := b.After(errDisk); got > 125*time.Millisecond {
		t.Errorf("waits %v after a success, want about 100ms", got)
	}
}

func TestWhatAPlatformAsksForIsObeyed(t *testing.T) {
	t.Parallel()
	for _, wait := range []time.Duration{0, 40 * time.Second} {
		b := bridges.Backoff{First: time.Millisecond, Most: time.Millisecond}
		if got, want := b.After(&chat.Error{Kind: chat.Throttled, Wait: wait}), max(wait, time.Second); got != want {
			t.Errorf("asked for %v: waits %v, want %v", wait, got, want)
		}
	}
}

func TestWaitEndsWithItsReason(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := bridges.Backoff{First: time.Second, Most: time.Minute}
		began := time.Now()
		if err := b.Wait(t.Context(), errDisk); err != nil || time.Since(began) < 750*time.Millisecond {
			t.Errorf("Wait = %v after %v, want nil after about a second", err, time.Since(began))
		}
		closed := &chat.Error{Kind: chat.LoggedOut}
		began = time.Now()
		if err := b.Wait(t.Context(), closed); !errors.Is(err, closed) || time.Since(began) > 0 {
			t.Errorf("Wait = %v after %v, want the error at once", err, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := b.Wait(ctx, errDisk); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait = %v, want the context's error", err)
		}
	})
}

func TestWhatIsPointless(t *testing.T) {
	t.Parallel()
	for kind, want := range map[chat.Kind]bool{
		chat.Transient: false, chat.Throttled: false, chat.Uncertain: false,
		chat.Refused: true, chat.Gone: true, chat.LoggedOut: true, chat.Unfunded: true,
	} {
		if got := bridges.Pointless(&chat.Error{Kind: kind}); got != want {
			t.Errorf("%v: pointless %v, want %v", kind, got, want)
		}
	}
	if bridges.Pointless(nil) || bridges.Pointless(errors.ErrUnsupported) {
		t.Error("an error that is nobody's answer is pointless")
	}
}
