package sqlite

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// lanes is what waits, in memory: for each lane the IDs of its waiting deliveries in order, and who has leased the first.
// It holds no bodies. The writer changes it after each commit; until then a lane that the commit is about is pinned, and
// no lease gives it.
//
// A lane is in one of two kinds of heap: in future until its first delivery is due (or its lease ends), then in the
// ready heap of its place, and its place in that of its account. So accounts and places that can't be served are passed
// over as a whole, however many lanes they have.
type lanes struct {
	mu       sync.Mutex
	byID     map[int64]*lane
	places   map[int64]*place
	accounts []*account
	turn     int // whose turn it is among the accounts
	future   heap[*lane]
	leases   map[int64]*lease // by token
	token    int64            // the last one
	clock    func() time.Time

	woken chan struct{} // closed when a lane becomes due or free
	asked bool          // somebody has woken
	ended bool          // the store is closed
	alarm *time.Timer   // rings when the first lane of future is due
	armed int64         // for when it is set; 0: it isn't
}

// lane is one lane with at least one waiting delivery.
type lane struct {
	id     int64
	queue  []item
	at     int64  // when it is due, or when its lease ends
	lease  *lease // nil: nobody has it
	pos    int32
	ready  bool // in the ready heap of the place of queue[0]
	queued bool // in a heap
	pinned bool // the running transaction is about it
	held   bool // the running transaction is about deliveries of it that are not leased
}

// lease is what one caller has of a lane.
type lease struct {
	lane  *lane
	token int64
	lent  []chat.DeliveryID // not settled yet, in the order of the lane
	ahead []chat.Delivery   // read together with an earlier one
}

// item is one waiting delivery.
type item struct {
	id    chat.DeliveryID
	due   int64
	place *place
}

// place is a conversation, its threads included, to which deliveries wait.
type place struct {
	id      int64
	account *account
	lanes   int // deliveries that point here
	ready   heap[*lane]
	pos     int32
}

// account holds the places of one account that have due lanes.
type account struct {
	id    int64
	ready heap[*place]
}

func (l *lane) before(o *lane) bool {
	return l.at < o.at || l.at == o.at && l.queue[0].id < o.queue[0].id
}
func (l *lane) moved(to int)          { l.pos = int32(to) } //nolint:gosec // fewer lanes than 2^31
func (l *lane) position() int         { return int(l.pos) }
func (p *place) before(o *place) bool { return p.ready[0].before(o.ready[0]) }
func (p *place) moved(to int)         { p.pos = int32(to) } //nolint:gosec // fewer places than 2^31
func (p *place) position() int        { return int(p.pos) }

func newLanes(clock func() time.Time) *lanes {
	return &lanes{
		clock:  clock,
		byID:   map[int64]*lane{},
		places: map[int64]*place{},
		leases: map[int64]*lease{},
		token:  rand.Int64N(1 << 62), // it differs from that of an earlier process
		woken:  make(chan struct{}),
	}
}

// waiter is a waiting delivery as the database knows it.
type waiter struct {
	id                   chat.DeliveryID
	lane, place, account int64
	due, turn            int64
}

// load fills an empty index.
func (ls *lanes) load(ws []waiter) {
	slices.SortFunc(ws, func(a, b waiter) int { return cmp.Compare(a.turn, b.turn) })
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, w := range ws {
		ls.add(w)
	}
}

// add puts a delivery at the end of its lane.
func (ls *lanes) add(w waiter) {
	l := ls.byID[w.lane]
	if l == nil {
		l = &lane{id: w.lane}
		ls.byID[w.lane] = l
	}
	l.queue = append(l.queue, item{id: w.id, due: w.due, place: ls.placeOf(w.place, w.account)})
	if len(l.queue) == 1 {
		l.at = w.due
		ls.settleDown(l)
	}
}

func (ls *lanes) placeOf(id, accountID int64) *place {
	p := ls.places[id]
	if p == nil {
		p = &place{id: id, account: ls.accountOf(accountID)}
		ls.places[id] = p
	}
	p.lanes++
	return p
}

func (ls *lanes) accountOf(id int64) *account {
	for _, a := range ls.accounts {
		if a.id == id {
			return a
		}
	}
	a := &account{id: id}
	ls.accounts = append(ls.accounts, a)
	return a
}

// find is a lane and where in it a delivery is; -1 when it isn't.
func (ls *lanes) find(laneID int64, id chat.DeliveryID) (*lane, int) {
	l := ls.byID[laneID]
	if l == nil {
		return nil, -1
	}
	return l, slices.IndexFunc(l.queue, func(it item) bool { return it.id == id })
}

// remove takes a delivery out of its lane.
func (ls *lanes) remove(laneID int64, id chat.DeliveryID) {
	l, i := ls.find(laneID, id)
	if i < 0 {
		return
	}
	ls.takeUp(l)
	p := l.queue[i].place
	if p.lanes--; p.lanes == 0 {
		delete(ls.places, p.id)
	}
	if i > 0 {
		l.queue = slices.Delete(l.queue, i, i+1)
	} else {
		l.queue = l.queue[1:]
	}
	ls.giveBack(l, id)
	if len(l.queue) == 0 {
		delete(ls.byID, laneID)
		return
	}
	ls.settleDown(l)
}

// putOff sets when a delivery is due again, which is leased no longer.
func (ls *lanes) putOff(laneID int64, id chat.DeliveryID, due int64) {
	l, i := ls.find(laneID, id)
	if i < 0 {
		return
	}
	ls.takeUp(l)
	l.queue[i].due = due
	ls.giveBack(l, id)
	ls.settleDown(l)
}

// giveBack takes a delivery out of the lease of its lane, which ends with its last one. The lane must be in no heap.
func (ls *lanes) giveBack(l *lane, id chat.DeliveryID) {
	if l.lease != nil {
		if i := slices.Index(l.lease.lent, id); i >= 0 {
			l.lease.lent = slices.Delete(l.lease.lent, i, i+1)
		}
		if len(l.lease.lent) > 0 {
			return
		}
		ls.endLease(l)
	}
	if len(l.queue) > 0 {
		l.at = l.queue[0].due
	}
}

func (ls *lanes) endLease(l *lane) {
	if l.lease != nil {
		delete(ls.leases, l.lease.token)
		l.lease = nil
	}
}

// takeUp takes a lane out of the heap that it is in.
func (ls *lanes) takeUp(l *lane) {
	switch {
	case !l.queued:
	case l.ready:
		l.queue[0].place.drop(l)
	default:
		ls.future.remove(l)
	}
	l.queued, l.ready = false, false
}

// settleDown puts a lane that is in no heap where it waits for its time.
func (ls *lanes) settleDown(l *lane) {
	if l.pinned || l.queued {
		return
	}
	l.queued = true
	ls.future.push(l)
}

// drop takes a due lane out of its place.
func (p *place) drop(l *lane) {
	p.ready.remove(l)
	if len(p.ready) == 0 {
		p.account.ready.remove(p)
		return
	}
	p.account.ready.fix(p)
}

// gather puts a due lane into its place.
func (p *place) gather(l *lane) {
	p.ready.push(l)
	if len(p.ready) == 1 {
		p.account.ready.push(p)
		return
	}
	p.account.ready.fix(p)
}

// promote makes the lanes ready whose time has come, and wakes who waits for them.
func (ls *lanes) promote(now int64) {
	if len(ls.future) > 0 && ls.future[0].at <= now {
		ls.wake()
	}
	for len(ls.future) > 0 && ls.future[0].at <= now {
		l := ls.future[0]
		ls.future.remove(l)
		l.ready = true
		l.queue[0].place.gather(l)
	}
}
