// Package store is what must not be forgotten: the contract that every driver keeps.
//
// Everything that changes together is one transaction. Admit takes events in and stores, with them, the deliveries and
// cases that follow; Settle ends a delivery and stores what follows from that; Change is for what neither event nor
// delivery causes. All three run a plan: a pure function that reads the present state through a View and says what shall
// change. The plan runs inside the transaction, so two events can't plan against the same state; it may run more than
// once, and only the last run counts.
//
// We chose plans inside the transaction, not "read, decide, write with a version check", because most plans read nothing
// and the rest must never be interleaved; it costs that plans are short and may not wait.
//
// What waits is given out by lanes. Lease gives the first delivery of a lane, and the lane with it to one caller; Follow
// gives that caller the next one before the first is settled. A crash forgets leases: what was not settled is given again,
// in the same order.
//
// Calls are safe for concurrent use, and concurrent calls may share a commit: each returns after the commit that holds
// it, and an error means that nothing of that call was stored. The suite storetest.Run holds every sentence of this
// contract.
package store

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrNotFound  = errors.New("not found")                                  // no such case, delivery or kept value
	ErrLeaseLost = errors.New("the lease has ended")                        // Settle came too late: somebody else has the lane
	ErrOpenCase  = errors.New("this contact already has an open case here") // a plan would open a second one
	ErrForeign   = errors.New("this is not a Roost database, or one of a newer Roost")
	ErrLocked    = errors.New("another process uses this database")
	ErrFull      = errors.New("no space is left for the database")
	ErrClosed    = errors.New("the store is closed")
)

// Store is a durable store. Nothing that a call returned nil for is ever lost, whatever happens to the process.
//
//nolint:interfacebloat // one database is one thing: a driver that had only half of these would keep none of its promises
type Store interface {
	// Admit stores the events of a batch that are not stored yet, what plan wants to follow from each, and the batch's
	// cursor: all or nothing. Plan is called once for every new event, in order, and sees the changes of the earlier
	// ones; not at all for an event whose (account, ID) is stored already. fresh is how many were new. An error of plan
	// is returned as it is.
	Admit(ctx context.Context, a chat.Account, b chat.Batch, plan Plan) (fresh int, err error)
	// Change stores what plan returns.
	Change(ctx context.Context, plan func(View) (Changes, error)) error
	// Read runs f on one consistent state. f must not keep the Reader.
	Read(ctx context.Context, f func(Reader) error) error
	// Lease gives the first deliveries of up to want.Max lanes that are due, and each lane to one caller at a time until
	// its delivery is settled or the lease ends. Accounts take turns; within an account the longest due come first. It
	// returns at once, with none when none is due.
	Lease(ctx context.Context, want Want) ([]Leased, error)
	// Follow gives the delivery behind those that were given under a lease and are not settled, if it is due, under the
	// same lease, which holds anew for as long as hold says: so a lane can run ahead of its settlements. Nobody else is
	// given the lane before all of them are settled or the lease ends. ok is false when none waits behind them, when the
	// next one is not due yet or in the hands of a running plan, and when the lease has ended.
	Follow(ctx context.Context, token int64, hold time.Duration) (l Leased, ok bool, err error)
	// Begin remembers, before a leased delivery is tried, that a try began at the given time (chat.Delivery.First), and
	// leaves the lease as it is: after a crash nobody repeats blindly what may have arrived. It replaces an earlier First:
	// of those tries the caller has found out. It returns ErrLeaseLost like Settle.
	Begin(ctx context.Context, id chat.DeliveryID, token int64, at time.Time) error
	// Settle settles deliveries that were given under leases, in order: all of them or none. A lease ends with its last
	// one. Settle returns ErrLeaseLost, and stores nothing, when the lease of one has ended and its lane was given to
	// another, or when one is not waiting any more.
	Settle(ctx context.Context, ss ...Settlement) error
	// Woken returns a channel that is closed as soon as a Lease may give something that it would not have given when
	// Woken was called: after an Admit, Change or Settle, when a delivery comes due, when a lease ends. It may be closed
	// without cause. Ask for it before Lease, wait on it after, and nothing is missed.
	Woken() <-chan struct{}
	// Sweep removes settled deliveries, events, journal entries, copies, reactions and closed cases that are older than
	// keep, and nothing else. A journal key that was removed may be appended again. It works in small transactions and
	// returns how many rows went.
	Sweep(ctx context.Context, keep Retention) (int, error)
	// Backup writes a consistent copy of the whole database to path, which must not exist.
	Backup(ctx context.Context, path string) error
	// Word is a short word that no two databases share: lower-case letters and digits, at most 8. Keys are made with it.
	Word() string
	io.Closer
}

// Plan says what follows from a new event. It must be pure: it may run more than once.
type Plan func(v View, ev chat.Event) (Changes, error)

