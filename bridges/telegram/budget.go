package telegram

import (
	"fmt"
	"sync"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// A bot may write so many messages a minute into one group; edits, reactions and pins don't count.
// https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
const (
	groupMost = 20
	groupSpan = time.Minute
)

// budget counts the messages that groups were sent, so that Telegram need not refuse them: a bot that is refused often waits
// longer and longer.
type budget struct {
	now  func() time.Time
	most int

	mu   sync.Mutex
	sent map[int64][]time.Time
}

func newBudget(most int, now func() time.Time) *budget {
	return &budget{now: now, most: most, sent: map[int64][]time.Time{}}
}

// take counts n messages to a chat, or returns chat.Throttled when the minute's are used up. The messages of an album count
// one by one; an album larger than what is left waits until there is room.
func (b *budget) take(to int64, n int) error {
	if to > 0 {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	recent := b.sent[to]
	for len(recent) > 0 && now.Sub(recent[0]) >= groupSpan {
		recent = recent[1:]
	}
	b.sent[to] = recent
	if over := len(recent) + n - b.most; over > 0 && len(recent) > 0 {
		free := recent[min(over, len(recent))-1].Add(groupSpan)
		return &chat.Error{
			Op: "telegram: post", Kind: chat.Throttled, Wait: free.Sub(now), Scope: chat.ThisConversation,
			Reason: fmt.Sprintf("Telegram takes %d messages a minute in a group", b.most),
		}
	}
	for range n {
		b.sent[to] = append(b.sent[to], now)
	}
	b.tidy(now)
	return nil
}

// tidy forgets groups that were not written to lately.
func (b *budget) tidy(now time.Time) {
	if len(b.sent) < memoryMost {
		return
	}
	for id, times := range b.sent {
		if len(times) == 0 || now.Sub(times[len(times)-1]) >= groupSpan {
			delete(b.sent, id)
		}
	}
}
