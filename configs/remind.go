package configs

import (
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
	"github.com/roost-im/roost/router/schedule"
)

// When a team is reminded of people who wait, where its desk's settings say no more than that it shall be.
const (
	defaultAfter = 30 * time.Minute
	defaultEvery = "*/5 * * * *"
	maxAfter     = 30 * 24 * time.Hour
)

// remind reads when a team is reminded; never, where nothing is written.
func (p *planner) remind(raw *at[rawRemind]) desk.Remind {
	if raw == nil {
		return desk.Remind{}
	}
	r := desk.Remind{After: or(raw.v.After, defaultAfter)}
	if r.After < time.Minute || r.After > maxAfter {
		p.Fault(raw.v.After.Spot, "", "wants 1m to 30d")
	}
	every, zone := raw.v.Every, raw.v.Zone
	if every.Line == 0 {
		every = at[string]{v: defaultEvery, Spot: raw.Spot}
	}
	if _, err := schedule.Parse(defaultEvery, zone.v); err != nil {
		p.Fault(zone.Spot, "", "%v", err)
	} else if r.Every, err = schedule.Parse(every.v, zone.v); err != nil {
		p.Fault(every.Spot, "write minute, hour, day, month and day of the week, as in '*/15 9-17 * * 1-5'", "%v", err)
	}
	if raw.v.To != nil && p.exists(raw.v.To.v.Account, raw.v.To.Spot) {
		r.To = chat.Conversation(raw.v.To.v)
	}
	return r
}
