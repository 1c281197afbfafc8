package schedule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	// DefaultWithin is how late a missed slot may be by the default policy.
	DefaultWithin = time.Hour
	// MaxUpTo is how many missed slots a policy may fire at once.
	MaxUpTo = 1000
)

// Policy says what becomes of slots that were missed because nobody was there to fire them. The zero Policy is the
// default, once within DefaultWithin.
type Policy struct {
	kind   kind
	within time.Duration // of once; 0: DefaultWithin
	upTo   int           // of all
}

type kind int

const (
	once kind = iota
	skip
	all
)

// Skip fires no missed slot.
func Skip() Policy { return Policy{kind: skip} }

// OnceWithin fires one slot for all that were missed, the newest, if it is no older than d. If another is due right now,
// that one stands for them. d is positive; OnceWithin panics on another.
func OnceWithin(d time.Duration) Policy {
	if d <= 0 {
		panic(fmt.Sprintf("schedule: once within %v", d))
	}
	return Policy{kind: once, within: d}
}

// AllUpTo fires the newest n slots that were missed, the oldest of them first, and then the one that is due right now. n
// is 1 to MaxUpTo; AllUpTo panics on another.
func AllUpTo(n int) Policy {
	if n < 1 || n > MaxUpTo {
		panic(fmt.Sprintf("schedule: all up to %d", n))
	}
	return Policy{kind: all, upTo: n}
}

// ParsePolicy reads "skip", "once within 2h" or "all up to 10"; "" is the default.
func ParsePolicy(text string) (Policy, error) {
	p, err := parsePolicy(strings.Join(strings.Fields(text), " "))
	if err != nil {
		return Policy{}, fmt.Errorf("missed %s: %w", quote(text), err)
	}
	return p, nil
}

func parsePolicy(text string) (Policy, error) {
	switch text {
	case "":
		return Policy{}, nil
	case "skip":
		return Skip(), nil
	}
	if d, found := strings.CutPrefix(text, "once within "); found {
		within, err := time.ParseDuration(d)
		if err != nil || within <= 0 {
			return Policy{}, fmt.Errorf("%q is no time to be late: write once within 2h, or once within 30m", d)
		}
		return OnceWithin(within), nil
	}
	if n, found := strings.CutPrefix(text, "all up to "); found {
		upTo, err := strconv.Atoi(n)
		if err != nil || upTo < 1 || upTo > MaxUpTo {
			return Policy{}, fmt.Errorf("%q is no number from 1 to %d", n, MaxUpTo)
		}
		return AllUpTo(upTo), nil
	}
	return Policy{}, errors.New("write skip, once within 1h, or all up to 10")
}

// String returns the policy as ParsePolicy reads it.
func (p Policy) String() string {
	switch p.kind {
	case skip:
		return "skip"
	case all:
		return "all up to " + strconv.Itoa(p.upTo)
	case once:
		return "once within " + brief(p.late())
	default:
		return "policy " + strconv.Itoa(int(p.kind))
	}
}

func (p Policy) late() time.Duration {
	if p.within == 0 {
		return DefaultWithin
	}
	return p.within
}

// takes says whether a missed slot of an age fires too, when so many newer ones were missed and fire, and perhaps one
// that is due right now.
func (p Policy) takes(age time.Duration, missed int, current bool) bool {
	switch p.kind {
	case once:
		return missed == 0 && !current && age <= p.late()
	case all:
		return missed < p.upTo
	case skip:
	}
	return false
}

// brief writes a duration without the units that are nothing: 1h, not 1h0m0s.
func brief(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
