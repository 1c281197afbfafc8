package x

import "time"

// Hurry makes a connector poll and try again quickly.
func (c *Connector) Hurry(poll time.Duration) {
	c.cfg.PollEvery = poll
	c.pace = pace{first: 5 * time.Millisecond, most: 50 * time.Millisecond, quiet: 10 * time.Second, check: time.Hour}
}

// Quiet sets after which silence a stream is dead.
func (c *Connector) Quiet(d time.Duration) { c.pace.quiet = d }
