package bridges

import (
	"sync"
	"time"
)

// Cache remembers what a platform told, such as names, for a time and no more than so many. It is safe for concurrent use.
type Cache[V any] struct {
	most int
	life time.Duration
	now  func() time.Time

	mu   sync.Mutex
	held map[string]aged[V]
}

type aged[V any] struct {
	value V
	until time.Time
}

// NewCache makes a cache of at most so many values, each of which is fresh for life by the clock now.
func NewCache[V any](most int, life time.Duration, now func() time.Time) *Cache[V] {
	return &Cache[V]{most: most, life: life, now: now, held: map[string]aged[V]{}}
}

// Get gives what was put under key last; the zero value when nothing is held. What is not fresh is out of date, which is
// better than nothing when the platform does not answer.
func (c *Cache[V]) Get(key string) (v V, fresh bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	one, ok := c.held[key]
	return one.value, ok && c.now().Before(one.until)
}

// Put holds v under key.
func (c *Cache[V]) Put(key string, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(key, v)
}

// Refresh makes fresh again what is held under key, or holds v when nothing is.
func (c *Cache[V]) Refresh(key string, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one, ok := c.held[key]; ok {
		v = one.value
	}
	c.put(key, v)
}

// Forget drops what is held under key.
func (c *Cache[V]) Forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.held, key)
}

func (c *Cache[V]) put(key string, v V) {
	now := c.now()
	if _, ok := c.held[key]; !ok && len(c.held) >= c.most {
		c.makeRoom(now)
	}
	c.held[key] = aged[V]{value: v, until: now.Add(c.life)}
}

// makeRoom drops what is out of date, and one in four of the rest: it is asked for again when needed.
func (c *Cache[V]) makeRoom(now time.Time) {
	n := 0
	for key, one := range c.held {
		if fresh := now.Before(one.until); !fresh || n%4 == 0 {
			delete(c.held, key)
		}
		n++
	}
}
