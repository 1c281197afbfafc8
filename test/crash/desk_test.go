package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/roost-im/roost/test/town"
)

// talk is one contact's conversation: what each side wrote, in order.
type talk struct {
	name    string
	contact town.Spot
	home    town.Spot // the surface on which the team answers

	mu     sync.Mutex
	asked  []string
	answer []string
	thread string // of the case at home, once it is there
}

// ask writes one message as the contact.
func (k *talk) ask() {
	k.mu.Lock()
	defer k.mu.Unlock()
	said := fmt.Sprintf("%sask%d", k.name, len(k.asked))
	k.contact.Say(town.Draft{Text: said})
	k.asked = append(k.asked, said)
}

// asks writes as the contact until ctx ends.
func (k *talk) asks(ctx context.Context) {
	for ctx.Err() == nil {
		k.ask()
		sleep(ctx, rand.N(2*pause))
	}
}

// answers writes in the case's thread until ctx ends.
func (k *talk) answers(ctx context.Context) {
	for ctx.Err() == nil {
		if k.begun() {
			k.mu.Lock()
			said := fmt.Sprintf("%sanswer%d", k.name, len(k.answer))
			k.home.Say(town.Draft{Text: said, Thread: k.thread})
			k.answer = append(k.answer, said)
			k.mu.Unlock()
		}
		sleep(ctx, rand.N(2*pause))
	}
}

// begun finds the thread in which the contact's first message is shown, where the team answers.
func (k *talk) begun() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.thread == "" && len(k.asked) > 0 {
		k.thread = threadOf(k.home, k.asked[0])
	}
	return k.thread != ""
}

// threadOf is the thread in which Roost shows a message; empty when it does not.
func threadOf(p town.Spot, token string) string {
	for _, l := range p.Lines() {
		if l.Ours && l.Thread != "" && l.Thread != l.ID && l.Token() == token {
			return l.Thread
		}
	}
	return ""
}

// desked checks that what the contact asked stands on every surface, and what the team answered at the contact and on the
// other surfaces: once, in order, and in one thread.
func (a *audit) desked(k *talk, surfaces []town.Spot) {
	for _, to := range surfaces {
		a.series(k.contact, to, k.asked)
		if to.Name() != k.home.Name() {
			a.series(k.home, to, k.answer)
		}
		threads := map[string]bool{}
		for _, token := range k.asked {
			for _, l := range a.ours(to, token) {
				threads[l.Thread] = true
			}
		}
		if len(threads) > 1 {
			a.fault("%s: the case of %s is in %d threads", to.Name(), k.name, len(threads))
		}
	}
	a.series(k.home, k.contact, k.answer)
}

// series checks that messages stand in a place once and in order.
func (a *audit) series(from, to town.Spot, tokens []string) {
	last := -1
	for _, token := range tokens {
		if a.excused(to, token) {
			continue
		}
		a.count(to, token, len(a.ours(to, token)), false)
		i, ok := a.at(to, token)
		if ok && i < last {
			a.disorder(from, to, token)
		}
		if ok {
			last = i
		}
	}
}
