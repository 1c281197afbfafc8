package simkit

import "context"

// Changes tell who waits that something changed. Who uses it guards it.
type Changes struct {
	next chan struct{} // nil: nobody waits
}

// Next is closed at the next Bump.
func (c *Changes) Next() <-chan struct{} {
	if c.next == nil {
		c.next = make(chan struct{})
	}
	return c.next
}

// Bump says that something changed.
func (c *Changes) Bump() {
	if c.next != nil {
		close(c.next)
		c.next = nil
	}
}

// Wait returns nil as soon as ok says so, looking again after every change, and the context's error when it ends first. changed
// gives what is closed at the next change.
func Wait(ctx context.Context, changed func() <-chan struct{}, ok func() bool) error {
	for {
		next := changed()
		if ok() {
			return nil
		}
		select {
		case <-next:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
