package lane_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

func TestWhoSeesAMessageFirstWaitsUntilItsCopyIsStored(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		answer time.Duration // after which the platform answers
		before time.Duration // how long it was under way before
		want   time.Duration
		knows  bool
	}{
		{"the answer comes", 100 * time.Millisecond, 0, 100 * time.Millisecond, true},
		{"the answer is late", 10 * time.Second, 0, 400 * time.Millisecond, false},
		{"the request hangs", 10 * time.Second, 3 * time.Second, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				seen := make(chan struct{})
				p := newPlatform()
				p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
					close(seen)
					<-time.After(tc.answer)
					return p.take(post), nil
				}
				w := newWorld(t, p)
				w.admit(t, post(at("c"), "one"))
				w.run(t)
				<-seen
				<-time.After(tc.before)
				began := time.Now()
				w.runner.Landed(t.Context(), at("other"))
				if took := time.Since(began); took != 0 {
					t.Errorf("waited %v for a conversation in which nothing is under way", took)
				}
				w.runner.Landed(t.Context(), at("c"))
				if took := time.Since(began); took != tc.want {
					t.Errorf("waited %v, want %v", took, tc.want)
				}
				err := w.store.Read(t.Context(), func(v store.Reader) error {
					copies, err := v.Copies(source("one"))
					if (len(copies) == 1) != tc.knows {
						t.Errorf("copies = %+v, known: want %v", copies, tc.knows)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				w.sent(t, 1)
				w.runner.Landed(t.Context(), at("c")) // is over at once
			})
		})
	}
}

// Somebody reacts to a copy before anybody knows that it is one.
func TestWhatIsDoneToACopyFindsItsOriginal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &forum{platform: newPlatform()}
		done := record(f)
		w := newWorld(t, f)
		w.admit(t, post(at("a"), "one"), post(at("b"), "one"))
		w.run(t)
		ends := w.sent(t, 2)
		var copied chat.Ref // in a; the other is in b
		for _, e := range ends {
			if c := e.Copies[0]; c.Dest.Conversation == at("a") {
				copied = c.Dest
			}
		}
		w.admit(t, chat.Delivery{Lane: chat.LaneTo(at("b")), Of: copied, Action: chat.React{To: at("b"), Emoji: "👍"}})
		w.sent(t, 1)
		if got, ok := done()[0].(chat.React); !ok || got.To != at("b") || got.Message == copied.Message || got.Message == "" {
			t.Errorf("done: %+v, want a reaction to the copy in b", done())
		}
	})
}
