package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

// office is what commands ask of a Roost: of the one that runs, over its control socket, or of the files when none does.
type office interface {
	deliveries(ctx context.Context, f store.DeliveryFilter) (deliveryList, error)
	settle(ctx context.Context, o order) (settled, error)
	why(ctx context.Context, q question) (answer, error)
	doctor(ctx context.Context, accounts []chat.Account) ([]diagnosis, error)
	gate
	bots(ctx context.Context) ([]botRow, error)
	resume(ctx context.Context, bot string) (was string, err error)
	record(ctx context.Context, q recording) (string, error)
	Close() error
}

// gate is what logging in asks.
type gate interface {
	keeper(name chat.Account) bridges.Keeper
	loginKeys(ctx context.Context, q keyQuestion) (keyAnswer, error)
	reopen(ctx context.Context, name chat.Account) (bool, error)
}

// deliveryRow is a delivery as commands show it.
type deliveryRow struct {
	ID       chat.DeliveryID   `json:"id"`
	State    chat.State        `json:"state"`
	Action   string            `json:"action"`
	To       chat.Conversation `json:"to"`
	Source   string            `json:"source,omitempty"`
	Case     chat.CaseID       `json:"case,omitempty"`
	Tries    int               `json:"tries"`
	Reason   string            `json:"reason,omitempty"`
	Admitted time.Time         `json:"admitted"`
	Due      time.Time         `json:"due,omitzero"`
	Text     string            `json:"text,omitempty"`
}

// deliveryList is what "roost deliveries" shows.
type deliveryList struct {
	Count      map[chat.State]int `json:"count"`
	Deliveries []deliveryRow      `json:"deliveries"`
}

// order is what "roost replay" asks for.
type order struct {
	IDs     []chat.DeliveryID `json:"ids"`
	Arrived bool              `json:"arrived,omitempty"` // held ones count as sent instead of being sent again
}

// settled is what "roost replay" did.
type settled struct {
	IDs     []chat.DeliveryID `json:"ids"`
	Missing []chat.DeliveryID `json:"missing"` // asked for by ID, and not to be settled so
}

// question is what "roost why" asks.
type question struct {
	Conversation chat.Conversation `json:"conversation"`
	Text         string            `json:"text"`
	As           chat.PersonID     `json:"as"`
	Direct       bool              `json:"direct"`
	Bot          bool              `json:"bot,omitempty"`
}

// answer is what "roost why" is told.
type answer struct {
	Why        []string      `json:"why"`
	Opens      bool          `json:"opens_case"`
	Deliveries []deliveryRow `json:"deliveries"`
	Hint       string        `json:"hint,omitempty"` // what may have been meant
}

// diagnosis is what "roost doctor" finds out about one account.
type diagnosis struct {
	Account  chat.Account          `json:"account"`
	Findings []chat.Finding        `json:"findings"`
	Status   *router.AccountStatus `json:"status,omitempty"` // when Roost runs
	Skipped  map[string]oddKind    `json:"skipped,omitempty"`
}

func rowOf(d chat.Delivery) deliveryRow {
	row := deliveryRow{
		ID: d.ID, State: d.State, Action: chat.ActionName(d.Action), To: d.Action.Target(), Case: d.Case,
		Tries: d.Tries, Reason: d.Reason, Admitted: d.Admitted,
	}
	if !d.Source.IsZero() {
		row.Source = d.Source.String()
	}
	if d.State == chat.Waiting {
		row.Due = d.Due
	}
	switch a := d.Action.(type) {
	case chat.Post:
		row.Text = shown(a.Text, a.Card)
	case chat.Edit:
		row.Text = shown(a.Text, a.Card)
	case chat.React:
		row.Text = a.Emoji
	case chat.Pin:
		row.Text = "📌"
	case chat.Open:
		row.Text = a.Title
	case chat.Delete:
	case chat.Hear:
		row.Text = "hears of an event: " + chat.HappeningName(a.Event.What)
	}
	return row
}

