package crash_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/test/town"
)

// chance is something that can happen, and how often it does beside others.
type chance[T any] struct {
	weight int
	of     T
}

// pick picks one of several.
func pick[T any](dice func(n int) int, all []chance[T]) T {
	sum := 0
	for _, c := range all {
		sum += c.weight
	}
	roll := dice(sum)
	for _, c := range all {
		if roll -= c.weight; roll < 0 {
			return c.of
		}
	}
	return all[0].of
}

// ticks returns when some things have happened at X. A Roost that lives asks X for news every second at least.
func (s *sealed) ticks(ctx context.Context, t *testing.T, n int) {
	t.Helper()
	for range n {
		select {
		case <-s.X.Changed():
		case <-ctx.Done():
			t.Fatal("nothing happens at X any more")
		}
	}
}

// happens has somebody do something, or X misbehave.
func (s *sealed) happens() {
	deed := pick(s.dice, s.deeds())
	s.done[deed.name]++
	deed.do()
}

// deed is something that somebody or X does.
type deed struct {
	name string
	do   func()
}

func (s *sealed) deeds() []chance[deed] {
	return append(s.people(), s.mishaps()...)
}

// people is what people do.
func (s *sealed) people() []chance[deed] {
	return []chance[deed]{
		{25, deed{"encrypted", func() { k := s.anyone(); k.askAt(k.contact, nil) }}},
		{5, deed{"encrypted with a picture", s.shows}},
		{8, deed{"in the clear", func() {
			k := s.anyone()
			k.askAt(town.OnX{Sim: s.X, User: s.phoneOf(k).User(), Brand: s.Brand}, nil)
		}}},
		{25, deed{"of the team", s.answers}},
		{4, deed{"of the team with a picture", s.pictures}},
		{30, deed{"in the mirror", func() { s.chats(s.crowd.talkers[s.dice(len(s.crowd.talkers))]) }}},
		{4, deed{"new keys of conversations", s.rotates}},
		{4, deed{"read marks", s.reads}},
		{1, deed{"new keys of people", func() { s.must(s.phoneOf(s.anyone()).Register()) }}},
	}
}

// anyone is somebody who writes to the desk.
func (s *sealed) anyone() *talk { return s.crowd.talks[s.dice(len(s.crowd.talks))] }

// answers has the team answer on a surface.
func (s *sealed) answers() { s.anyone().reply(nil) }

// pictures has it answer with a picture.
func (s *sealed) pictures() {
	k := s.anyone()
	k.reply(picture(len(k.answer)))
}

// shows has somebody ask with a picture.
func (s *sealed) shows() {
	k := s.anyone()
	k.askAt(k.contact, picture(len(k.asked)))
}

// reads has somebody mark what they see as read. X tells of that alone, without what was before it: what may be lost just then
// must not count as known.
func (s *sealed) reads() {
	k := s.anyone()
	if s.dice(2) == 0 {
		s.X.LoseEvents(1)
		k.askAt(k.contact, nil)
	}
	p := s.phoneOf(k)
	for _, m := range slices.Backward(p.Talk(s.Brand)) {
		s.must(p.Read(s.Brand, m.Sequence))
		return
	}
}

// hunt is what a trap is set for, and what lures it.
type hunt struct {
	prey prey
	left int // calls that the trap lets pass, less than
	lure func()
}

// hunts is the calls in which something can be lost or doubled.
func (s *sealed) hunts() []chance[hunt] {
	lookups := []string{"/events", "/chat/conversations", "/dm_events"}
	return []chance[hunt]{
		{45, hunt{prey{http.MethodPost, []string{"/messages"}}, 3, s.answers}},
		{15, hunt{prey{http.MethodPost, []string{"/media/upload"}}, 3, s.pictures}},
		{8, hunt{prey{http.MethodGet, []string{"/chat/media/"}}, 1, s.shows}},
		{20, hunt{prey{http.MethodGet, lookups}, 6, s.answers}},
		{5, hunt{prey{http.MethodPost, []string{"/keys"}}, 1, func() {
			s.X.FailChat(wire.RecipientKeyChanged)
			s.answers()
		}}},
		{7, hunt{prey{"", []string{"/2/"}}, 12, s.answers}},
	}
}

