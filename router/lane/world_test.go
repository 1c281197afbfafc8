package lane_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/lane"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sqlite"
	"github.com/roost-im/roost/router/text"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(victim); dir != "" {
		if err := send(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// platform is a connector whose platform is this process. What a test doesn't set is done at once and works.
type platform struct {
	traits chat.Traits
	post   func(context.Context, chat.Post) (chat.Receipt, error)

	mu    sync.Mutex
	n     int
	posts []chat.Post // those that were taken
	tries int
}

func newPlatform() *platform {
	return &platform{traits: chat.Traits{
		Platform: "Test", Text: text.Limit{Max: 1000}, Repeat: chat.Keyed, Threads: true,
		Edit: chat.Ability{Out: true}, Delete: chat.Ability{Out: true}, React: chat.Ability{Out: true},
	}}
}

func (p *platform) Run(ctx context.Context, _ chat.Sink) error { <-ctx.Done(); return nil }

func (p *platform) Traits() chat.Traits { return p.traits }

func (p *platform) Post(ctx context.Context, post chat.Post) (chat.Receipt, error) {
	p.mu.Lock()
	p.tries++
	p.mu.Unlock()
	if p.post == nil {
		return p.take(post), nil
	}
	return p.post(ctx, post)
}

// take is what a platform does that works.
func (p *platform) take(post chat.Post) chat.Receipt {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	p.posts = append(p.posts, post)
	return chat.Receipt{Messages: []chat.MessageID{chat.MessageID(fmt.Sprint("m", p.n))}}
}

// taken lists the texts that were taken, in order.
func (p *platform) taken() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	texts := make([]string, 0, len(p.posts))
	for _, post := range p.posts {
		texts = append(texts, post.Text.Body)
	}
	return texts
}

func (p *platform) tried() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tries
}

// finder is a platform that can be asked whether a post arrived.
type finder struct {
	*platform
	find func(a chat.Action) (chat.Receipt, bool, error)
}

func (f *finder) Find(_ context.Context, a chat.Action, _ time.Time) (chat.Receipt, bool, error) {
	return f.find(a)
}

// forum is a platform with threads, edits, deletions and reactions.
type forum struct {
	*platform
	done func(chat.Action) (chat.Receipt, error)
}

func (f *forum) Edit(_ context.Context, a chat.Edit) (chat.Receipt, error) { return f.done(a) }

func (f *forum) Delete(_ context.Context, a chat.Delete) error { _, err := f.done(a); return err }

func (f *forum) React(_ context.Context, a chat.React) error { _, err := f.done(a); return err }

func (f *forum) Open(_ context.Context, a chat.Open) (chat.Receipt, chat.Conversation, error) {
	r, err := f.done(a)
	at := a.To
	at.Thread = "t1"
	return r, at, err
}

// world is a store, a Runner over it, and what it did.
type world struct {
	cfg   lane.Config
	path  string
	store store.Store
	conns map[chat.Account]chat.Connector
	ends  chan lane.End
	tries chan lane.Try

	runner *lane.Runner
	cancel context.CancelFunc
	ended  chan error
}

const home = chat.Account("test/home")

// at is a conversation of home.
func at(id string) chat.Conversation {
	return chat.Conversation{Account: home, ID: chat.ConversationID(id)}
}

// source is the message in another place that a delivery is made from.
func source(id string) chat.Ref {
	return chat.Ref{
		Conversation: chat.Conversation{Account: "test/away", ID: "a"}, Message: chat.MessageID(id),
	}
}

// post is a delivery of what said to a conversation.
func post(to chat.Conversation, said string) chat.Delivery {
	return chat.Delivery{
		Lane: chat.LaneTo(to), Source: source(said), Action: chat.Post{To: to, Text: text.Plain(said)},
	}
}

// newWorld has conn speak for home. Nothing runs before run.
func newWorld(t *testing.T, conn chat.Connector) *world {
	t.Helper()
	w := &world{
		path: filepath.Join(t.TempDir(), "roost.db"), conns: map[chat.Account]chat.Connector{home: conn},
		ends: make(chan lane.End, 10_000), tries: make(chan lane.Try, 10_000),
	}
	w.open(t)
	t.Cleanup(func() {
		w.stop(t)
		if err := w.store.Close(); err != nil {
			t.Errorf("close = %v", err)
		}
	})
	return w
}

func (w *world) open(t *testing.T) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), w.path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.store = st
}

// admit stores deliveries.
func (w *world) admit(t *testing.T, ds ...chat.Delivery) {
	t.Helper()
	err := w.store.Change(t.Context(), func(store.View) (store.Changes, error) { return store.Changes{Deliveries: ds}, nil })
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) run(t *testing.T) {
	t.Helper()
	cfg := w.cfg
	cfg.Store = w.store
	cfg.Connector = func(a chat.Account) (chat.Connector, func(), bool) {
		c, ok := w.conns[a]
		return c, func() {}, ok
	}
	if cfg.Ended == nil {
		cfg.Ended = func(_ store.View, e lane.End) (store.Changes, error) {
			w.ends <- e
			return store.Changes{}, nil
		}
	}
	cfg.Watch = func(tr lane.Try) { w.tries <- tr }
	w.runner = lane.New(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	w.cancel, w.ended = cancel, make(chan error, 1)
	go func(r *lane.Runner, ended chan<- error) { ended <- r.Run(ctx) }(w.runner, w.ended)
}

func (w *world) stop(t *testing.T) {
	t.Helper()
	if w.cancel == nil {
		return
	}
	w.cancel()
	w.cancel = nil
	if err := <-w.ended; err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}

// end waits for the next delivery that ends.
func (w *world) end(t *testing.T) lane.End {
	t.Helper()
	select {
	case e := <-w.ends:
		return e
	case <-time.After(24 * time.Hour):
		t.Fatal("no delivery ended within a day")
	}
	return lane.End{}
}

// sent waits until n deliveries were sent, and fails when one ends in another way.
func (w *world) sent(t *testing.T, n int) []lane.End {
	t.Helper()
	var all []lane.End
	for range n {
		e := w.end(t)
		if e.Delivery.State != chat.Sent {
			t.Fatalf("delivery %d ended %s (%s), want sent", e.Delivery.ID, e.Delivery.State, e.Delivery.Reason)
		}
		all = append(all, e)
	}
	return all
}

// waiting lists the deliveries that wait.
func (w *world) waiting(t *testing.T) []chat.Delivery {
	t.Helper()
	var ds []chat.Delivery
	err := w.store.Read(t.Context(), func(v store.Reader) (err error) {
		ds, err = v.Deliveries(store.DeliveryFilter{States: []chat.State{chat.Waiting}, Limit: 1000})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

// fails gives an error of a kind.
func fails(k chat.Kind) (chat.Receipt, error) {
	return chat.Receipt{}, &chat.Error{Op: "test", Kind: k}
}
