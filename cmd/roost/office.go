package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sort"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/text"
)

// office is what commands ask of a Roost: of the one that runs, over its control socket, or of the files when none does.
type office interface {
	deliveries(ctx context.Context, f store.DeliveryFilter) (deliveryList, error)
	settle(ctx context.Context, o order) (int, error)
	why(ctx context.Context, q question) (answer, error)
	doctor(ctx context.Context, accounts []chat.Account) ([]diagnosis, error)
	keeper(name chat.Account) bridges.Keeper
	Close() error
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
		row.Text = text.Snippet(a.Text, 80)
	case chat.Edit:
		row.Text = text.Snippet(a.Text, 80)
	case chat.React:
		row.Text = a.Emoji
	case chat.Open:
		row.Text = a.Title
	case chat.Delete:
	}
	return row
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

func (h *house) settle(ctx context.Context, o order) (int, error) {
	var found []chat.DeliveryID
	want := []chat.State{chat.Dead, chat.Rejected, chat.Held}
	if o.Arrived {
		want = []chat.State{chat.Held}
	}
	err := h.store.Read(ctx, func(v store.Reader) error {
		ds, err := v.Deliveries(store.DeliveryFilter{IDs: o.IDs, States: want, Limit: max(len(o.IDs), 10_000)})
		for _, d := range ds {
			found = append(found, d.ID)
		}
		return err
	})
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return len(found), h.store.Change(ctx, func(store.View) (store.Changes, error) {
		if o.Arrived {
			return store.Changes{Confirm: found}, nil
		}
		return store.Changes{Replay: found}, nil
	})
}

func (h *house) why(ctx context.Context, q question) (answer, error) {
	if _, ok := h.file.Accounts[q.Conversation.Account]; !ok {
		return answer{}, usage(fmt.Errorf("the configuration has no account %s", q.Conversation.Account))
	}
	x, err := h.router.Explain(ctx, chat.Event{
		ID: "why", Conversation: q.Conversation, Message: "why", At: time.Now(), Direct: q.Direct,
		Author: chat.Author{ID: q.As, Name: string(q.As), Bot: q.Bot}, What: chat.Posted{Text: text.Plain(q.Text)},
	})
	a := answer{Why: x.Why, Opens: x.Opens, Deliveries: []deliveryRow{}}
	for _, d := range x.Deliveries {
		a.Deliveries = append(a.Deliveries, rowOf(d))
	}
	return a, err
}

func (h *house) doctor(ctx context.Context, accounts []chat.Account) ([]diagnosis, error) {
	if len(accounts) == 0 {
		for name := range h.file.Accounts {
			accounts = append(accounts, name)
		}
	}
	sort.Slice(accounts, func(i, j int) bool { return accounts[i] < accounts[j] })
	all := make([]diagnosis, 0, len(accounts))
	for _, name := range accounts {
		a, ok := h.file.Accounts[name]
		if !ok {
			return nil, usage(fmt.Errorf("the configuration has no account %s", name))
		}
		conn, err := h.connect(name, a)
		if err != nil {
			return nil, err
		}
		findings, err := chat.Check(ctx, conn)
		chat.Close(conn)
		if err != nil {
			findings = append(findings, chat.Finding{Grade: chat.Broken, Name: "check", Text: chat.Reason(err)})
		}
		all = append(all, diagnosis{Account: name, Findings: findings, Status: h.statusOf(name), Skipped: h.skipped.of(name)})
	}
	return all, nil
}

func (h *house) statusOf(name chat.Account) *router.AccountStatus {
	for _, s := range h.router.Status() {
		if s.Account == name && !s.Since.IsZero() {
			return &s
		}
	}
	return nil
}

// office finds the Roost that runs with this configuration, or opens its files when none does.
func (c *common) office(ctx context.Context) (office, error) {
	f, err := c.load()
	if err != nil {
		return nil, err
	}
	if cl, ok := dial(ctx, f); ok {
		return cl, nil
	}
	h, err := openHouse(ctx, f, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return nil, err
	}
	if err := h.router.Apply(h.setup(f)); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}