// shown is the beginning of a text, or what its card is about where there is no text.
func shown(t text.Text, card *chat.Card) string {
	if t.Body == "" && card != nil {
		return "card of " + card.Title
	}
	return text.Snippet(t, 80)
}

func (h *house) deliveries(ctx context.Context, f store.DeliveryFilter) (deliveryList, error) {
	var list deliveryList
	err := h.store.Read(ctx, func(v store.Reader) error {
		ds, err := v.Deliveries(f)
		if err != nil {
			return err
		}
		list.Deliveries = make([]deliveryRow, 0, len(ds))
		for _, d := range ds {
			list.Deliveries = append(list.Deliveries, rowOf(d))
		}
		list.Count, err = v.Count()
		return err
	})
	return list, err
}

func (h *house) settle(ctx context.Context, o order) (settled, error) {
	done := settled{IDs: []chat.DeliveryID{}, Missing: []chat.DeliveryID{}}
	want := []chat.State{chat.Dead, chat.Rejected, chat.Held}
	if o.Arrived {
		want = []chat.State{chat.Held}
	}
	for {
		found, err := h.replayable(ctx, store.DeliveryFilter{IDs: o.IDs, States: want, Limit: max(len(o.IDs), mostSettled)}, done.IDs)
		if err != nil {
			return done, err
		}
		if len(found) == 0 {
			break
		}
		change := store.Changes{Replay: found}
		if o.Arrived {
			change = store.Changes{Confirm: found}
		}
		if err := h.store.Change(ctx, func(store.View) (store.Changes, error) { return change, nil }); err != nil {
			return done, err
		}
		done.IDs = append(done.IDs, found...)
	}
	slices.Sort(done.IDs)
	for _, id := range o.IDs {
		if _, ok := slices.BinarySearch(done.IDs, id); !ok {
			done.Missing = append(done.Missing, id)
		}
	}
	return done, nil
}

// mostSettled is how many deliveries are settled in one transaction.
const mostSettled = 1000

// replayable lists the deliveries of f, the oldest first, so that they go again in their order; without those that were
// settled before, which may have failed again by now.
func (h *house) replayable(ctx context.Context, f store.DeliveryFilter, before []chat.DeliveryID) ([]chat.DeliveryID, error) {
	var found []chat.DeliveryID
	err := h.store.Read(ctx, func(v store.Reader) error {
		ds, err := v.Deliveries(f)
		for _, d := range ds {
			if !slices.Contains(before, d.ID) {
				found = append(found, d.ID)
			}
		}
		return err
	})
	slices.Sort(found)
	return found, err
}

func (h *house) why(ctx context.Context, q question) (answer, error) {
	f := h.current()
	if _, ok := f.Accounts[q.Conversation.Account]; !ok {
		return answer{}, noAccount(f, q.Conversation.Account)
	}
	x, err := h.router.Explain(ctx, chat.Event{
		ID: "why", Conversation: q.Conversation, Message: "why", At: time.Now(), Direct: q.Direct,
		Author: chat.Author{ID: q.As, Name: string(q.As), Bot: q.Bot}, What: chat.Posted{Text: text.Plain(q.Text)},
	})
	a := answer{Why: x.Why, Opens: x.Opens, Deliveries: []deliveryRow{}}
	for _, d := range x.Deliveries {
		a.Deliveries = append(a.Deliveries, rowOf(d))
	}
	if desk, ok := deskOf(f, q.Conversation.Account); ok && len(a.Deliveries) == 0 && !q.Direct {
		a.Hint = fmt.Sprintf("the desk %s takes direct messages of %s; say --direct if this is one", desk, q.Conversation.Account)
	}
	return a, err
}

// deskOf finds the desk that takes an account's direct messages.
func deskOf(f *configs.File, name chat.Account) (string, bool) {
	for route, r := range f.Routes {
		if r.Desk != nil && slices.Contains(r.Desk.From, name) {
			return route, true
		}
	}
	return "", false
}

func noAccount(f *configs.File, name chat.Account) error {
	return usage(fmt.Errorf("the configuration has no account %s; it has %s", name, accountsOf(f)))
}

