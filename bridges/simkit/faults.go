package simkit

import "slices"

// Faults are ways to misbehave that wait for the calls they are planned for. Who uses it guards it.
type Faults[F any] struct {
	planned []*plan[F]
}

type plan[F any] struct {
	call  string
	fault F
	left  int // 0: it stays
}

// Plan has the next calls of a name misbehave, so many times; 0 until Clear. "" stands for every call.
func (p *Faults[F]) Plan(call string, times int, f F) {
	p.planned = append(p.planned, &plan[F]{call: call, fault: f, left: times})
}

// Take uses up the fault that was planned first for a call; the zero F when there is none. same says whether two names are of
// the same call.
func (p *Faults[F]) Take(call string, same func(planned, call string) bool) F {
	i := slices.IndexFunc(p.planned, func(x *plan[F]) bool { return x.call == "" || same(x.call, call) })
	if i < 0 {
		var none F
		return none
	}
	x := p.planned[i]
	if x.left > 0 {
		if x.left--; x.left == 0 {
			p.planned = slices.Delete(p.planned, i, i+1)
		}
	}
	return x.fault
}

// Clear forgets every fault.
func (p *Faults[F]) Clear() { p.planned = nil }

// Exactly says whether two names are the same, letter by letter; for Take.
func Exactly(planned, call string) bool { return planned == call }
