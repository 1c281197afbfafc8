package simkit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/bridges/simkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFaultsAreTakenInTheOrderInWhichTheyWerePlanned(t *testing.T) {
	t.Parallel()
	var f simkit.Faults[string]
	f.Plan("post", 2, "late")
	f.Plan("", 1, "any")
	f.Plan("post", 0, "always")
	for _, want := range [][2]string{{"post", "late"}, {"read", "any"}, {"post", "late"}, {"post", "always"}, {"read", ""}, {"post", "always"}} {
		if got := f.Take(want[0], simkit.Exactly); got != want[1] {
			t.Errorf("Take(%q) = %q, want %q", want[0], got, want[1])
		}
	}
	if got := f.Take("POST", strings.EqualFold); got != "always" {
		t.Errorf("Take of another spelling = %q, want %q", got, "always")
	}
	f.Clear()
	if got := f.Take("post", simkit.Exactly); got != "" {
		t.Errorf("Take after Clear = %q, want nothing", got)
	}
}

func TestWaitLooksAgainAfterEveryChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var c simkit.Changes
		next := func() <-chan struct{} { mu.Lock(); defer mu.Unlock(); return c.Next() }
		bump := func() { mu.Lock(); defer mu.Unlock(); c.Bump() }
		looked := 0
		ended := make(chan error, 1)
		go func() {
			ended <- simkit.Wait(t.Context(), next, func() bool { looked++; return looked == 3 })
		}()
		for want := range 2 {
			synctest.Wait()
			if looked != want+1 {
				t.Errorf("looked %d times, want %d", looked, want+1)
			}
			bump()
		}
		if err := <-ended; err != nil {
			t.Errorf("Wait = %v, want nil", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := simkit.Wait(ctx, next, func() bool { return false }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait = %v, want that time is up", err)
		}
	})
}

func TestAPauseEndsWithTheLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := simkit.NewLife()
		began := time.Now()
		l.Pause(t.Context(), time.Minute)
		if took := time.Since(began); took != time.Minute {
			t.Errorf("the pause took %v, want a minute", took)
		}
		l.Running.Go(func() { l.Pause(t.Context(), 24*time.Hour) })
		l.Running.Go(func() { l.Idle(t.Context()) })
		synctest.Wait()
		l.End()
		l.Running.Wait()
		if took := time.Since(began); took != time.Minute || l.Context().Err() == nil {
			t.Errorf("%v are over and the context ended with %v, want a minute and an end", took, l.Context().Err())
		}
	})
}

func TestAServerIsStartedOnceAndCloses(t *testing.T) {
	t.Parallel()
	s := simkit.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") })}
	s.Close() // nothing to close yet
	var base string
	if err := s.Start(t.Context(), "127.0.0.1:0", func(at string) { base = at }); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context(), "127.0.0.1:0", func(string) { t.Error("a second address was told") }); err == nil {
		t.Error("a second start succeeded")
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func() (string, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return string(b), err
	}
	if got, err := ask(); got != "here" || err != nil {
		t.Errorf("the answer is %q, %v, want %q", got, err, "here")
	}
	s.Close()
	if got, err := ask(); err == nil {
		t.Errorf("the answer after Close is %q, want none", got)
	}
}
