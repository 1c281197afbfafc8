package chat

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind answers one question about a failure: what shall the caller do?
type Kind int

// The kinds of failure, and what follows from each.
const (
	// Transient: try again later. An error without a kind is Transient.
	Transient Kind = iota
	// Throttled: try again after Wait, and spare what Scope names until then.
	Throttled
	// Uncertain: the request may have arrived. Never repeat it without finding out.
	Uncertain
	// Refused: the platform will never take this action. Say why and go on.
	Refused
	// Gone: the conversation, thread or message is no longer there.
	Gone
	// LoggedOut: the account's credentials are not valid any more. A person must act.
	LoggedOut
	// Unfunded: the account has no credit left. A person must act.
	Unfunded
)

// String is the kind in one lower-case word, as logs and metrics show it.
func (k Kind) String() string {
	switch k {
	case Transient:
		return "transient"
	case Throttled:
		return "throttled"
	case Uncertain:
		return "uncertain"
	case Refused:
		return "refused"
	case Gone:
		return "gone"
	case LoggedOut:
		return "logged_out"
	case Unfunded:
		return "unfunded"
	}
	return fmt.Sprintf("kind(%d)", int(k))
}

// Scope is how far a limit reaches.
type Scope int

// The scopes of a limit.
const (
	ThisConversation Scope = iota // one conversation, all its threads included
	ThisAccount                   // everything the account sends
)

// Error is a failure at the border of a platform.
type Error struct {
	Op     string        // what was tried: "slack: post"
	Kind   Kind          // what shall follow
	Wait   time.Duration // Throttled: how long the platform asked to wait; 0 when it did not say
	Scope  Scope         // Throttled: what the limit covers
	Reason string        // for people, in plain words, without secrets: "this person doesn't accept messages"
	Err    error         // the cause; may be nil
}

// Error names what was tried, the kind, and the reason or the cause.
func (e *Error) Error() string {
	s := e.Op + ": " + e.Kind.String()
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of err: that of the outermost *Error in its chain, Refused for errors.ErrUnsupported,
// otherwise Transient.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	if errors.Is(err, errors.ErrUnsupported) {
		return Refused
	}
	return Transient
}

// Reason is what a person may be told about err: the platform's reason in plain words where there is one, otherwise a
// sentence that stands for the kind. It never holds a secret or a wire detail.
func Reason(err error) string {
	e, ok := errors.AsType[*Error](err)
	if ok && e.Reason != "" {
		return e.Reason
	}
	if errors.Is(err, errors.ErrUnsupported) {
		return "this platform can't do that"
	}
	switch KindOf(err) {
	case Throttled:
		return "the platform asks us to slow down"
	case Uncertain:
		return "the platform did not answer, so it may or may not have arrived"
	case Refused:
		return "the platform refused it"
	case Gone:
		return "the conversation or message is no longer there"
	case LoggedOut:
		return "the account is logged out"
	case Unfunded:
		return "the account has no credit left"
	case Transient:
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "the platform did not answer in time"
	}
	return "the platform could not be reached"
}

// Unsupported is the error for an action that op's platform has no means for: Refused, and errors.Is ErrUnsupported.
func Unsupported(op, reason string) error {
	return &Error{Op: op, Kind: Refused, Reason: reason, Err: errors.ErrUnsupported}
}
