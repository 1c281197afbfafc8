package sqlite

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// given is a lease before its delivery is read.
type given struct {
	id    chat.DeliveryID
	due   int64
	token int64
	until int64
}

// give leases up to want lanes that are due at now until until. Accounts take turns; within an account the longest due
// lane comes first.
func (ls *lanes) give(want int, now, until int64, except, away map[int64]bool) []given {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.promote(now)
	var out []given
	var aside []*place
	open := make([]*account, 0, len(ls.accounts))
	for i := range ls.accounts {
		a := ls.accounts[(ls.turn+i)%len(ls.accounts)]
		if !except[a.id] {
			open = append(open, a)
		}
	}
	ls.turn++
	for len(out) < want && len(open) > 0 {
		open = slices.DeleteFunc(open, func(a *account) bool {
			if len(out) == want {
				return true
			}
			for len(a.ready) > 0 && away[a.ready[0].id] {
				aside = append(aside, a.ready[0])
				a.ready.remove(a.ready[0])
			}
			if len(a.ready) == 0 {
				return true
			}
			out = append(out, ls.lend(a.ready[0].ready[0], until))
			return false
		})
	}
	for _, p := range aside {
		p.account.ready.push(p)
	}
	ls.arm()
	slices.SortFunc(out, func(a, b given) int { return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.id, b.id)) })
	return out
}

// lend leases the first delivery of a ready lane.
func (ls *lanes) lend(l *lane, until int64) given {
	ls.takeUp(l)
	ls.endLease(l) // one that nobody settled in time
	ls.token++
	head := l.queue[0]
	l.lease, l.at = &lease{lane: l, token: ls.token, lent: []chat.DeliveryID{head.id}}, until
	ls.leases[ls.token] = l.lease
	ls.settleDown(l)
	return given{id: head.id, due: head.due, token: ls.token, until: until}
}

// claim pins the lane of a leased delivery, so that nobody is given it while its settlement is stored. It reports
// false when the lease is another's or none.
func (ls *lanes) claim(id chat.DeliveryID, token int64) (*lane, bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	le := ls.leases[token]
	if le == nil || !slices.Contains(le.lent, id) {
		return nil, false
	}
	ls.pin(le.lane)
	return le.lane, true
}

// hold pins the lane of a waiting delivery unless that is leased at now, which it reports. Not even who has leased the
// lane is given more of it until it is unpinned.
func (ls *lanes) hold(laneID int64, id chat.DeliveryID, now int64) (pinned *lane, leased bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := ls.byID[laneID]
	if l == nil {
		return nil, false
	}
	if l.isLeased(id, now) {
		return nil, true
	}
	ls.pin(l)
	l.held = true
	return l, false
}

func (ls *lanes) pin(l *lane) {
	ls.takeUp(l)
	l.pinned = true
}

// unpin gives pinned lanes free again.
func (ls *lanes) unpin(pins []*lane) {
	for _, l := range pins {
		l.pinned, l.held = false, false
		if ls.byID[l.id] == l {
			ls.settleDown(l)
		}
	}
}

func (l *lane) isLeased(id chat.DeliveryID, now int64) bool {
	return l.lease != nil && l.at > now && slices.Contains(l.lease.lent, id)
}

// busy reports whether a delivery is leased at now.
func (ls *lanes) busy(laneID int64, id chat.DeliveryID, now int64) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := ls.byID[laneID]
	return l != nil && l.isLeased(id, now)
}

// free ends leases whose deliveries could not be read.
func (ls *lanes) free(gs []given) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, g := range gs {
		if le := ls.leases[g.token]; le != nil && slices.Contains(le.lent, g.id) {
			ls.putOff(le.lane.id, g.id, g.due)
		}
	}
	ls.wake()
}

// wake wakes everybody who waits for a lane.
func (ls *lanes) wake() {
	if ls.asked {
		close(ls.woken)
		ls.woken, ls.asked = make(chan struct{}), false
	}
}

// watch gives a channel that is closed when a lane becomes due or free.
func (ls *lanes) watch() <-chan struct{} {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.promote(ls.clock().UnixNano())
	ls.asked = true
	woken := ls.woken
	if ls.ended {
		ls.wake()
	}
	ls.arm()
	return woken
}

