// Package bridges is what connectors share: secrets that can't leak, an HTTP client that tells what may have arrived,
// and checks of signed webhooks. What speaks to one platform is in that platform's own package below.
package bridges

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// Deps is what a connector is given when it is made.
type Deps struct {
	Account chat.Account
	Log     *slog.Logger     // with the account already on it; nil: nothing is logged
	Client  *http.Client     // nil: NewClient()
	Keep    Keeper           // what the account must not forget; encrypted at rest; nil: in memory, until the process ends
	Now     func() time.Time // nil: time.Now
	// Mount serves h under a path of the public web address until the returned function is called. nil: there is no web
	// address, and webhooks can't be used.
	Mount func(path string, h http.Handler) (unmount func(), err error)
	// Public is the address below which the world reaches what is mounted, without a slash at its end:
	// https://roost.example.org/hooks. Empty: it is not known.
	Public string
	// Skip counts a wire event that could not be understood and keeps it for roost doctor. nil: it is dropped.
	Skip func(kind string, raw []byte)
}

// Keeper keeps small values of one account: tokens, cursors of its own, budgets spent. A value is on disk when Keep
// returns. It is safe for concurrent use.
type Keeper interface {
	// Kept returns nil and no error when nothing is kept under key.
	Kept(ctx context.Context, key string) ([]byte, error)
	// Keep replaces the value under key; nil removes it.
	Keep(ctx context.Context, key string, value []byte) error
}
