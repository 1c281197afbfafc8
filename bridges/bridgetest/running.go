package bridgetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// Running is a connector that receives. Its methods may be called at once and again.
type Running struct {
	cancel context.CancelFunc
	ended  chan error // holds what Run returned
}

// Begin has the connector receive into sink, until it ends by itself, Stop is called or the test is over.
func Begin(t *testing.T, c chat.Connector, sink chat.Sink) *Running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &Running{cancel: cancel, ended: make(chan error, 1)}
	go func() { r.ended <- c.Run(ctx, sink) }()
	return r
}

// Stop ends the run and returns what Run returned, or an error when it did not end within two seconds.
func (r *Running) Stop() error {
	r.cancel()
	if ended, err := r.within(2 * time.Second); ended {
		return err
	}
	return errors.New("it did not end within two seconds")
}

// Over waits until the run ends by itself and returns what Run returned. The test fails when it goes on.
func (r *Running) Over(t *testing.T) error {
	t.Helper()
	ended, err := r.within(limit)
	if !ended {
		t.Fatal("Run goes on")
	}
	return err
}

// within says whether the run ends before d is over, and what Run returned.
func (r *Running) within(d time.Duration) (ended bool, err error) {
	late := time.NewTimer(d)
	defer late.Stop()
	select {
	case err := <-r.ended:
		r.ended <- err
		return true, err
	case <-late.C:
		return false, nil
	}
}
