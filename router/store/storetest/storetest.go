// Package storetest holds the promises of every store driver: each sentence of store's contract is a test.
//
// Tests that need time run in a synctest bubble, so thirty seconds of leasing cost no second. A driver opens its database
// inside the bubble and must not keep goroutines that wait for the network.
package storetest

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

// Harness is one database of a driver, at first without content.
type Harness interface {
	// Open opens the database; it has been opened before after Close or Crash only. The harness closes at the end of
	// the test what is still open.
	Open(t *testing.T) store.Store
	// Crash leaves s as a kill would, after which Open finds what was on disk at this moment. s is not used after that.
	Crash(t *testing.T, s store.Store)
}

// Run holds a driver to the contract. open makes a new database each time it is called.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for name, test := range promises() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, open, test)
		})
	}
	t.Run("AgreesWithTheModel", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(r *rapid.T) {
			steps := rapid.SliceOfN(rapid.Make[step](), 1, 40).Draw(r, "steps")
			var err error
			bubble(t, open, func(w *world) { err = agrees(w, steps) })
			if err != nil {
				r.Fatal(err)
			}
		})
	})
}

// promises are the tests that need no model.
func promises() map[string]func(*world) {
	return map[string]func(*world){
		"AdmitTwiceStoresOnce":           admitTwice,
		"AdmitIsAllOrNothing":            admitAllOrNothing,
		"FailingCallsHarmNoOther":        failingCalls,
		"CancelledCallsStoreNothing":     cancelledCalls,
		"CursorMovesWithEvents":          cursorMoves,
		"PlansSeeEarlierChanges":         plansSee,
		"KeptValues":                     keptValues,
		"CrashKeepsWhatWasAnswered":      crashKeeps,
		"ReopeningFindsEverything":       reopening,
		"ClosedStoreSaysSo":              closed,
		"ReadsAreConsistent":             consistentReads,
		"OneOpenCasePerContact":          oneOpenCase,
		"CasesAreFound":                  casesFound,
		"LinesAreReplacedByRef":          linesReplaced,
		"LinesAreFoundInAllCases":        lineFound,
		"SearchInAnyScript":              searchScripts,
		"LeaseGivesOneOfALane":           leaseOne,
		"LongestDueFirst":                longestDue,
		"AccountsTakeTurns":              accountsTurns,
		"LeaseIsSettledOnce":             settledOnce,
		"ExceptedAreNotGiven":            excepted,
		"OrderSurvivesRetries":           orderSurvives,
		"EndedDeliveriesMakeWay":         makeWay,
		"ExpiredLeaseIsGivenAgain":       expiredLease,
		"LeasersNeverShare":              leasersNeverShare,
		"FollowGivesTheNext":             followGivesTheNext,
		"FollowedComeBackAfterACrash":    followedComeBack,
		"FollowRenewsTheLease":           followRenews,
		"PutOffAmongOthers":              putOffAmongOthers,
		"SettleSeveral":                  settleSeveral,
		"FollowLeavesOutWhatPlansHold":   followLeavesOutWhatPlansHold,
		"LanesRunAhead":                  lanesRunAhead,
		"BeginIsRemembered":              beginRemembered,
		"CopiesAreFoundFromBothSides":    copiesBothSides,
		"ReactionsOldestFirst":           reactionsOldestFirst,
		"ReactionsInPlans":               reactionsInPlans,
		"JournalAppendsOnce":             journalAppends,
		"JournalOfManyWriters":           journalRace,
		"SettleIsAllOrNothing":           settleAllOrNothing,
		"WokenByChanges":                 wokenByChanges,
		"WokenWhenDue":                   wokenWhenDue,
		"WaitingLeavesOutLeasedAndTried": waitingLeavesOut,
		"CancelledNeverLeaves":           cancelledNeverLeaves,
		"CancelReplayConfirm":            cancelReplayConfirm,
		"DeliveriesComeBackAsTheyWere":   deliveriesComeBack,
		"ReportsFilter":                  reportsFilter,
		"SweepRemovesWhatItSays":         sweepRemoves,
		"NumbersAreNeverUsedTwice":       numbersOnce,
	}
}

// bubble runs a test with a new database and a clock of its own.
func bubble(t *testing.T, open func(t *testing.T) Harness, test func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		test(&world{T: t, h: h, s: h.Open(t)})
	})
}

// world is one test's database and what the tests say often.
type world struct {
	*testing.T
	h      Harness
	s      store.Store
	events int
}

// The accounts of the tests: everything comes from here and goes there.
const (
	here  chat.Account = "x/acme"
	there chat.Account = "slack/team"
)

// pass lets time pass, which in a bubble takes none.
func (w *world) pass(d time.Duration) { time.Sleep(d) } //nolint:forbidigo // the clock is the bubble's

// ctx ends with the test.
func (w *world) ctx() context.Context { return w.Context() }

