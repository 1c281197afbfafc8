package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
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
	aside  []string // of what was asked, what went another way than usual
	late   []string // of what was asked, what may come late
	loose  bool     // what is asked now may come late
	answer []string
	thread string          // of the case at home, once it is there
	files  map[string]bool // which messages have one
}

// ask writes one message as the contact.
func (k *talk) ask() { k.askAt(k.contact, nil) }

// askAt writes one message as the contact in one of the ways in which they can, with a file if that is not nil.
func (k *talk) askAt(contact town.Spot, file []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	said := fmt.Sprintf("%sask%d", k.name, len(k.asked))
	if contact.Say(town.Draft{Text: said, File: file}) == "" {
		return
	}
	k.asked = append(k.asked, said)
	k.attach(said, file)
	if contact != k.contact {
		k.aside = append(k.aside, said)
	}
	if k.loose {
		k.late = append(k.late, said)
	}
}

// ways is what the contact wrote in each of the ways in which they can, between which there is no order; and each by itself
// that may wait for a key.
func (k *talk) ways() [][]string {
	var late [][]string
	ways := map[bool][]string{}
	for _, said := range k.asked {
		if slices.Contains(k.late, said) {
			late = append(late, []string{said})
			continue
		}
		aside := slices.Contains(k.aside, said)
		ways[aside] = append(ways[aside], said)
	}
	return append(late, ways[false], ways[true])
}

// attach notes that there is a file with a message; mu is held.
func (k *talk) attach(said string, file []byte) {
	if k.files == nil {
		k.files = map[string]bool{}
	}
	k.files[said] = file != nil
}

// reply writes one message in the case's thread, once that is there.
func (k *talk) reply(file []byte) {
	if !k.begun() {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	said := fmt.Sprintf("%sanswer%d", k.name, len(k.answer))
	if k.home.Say(town.Draft{Text: said, Thread: k.thread, File: file}) == "" {
		return
	}
	k.answer = append(k.answer, said)
	k.attach(said, file)
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
		k.reply(nil)
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
		for _, way := range k.ways() {
			a.series(k.contact, to, way)
		}
		a.carry(k, to, k.asked)
		if to.Name() != k.home.Name() {
			a.series(k.home, to, k.answer)
			a.carry(k, to, k.answer)
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
	a.carry(k, k.contact, k.answer)
}

// carry checks the files of messages that stand in a place.
func (a *audit) carry(k *talk, to town.Spot, tokens []string) {
	for _, token := range tokens {
		for _, l := range a.ours(to, token) {
			if k.files[token] != (l.Files == 1) {
				a.fault("%s: %s has %d files", to.Name(), token, l.Files)
			}
		}
	}
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
