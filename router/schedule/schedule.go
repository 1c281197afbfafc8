// Package schedule answers one question: when is something due next? Bots wake by it and desks remind by it.
//
//	spec and zone → Parse → Schedule → Next: the next slot
//	                        last slot fired, now, Policy → Due: the slots to fire now, and how many are given up
//
// It is pure: it owns no timer and reads no clock. Who runs a schedule hands the time in and remembers how far it is; a
// slot fires once across nodes because it is the same instant on every one of them.
//
// What a spec says is read off the clock on the wall of the schedule's zone. Where that clock is changed, these hold:
//
//   - A slot in an hour that is left out in spring is due at the first instant after the gap. Several such slots are one.
//   - A slot in an hour that comes twice in autumn is due in the first of the two.
//   - Where the hour is * or */n, or is all 24 hours by another name, the schedule follows the hours that really pass. It
//     is due in both of the two hours of autumn; and a slot in the gap is due after it only if the time it would have had
//     on an unchanged clock is no slot itself: "30 * * * *" is not due at 03:00 and again at 03:30.
//
// We chose github.com/robfig/cron/v3 to read specs and to walk the calendar, and not to run them nor to know zones: it
// loses the slots of spring, doubles those of autumn, and accepts specs that are never due. It is only ever asked about
// the wall, as if that were UTC.
package schedule

import (
	"time"

	"github.com/robfig/cron/v3"
)

// Schedule says when something is due. Its due times are its slots; they are the same wherever and whenever they are
// asked for. A Schedule is made by Parse, does not change, and may be used by several goroutines at once. The zero
// Schedule has no slots.
type Schedule struct {
	cron   *cron.SpecSchedule // nil with every
	zone   *time.Location
	passed bool          // follows the hours that pass, not the hours on the wall
	every  time.Duration // in whole seconds, counted from the Unix epoch; 0 with cron
}

// Equal says whether two schedules were made of the same spec, by another name perhaps, and of the same zone.
func (s Schedule) Equal(o Schedule) bool {
	if s.passed != o.passed || s.every != o.every || (s.cron == nil) != (o.cron == nil) || s.zone.String() != o.zone.String() {
		return false
	}
	return s.cron == nil || *s.cron == *o.cron
}

// Next returns the first slot later than after, in the schedule's zone. A slot is a whole second. Only the zero Schedule
// has none; it returns the zero time.
func (s Schedule) Next(after time.Time) time.Time {
	switch {
	case s.every > 0:
		return s.nextEvery(after)
	case s.cron == nil:
		return time.Time{}
	}
	for p := periodAt(after.In(s.zone)); ; p = periodAt(p.end.In(s.zone)) {
		from := later(after.Add(p.offset), p.start.Add(p.offset-1))
		if !s.passed {
			from = later(from, p.start.Add(p.before-1)) // what the wall showed before is not shown a second time
		}
		if w := s.walk(from); p.end.IsZero() || w.Before(p.end.Add(p.offset)) {
			return w.Add(-p.offset).In(s.zone)
		}
		if s.dueInGap(p) {
			return p.end.In(s.zone)
		}
	}
}

// nextEvery counts from the Unix epoch, so that slots are the same after a restart and on every node.
func (s Schedule) nextEvery(after time.Time) time.Time {
	step, unix := int64(s.every/time.Second), after.Unix()
	past := unix % step
	if past < 0 {
		past += step
	}
	return time.Unix(unix-past+step, 0).In(s.zone)
}

// dueInGap says whether the instant at which p ends is a slot because one was left out by the clock's change.
func (s Schedule) dueInGap(p period) bool {
	gap, end := p.end.Add(p.offset), p.end.Add(p.next)
	for w := s.walk(gap.Add(-1)); w.Before(end); w = s.walk(w) {
		unchanged := w.Add(p.next - p.offset)
		if !s.passed || !s.walk(unchanged.Add(-1)).Equal(unchanged) {
			return true
		}
	}
	return false
}

// walk returns the first time on the wall, written as UTC, that is later than w and matches the spec; zero when none
// does.
func (s Schedule) walk(w time.Time) time.Time {
	// The library looks no more than five years ahead, and from 2096 to 2104 no February has 29 days.
	for range 2 {
		if next := s.cron.Next(w); !next.IsZero() {
			return next
		}
		w = time.Date(w.Year()+5, time.January, 1, 0, 0, 0, 0, time.UTC).Add(-1)
	}
	return time.Time{}
}

// A period is a time in which a zone's wall clock is not changed. It may end without a change: the offset goes on. Its
// offsets are what is added to UTC.
type period struct {
	start, end           time.Time // in UTC; zero: the first or the last period
	before, offset, next time.Duration
}

func periodAt(t time.Time) period {
	start, end := t.ZoneBounds()
	if !end.IsZero() && !end.After(t) {
		// On the last day of a leap year, Go may say that the period has ended before. No zone is changed on that day.
		// https://github.com/golang/go/issues/81583
		end = time.Date(t.UTC().Year()+1, time.January, 1, 0, 0, 0, 0, time.UTC).In(t.Location())
	}
	if !start.IsZero() && offsetAt(start) != offsetAt(t) {
		// Right after the last change that a zone has by name, Go may give the one before, or the beginning of the year, by
		// the rule for what is to come: America/Ciudad_Juarez at the end of 2022.
		start = changeBetween(start, t)
	}
	p := period{start: start.UTC(), end: end.UTC(), offset: offsetAt(t)}
	p.before, p.next = p.offset, p.offset
	if !start.IsZero() {
		p.before = offsetAt(start.Add(-1))
	}
	if !end.IsZero() {
		p.next = offsetAt(end)
	}
	return p
}

// changeBetween returns the second since which the offset is that of t. Before, it is another one.
func changeBetween(before, t time.Time) time.Time {
	other, same := before.Unix(), t.Unix()
	for same-other > 1 {
		middle := other + (same-other)/2
		if offsetAt(time.Unix(middle, 0).In(t.Location())) == offsetAt(t) {
			same = middle
		} else {
			other = middle
		}
	}
	return time.Unix(same, 0).In(t.Location())
}

func offsetAt(t time.Time) time.Duration {
	_, seconds := t.Zone()
	return time.Duration(seconds) * time.Second
}

// later returns the later of two times, in UTC.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a.UTC()
	}
	return b.UTC()
}
