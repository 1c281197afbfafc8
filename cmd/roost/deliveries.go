package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

func (c *common) deliveriesCmd() *cobra.Command {
	var states []string
	var account string
	var dead bool
	var limit int
	cmd := &cobra.Command{
		Use:        "deliveries",
		SuggestFor: []string{"delivery", "queue", "list", "status"},
		Short:      "List what is on its way, and what did not arrive and why",
		Long: `Deliveries lists what is waiting, held or failed, newest first. Held ones may have arrived and nothing could tell;
dead ones were tried too often; rejected ones the platform will never take as they are. "roost replay" sends any of
these again.

It asks the Roost that runs with this configuration, or reads its database when none does.`,
		Example: `  roost deliveries --dead
  roost deliveries --state waiting --account slack/team`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dead && len(states) > 0 {
				return usage(errors.New("--dead and --state exclude each other"))
			}
			f, err := deliveryFilter(states, dead, account, limit)
			if err != nil {
				return err
			}
			return c.showDeliveries(cmd, f)
		},
	}
	cmd.Flags().StringSliceVar(&states, "state", nil, "only these: `STATE` is waiting, held, sent, rejected, dead, cancelled or all")
	cmd.Flags().BoolVar(&dead, "dead", false, "only what will not be tried again by itself: held, rejected and dead")
	cmd.Flags().StringVar(&account, "account", "", "only to conversations of this `ACCOUNT`")
	cmd.Flags().IntVar(&limit, "limit", 50, "at most `N`")
	_ = cmd.RegisterFlagCompletionFunc("account", c.accountNames)
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(append(stateWords(), "all"), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// deliveryFilter is what the flags ask for.
func deliveryFilter(words []string, dead bool, account string, limit int) (store.DeliveryFilter, error) {
	f := store.DeliveryFilter{States: []chat.State{chat.Waiting, chat.Held, chat.Rejected, chat.Dead}, Limit: limit}
	if limit < 1 {
		return f, usage(fmt.Errorf("--limit %d: 1 at least", limit))
	}
	if account != "" {
		var err error
		if f.Account, err = parseAccount(account); err != nil {
			return f, err
		}
	}
	if dead {
		f.States = []chat.State{chat.Held, chat.Rejected, chat.Dead}
	}
	if len(words) == 0 {
		return f, nil
	}
	f.States = nil
	if slices.Contains(words, "all") {
		return f, nil
	}
	for _, w := range words {
		if !slices.Contains(stateWords(), w) {
			return f, usage(fmt.Errorf("no delivery is %q: --state is %s or all", w, strings.Join(stateWords(), ", ")))
		}
		f.States = append(f.States, chat.State(w))
	}
	return f, nil
}

func allStates() []chat.State {
	return []chat.State{chat.Waiting, chat.Held, chat.Rejected, chat.Dead, chat.Sent, chat.Cancelled}
}

func stateWords() []string {
	var words []string
	for _, s := range allStates() {
		words = append(words, string(s))
	}
	return words
}

func (c *common) showDeliveries(cmd *cobra.Command, f store.DeliveryFilter) error {
	o, err := c.office(cmd.Context())
	if err != nil {
		return err
	}
	defer func() { _ = o.Close() }()
	list, err := o.deliveries(cmd.Context(), f)
	if err != nil {
		return err
	}
	if c.json {
		return c.print(list)
	}
	if err := table(c.out, list.Deliveries); err != nil {
		return err
	}
	var sums []string
	for _, s := range allStates() {
		if n := list.Count[s]; n > 0 {
			sums = append(sums, fmt.Sprintf("%d %s", n, s))
		}
	}
	switch {
	case len(sums) == 0:
		sums = []string{"no deliveries"}
	case len(list.Deliveries) == f.Limit:
		sums[len(sums)-1] += fmt.Sprintf("; the newest %d are shown", f.Limit)
	}
	_, err = fmt.Fprintln(c.out, strings.Join(sums, ", "))
	return err
}

// table shows deliveries in columns, times in the reader's zone.
func table(out io.Writer, rows []deliveryRow) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(rows) > 0 {
		_, _ = fmt.Fprintln(w, "ID\tSTATE\tACTION\tTO\tTRIES\tADMITTED\tTEXT\tREASON")
	}
	for _, d := range rows {
		reason := oneLine(d.Reason)
		if d.State == chat.Waiting && d.Tries > 0 {
			reason += "; next try " + d.Due.Local().Format(time.TimeOnly)
		}
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", d.ID, d.State, d.Action, d.To, d.Tries,
			d.Admitted.Local().Format(time.DateTime), oneLine(d.Text), reason)
	}
	return w.Flush()
}

// oneLine keeps a text from outside within its cell.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func (c *common) replayCmd() *cobra.Command {
	var all, arrived bool
	cmd := &cobra.Command{
		Use:        "replay [ID…]",
		SuggestFor: []string{"retry", "resend", "send"},
		Short:      "Send dead, rejected and held deliveries again",
		Long: `Replay puts deliveries that are dead, rejected or held back on their way, each at the end of its lane and with all its
tries before it. With --arrived, held ones count as sent instead: you looked, and they are there.

It exits with 3 when one that was named is none of these, or there is none at all; the others are sent nevertheless.`,
		Example: `  roost replay 1042 1043
  roost replay --all
  roost replay --arrived 1050`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o := order{Arrived: arrived}
			for _, a := range args {
				id, err := strconv.ParseInt(a, 10, 64)
				if err != nil || id <= 0 {
					return usage(fmt.Errorf("%q is no delivery's ID; roost deliveries lists them", a))
				}
				if !slices.Contains(o.IDs, chat.DeliveryID(id)) {
					o.IDs = append(o.IDs, chat.DeliveryID(id))
				}
			}
			if all == (len(o.IDs) > 0) {
				return usage(fmt.Errorf("name deliveries by their IDs, or say --all; roost deliveries --dead lists them"))
			}
			return c.replay(cmd, o)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every one that is dead, rejected or held")
	cmd.Flags().BoolVar(&arrived, "arrived", false, "held ones did arrive: count them as sent")
	return cmd
}

func (c *common) replay(cmd *cobra.Command, o order) error {
	of, err := c.office(cmd.Context())
	if err != nil {
		return err
	}
	defer func() { _ = of.Close() }()
	done, err := of.settle(cmd.Context(), o)
	if err != nil {
		return err
	}
	if err := c.showSettled(o, done); err != nil {
		return err
	}
	states := "dead, rejected or held"
	if o.Arrived {
		states = "held"
	}
	switch {
	case len(done.Missing) > 0:
		return &exit{exitFindings, fmt.Errorf("not %s: %s", states, listed(done.Missing))}
	case len(done.IDs) == 0:
		return &exit{exitFindings, fmt.Errorf("no delivery is %s", states)}
	}
	return nil
}

func (c *common) showSettled(o order, done settled) error {
	if c.json {
		return c.print(done)
	}
	if len(done.IDs) == 0 {
		return nil
	}
	words := count(len(done.IDs), "delivery is on its way again", "deliveries are on their way again")
	if o.Arrived {
		words = count(len(done.IDs), "delivery counts as sent", "deliveries count as sent")
	}
	_, err := fmt.Fprintln(c.out, words)
	return err
}

func listed(ids []chat.DeliveryID) string {
	words := make([]string, 0, len(ids))
	for _, id := range ids {
		words = append(words, strconv.FormatInt(int64(id), 10))
	}
	return strings.Join(words, ", ")
}
