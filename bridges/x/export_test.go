package x

import (
	"context"
	"time"

	"github.com/roost-im/roost/bridges/x/internal/encrypted"
)

// Hurry makes a connector poll and try again quickly.
func (c *Connector) Hurry(poll time.Duration) {
	c.cfg.PollEvery = poll
	c.pace = pace{first: 5 * time.Millisecond, most: 50 * time.Millisecond, quiet: 10 * time.Second, check: time.Hour}
}

// Quiet sets after which silence a stream is dead.
func (c *Connector) Quiet(d time.Duration) { c.pace.quiet = d }

// OwnChatKeys is the version and the fingerprint of the account's keys for encrypted messages; empty when it has none.
func (c *Connector) OwnChatKeys(ctx context.Context) (version, fingerprint string, err error) {
	t, err := encrypted.Open(ctx, c.home(), c.made)
	if err != nil || t == nil {
		return "", "", err
	}
	return t.Version(), t.Fingerprint(), nil
}

// FindKeys looks for the account's keys for encrypted messages, as a start does.
func (c *Connector) FindKeys(ctx context.Context) error {
	_, err := c.encrypted(ctx)
	return err
}
