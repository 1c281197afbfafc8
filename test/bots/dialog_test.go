package bots_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-im/roost/test/town"
)

var kills = flag.Int("kills", 25, "how often Roost is killed in the middle of dialogs")

// patience is how long one dialog may take, kills included.
const patience = 3 * time.Minute

// TestDialogsSurviveKills kills Roost at random instants while people on four platforms go through dialogs of twenty
// questions. See the package's documentation for what holds where.
func TestDialogsSurviveKills(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	all := s.people()
	s.write(t, "survey.star", survey)
	s.configure(t, map[string]string{town.Telegram: "uncertain: hold", town.X: "poll_every: 1s"},
		fmt.Sprintf("bots:\n  survey: {script: survey.star, in: [%s, %s, %s, %s], limits: {messages: 10000}}",
			town.X, town.Slack, town.Discord, town.Telegram))
	life := s.start(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	if err := s.listens(ctx); err != nil {
		t.Fatalf("Roost does not listen: %v", err)
	}
	for _, p := range all { // an account that is new is not told of what was said before it was there
		p.at.Say(town.Draft{Text: "!total"})
		if _, err := p.wait(ctx, "Total 0", nil); err != nil {
			t.Fatalf("on %s: %v", p.at.Name(), err)
		}
	}
	var over atomic.Bool
	var people, operator sync.WaitGroup
	for _, p := range all {
		people.Go(func() {
			if err := p.talk(ctx, func() bool { return !over.Load() }); err != nil {
				t.Error(err)
				over.Store(true)
			}
		})
	}
	desk := &operating{s: s, of: all[len(all)-1]}
	operator.Go(func() { desk.work(ctx) })
	began := time.Now()
	for range *kills {
		if over.Load() {
			break
		}
		sleep(ctx, 100*time.Millisecond+rand.N(900*time.Millisecond))
		life.Kill(t)
		life = s.start(t)
	}
	took := time.Since(began)
	over.Store(true)
	people.Wait()
	dialogs := 0
	for _, p := range all {
		dialogs += len(p.runs)
	}
	all[0].at.Say(town.Draft{Text: "!total"})
	total := fmt.Sprint("Total ", dialogs*questions)
	within, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if _, err := all[0].wait(within, total, nil); err != nil && !t.Failed() {
		t.Errorf("%v: an answer was used twice, or not at all", err)
	}
	stop()
	operator.Wait()
	life.Terminate(t)
	messages := 0
	for _, p := range all {
		messages += p.audit(t)
	}
	if desk.err != nil {
		t.Error(desk.err)
	}
	if !t.Failed() {
		t.Logf("%d kills in %v, in %d dialogs of %d questions: %d messages of the bot, each there once; %d held on Telegram, of which %d had arrived",
			*kills, took.Round(time.Second), dialogs, questions, messages, desk.held, desk.arrived)
	}
}

func (s *stage) listens(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return s.Listening(ctx)
}

// audit checks that everything that the bot said in its dialogs is there once and, where something can tell, in order. It
// gives how much that is.
func (p *person) audit(t *testing.T) int {
	t.Helper()
	at := map[string][]int{}
	for i, l := range p.at.Lines() {
		if l.Ours && !l.Gone {
			at[token(l)] = append(at[token(l)], i)
		}
	}
	last, n := -1, 0
	expect := func(key string) {
		is := at[key]
		delete(at, key)
		switch {
		case len(is) != 1:
			t.Errorf("%s: %s is there %d times", p.at.Name(), key, len(is))
			return
		case is[0] < last && !p.blind:
			t.Errorf("%s: %s stands before what was said before it", p.at.Name(), key)
		}
		last, n = is[0], n+1
	}
	for _, run := range p.runs {
		for i := range questions {
			key := run + "-" + strconv.Itoa(i)
			if i%3 == 0 {
				expect("Note " + key)
			}
			expect("Question " + key)
		}
		expect("Summary " + run)
	}
	for key := range at {
		if strings.HasPrefix(key, "Total ") {
			continue
		}
		t.Errorf("%s: %q was not to be said", p.at.Name(), key)
	}
	return n
}

// operating is a person who looks after what is held.
type operating struct {
	s             *stage
	of            *person
	held, arrived int
	err           error
}

// work looks at what is held until ctx ends, and says what became of it. A Roost that is down just now answers nothing.
func (o *operating) work(ctx context.Context) {
	for ctx.Err() == nil {
		sleep(ctx, 300*time.Millisecond)
		l, err := o.s.ledger(ctx)
		if err != nil {
			continue
		}
		for _, d := range l.Deliveries {
			switch {
			case d.State != "held" && d.Action == "edit": // of a question whose post is held; it has no message yet
				continue
			case d.State != "held" || d.To != o.of.at.Name():
				o.err = fmt.Errorf("%s of %q to %s is %s: %s", d.Action, d.Text, d.To, d.State, d.Reason)
				continue
			}
			o.settle(ctx, strconv.FormatInt(d.ID, 10), d.Text)
		}
	}
}

func (o *operating) settle(ctx context.Context, id, text string) {
	args := []string{"replay", id}
	there := slices.ContainsFunc(o.of.at.Lines(), func(l town.Line) bool {
		return l.Ours && token(l) == token(town.Line{Text: strings.TrimSpace(text)})
	})
	if there {
		args = append(args, "--arrived")
	}
	if _, err := o.s.command(ctx, args...); err != nil {
		return // it is killed just now
	}
	o.held++
	if there {
		o.arrived++
	}
}
