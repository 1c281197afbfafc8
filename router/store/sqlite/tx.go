package sqlite

import (
	"fmt"
	"maps"

	"github.com/roost-im/roost/router/chat"
)

// tx is the running transaction of a group of calls, and what its commit will change in memory.
type tx struct {
	view
	s       *Store
	c       *conn
	now     int64
	numbers numbers
	fresh   map[string]int64         // names given numbers here
	ended   map[chat.DeliveryID]bool // leases that were settled here
	counts  [cancelled + 1]int64
	effects []effect
	added   []chat.Delivery
	pins    []*lane
}

// numbers are the next free IDs. The writer alone gives them out.
type numbers struct {
	name, event, delivery, line, matter, journal, stamp int64
}

// effect is one change of the lanes.
type effect struct {
	kind effectKind
	waiter
}

type effectKind int

const (
	begins  effectKind = iota // a delivery starts to wait
	ends                      // it does not wait any more
	putsOff                   // it is due at another time
)

func newTx(s *Store, c *conn) *tx {
	t := &tx{s: s, c: c}
	t.view = view{ctx: c.ctx, q: c, name: t.number, busy: t.hold}
	t.reset()
	return t
}

// reset forgets what an attempt did that was rolled back. Pins stay.
func (t *tx) reset() {
	t.now = t.s.now()
	t.numbers = t.s.numbers
	t.fresh = map[string]int64{}
	t.ended = map[chat.DeliveryID]bool{}
	clear(t.counts[:])
	t.effects, t.added = nil, nil
}

// mark is how far a transaction had come before a call.
type mark struct {
	counts         [cancelled + 1]int64
	effects, added int
	fresh          map[string]int64
	ended          map[chat.DeliveryID]bool
}

func (t *tx) mark() mark {
	return mark{
		counts: t.counts, effects: len(t.effects), added: len(t.added),
		fresh: maps.Clone(t.fresh), ended: maps.Clone(t.ended),
	}
}

// back forgets what came after m, except numbers, which may stay unused.
func (t *tx) back(m mark) {
	t.counts, t.fresh, t.ended = m.counts, m.fresh, m.ended
	t.effects, t.added = t.effects[:m.effects], t.added[:m.added]
}

// finish writes what all calls share: the counts.
func (t *tx) finish() error {
	for state, n := range t.counts {
		if n == 0 {
			continue
		}
		err := t.c.exec("INSERT INTO counts (state, n) VALUES (?1, ?2) ON CONFLICT (state) DO UPDATE SET n = n + ?2", state, n)
		if err != nil {
			return fmt.Errorf("counts: %w", err)
		}
	}
	return nil
}

// publish makes what was committed known to the lanes and the caches.
func (t *tx) publish() {
	t.s.numbers = t.numbers
	for name, id := range t.fresh {
		t.s.names.set(name, id)
	}
	if len(t.added) > 0 {
		t.s.recent.add(t.added)
	}
	ls := t.s.lanes
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, e := range t.effects {
		switch e.kind {
		case begins:
			ls.add(e.waiter)
		case ends:
			ls.remove(e.lane, e.id)
		case putsOff:
			ls.putOff(e.lane, e.id, e.due)
		}
	}
}

// release gives the pinned lanes free and wakes who waits for lanes.
func (t *tx) release() {
	if len(t.effects) == 0 && len(t.pins) == 0 {
		return
	}
	ls := t.s.lanes
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.unpin(t.pins)
	ls.wake()
	ls.arm()
}

// number is the number of a name that is stored, 0 when there is none.
func (t *tx) number(name string) (int64, error) {
	if id, ok := t.fresh[name]; ok {
		return id, nil
	}
	return t.s.names.find(t.ctx, t.c, name)
}

// intern is the number of a name, which is stored if it was not.
func (t *tx) intern(name string) (int64, error) {
	id, err := t.number(name)
	if err != nil || id != 0 {
		return id, err
	}
	id = t.numbers.name
	t.numbers.name++
	if err := t.c.exec("INSERT INTO names (id, name) VALUES (?, ?)", id, name); err != nil {
		return 0, fmt.Errorf("names: %w", err)
	}
	t.fresh[name] = id
	return id, nil
}

// hold keeps a waiting delivery from being leased until the transaction ends. It reports that it is leased already.
func (t *tx) hold(laneID int64, id chat.DeliveryID) bool {
	l, leased := t.s.lanes.hold(laneID, id, t.now)
	if l != nil {
		t.pins = append(t.pins, l)
	}
	return leased
}

// stamp is the present time, but never the same twice, so that what it marks has an order.
func (t *tx) stamp() int64 {
	t.numbers.stamp = max(t.now, t.numbers.stamp+1)
	return t.numbers.stamp
}