// chats has somebody say or change something in the mirror. What is said in the group may wait for its key, while what is said
// after it does not.
func (s *sealed) chats(k *talker) {
	n := len(k.said)
	k.act(s.dice)
	if _, encrypted := k.at.(town.InChat); encrypted && s.loose && len(k.said) > n {
		k.said[n].aside = true
	}
}

// rotates gives a conversation a new key.
func (s *sealed) rotates() {
	if s.dice(3) == 0 {
		s.must(s.phones[s.dice(len(s.phones))].NewKey(s.group))
		s.loose = s.on[withheld]
		return
	}
	k := s.anyone()
	s.must(s.phoneOf(k).NewKey(s.Brand))
	k.loose = s.on[withheld+k.name]
}

// withheld is that keys are kept from the account.
const withheld = "keys withheld "

// withholds keeps the keys of a conversation from the account, or tells them. What is written meanwhile, and before there is
// another key, may come late.
func (s *sealed) withholds(k *talk) func(on bool) {
	return func(on bool) {
		k.loose = k.loose || on
		s.X.WithholdKey(s.Brand, s.phoneOf(k).User(), on)
	}
}

func (s *sealed) withholdsGroup(on bool) {
	s.loose = s.loose || on
	s.X.WithholdKey(s.Brand, s.group, on)
}

// turn is that something begins, or, as a rule soon, ends.
func (s *sealed) turn(name string, do func(on bool)) chance[deed] {
	on, weight := s.on[name], 1
	if on {
		weight = 8
	}
	return chance[deed]{weight, deed{mishap, func() {
		s.on[name] = !on
		do(!on)
	}}}
}

const mishap = "mishaps of X"

// mishaps is what X does on a bad day.
func (s *sealed) mishaps() []chance[deed] {
	fail := func(r xsim.Route) func() { return func() { s.X.Fail(r, xsim.Fault{AcceptThenDrop: true}) } }
	all := []chance[deed]{
		{2, deed{mishap, s.X.DropStreams}},
		s.turn("streams refused", func(on bool) {
			s.X.RefuseStreams(on)
			s.X.DropStreams()
		}),
		s.turn("events told twice", s.X.DeliverTwice),
		s.turn("events held", s.X.HoldEvents),
		s.turn(withheld, s.withholdsGroup),
		{2, deed{mishap, func() { s.X.LoseEvents(1 + s.dice(3)) }}},
		{3, deed{mishap, fail(xsim.SendChatMessage)}},
		{1, deed{mishap, fail(xsim.SendToParticipant)}},
		{1, deed{mishap, fail(xsim.ChatUploadFinish)}},
		{1, deed{mishap, fail(xsim.ChangeChatKey)}},
		{1, deed{mishap, func() { s.X.FailChat(wire.NonLatestKeyVersion) }}},
		{1, deed{mishap, func() { s.X.FailChat(wire.RecipientKeyChanged) }}},
	}
	for _, k := range s.crowd.talks {
		all = append(all, s.turn(withheld+k.name, s.withholds(k)),
			s.turn("only encrypted "+k.name, func(on bool) { s.X.Encrypted(s.phoneOf(k).User(), on) }))
	}
	return all
}

// calms has X behave from now on.
func (s *sealed) calms() {
	s.X.RefuseStreams(false)
	s.X.HoldEvents(false)
	s.X.DeliverTwice(false)
	s.X.ClearFaults()
	s.X.WithholdKey(s.Brand, s.group, false)
	for _, p := range s.phones {
		s.X.WithholdKey(s.Brand, p.User(), false)
	}
}

// must notes what a telephone could not do.
func (s *sealed) must(err error) {
	if err != nil {
		s.done["not: "+err.Error()]++
	}
}

// where tells in which moments Roost was killed.
func (s *sealed) where() string { return counts(s.ends) }

// traffic tells what happened.
func (s *sealed) traffic() string { return counts(s.done) }

// counts tells what was counted, most first.
func counts(of map[string]int) string {
	names := slices.SortedFunc(maps.Keys(of), func(a, b string) int { return cmp.Or(of[b]-of[a], strings.Compare(a, b)) })
	var all []string
	for _, name := range names {
		all = append(all, fmt.Sprintf("%d %s", of[name], name))
	}
	return strings.Join(all, ", ")
}
