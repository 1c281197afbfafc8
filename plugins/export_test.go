package plugins

import "time"

// Quick makes things take less time than they usually may.
func (c *Config) Quick() {
	c.pace = pace{start: 2 * time.Second, ping: 50 * time.Millisecond, grace: time.Second, again: 10 * time.Millisecond}
}

// Running says whether the program runs now.
func (p *Program) Running() bool {
	p.r.mu.Lock()
	defer p.r.mu.Unlock()
	return p.r.now != nil
}