// accountsOf lists the accounts of a configuration for a person.
func accountsOf(f *configs.File) string {
	if len(f.Accounts) == 0 {
		return "none"
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(f.Accounts)) {
		names = append(names, string(name))
	}
	return strings.Join(names, ", ")
}

// checkTime is how long one account may take to answer the doctor.
const checkTime = 30 * time.Second

func (h *house) doctor(ctx context.Context, accounts []chat.Account) ([]diagnosis, error) {
	f := h.current()
	for _, name := range accounts {
		if _, ok := f.Accounts[name]; !ok {
			return nil, noAccount(f, name)
		}
	}
	if len(accounts) == 0 {
		accounts = slices.Collect(maps.Keys(f.Accounts))
	}
	slices.Sort(accounts)
	accounts = slices.Compact(accounts)
	all := make([]diagnosis, len(accounts))
	var g errgroup.Group
	g.SetLimit(8)
	for i, name := range accounts {
		g.Go(func() error {
			all[i] = h.examine(ctx, name)
			return nil
		})
	}
	return all, g.Wait()
}

// examine asks the connector that the router has, because an account's login is renewed in one place at a time.
func (h *house) examine(ctx context.Context, name chat.Account) diagnosis {
	d := diagnosis{Account: name, Findings: []chat.Finding{}, Status: h.statusOf(name), Skipped: h.skipped.of(name)}
	h.mu.RLock()
	conn := h.open[name]
	h.mu.RUnlock()
	if conn == nil { // a reload took it away just now
		return d
	}
	within, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	findings, err := chat.Check(within, conn)
	d.Findings = append(d.Findings, findings...)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer within %v", checkTime)
	}
	if err != nil {
		d.Findings = append(d.Findings, chat.Finding{
			Grade: chat.Broken, Name: "check", Text: chat.Reason(err), Mend: "see that this machine reaches the platform",
		})
	}
	return d
}

func (h *house) statusOf(name chat.Account) *router.AccountStatus {
	for _, s := range h.router.Status() {
		if s.Account == name && !s.Since.IsZero() {
			return &s
		}
	}
	return nil
}

// office finds the Roost that runs with this configuration, or opens its files when none does. Where there is no
// database yet none is made.
func (c *common) office(ctx context.Context) (office, error) {
	f, err := c.load()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(f.Store.Path); !errors.Is(err, fs.ErrNotExist) {
		return c.officeOf(ctx, f)
	}
	dir, err := os.MkdirTemp("", "roost-")
	if err != nil {
		return nil, err
	}
	away := *f
	away.Store.Path, away.Store.KeyFile = filepath.Join(dir, "roost.db"), filepath.Join(dir, "roost.key")
	away.Files.Path = filepath.Join(dir, "files")
	o, err := c.officeOf(ctx, &away)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return awayOffice{o, dir}, nil
}

// awayOffice is an office in a folder that goes with it.
type awayOffice struct {
	office
	dir string
}

// Close closes the office and removes its folder.
func (o awayOffice) Close() error { return errors.Join(o.office.Close(), os.RemoveAll(o.dir)) }

// officeOf finds the Roost that runs with f, or opens f's files.
func (c *common) officeOf(ctx context.Context, f *configs.File) (office, error) {
	if cl, err := dial(ctx, f); cl != nil || err != nil {
		return cl, err
	}
	h, err := openHouse(ctx, f, slog.New(slog.DiscardHandler), nil)
	if _, far := socketPath(f); far != nil && errors.Is(err, store.ErrLocked) {
		return nil, far // the one that runs has its socket, which is too far away from here
	}
	if err != nil {
		return nil, err
	}
	if err := h.apply(ctx, f, false); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return idle{h}, nil
}

// idle is a house whose accounts don't run.
type idle struct{ *house }

// Close closes the accounts, which nobody ran, and the house.
func (i idle) Close() error {
	for _, conn := range i.open {
		chat.Close(conn)
	}
	return errors.Join(i.cast.Close(), i.house.Close())
}