// must fails the test at once if err is not nil.
func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// is fails the test if got is not want.
func is[T comparable](w *world, what string, got, want T) {
	w.Helper()
	if got != want {
		w.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// place is a conversation of the account there.
func place(name string) chat.Conversation {
	return chat.Conversation{Account: there, ID: chat.ConversationID(name)}
}

// ref is a message of the account here.
func ref(name string) chat.Ref {
	return chat.Ref{Conversation: chat.Conversation{Account: here, ID: "dm"}, Message: chat.MessageID(name)}
}

// event is a new event.
func (w *world) event() chat.Event {
	w.events++
	return named(fmt.Sprintf("event-%d", w.events))
}

func named(id string) chat.Event {
	return chat.Event{
		ID: chat.EventID(id), Conversation: ref("").Conversation, Message: chat.MessageID("m-" + id),
		Author: chat.Author{ID: "ada", Name: "Ada"}, At: time.Unix(1_700_000_000, 0).UTC(), Direct: true,
		What: chat.Posted{Text: text.Plain("said in " + id)},
	}
}

// to is a delivery of a post to a place, in the lane of that place.
func to(where, words string) chat.Delivery {
	c := place(where)
	return chat.Delivery{Lane: chat.LaneTo(c), Action: chat.Post{To: c, Text: text.Plain(words)}, Source: ref(words)}
}

// words are what a delivery posts.
func words(d chat.Delivery) string {
	p, _ := d.Action.(chat.Post)
	return p.Text.Body
}

// planning is a plan that wants the same whatever happens.
func planning(ch store.Changes) store.Plan {
	return func(store.View, chat.Event) (store.Changes, error) { return ch, nil }
}

// admit takes a new event in from which the deliveries follow.
func (w *world) admit(ds ...chat.Delivery) {
	w.Helper()
	n, err := w.s.Admit(w.ctx(), here, chat.Batch{Events: []chat.Event{w.event()}}, planning(store.Changes{Deliveries: ds}))
	w.must(err)
	is(w, "fresh", n, 1)
}

// change stores changes.
func (w *world) change(ch store.Changes) {
	w.Helper()
	w.must(w.s.Change(w.ctx(), func(store.View) (store.Changes, error) { return ch, nil }))
}

// lease leases for a minute.
func (w *world) lease(most int) []store.Leased {
	w.Helper()
	ls, err := w.s.Lease(w.ctx(), store.Want{Max: most, For: time.Minute})
	w.must(err)
	return ls
}

// only leases for a minute and wants exactly one delivery, which posts these words.
func (w *world) only(want string) store.Leased {
	w.Helper()
	ls := w.lease(10)
	if len(ls) != 1 || words(ls[0].Delivery) != want {
		w.Fatalf("leased %q, want only %q", said(ls), want)
	}
	return ls[0]
}

// none wants nothing to be leased.
func (w *world) none() {
	w.Helper()
	if ls := w.lease(10); len(ls) != 0 {
		w.Fatalf("leased %q, want none", said(ls))
	}
}

func said(ls []store.Leased) []string {
	out := make([]string, len(ls))
	for i, l := range ls {
		out[i] = words(l.Delivery)
	}
	return out
}

// end settles a lease with a state.
func (w *world) end(l store.Leased, s chat.State) {
	w.Helper()
	w.must(w.s.Settle(w.ctx(), store.Settlement{ID: l.ID, Token: l.Token, State: s, Tried: true}))
}

// read runs f on one state.
func (w *world) read(f func(store.Reader) error) {
	w.Helper()
	w.must(w.s.Read(w.ctx(), f))
}

// find lists deliveries, newest first.
func (w *world) find(f store.DeliveryFilter) (ds []chat.Delivery) {
	w.Helper()
	w.read(func(r store.Reader) (err error) {
		ds, err = r.Deliveries(f)
		return err
	})
	return ds
}

// one finds a delivery.
func (w *world) one(id chat.DeliveryID) chat.Delivery {
	w.Helper()
	ds := w.find(store.DeliveryFilter{IDs: []chat.DeliveryID{id}})
	if len(ds) != 1 {
		w.Fatalf("found %d deliveries %d, want one", len(ds), id)
	}
	return ds[0]
}

// counts counts deliveries and checks the counts against the list.
func (w *world) counts() map[chat.State]int {
	w.Helper()
	var counted map[chat.State]int
	listed := map[chat.State]int{}
	w.read(func(r store.Reader) (err error) {
		if counted, err = r.Count(); err != nil {
			return err
		}
		ds, err := r.Deliveries(store.DeliveryFilter{Limit: 100_000})
		for _, d := range ds {
			listed[d.State]++
		}
		return err
	})
	for _, s := range []chat.State{chat.Waiting, chat.Held, chat.Sent, chat.Rejected, chat.Dead, chat.Cancelled} {
		is(w, "count of "+string(s), counted[s], listed[s])
	}
	return counted
}

// stored lists the IDs of all stored events.
func (w *world) stored() (ids []chat.EventID) {
	w.Helper()
	w.read(func(r store.Reader) error {
		es, err := r.Events(0, 100_000)
		for _, e := range es {
			ids = append(ids, e.Event.ID)
		}
		return err
	})
	return ids
}

// reopen closes the store and opens it again.
func (w *world) reopen() {
	w.Helper()
	w.must(w.s.Close())
	w.s = w.h.Open(w.T)
}

// crash kills the store and opens it again.
func (w *world) crash() {
	w.Helper()
	w.h.Crash(w.T, w.s)
	w.s = w.h.Open(w.T)
}
