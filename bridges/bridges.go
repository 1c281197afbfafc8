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
	// Commands are what members can tell a desk by a word. A connector whose platform takes words for that shows them in
	// Surfaces, and gives what is said in a case's thread there as chat.Pressed. nil: there are none.
	Commands []Command
	// Surfaces are the places of the account in which desks show their cases. nil: no desk does.
	Surfaces []chat.Conversation
	// Menu is what people can tell bots by a word. A connector whose platform lists such words for people to choose from shows
	// them where bots listen, beside those of desks, and follows its changes; on Surfaces no bot listens. nil: there is none.
	Menu *Menu
	// Journal is the account's own log, for a connector whose readers come and fetch. nil: in memory, until the process ends.
	Journal Journal
	// Skip counts a wire event that could not be understood and keeps it for roost doctor. nil: it is dropped.
	Skip func(kind string, raw []byte)
}

// Journal is an append-only log of one account. It is safe for concurrent use.
type Journal interface {
	// Append puts body at the end under key, and returns when it is on disk. A key that is there already is not put there
	// again.
	Append(ctx context.Context, key string, body []byte) error
	// Read gives up to limit entries with sequence numbers above after, in order.
	Read(ctx context.Context, after int64, limit int) ([]Entry, error)
	// Grown returns a channel that is closed when something is appended after the call.
	Grown() <-chan struct{}
}

// Entry is one entry of a Journal. Sequence numbers grow, with gaps where old entries were removed.
type Entry struct {
	Seq  int64
	At   time.Time
	Key  string
	Body []byte
}

// Keeper keeps small values of one account: tokens, cursors of its own, budgets spent. A value is on disk when Keep
// returns. It is safe for concurrent use.
type Keeper interface {
	// Kept returns nil and no error when nothing is kept under key.
	Kept(ctx context.Context, key string) ([]byte, error)
	// Keep replaces the value under key; nil removes it.
	Keep(ctx context.Context, key string, value []byte) error
}
