package sqlite

import (
	"sync"

	"github.com/roost-im/roost/router/chat"
)

// cache remembers up to about twice limit values: when the young ones are that many, the old ones are forgotten and the
// young ones become old. It is safe for concurrent use.
type cache[K comparable, V any] struct {
	limit int

	mu    sync.Mutex
	young map[K]V
	old   map[K]V
}

func newCache[K comparable, V any](limit int) *cache[K, V] {
	return &cache[K, V]{limit: limit, young: map[K]V{}}
}

func (c *cache[K, V]) get(k K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.young[k]
	if ok {
		return v, true
	}
	if v, ok = c.old[k]; ok {
		c.put(k, v)
	}
	return v, ok
}

func (c *cache[K, V]) set(k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(k, v)
}

func (c *cache[K, V]) put(k K, v V) {
	if len(c.young) >= c.limit {
		c.young, c.old = make(map[K]V, c.limit), c.young
	}
	c.young[k] = v
}

// recent holds deliveries that were admitted a moment ago, so that leasing them needs no read. Each is taken once: two
// leases never share memory.
type recent struct {
	mu    sync.Mutex
	byID  map[chat.DeliveryID]chat.Delivery
	order []chat.DeliveryID // in the order of coming; some may be taken
}

const (
	recentCount = 8192
	recentSize  = 2048 // bytes of body; larger ones are read
)

func newRecent() *recent { return &recent{byID: map[chat.DeliveryID]chat.Delivery{}} }

// add remembers deliveries and forgets the oldest ones.
func (r *recent) add(ds []chat.Delivery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range ds {
		r.byID[d.ID] = d
		r.order = append(r.order, d.ID)
	}
	if over := len(r.order) - recentCount; over > 0 {
		for _, id := range r.order[:over] {
			delete(r.byID, id)
		}
		r.order = r.order[over:]
	}
}

func (r *recent) take(id chat.DeliveryID) (chat.Delivery, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d, ok := r.byID[id]
	delete(r.byID, id)
	return d, ok
}
