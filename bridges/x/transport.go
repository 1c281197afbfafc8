package x

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// transport is one way of X's for direct messages whose events are in one list. It is safe for concurrent use.
type transport interface {
	// post writes a message.
	post(ctx context.Context, p chat.Post) (chat.Receipt, error)
	// find looks for a post that may have arrived at or after since.
	find(ctx context.Context, p chat.Post, since time.Time) (chat.Receipt, bool, error)
	// fetch opens a file that arrived.
	fetch(ctx context.Context, f chat.File) (io.ReadCloser, error)
	// after is what happened after an event, oldest first.
	after(ctx context.Context, event snowflake) ([]arrival, error)
	// live is what an event of the Activity API says. ok is false when it is of no kind that the transport knows.
	live(kind string, payload json.RawMessage) (events []chat.Event, ok bool)
}

// arrival is what one event of X says: several events when several people came or went, and none when nobody knows its
// kind.
type arrival struct {
	id     snowflake
	events []chat.Event
	kind   string // as X writes it
	raw    []byte
}
