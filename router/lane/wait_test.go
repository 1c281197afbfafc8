package lane_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// clocked remembers when each text was taken, since it was made.
type clocked struct {
	began time.Time

	mu   sync.Mutex
	when map[string]time.Duration
}

func newClocked() *clocked { return &clocked{began: time.Now(), when: map[string]time.Duration{}} }

func (c *clocked) note(said string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.when[said] = time.Since(c.began)
}

func (c *clocked) at(said string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.when[said]
}

// roughly allows for the pauses of a millisecond that keep us from asking too early.
func roughly(got, want time.Duration) bool { return got >= want && got <= want+100*time.Millisecond }

func TestThrottledWaitsWhatWasAskedAndIsNoTry(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		scope  chat.Scope
		thread time.Duration // when another thread of the place may go
		other  time.Duration // when another place may
	}{
		{"one conversation, its threads included", chat.ThisConversation, time.Minute, 0},
		{"the whole account", chat.ThisAccount, time.Minute, time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p, c := newPlatform(), newClocked()
				first := make(chan struct{})
				p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
					if p.tried() == 1 {
						defer close(first)
						return chat.Receipt{}, &chat.Error{Op: "test", Kind: chat.Throttled, Wait: time.Minute, Scope: tc.scope}
					}
					c.note(post.Text.Body)
					return p.take(post), nil
				}
				w := newWorld(t, p)
				w.cfg.Tries = 1 // so that a try that counts would be the end
				w.admit(t, post(at("c"), "asked"))
				w.run(t)
				<-first
				synctest.Wait()
				thread := at("c")
				thread.Thread = "t"
				w.admit(t, post(thread, "thread"), post(at("d"), "other"))
				w.sent(t, 3)
				for said, want := range map[string]time.Duration{"asked": time.Minute, "thread": tc.thread, "other": tc.other} {
					if got := c.at(said); !roughly(got, want) {
						t.Errorf("%s was taken after %v, want %v", said, got, want)
					}
				}
			})
		})
	}
}

func TestAnAllowanceThatIsUsedUpSparesUntilItsReset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, c := newPlatform(), newClocked()
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			c.note(post.Text.Body)
			r := p.take(post)
			left := 1 - len(p.taken())
			r.Left = []chat.Allowance{{Scope: chat.ThisAccount, Remaining: max(left, 0), Reset: c.began.Add(90 * time.Second)}}
			return r, nil
		}
		w := newWorld(t, p)
		w.admit(t, post(at("c"), "one"))
		w.run(t)
		w.sent(t, 1)
		w.admit(t, post(at("c"), "two"), post(at("d"), "three"))
		w.sent(t, 2)
		for _, said := range []string{"two", "three"} {
			if got := c.at(said); !roughly(got, 90*time.Second) {
				t.Errorf("%s was taken after %v, want 90 s", said, got)
			}
		}
	})
}

func TestPace(t *testing.T) {
	t.Parallel()
	three := chat.Rate{Every: 2 * time.Second, Burst: 3}
	thread := func(n int) chat.Conversation {
		c := at("c")
		c.Thread = chat.ThreadID(fmt.Sprint("t", n))
		return c
	}
	for _, tc := range []struct {
		name string
		pace chat.Pace
		to   func(n int) chat.Conversation
		want []int // seconds after which the posts go
	}{
		{"a conversation: a burst, then one by one", chat.Pace{Conversation: three}, func(int) chat.Conversation { return at("c") }, []int{0, 0, 0, 2, 4, 6, 8}},
		{"a place, its threads together", chat.Pace{Conversation: three}, thread, []int{0, 0, 0, 2, 4, 6, 8}},
		{"places apart", chat.Pace{Conversation: three}, func(n int) chat.Conversation { return at(fmt.Sprint("c", n)) }, []int{0, 0, 0, 0, 0, 0, 0}},
		{"an account over all its places", chat.Pace{Account: three}, func(n int) chat.Conversation { return at(fmt.Sprint("c", n)) }, []int{0, 0, 0, 2, 4, 6, 8}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p, began := newPlatform(), time.Now()
				var mu sync.Mutex
				var went []time.Duration
				p.traits.Pace = tc.pace
				p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
					mu.Lock()
					defer mu.Unlock()
					went = append(went, time.Since(began))
					return p.take(post), nil
				}
				w := newWorld(t, p)
				for n := range tc.want {
					w.admit(t, post(tc.to(n), fmt.Sprint(n)))
				}
				w.run(t)
				w.sent(t, len(tc.want))
				for n, want := range tc.want {
					if !roughly(went[n], time.Duration(want)*time.Second) {
						t.Fatalf("posts went after %v, want %v s", went, tc.want)
					}
				}
			})
		})
	}
}

func TestANewPaceHoldsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		var slow bool
		w := newWorld(t, p)
		w.cfg.Pace = func(chat.Account) (chat.Pace, bool) {
			return chat.Pace{Account: chat.Rate{Every: time.Hour, Burst: 1}}, slow
		}
		w.run(t)
		began := time.Now()
		for n := range 3 {
			w.admit(t, post(at("c"), fmt.Sprint(n)))
			w.sent(t, 1)
		}
		if took := time.Since(began); took != 0 {
			t.Fatalf("without a pace three posts took %v", took)
		}
		slow = true
		w.admit(t, post(at("c"), "3"), post(at("c"), "4"))
		w.sent(t, 2)
		if took := time.Since(began); took < time.Hour {
			t.Errorf("two posts at one an hour took %v", took)
		}
	})
}

func TestAnAccountThatIsLoggedOutIsParkedAloneUntilResume(t *testing.T) {
	t.Parallel()
	for _, k := range []chat.Kind{chat.LoggedOut, chat.Unfunded} {
		t.Run(k.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const other = chat.Account("test/other")
				p := newPlatform()
				failed := make(chan struct{}, 100)
				works := false
				p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
					if !works {
						failed <- struct{}{}
						return chat.Receipt{}, &chat.Error{Op: "test", Kind: k, Reason: "the token is no longer valid"}
					}
					return p.take(post), nil
				}
				w := newWorld(t, p)
				w.conns[other] = newPlatform()
				w.cfg.Tries = 1
				w.admit(t, post(at("c"), "one"))
				w.run(t)
				<-failed
				synctest.Wait()
				if why := w.runner.Parked(home); why != "the token is no longer valid" {
					t.Errorf("Parked = %q, want the reason", why)
				}
				w.admit(t, post(at("d"), "two"), post(chat.Conversation{Account: other, ID: "o"}, "three"))
				if e := w.sent(t, 1)[0]; e.Delivery.Action.Target().Account != other {
					t.Errorf("sent to %v, want the other account", e.Delivery.Action.Target())
				}
				synctest.Wait()
				if len(failed) > 0 {
					t.Error("the parked account was tried again before its time")
				}
				began := time.Now()
				works = true
				w.runner.Resume(home)
				w.sent(t, 2)
				if took := time.Since(began); took > time.Second {
					t.Errorf("after Resume it took %v", took)
				}
				if why := w.runner.Parked(home); why != "" {
					t.Errorf("Parked after Resume = %q, want nothing", why)
				}
			})
		})
	}
}

// An account that nobody runs is parked too: looking for it again and again would cost the others.
func TestDeliveriesToAnAccountThatDoesNotRunWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		w := newWorld(t, p)
		delete(w.conns, home)
		w.admit(t, post(at("c"), "one"))
		w.run(t)
		tr := <-w.tries
		synctest.Wait()
		if n := len(w.tries); n > 0 {
			t.Fatalf("it was tried %d more times at once", n)
		}
		if tr.Kind != "logged_out" || !strings.Contains(w.runner.Parked(home), "not running") {
			t.Errorf("tried as %s, parked as %q; want logged_out and that it does not run", tr.Kind, w.runner.Parked(home))
		}
		w.conns[home] = p
		w.runner.Resume(home)
		w.sent(t, 1)
	})
}

// A parked account is probed from time to time, in case nobody tells that it is well again.
func TestAParkedAccountIsProbed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlatform()
		began := time.Now()
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			if time.Since(began) < time.Hour {
				return fails(chat.Unfunded)
			}
			return p.take(post), nil
		}
		w := newWorld(t, p)
		w.admit(t, post(at("c"), "one"))
		w.run(t)
		w.sent(t, 1)
		if n := p.tried(); n < 5 || n > 8 {
			t.Errorf("%d tries within an hour, want one every ten minutes", n)
		}
	})
}

func TestADeliveryGoesBackWhenTheGateStaysShut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun, release := make(chan struct{}), make(chan struct{})
		p := newPlatform()
		p.traits.Pace.Parallel = 1
		p.post = func(_ context.Context, post chat.Post) (chat.Receipt, error) {
			if post.Text.Body == "first" {
				close(begun)
				<-release
			}
			return p.take(post), nil
		}
		w := newWorld(t, p)
		w.run(t)
		w.admit(t, post(at("c"), "first"))
		<-begun
		w.admit(t, post(at("d"), "second"))
		<-time.After(time.Minute)
		if ds := w.waiting(t); len(ds) != 2 || ds[0].Tries != 0 || ds[1].Tries != 0 {
			t.Errorf("waiting: %+v, want both, untried", ds)
		}
		if len(w.tries) > 0 {
			t.Errorf("waiting at the gate was called a try: %+v", <-w.tries)
		}
		close(release)
		w.sent(t, 2)
	})
}
