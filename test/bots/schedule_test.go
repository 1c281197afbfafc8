package bots_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/schedule"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sqlite"
	"github.com/roost-im/roost/router/text"
	"github.com/roost-im/roost/test/lifetest"
)

var (
	slots   = flag.Int("slots", 1000, "how many slots of a schedule there are")
	strikes = flag.Int("strikes", 50, "how often the process is killed while they come due")
)

// clockFile is the environment variable that makes the test binary fire a schedule in this folder until it is killed. Its
// clock is the machine's and what the parent last wrote to its standard input, in nanoseconds.
const clockFile = "ROOST_TEST_CLOCK"

// What the process that fires leaves in its folder: a database, and what was said, as a platform keeps it that folds posts of
// the same key.
const (
	database = "roost.db"
	paper    = "said"
)

// room is where the schedule speaks.
var room = chat.Conversation{Account: "paper/one", ID: "room"}

// firing is the process that fires.
func firing(dir string) int {
	if err := fire(context.Background(), dir, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func fire(ctx context.Context, dir string, in io.Reader, out io.Writer) (err error) {
	var ahead atomic.Int64
	lines := bufio.NewScanner(in)
	move := func() bool {
		if !lines.Scan() {
			return false
		}
		n, err := strconv.ParseInt(lines.Text(), 10, 64)
		ahead.Store(n)
		return err == nil
	}
	if !move() {
		return errors.New("there is no clock")
	}
	clock := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	s, err := sqlite.Open(ctx, filepath.Join(dir, database), sqlite.Options{Now: clock})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	host, err := ticking(s, clock)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	r := router.New(router.Config{Store: s, Now: clock, Log: log})
	if err := r.Apply(router.Setup{
		Accounts: map[chat.Account]router.Account{
			room.Account: {Open: func() (chat.Connector, error) { return writing{dir}, nil }},
			"bot/tick":   {Open: func() (chat.Connector, error) { return reporting{host, out}, nil }},
		},
		Bots: []router.Bot{{Account: "bot/tick", Places: []chat.Conversation{room}, Wants: host.Wants}},
	}); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		for move() {
			_ = host.Replace(ticker(), nil) // it looks at the clock then, and not only once a second
		}
	}()
	return r.Run(ctx)
}

// ticking is the host of a bot that is woken every minute, counts how often it was woken in each and says which one it is.
func ticking(s store.Store, clock func() time.Time) (*bots.Host, error) {
	return bots.New(bots.Config{
		Name: "tick", Bot: ticker(), Home: room, Rate: bots.Cooldown{N: 1 << 30, Per: time.Minute},
		Env: bots.Env{Now: clock, State: func(ctx context.Context, key string) (value []byte, err error) {
			err = s.Read(ctx, func(v store.Reader) error {
				value, err = v.Kept(key)
				if errors.Is(err, store.ErrNotFound) {
					return nil
				}
				return err
			})
			return value, err
		}},
	})
}

func ticker() *bots.Func {
	every, err := schedule.Parse("* * * * *", "Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return &bots.Func{
		Says: bots.Spec{Triggers: []bots.Trigger{{ID: "tick", Schedule: &bots.Schedule{Schedule: every, Missed: schedule.AllUpTo(1000)}}}},
		Hears: func(ctx context.Context, t *bots.Turn) error {
			call, _ := t.Hear().Event.What.(chat.Called)
			for _, key := range []string{string(call.Body), "all"} {
				was, err := t.Get(ctx, bots.OfBot, key)
				if err != nil {
					return err
				}
				n, _ := strconv.Atoi(string(was)) // nothing is none
				if err := t.Set(ctx, bots.OfBot, key, []byte(strconv.Itoa(n+1))); err != nil {
					return err
				}
			}
			_, err := t.Say(bots.Message{Text: bots.Escape(string(call.Body))})
			return err
		},
	}
}

// reporting is a host that says when the store has what it fired.
type reporting struct {
	*bots.Host
	out io.Writer
}

func (r reporting) Run(ctx context.Context, sink chat.Sink) error {
	return r.Host.Run(ctx, reportingSink{sink, r.out})
}

type reportingSink struct {
	chat.Sink
	out io.Writer
}

func (s reportingSink) Accept(ctx context.Context, b chat.Batch) error {
	err := s.Sink.Accept(ctx, b)
	if err == nil {
		_, err = fmt.Fprintln(s.out, len(b.Events))
	}
	return err
}

// writing is a connector that writes what is posted into a file, with its key.
type writing struct{ dir string }

func (c writing) Run(ctx context.Context, _ chat.Sink) error { <-ctx.Done(); return nil }

func (c writing) Traits() chat.Traits {
	return chat.Traits{Platform: "Paper", Text: text.Limit{Max: 1000}, Repeat: chat.Keyed}
}

func (c writing) Post(_ context.Context, p chat.Post) (chat.Receipt, error) {
	f, err := os.OpenFile(filepath.Join(c.dir, paper), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return chat.Receipt{}, err
	}
	_, err = fmt.Fprintf(f, "%s %s\n", p.Key, p.Text.Body)
	return chat.Receipt{Messages: []chat.MessageID{chat.MessageID(p.Key)}}, errors.Join(err, f.Close())
}

// clockwork is a process that fires, and the clock that it has.
type clockwork struct {
	dir   string
	ahead time.Duration // of the machine's clock
	cmd   *exec.Cmd
	in    io.Writer
	out   *bufio.Scanner
}

func (c *clockwork) start(t *testing.T) {
	t.Helper()
	c.cmd = exec.Command(os.Args[0]) //nolint:noctx // it is killed by hand: that is the test
	c.cmd.Env = append(os.Environ(), clockFile+"="+c.dir)
	c.cmd.Stderr = os.Stderr
	in, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.in, c.out = in, bufio.NewScanner(out)
	c.move(t, 0)
}

// move moves the clock.
func (c *clockwork) move(t *testing.T, by time.Duration) {
	t.Helper()
	c.ahead += by
	if _, err := fmt.Fprintln(c.in, int64(c.ahead)); err != nil {
		t.Fatal(err)
	}
}

// set moves the clock to a time.
func (c *clockwork) set(t *testing.T, to time.Time) { t.Helper(); c.move(t, to.Sub(c.now())) }

func (c *clockwork) now() time.Time { return time.Now().Add(c.ahead) }

func (c *clockwork) kill(t *testing.T) {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.cmd.Wait() // it was killed
}

// said reads what was said, each key once.
func (c *clockwork) said(t *testing.T) map[string][]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(c.dir, paper))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	said := map[string][]string{}
	for line := range strings.Lines(string(b)) {
		key, words, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if ok && !keys[key] {
			keys[key] = true
			said[words] = append(said[words], key)
		}
	}
	return said
}

