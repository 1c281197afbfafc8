package router_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store/sqlite"
	"github.com/roost-im/roost/router/text"
)

// memory is a connector whose platform is this process: what is said on it comes in, what is posted on it is handed to
// heard.
type memory struct {
	account chat.Account
	heard   func(context.Context, chat.Post) error

	ready chan struct{} // closed when Run has a sink
	sink  chat.Sink
	once  sync.Once

	mu sync.Mutex
	n  int
}

func newMemory(a chat.Account, heard func(context.Context, chat.Post) error) *memory {
	return &memory{account: a, heard: heard, ready: make(chan struct{})}
}

func (m *memory) Run(ctx context.Context, sink chat.Sink) error {
	m.once.Do(func() { m.sink = sink; close(m.ready) })
	<-ctx.Done()
	return nil
}

func (m *memory) Post(ctx context.Context, p chat.Post) (chat.Receipt, error) {
	if err := m.heard(ctx, p); err != nil {
		return chat.Receipt{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n++
	return chat.Receipt{Messages: []chat.MessageID{chat.MessageID(fmt.Sprint("m", m.n))}}, nil
}

func (m *memory) Traits() chat.Traits {
	return chat.Traits{
		Platform: "Memory", Text: text.Limit{Max: 4000}, Persona: true, Repeat: chat.Keyed, Pace: chat.Pace{Parallel: 1024},
	}
}

// at is a conversation of the account.
func (m *memory) at(id string) chat.Conversation {
	return chat.Conversation{Account: m.account, ID: chat.ConversationID(id)}
}

// says has a person write in a conversation, and returns when it is stored.
func (m *memory) says(ctx context.Context, id, said string, n int) error {
	<-m.ready
	return m.sink.Accept(ctx, chat.Batch{Events: []chat.Event{{
		ID: chat.EventID(fmt.Sprintf("e-%s-%d", id, n)), Conversation: m.at(id), Message: chat.MessageID(fmt.Sprintf("s-%s-%d", id, n)),
		Author: chat.Author{ID: "p1", Name: "Ada"}, At: time.Now(), What: chat.Posted{Text: text.Plain(said)},
	}}})
}

func (m *memory) opened() router.Account {
	return router.Account{Open: func() (chat.Connector, error) { return m, nil }}
}

// runs starts a router over a store on disk, and gives what stops it; that is called when the test ends at the latest.
func runs(tb testing.TB, setup router.Setup) (stop func()) {
	tb.Helper()
	return runsAt(tb, tb.TempDir()+"/roost.db", setup)
}

// runsAt is runs with the database at path.
func runsAt(tb testing.TB, path string, setup router.Setup) (stop func()) {
	tb.Helper()
	st, err := sqlite.Open(tb.Context(), path, sqlite.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	r := router.New(router.Config{Store: st})
	if err := r.Apply(setup); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Errorf("Run = %v", err)
		}
		if err := st.Close(); err != nil {
			tb.Errorf("close = %v", err)
		}
	})
	tb.Cleanup(stop)
	return stop
}
