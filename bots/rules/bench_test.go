package rules_test

import (
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// BenchmarkHear measures an event from the host's door to its outcome.
func BenchmarkHear(b *testing.B) {
	w := setup(b, `
rules:
  - when: {pattern: '(?i)^(hi|hello)\b'}
    reply: 'Hello {user}!'
  - when: {message: true, if: 'text contains "spam" and hour < 8'}
    react: no
  - when: {pattern: '^count'}
    do: [{set: {person.n: (person.n ?? 0) + 1}}, {reply: '{person.n}'}]
`)
	for _, words := range []string{"hi there", "some spam", "count"} {
		b.Run(words, func(b *testing.B) {
			in := chat.Hear{
				Key: "k", To: chat.Conversation{Account: "bot/order", ID: chat.ConversationID(place.String())},
				Event: chat.Event{ID: "e", Message: "m", Conversation: place, Author: w.author, What: chat.Posted{Text: text.Plain(words)}},
			}
			w.now = w.now.Add(1)
			b.ReportAllocs()
			for b.Loop() {
				w.now = w.now.Add(1e9 * 2)
				if _, err := w.host.Hear(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