// TestEverySlotFiresOnce kills a process that fires a schedule every minute, at random instants, while its clock goes on,
// jumps ahead, is put back, and stands still because the machine sleeps.
func TestEverySlotFiresOnce(t *testing.T) {
	t.Parallel()
	c := &clockwork{dir: lifetest.Folder(t)}
	begins := time.Date(2026, time.March, 28, 20, 0, 5, 0, time.UTC) // in the night the clocks are changed
	c.ahead = time.Until(begins)
	ends := begins.Add(time.Duration(*slots) * time.Minute)
	c.start(t)
	if !c.out.Scan() { // from now on slots are its business
		t.Fatal("it does not begin")
	}
	killed, back, far := 0, 0, 0
	for from := begins; killed < *strikes; {
		for range 1 + rand.N(4) {
			left := ends.Sub(from)
			switch step := left / time.Duration(2*(*strikes-killed)+1); rand.N(6) {
			case 0: // the clock was wrong
				back++
				c.set(t, from.Add(-rand.N(time.Hour)))
			case 1: // it is wrong
				far++
				c.set(t, from.Add(rand.N(min(left, 20*time.Minute)+1)))
			default: // time goes on, or the machine slept
				from = from.Add(rand.N(2*step + 1))
				c.set(t, from)
			}
			sleep(t.Context(), rand.N(30*time.Millisecond))
		}
		c.kill(t)
		killed++
		c.start(t)
	}
	c.set(t, ends)
	within := time.Now().Add(50 * time.Second) // then there is another slot
	for len(c.said(t)) < *slots && time.Now().Before(within) {
		sleep(t.Context(), 50*time.Millisecond)
	}
	sleep(t.Context(), 200*time.Millisecond) // for what is too much
	c.kill(t)
	c.audit(t, begins)
	if !t.Failed() {
		t.Logf("%d slots with %d kills, the clock put back %d times and ahead %d times: each fired once", *slots, killed, back, far)
	}
}

// audit checks that each slot was fired once: what the bot counted, and what it said.
func (c *clockwork) audit(t *testing.T, begins time.Time) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(c.dir, database), sqlite.Options{Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	said := c.said(t)
	err = s.Read(t.Context(), func(v store.Reader) error {
		count := func(key string, want int) {
			n, err := v.Kept("bot/tick/state/b/" + key)
			if err != nil || string(n) != strconv.Itoa(want) {
				t.Errorf("%s was fired %q times, want %d: %v", key, n, want, err)
			}
		}
		for i := range *slots {
			slot := begins.Truncate(time.Minute).Add(time.Duration(i+1) * time.Minute).Format(time.RFC3339)
			count(slot, 1)
			if n := len(said[slot]); n != 1 {
				t.Errorf("%s was said %d times", slot, n)
			}
		}
		count("all", *slots)
		return nil
	})
	if err != nil || len(said) != *slots {
		t.Errorf("%d slots were said, want %d: %v", len(said), *slots, err)
	}
}
