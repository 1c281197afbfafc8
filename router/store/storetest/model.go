package storetest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// model is a store in its simplest form: one list of deliveries in the order of their turns.
type model struct {
	events map[chat.EventID]bool
	queue  []*modelled
	leases map[chat.DeliveryID]store.Leased
	marked
}

type modelled struct {
	id    chat.DeliveryID
	lane  string
	state chat.State
	due   time.Time
	tries int
	begun bool
}

// is says how d differs from what the model knows.
func (m *modelled) is(d chat.Delivery) error {
	if d.ID != m.id || d.State != m.state || d.Tries != m.tries || d.First.IsZero() == m.begun {
		return fmt.Errorf("delivery %d is %s after %d tries, begun %v; want %+v", d.ID, d.State, d.Tries, d.First, *m)
	}
	return nil
}

func (m *model) find(id chat.DeliveryID) *modelled {
	i := slices.IndexFunc(m.queue, func(d *modelled) bool { return d.id == id })
	return m.queue[i]
}

// leased says whether a delivery is leased now.
func (m *model) leased(d *modelled) bool {
	l, ok := m.leases[d.id]
	return ok && time.Now().Before(l.Until)
}

// heads are the deliveries that a Lease may give now.
func (m *model) heads() (out []chat.DeliveryID) {
	seen := map[string]bool{}
	for _, d := range m.queue {
		if d.state == chat.Waiting && m.leased(d) {
			seen[d.lane] = true
		}
	}
	for _, d := range m.queue {
		if d.state != chat.Waiting || seen[d.lane] {
			continue
		}
		seen[d.lane] = true
		if !d.due.After(time.Now()) {
			out = append(out, d.id)
		}
	}
	slices.Sort(out)
	return out
}

// cancel, replay and confirm do to a delivery what Changes do.
func (m *model) cancel(d *modelled) {
	if d.state == chat.Waiting && !m.leased(d) {
		d.state = chat.Cancelled
		delete(m.leases, d.id)
	}
}

func (m *model) replay(d *modelled) {
	if d.state != chat.Dead && d.state != chat.Rejected && d.state != chat.Held {
		return
	}
	d.state, d.tries, d.begun, d.due = chat.Waiting, 0, false, time.Now()
	m.queue = append(slices.DeleteFunc(m.queue, func(o *modelled) bool { return o == d }), d)
}

func (m *model) confirm(d *modelled) {
	if d.state == chat.Held {
		d.state = chat.Sent
	}
}

// settle does what Settle does, and says whether the lease was still good.
func (m *model) settle(l store.Leased, s chat.State, due time.Time) bool {
	d := m.find(l.ID)
	if m.leases[l.ID].Token != l.Token || d.state != chat.Waiting {
		return false
	}
	delete(m.leases, l.ID)
	d.state, d.due, d.tries = s, due, d.tries+1
	return true
}

// step is one thing that is done to both; which one and to what is made from the numbers.
type step struct{ Op, Which, How, More uint8 }

// machine runs a store and the model side by side.
type machine struct {
	*world
	m     model
	given []store.Leased // all leases that were ever given
}

// agrees plays steps and returns where store and model differ.
func agrees(w *world, steps []step) error {
	x := &machine{world: w, m: model{events: map[chat.EventID]bool{}, leases: map[chat.DeliveryID]store.Leased{}}}
	moves := []func(step) error{
		x.admits, x.admits, x.leases, x.leases, x.settles, x.settles, x.changes, x.begins, x.passes, x.crashes,
		x.reacts, x.writes, x.follows, x.follows, x.follows,
	}
	for i, s := range steps {
		if err := errors.Join(moves[int(s.Op)%len(moves)](s), x.agree()); err != nil {
			return fmt.Errorf("step %d, %+v: %w", i, s, err)
		}
	}
	return nil
}

// admits takes in an event, new or not, with up to three deliveries; one plan in eight fails.
func (x *machine) admits(s step) error {
	id := chat.EventID(fmt.Sprint("e", s.Which))
	fail := s.More >= 224
	var ch store.Changes
	var more []*modelled
	for i := range s.How % 4 {
		d := &modelled{lane: fmt.Sprint("L", (s.More+i*i)%5), state: chat.Waiting, due: time.Now()}
		out := to(d.lane, "x")
		if wait := (s.How/4 + i) % 3; wait > 0 {
			d.due = d.due.Add(time.Duration(wait) * time.Minute)
			out.Due = d.due
		}
		ch.Deliveries, more = append(ch.Deliveries, out), append(more, d)
	}
	fresh, err := x.s.Admit(x.ctx(), here, chat.Batch{Events: []chat.Event{named(string(id))}},
		func(store.View, chat.Event) (store.Changes, error) {
			if fail {
				return ch, errPlan
			}
			return ch, nil
		})
	isNew := !x.m.events[id]
	if failed := errors.Is(err, errPlan); failed != (fail && isNew) || !failed && (err != nil || (fresh == 1) != isNew) {
		return fmt.Errorf("admit %s: %d, %w; new %t, failing %t", id, fresh, err, isNew, fail)
	}
	if !isNew || fail {
		return nil
	}
	x.m.events[id] = true
	ds := x.find(store.DeliveryFilter{Limit: len(more) + 1})
	for i, d := range more {
		d.id = ds[len(more)-1-i].ID
		x.m.queue = append(x.m.queue, d)
	}
	return nil
}

