package schedule

import (
	"slices"
	"time"
)

const (
	// Grace is how late a slot may be fired and still counts as due right now. One of this age or older was missed.
	Grace = time.Minute
	// MaxDropped is how far Due counts.
	MaxDropped = 10_000
)

// Due says what is to be done at now about the slots later than last, which is the newest slot that was seen to, or the
// instant since which the schedule exists. It returns the slots to fire, the oldest first, and how many others were
// missed and are given up; MaxDropped stands for as many or more. The newest slot, if it is younger than Grace, always
// fires. The policy decides on those before it.
//
// All slots up to now are thereby seen to, so the caller remembers now as the next last, unless its last is later: then
// the clock was put back, and nothing is due until it has caught up.
//
// The work is bounded however long the pause was, and so is the answer: at most MaxUpTo+1 slots.
func (s Schedule) Due(last, now time.Time, missed Policy) (fire []time.Time, dropped int) {
	newest, found := s.newest(last, now)
	if !found {
		return nil, 0
	}
	current := now.Sub(newest) < Grace
	if current {
		fire = append(fire, newest)
		newest, found = s.newest(last, newest.Add(-1))
	}
	for n := 0; found && missed.takes(now.Sub(newest), n, current); n++ {
		fire = append(fire, newest)
		newest, found = s.newest(last, newest.Add(-1))
	}
	slices.Reverse(fire)
	if !found {
		return fire, 0
	}
	return fire, s.count(last, newest)
}

// count returns how many slots are later than after and no later than until, and MaxDropped if they are more.
func (s Schedule) count(after, until time.Time) int {
	n := 0
	for slot := s.Next(after); n < MaxDropped && !slot.After(until); slot = s.Next(slot) {
		n++
	}
	return n
}

// newest returns the last slot that is later than after and no later than until, if there is one. It asks for the next
// slot some tens of times, however many lie between: first ever longer before until, then by halves.
func (s Schedule) newest(after, until time.Time) (slot time.Time, found bool) {
	first := s.Next(after)
	if first.IsZero() || first.After(until) {
		return time.Time{}, false
	}
	slot, end := first, until // a slot, and an instant after which there is none up to until
	for back := time.Minute; back < until.Sub(first)/2; back *= 2 {
		if next := s.Next(until.Add(-back)); !next.After(until) {
			slot = next
			break
		}
		end = until.Add(-back)
	}
	for {
		next := s.Next(slot)
		if next.After(until) {
			return slot, true
		}
		slot = next
		middle := slot.Add(end.Sub(slot) / 2)
		if next = s.Next(middle); next.After(until) {
			end = middle
		} else {
			slot = next
		}
	}
}
