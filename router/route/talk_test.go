package route_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/text"
)

// talk is what people do for a while in three places that a mirror shows, two of which are in another one as well.
type talk struct {
	mem      *past
	table    *route.Table
	legs     []chat.Conversation
	messages []chat.Ref
	threads  []chat.Conversation
	shown    map[string]bool // our emoji, by leg, message and emoji
	twins    map[string]int  // how often one was opened, by leg and thread
	n        int
}

func newTalk() *talk {
	k := &talk{mem: newPast(), shown: map[string]bool{}, twins: map[string]int{}}
	k.table = route.NewTable([]route.Mirror{mirror(0, 1, 2), mirror(0, 2)})
	k.legs = []chat.Conversation{place(0), place(1), place(2)}
	return k
}

// happening draws what somebody does next.
func (k *talk) happening(t *rapid.T) chat.Event {
	k.n++
	at := rapid.SampledFrom(k.legs).Draw(t, "at")
	if len(k.threads) > 0 && rapid.Bool().Draw(t, "in a thread") {
		at = rapid.SampledFrom(k.threads).Draw(t, "thread")
	}
	ev := event(at, posted("hi"))
	ev.ID, ev.Message = chat.EventID(fmt.Sprint("e", k.n)), chat.MessageID(fmt.Sprint("m", k.n))
	ev.Author.ID = rapid.SampledFrom([]chat.PersonID{"ada", "bob"}).Draw(t, "who")
	kind := rapid.IntRange(0, 9).Draw(t, "what")
	if len(k.messages) == 0 || kind < 3 {
		return ev
	}
	about := rapid.SampledFrom(k.messages).Draw(t, "about")
	if kind == 3 { // a thread begins on it
		about.Conversation.Thread = chat.ThreadID("t" + about.Message)
		ev.Conversation, ev.Root = about.Conversation, about.Message
		return ev
	}
	ev.Conversation, ev.Message = about.Conversation, about.Message
	emoji := rapid.SampledFrom([]string{"👍", "🎉"}).Draw(t, "emoji")
	ev.What = map[int]chat.Happening{
		4: chat.Edited{Text: text.Plain("ho")}, 5: chat.Deleted{}, 6: chat.Pinned{},
		7: chat.Reacted{Emoji: emoji}, 8: chat.Reacted{Emoji: emoji, Removed: true}, 9: chat.Reacted{Emoji: emoji},
	}[kind]
	return ev
}

// happens plans an event and does what follows.
func (k *talk) happens(t *rapid.T, ev chat.Event) {
	res, err := k.table.Plan(ev, k.mem)
	if err != nil {
		t.Fatal(err)
	}
	posts := map[chat.Conversation]int{}
	for _, d := range res.Deliveries {
		at := d.Action.Target()
		if at == ev.Conversation.Place() {
			t.Fatalf("%s goes back to where it happened", told(d))
		}
		switch a := d.Action.(type) {
		case chat.Post:
			if posts[at]++; posts[at] > 1 || a.Hops > route.MaxHops {
				t.Fatalf("%s is the %d. post there", told(d), posts[at])
			}
		case chat.Open:
			k.twins[at.String()+d.Source.String()]++
		case chat.React:
			k.shown[at.String()+" "+d.Of.String()+" "+a.Emoji] = !a.Remove
		case chat.Edit, chat.Delete, chat.Pin, chat.Hear:
		}
	}
	k.mem.keeps(res)
	k.mem.performs(t, res.Deliveries)
	if _, ok := ev.What.(chat.Posted); ok {
		k.messages = append(k.messages, ev.Ref())
		if ev.Conversation.Thread != "" {
			k.threads = append(k.threads, ev.Conversation)
		}
	}
	for _, c := range k.mem.copies {
		if c.Dest.IsThread() {
			k.threads = append(k.threads, c.Dest.Conversation)
		} else {
			k.messages = append(k.messages, c.Dest)
		}
	}
}

// Through whatever people do: nothing comes back to where it happened, each place gets a message once, a thread has one
// twin in each place, and an emoji of ours is there exactly as long as somebody's elsewhere.
func TestATalkStaysTheSameEverywhere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		k := newTalk()
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			k.happens(t, k.happening(t))
		}
		for twin, n := range k.twins {
			if n > 1 {
				t.Fatalf("%s was opened %d times", twin, n)
			}
		}
		wanted := map[string]bool{}
		for _, r := range k.mem.reactions {
			for _, leg := range k.legs {
				if r.At.Place() != leg {
					wanted[leg.String()+" "+r.Of.String()+" "+r.Emoji] = true
				}
			}
		}
		for key := range wanted {
			if !k.shown[key] {
				t.Fatalf("%s is missing", key)
			}
		}
		for key, there := range k.shown {
			if there && !wanted[key] {
				t.Fatalf("%s is left over", key)
			}
		}
	})
}
