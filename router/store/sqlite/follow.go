package sqlite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// readAhead is how many deliveries of a lane are read at once when it runs ahead through an old backlog: enough to make
// one query of many, few enough that thousands of lanes may do so.
const readAhead = 16

// Follow gives the next delivery of a leased lane under the same lease.
func (s *Store) Follow(ctx context.Context, token int64, hold time.Duration) (store.Leased, bool, error) {
	if err := s.usable(ctx); err != nil {
		return store.Leased{}, false, err
	}
	now := s.now()
	g, ok := s.lanes.follow(token, now, now+int64(hold))
	if !ok {
		return store.Leased{}, false, nil
	}
	d, err := s.next(ctx, g)
	if err != nil {
		s.lanes.free([]given{g})
		return store.Leased{}, false, fmt.Errorf("follow: %w", err)
	}
	return store.Leased{Delivery: d, Token: token, Until: timeOf(g.until)}, true, nil
}

// follow lends one more delivery of a leased lane: the first that is not lent.
func (ls *lanes) follow(token, now, until int64) (given, bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	le := ls.leases[token]
	if le == nil || le.lane.held || le.lane.at <= now {
		return given{}, false
	}
	i := le.next()
	if i == len(le.lane.queue) || le.lane.queue[i].due > now {
		return given{}, false
	}
	it := le.lane.queue[i]
	le.lent = slices.Insert(le.lent, i, it.id)
	ls.takeUp(le.lane)
	le.lane.at = until
	ls.settleDown(le.lane)
	return given{id: it.id, due: it.due, token: token, until: until}, true
}

// next is where in its lane the first delivery is that is not lent.
func (le *lease) next() int {
	for i, id := range le.lent {
		if le.lane.queue[i].id != id {
			return i
		}
	}
	return len(le.lent)
}

// next reads a delivery that was given by follow: from memory when it was admitted a moment ago or was read with an
// earlier one, and otherwise together with those behind it.
func (s *Store) next(ctx context.Context, g given) (chat.Delivery, error) {
	if d, ok := s.recent.take(g.id); ok {
		return d, nil
	}
	d, ok, behind := s.lanes.ahead(g)
	if ok {
		return d, nil
	}
	ds, err := s.readAll(ctx, behind)
	if err != nil {
		return d, err
	}
	i := slices.IndexFunc(ds, func(d chat.Delivery) bool { return d.ID == g.id })
	if i < 0 {
		return d, fmt.Errorf("delivery %d: %w", g.id, store.ErrNotFound)
	}
	d = ds[i]
	s.lanes.keepAhead(g.token, slices.Delete(ds, i, i+1))
	return d, nil
}

// ahead takes a delivery out of those that were read together with an earlier one. When it isn't among them it says what
// to read instead: the delivery and those behind it.
func (ls *lanes) ahead(g given) (d chat.Delivery, ok bool, behind []chat.DeliveryID) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	behind = append(behind, g.id)
	le := ls.leases[g.token]
	if le == nil {
		return d, false, behind
	}
	if i := slices.IndexFunc(le.ahead, func(d chat.Delivery) bool { return d.ID == g.id }); i >= 0 {
		d = le.ahead[i]
		le.ahead = slices.Delete(le.ahead, i, i+1)
		return d, true, nil
	}
	for _, it := range le.lane.queue[le.next():] {
		if len(behind) == readAhead {
			break
		}
		behind = append(behind, it.id)
	}
	return d, false, behind
}

// keepAhead remembers deliveries for as long as their lane is leased: until one is lent, nothing of it changes but that
// it may be cancelled.
func (ls *lanes) keepAhead(token int64, ds []chat.Delivery) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if le := ls.leases[token]; le != nil {
		le.ahead = ds
	}
}