// arm sets the alarm for when the next lane comes due by itself, if somebody waits for that.
func (ls *lanes) arm() {
	if !ls.asked || ls.ended || len(ls.future) == 0 {
		return
	}
	next := ls.future[0].at
	if ls.alarm != nil && ls.armed != 0 && ls.armed <= next {
		return // it rings early enough, and will be set again
	}
	wait := max(time.Duration(next-ls.clock().UnixNano()), 0)
	ls.armed = next
	if ls.alarm == nil {
		ls.alarm = time.AfterFunc(wait, ls.ring)
		return
	}
	ls.alarm.Reset(wait)
}

// ring wakes who waits if a lane has come due.
func (ls *lanes) ring() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.armed = 0
	if len(ls.future) > 0 && ls.future[0].at <= ls.clock().UnixNano() {
		ls.wake()
		return
	}
	ls.arm()
}

// end wakes everybody for good.
func (ls *lanes) end() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.ended = true
	ls.wake()
	if ls.alarm != nil {
		ls.alarm.Stop()
	}
}

// Lease gives the first deliveries of lanes that are due. Accounts take turns; within an account the longest due comes
// first. Leases live in memory: this process alone has the file, so all of them end with it.
func (s *Store) Lease(ctx context.Context, want store.Want) ([]store.Leased, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	except, away, err := s.unwanted(ctx, want)
	if err != nil {
		return nil, fmt.Errorf("lease: %w", err)
	}
	now := s.now()
	gs := s.lanes.give(want.Max, now, now+int64(want.For), except, away)
	if len(gs) == 0 {
		return nil, nil
	}
	out, err := s.bodies(ctx, gs)
	if err != nil {
		s.lanes.free(gs)
		return nil, fmt.Errorf("lease: %w", err)
	}
	return out, nil
}

// unwanted turns the accounts and places that can't be served into their numbers.
func (s *Store) unwanted(ctx context.Context, want store.Want) (except, away map[int64]bool, err error) {
	except, away = make(map[int64]bool, len(want.Except)), make(map[int64]bool, len(want.Places))
	for _, a := range want.Except {
		if err := s.number(ctx, string(a), except); err != nil {
			return nil, nil, err
		}
	}
	for _, c := range want.Places {
		if err := s.number(ctx, c.Place().String(), away); err != nil {
			return nil, nil, err
		}
	}
	return except, away, nil
}

func (s *Store) number(ctx context.Context, name string, into map[int64]bool) error {
	id, err := s.names.find(ctx, s.leasers, name)
	if err == nil && id != 0 {
		into[id] = true
	}
	return err
}

// bodies reads the deliveries that were given: from memory those that were admitted a moment ago, the others by one query.
func (s *Store) bodies(ctx context.Context, gs []given) ([]store.Leased, error) {
	found := make(map[chat.DeliveryID]chat.Delivery, len(gs))
	var missing []chat.DeliveryID
	for _, g := range gs {
		if d, ok := s.recent.take(g.id); ok {
			found[g.id] = d
			continue
		}
		missing = append(missing, g.id)
	}
	if len(missing) > 0 {
		ds, err := s.readAll(ctx, missing)
		if err != nil {
			return nil, err
		}
		for _, d := range ds {
			found[d.ID] = d
		}
	}
	out := make([]store.Leased, 0, len(gs))
	for _, g := range gs {
		d, ok := found[g.id]
		if !ok {
			return nil, fmt.Errorf("delivery %d: %w", g.id, store.ErrNotFound)
		}
		out = append(out, store.Leased{Delivery: d, Token: g.token, Until: timeOf(g.until)})
	}
	return out, nil
}

// readAll reads deliveries, oldest first.
func (s *Store) readAll(ctx context.Context, which []chat.DeliveryID) ([]chat.Delivery, error) {
	ids, err := json.Marshal(which)
	if err != nil {
		return nil, err
	}
	return deliveries(ctx, s.leasers, deliveryColumns+" WHERE d.id IN (SELECT value FROM json_each(?))", string(ids))
}

// Woken returns a channel that is closed as soon as a Lease may give something new, or the store is closed.
func (s *Store) Woken() <-chan struct{} { return s.lanes.watch() }
