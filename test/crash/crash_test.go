package crash_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/x/xsim"
)

var kills = flag.Int("kills", 100, "how often Roost is killed")

const (
	contacts = 6
	pause    = 150 * time.Millisecond // between two messages of one person, on average
	settle   = 3 * time.Minute        // until everything has arrived after the last kill
)

// talk is one contact's conversation: what each side wrote, in order.
type talk struct {
	contact string

	mu     sync.Mutex
	asked  []string // by the contact, on X
	answer []string // by the team, in Slack
	root   string   // the ts of the case's thread, once it is there
}

// TestKilled kills Roost at random instants while people on both sides write, and checks that every message reached the
// other side exactly once, in the order in which it was written.
func TestKilled(t *testing.T) {
	t.Parallel()
	s := newStage(t, contacts)
	log, err := os.Create(filepath.Join(s.dir, "roost.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			tail(t, log.Name())
		}
		_ = log.Close()
	})
	var talks []*talk
	for _, c := range s.contacts {
		talks = append(talks, &talk{contact: c})
	}
	life := s.start(t, log)
	s.begins(t)
	ctx, stop := context.WithCancel(t.Context())
	var people sync.WaitGroup
	for i, k := range talks {
		people.Add(2)
		go func() { defer people.Done(); s.asks(ctx, i, k) }()
		go func() { defer people.Done(); s.answers(ctx, i, k) }()
	}
	counted, idle := 0, 0
	for counted < *kills {
		sleep(ctx, 150*time.Millisecond+rand.N(700*time.Millisecond))
		busy := s.underWay(talks) > 0
		life.kill(t)
		if busy {
			counted++
		} else if idle++; idle > *kills+20 {
			t.Fatalf("%d kills found nothing under way", idle)
		}
		life = s.start(t, log)
	}
	stop()
	people.Wait()
	s.settles(t, talks)
	asked, answered := 0, 0
	for i, k := range talks {
		asked, answered = asked+len(k.asked), answered+len(k.answer)
		compare(t, fmt.Sprintf("contact %d in Slack", i), s.inSlack(k), k.asked)
		compare(t, fmt.Sprintf("contact %d on X", i), s.onX(k), k.answer)
	}
	s.terminates(t, life)
	t.Logf("%d kills with work under way (%d without): %d messages to Slack and %d to X, each exactly once and in order",
		counted, idle, asked, answered)
}

// begins returns when Roost receives. An account that never ran begins with what is written from then on, so what is
// counted may only be written afterwards.
func (s *stage) begins(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	early := s.x.AddUser(xsim.User{Name: "Early", Username: "early"}).ID
	for len(s.slack.Messages(s.channel)) == 0 {
		if ctx.Err() != nil {
			t.Fatal("Roost did not begin to receive")
		}
		s.x.Say(early, s.brand, xsim.Draft{Text: "anybody there?"})
		sleep(ctx, 100*time.Millisecond)
	}
}

// asks writes as a contact until ctx ends.
func (s *stage) asks(ctx context.Context, i int, k *talk) {
	for n := 0; ctx.Err() == nil; n++ {
		said := fmt.Sprintf("ask %d-%d", i, n)
		k.mu.Lock()
		s.x.Say(k.contact, s.brand, xsim.Draft{Text: said})
		k.asked = append(k.asked, said)
		k.mu.Unlock()
		sleep(ctx, rand.N(2*pause))
	}
}

// answers writes in the case's thread until ctx ends.
func (s *stage) answers(ctx context.Context, i int, k *talk) {
	for n := 0; ctx.Err() == nil; {
		if root := s.thread(k); root != "" {
			said := fmt.Sprintf("answer %d-%d", i, n)
			k.mu.Lock()
			s.slack.Say(s.member, s.channel, slacksim.Draft{Text: said, Thread: root}) //nolint:contextcheck // a simulator lives until it is closed
			k.answer = append(k.answer, said)
			k.mu.Unlock()
			n++
		}
		sleep(ctx, rand.N(2*pause))
	}
}

// thread finds the thread in which a contact's first message is shown.
func (s *stage) thread(k *talk) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.root != "" || len(k.asked) == 0 {
		return k.root
	}
	for _, m := range s.slack.Messages(s.channel) {
		if m.Thread != "" && m.Thread != m.TS && strings.TrimSpace(m.Text) == k.asked[0] {
			k.root = m.Thread
		}
	}
	return k.root
}

// inSlack lists what the contact asked as it stands in Slack, in all threads.
func (s *stage) inSlack(k *talk) []string {
	want := prefix(k.asked)
	var got []string
	for _, m := range s.slack.Messages(s.channel) {
		if text := strings.TrimSpace(m.Text); m.BotID != "" && m.Thread != m.TS && want != "" && strings.HasPrefix(text, want) {
			got = append(got, text)
		}
	}
	return got
}

// onX lists what the team answered as it stands on X.
func (s *stage) onX(k *talk) []string {
	var got []string
	for _, m := range s.x.Conversation(k.contact, s.brand) {
		if m.API {
			got = append(got, m.Text)
		}
	}
	return got
}

// prefix is what all texts of one person begin with.
func prefix(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0][:strings.LastIndexByte(texts[0], '-')+1]
}

// underWay counts the messages that were written and have not arrived.
func (s *stage) underWay(talks []*talk) int {
	n := 0
	for _, k := range talks {
		k.mu.Lock()
		n += len(k.asked) - len(s.inSlack(k)) + len(k.answer) - len(s.onX(k))
		k.mu.Unlock()
	}
	return n
}

// settles waits until everything has arrived.
func (s *stage) settles(t *testing.T, talks []*talk) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), settle)
	defer cancel()
	err := s.slack.Wait(ctx, func(*slacksim.View) bool { return s.arrived(talks, true) })
	if err == nil {
		err = s.x.Wait(ctx, func(*xsim.View) bool { return s.arrived(talks, false) })
	}
	if err != nil {
		t.Errorf("%d messages did not arrive within %v", s.underWay(talks), settle)
	}
}

// arrived says whether as much stands on one side as was written on the other.
func (s *stage) arrived(talks []*talk, slack bool) bool {
	for _, k := range talks {
		if slack && len(s.inSlack(k)) < len(k.asked) || !slack && len(s.onX(k)) < len(k.answer) {
			return false
		}
	}
	return true
}

// terminates ends the last life as an operator would, and checks that it ends well and in time.
func (s *stage) terminates(t *testing.T, r *roost) {
	t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-r.done:
		if err != nil {
			t.Errorf("after SIGTERM: %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("still running 10 s after SIGTERM")
		r.kill(t)
	}
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("%s: %d of %d messages are missing, from %q on", what, len(want)-i, len(want), want[i])
			return
		case i >= len(want):
			t.Errorf("%s: %d messages too many: %q", what, len(got)-i, got[i:])
			return
		case got[i] != want[i]:
			t.Errorf("%s: message %d is %q, want %q", what, i, got[i], want[i])
			return
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func tail(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		return
	}
	t.Logf("the end of Roost's log:\n%s", b[max(0, len(b)-6000):])
}
