package router

import (
	"context"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// Explanation says what would follow from an event.
type Explanation struct {
	Why        []string // which rules had a part in it, and which stopped it
	Deliveries []chat.Delivery
	Opens      bool // a case would be opened
}

// Explain says what would follow from an event if it came now. It changes nothing.
func (r *Router) Explain(ctx context.Context, ev chat.Event) (Explanation, error) {
	var x Explanation
	err := r.cfg.Store.Read(ctx, func(v store.Reader) error {
		changes, why, err := r.consider(v, ev)
		x.Why, x.Deliveries = why, changes.Deliveries
		for _, c := range changes.Cases {
			if _, err := v.Case(c.ID); err != nil {
				x.Opens = true
			}
		}
		return err
	})
	return x, err
}