func (x *machine) leases(s step) error {
	most := 1 + int(s.How%4)
	heads := x.m.heads()
	ls, err := x.s.Lease(x.ctx(), store.Want{Max: most, For: time.Minute})
	if err != nil || len(ls) != min(most, len(heads)) {
		return fmt.Errorf("lease of %d: %d, %w; want of %v", most, len(ls), err, heads)
	}
	for _, l := range ls {
		if !slices.Contains(heads, l.ID) {
			return fmt.Errorf("leased %d, want one of %v", l.ID, heads)
		}
		if err := x.m.find(l.ID).is(l.Delivery); err != nil {
			return err
		}
		lane := x.m.find(l.ID).lane
		maps.DeleteFunc(x.m.leases, func(id chat.DeliveryID, _ store.Leased) bool { return x.m.find(id).lane == lane })
		x.m.leases[l.ID] = l
		x.given = append(x.given, l)
	}
	return nil
}

// picked is one of the last leases that were given, most of them over.
func (x *machine) picked(s step) (l store.Leased, ok bool) {
	n := len(x.given)
	if n == 0 {
		return l, false
	}
	return x.given[n-1-int(s.Which)%min(n, 6)], true
}

func (x *machine) settles(s step) error {
	l, ok := x.picked(s)
	if !ok {
		return nil
	}
	states := []chat.State{chat.Waiting, chat.Waiting, chat.Held, chat.Sent, chat.Rejected, chat.Dead}
	state, due := states[int(s.How)%len(states)], time.Now().Add(time.Duration(s.More%3)*time.Minute)
	err := x.s.Settle(x.ctx(), store.Settlement{ID: l.ID, Token: l.Token, State: state, Due: due, Tried: true})
	return good("settle", err, x.m.settle(l, state, due))
}

func (x *machine) begins(s step) error {
	l, ok := x.picked(s)
	if !ok {
		return nil
	}
	d := x.m.find(l.ID)
	ok = x.m.leases[l.ID].Token == l.Token && d.state == chat.Waiting
	d.begun = d.begun || ok
	return good("begin", x.s.Begin(x.ctx(), l.ID, l.Token, time.Now()), ok)
}

// good says whether a call failed with ErrLeaseLost exactly when it should.
func good(what string, err error, want bool) error {
	if want != (err == nil) || err != nil && !errors.Is(err, store.ErrLeaseLost) {
		return fmt.Errorf("%s: %w, want success %t", what, err, want)
	}
	return nil
}

func (x *machine) changes(s step) error {
	if len(x.m.queue) == 0 {
		return nil
	}
	d := x.m.queue[int(s.Which)%len(x.m.queue)]
	var ch store.Changes
	switch ids := []chat.DeliveryID{d.id}; s.How % 3 {
	case 0:
		ch.Cancel = ids
		x.m.cancel(d)
	case 1:
		ch.Replay = ids
		x.m.replay(d)
	default:
		ch.Confirm = ids
		x.m.confirm(d)
	}
	return x.s.Change(x.ctx(), func(store.View) (store.Changes, error) { return ch, nil })
}

func (x *machine) passes(s step) error {
	x.pass(time.Duration(1+s.How%90) * time.Second)
	return nil
}

func (x *machine) crashes(s step) error {
	if s.How%2 == 0 {
		x.crash()
	} else {
		x.reopen()
	}
	clear(x.m.leases)
	return nil
}

// agree compares all deliveries and counts.
func (x *machine) agree() error {
	want := slices.Clone(x.m.queue)
	slices.SortFunc(want, func(a, b *modelled) int { return cmp.Compare(b.id, a.id) })
	got := x.find(store.DeliveryFilter{Limit: 10_000})
	if len(got) != len(want) {
		return fmt.Errorf("%d deliveries, want %d", len(got), len(want))
	}
	for i, d := range got {
		if err := want[i].is(d); err != nil {
			return err
		}
	}
	x.counts()
	return x.agreeMarks()
}