// View is the state as the running transaction sees it, its own changes included.
type View interface {
	// Case finds a case by its name; ErrNotFound when there is none.
	Case(id chat.CaseID) (desk.Case, error)
	// LastCase finds the newest case of a contact at a desk, open or not; ErrNotFound when there is none.
	LastCase(deskName string, who desk.Identity) (desk.Case, error)
	// CaseAt finds the case whose thread conv is; ErrNotFound when it is none's.
	CaseAt(conv chat.Conversation) (desk.Case, error)
	// Contact finds what is remembered of a contact; ErrNotFound when they never wrote.
	Contact(deskName string, who desk.Identity) (desk.Contact, error)
	// Copies lists the copies that have ref as their Source or as their Dest, parts in order. The thread of ref does not
	// count (chat.Ref.Same); the copies come back with the threads that they were stored with.
	Copies(ref chat.Ref) ([]chat.Copy, error)
	// Reactions lists everybody's emoji on a message, oldest first. The thread of of does not count; the reactions come
	// back with the threads that they were stored with.
	Reactions(of chat.Ref) ([]chat.Reaction, error)
	// Waiting lists the deliveries with this Source that wait, were never tried or begun, and are not leased.
	Waiting(source chat.Ref) ([]chat.Delivery, error)
	// Lines lists the last n lines of a case, oldest first.
	Lines(id chat.CaseID, n int) ([]desk.Line, error)
	// Line finds the line of a message among all cases of a contact at a desk, the newest where several have it; ErrNotFound when
	// none has. The thread of ref does not count.
	Line(deskName string, who desk.Identity, ref chat.Ref) (desk.Line, error)
	// Kept is the value kept under key; ErrNotFound when there is none.
	Kept(key string) ([]byte, error)
}

// Reader is a View with the reports that pages and commands show.
type Reader interface {
	View
	// Deliveries lists deliveries, newest first.
	Deliveries(f DeliveryFilter) ([]chat.Delivery, error)
	// Count counts the deliveries of each state.
	Count() (map[chat.State]int, error)
	// Cases lists cases, the last changed first.
	Cases(f CaseFilter) ([]desk.Case, error)
	// Events lists stored events with sequence numbers above after, in order.
	Events(after int64, limit int) ([]Stored, error)
	// Journal lists the entries of an account's journal with sequence numbers above after, in order. limit 0 means 100.
	Journal(a chat.Account, after int64, limit int) ([]JournalEntry, error)
	// Search lists the lines that hold all words of query, newest first. Words are matched in any script, in any case,
	// and by their beginnings; Chinese, Japanese and Korean text and emoji are matched anywhere.
	Search(query string, limit int) ([]desk.Line, error)
}

// Changes is what a plan wants stored.
type Changes struct {
	Deliveries []chat.Delivery   // new ones; the store gives them IDs in this order, and the time of Admitted
	Cancel     []chat.DeliveryID // waiting ones; those that are leased or have ended stay as they are
	Replay     []chat.DeliveryID // dead, rejected or held ones to wait once more, at the end of their lanes, as if never tried
	Confirm    []chat.DeliveryID // held ones that a person found to have arrived: they count as sent
	Cases      []desk.Case       // new ones and changed ones
	Contacts   []KnownContact
	Lines      []desk.Line
	Unreact    []chat.Reaction   // to remove; those that aren't there do no harm. Threads don't count.
	React      []chat.Reaction   // to add, after Unreact; those that are there stay where they are
	Journal    []JournalEntry    // to append in this order, except those whose key the account has already
	Keep       map[string][]byte // nil values are removed
}

// KnownContact is a contact as one desk knows them.
type KnownContact struct {
	Desk string
	desk.Contact
}

// JournalEntry is one entry of an account's journal: what a connector wrote down for readers who come and fetch. The
// store gives it Seq and At when it is appended: sequence numbers grow over all accounts and are never used twice.
type JournalEntry struct {
	Account chat.Account
	Key     string
	Body    []byte
	Seq     int64
	At      time.Time
}

// Stored is an event with its place in the log.
type Stored struct {
	Seq   int64
	Event chat.Event
}

// Want says what a caller of Lease can take.
type Want struct {
	Max    int                 // lanes
	For    time.Duration       // how long the lease holds
	Except []chat.Account      // accounts that can't be served just now
	Places []chat.Conversation // conversations, their threads included, that can't be served just now
}

// Leased is a delivery that the caller alone may try until the lease ends.
type Leased struct {
	chat.Delivery
	Token int64 // names the lease
	Until time.Time
}

// Settlement says how a leased delivery ended, or when it is due again.
type Settlement struct {
	ID     chat.DeliveryID
	Token  int64
	State  chat.State // Waiting: try again at Due
	Due    time.Time  // when State is Waiting
	Tried  bool       // count this as a try
	Clear  bool       // when State is Waiting: no try is in doubt any more; First is forgotten
	Reason string
	Copies []chat.Copy
	Then   func(View) (Changes, error) // what follows, in the same transaction; nil: nothing
}

// DeliveryFilter picks deliveries. Zero fields pick all.
type DeliveryFilter struct {
	IDs     []chat.DeliveryID
	States  []chat.State
	Account chat.Account
	Case    chat.CaseID
	Files   bool // only posts with attachments
	Limit   int  // 0: 100
}

// CaseFilter picks cases. Zero fields pick all.
type CaseFilter struct {
	Desk   string
	States []desk.State
	Due    time.Time // snoozed ones whose Until is not after Due
	Limit  int       // 0: 100
}

// Retention says how long things are kept; 0 keeps them for ever.
type Retention struct {
	Now        time.Time
	Deliveries time.Duration // settled ones
	Events     time.Duration // with the journals
	Copies     time.Duration // with the reactions; those of threads (chat.Ref.IsThread) stay, because a thread goes on
	Cases      time.Duration // closed ones, with their lines
}

// CursorKey is the key under which an account's cursor is kept.
func CursorKey(a chat.Account) string { return "cursor/" + string(a) }
