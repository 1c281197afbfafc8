package router_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

// bot is a bot that does what a function says. What a test doesn't set is done at once and comes to nothing.
type bot struct {
	account chat.Account
	hear    func(ctx context.Context, h chat.Hear) (chat.Outcome, error)
	wants   func(ev chat.Event) chat.Wish // nil: what people do, and what calls it

	mu    sync.Mutex
	sink  chat.Sink
	heard []chat.Hear
}

func newBot(name string, hear func(h chat.Hear) []chat.Act) *bot {
	b := &bot{account: chat.BotAccount(name)}
	if hear != nil {
		b.hear = func(_ context.Context, h chat.Hear) (chat.Outcome, error) { return chat.Outcome{Acts: hear(h)}, nil }
	}
	return b
}

func (b *bot) Run(ctx context.Context, sink chat.Sink) error {
	b.mu.Lock()
	b.sink = sink
	b.mu.Unlock()
	<-ctx.Done()
	return nil
}

func (b *bot) Post(context.Context, chat.Post) (chat.Receipt, error) {
	return chat.Receipt{}, chat.Unsupported("bot", "it takes no messages")
}

func (b *bot) Traits() chat.Traits { return chat.Traits{Platform: "Bot", Repeat: chat.Keyed} }

func (b *bot) Hear(ctx context.Context, h chat.Hear) (chat.Outcome, error) {
	b.mu.Lock()
	b.heard = append(b.heard, h)
	b.mu.Unlock()
	if b.hear == nil {
		return chat.Outcome{}, nil
	}
	return b.hear(ctx, h)
}

// in makes the bot listen as l says.
func (b *bot) in(l router.Bot) router.Bot {
	l.Account, l.Wants = b.account, b.wants
	if l.Wants == nil {
		l.Wants = func(ev chat.Event) chat.Wish { return chat.Wish{Now: !ev.Author.Bot} }
	}
	return l
}

// machines makes a bot hear what other bots say, too.
func (b *bot) machines() *bot {
	b.wants = func(chat.Event) chat.Wish { return chat.Wish{Now: true} }
	return b
}

// calls has something call the bot in a talk.
func (b *bot) calls(t *testing.T, talk, name string, id chat.EventID) {
	t.Helper()
	at := chat.Conversation{Account: b.account, ID: chat.ConversationID(talk)}
	ev := chat.Event{ID: id, Conversation: at, At: time.Now(), What: chat.Called{Name: name}}
	if err := b.sink.Accept(t.Context(), chat.Batch{Events: []chat.Event{ev}}); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

// listened lists in a word each what the bot heard.
func (b *bot) listened() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]string, 0, len(b.heard))
	for _, h := range b.heard {
		all = append(all, briefly(h))
	}
	return all
}

func briefly(h chat.Hear) string {
	switch w := h.Event.What.(type) {
	case chat.Posted:
		return w.Text.Body
	case chat.Pressed:
		return "pressed " + w.Button + " " + w.Value
	case chat.Called:
		return w.Name
	default:
		return chat.HappeningName(w)
	}
}

func (b *bot) last(t *testing.T) chat.Hear {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.heard) == 0 {
		t.Fatalf("%s heard nothing", b.account)
	}
	return b.heard[len(b.heard)-1]
}

// hears fails unless the bot heard exactly this.
func hears(t *testing.T, b *bot, want ...string) {
	t.Helper()
	if got := b.listened(); !slices.Equal(got, want) {
		t.Errorf("%s heard\n%q, want\n%q", b.account, got, want)
	}
}

// newBotWorld runs a router with bots over towns.
func newBotWorld(t *testing.T, setup router.Setup, bots []*bot, towns ...*town) *world {
	t.Helper()
	setup.Accounts = map[chat.Account]router.Account{}
	for _, b := range bots {
		setup.Accounts[b.account] = router.Account{Open: func() (chat.Connector, error) { return b, nil }}
	}
	return newWorld(t, setup, towns...)
}

// saying is a message of the bot that heard h, at the place where that happened.
func saying(h chat.Hear, n int, words string) chat.Say {
	at := h.Event.Conversation
	return chat.Say{Ref: h.Key.Said(h.To.Account, at, n), Post: chat.Post{To: at, Text: text.Plain(words)}}
}

// choosing is saying with choices.
func choosing(h chat.Hear, words string, choices ...string) chat.Say {
	s := saying(h, 0, words)
	s.Post.Card = &chat.Card{Numbered: true}
	for _, c := range choices {
		s.Post.Card.Buttons = append(s.Post.Card.Buttons, chat.Button{ID: "choose", Label: c, Value: strings.ToLower(c)})
	}
	return s
}

// echoes answers each message by what it says.
func echoes(h chat.Hear) []chat.Act {
	w, ok := h.Event.What.(chat.Posted)
	if !ok {
		return nil
	}
	return []chat.Act{saying(h, 0, "echo: "+w.Text.Body)}
}

// copies lists what is known of a message's copies.
func (w *world) copies(t *testing.T, ref chat.Ref) (all []chat.Copy) {
	t.Helper()
	err := w.store.Read(t.Context(), func(v store.Reader) (err error) { all, err = v.Copies(ref); return err })
	if err != nil {
		t.Fatal(err)
	}
	return all
}
