package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

// print writes v as JSON.
func (c *common) print(v any) error {
	e := json.NewEncoder(c.out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

func (c *common) deliveriesCmd() *cobra.Command {
	var states []string
	var account string
	var dead bool
	var limit int
	cmd := &cobra.Command{
		Use:   "deliveries",
		Short: "List what is on its way, and what did not arrive and why",
		Long: `Deliveries lists what is waiting, held or failed, newest first. Held ones may have arrived and nothing could tell;
dead ones were tried too often; rejected ones the platform will never take. "roost replay" sends any of them again.

It asks the Roost that runs with this configuration, or reads its database when none does.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := store.DeliveryFilter{
				States: []chat.State{chat.Waiting, chat.Held, chat.Rejected, chat.Dead}, Account: chat.Account(account), Limit: limit,
			}
			if dead {
				states = []string{string(chat.Held), string(chat.Rejected), string(chat.Dead)}
			}
			if len(states) > 0 {
				var err error
				if f.States, err = parseStates(states); err != nil {
					return usage(err)
				}
			}
			return c.showDeliveries(cmd, f)
		},
	}
	cmd.Flags().StringSliceVar(&states, "state", nil, "only these: waiting, held, sent, rejected, dead, cancelled, or all")
	cmd.Flags().BoolVar(&dead, "dead", false, "only what will not be tried again by itself: held, rejected and dead")
	cmd.Flags().StringVar(&account, "account", "", "only to this account's conversations")
	cmd.Flags().IntVar(&limit, "limit", 50, "at most so many")
	return cmd
}

func parseStates(words []string) ([]chat.State, error) {
	all := []chat.State{chat.Waiting, chat.Held, chat.Sent, chat.Rejected, chat.Dead, chat.Cancelled}
	var states []chat.State
	for _, w := range words {
		if w == "all" {
			return nil, nil
		}
		found := false
		for _, s := range all {
			if string(s) == w {
				states, found = append(states, s), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no delivery is %q: it is waiting, held, sent, rejected, dead or cancelled", w)
		}
	}
	return states, nil
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
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	if len(list.Deliveries) > 0 {
		_, _ = fmt.Fprintln(w, "ID\tSTATE\tACTION\tTO\tTRIES\tADMITTED\tTEXT\tREASON")
	}
	for _, d := range list.Deliveries {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", d.ID, d.State, d.Action, d.To, d.Tries,
			d.Admitted.Format(time.DateTime), d.Text, d.Reason)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var sums []string
	for _, s := range []chat.State{chat.Waiting, chat.Held, chat.Rejected, chat.Dead, chat.Sent, chat.Cancelled} {
		if n := list.Count[s]; n > 0 {
			sums = append(sums, fmt.Sprintf("%d %s", n, s))
		}
	}
	if len(sums) == 0 {
		sums = []string{"no deliveries"}
	}
	_, err = fmt.Fprintln(c.out, strings.Join(sums, ", "))
	return err
}

func (c *common) replayCmd() *cobra.Command {
	var all, arrived bool
	cmd := &cobra.Command{
		Use:   "replay [ID…]",
		Short: "Send dead, rejected and held deliveries again",
		Long: `Replay puts deliveries that are dead, rejected or held back on their way, each at the end of its lane and with all its
tries before it. With --arrived, held ones count as sent instead: you looked, and they are there.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o := order{Arrived: arrived}
			for _, a := range args {
				id, err := strconv.ParseInt(a, 10, 64)
				if err != nil || id <= 0 {
					return usage(fmt.Errorf("%q is no delivery's ID; roost deliveries lists them", a))
				}
				o.IDs = append(o.IDs, chat.DeliveryID(id))
			}
			if all == (len(o.IDs) > 0) {
				return usage(fmt.Errorf("name the deliveries, or say --all"))
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
	n, err := of.settle(cmd.Context(), o)
	if err != nil {
		return err
	}
	if c.json {
		return c.print(map[string]int{"deliveries": n})
	}
	if n == 0 {
		return &exit{exitFindings, fmt.Errorf("none of them is dead, rejected or held")}
	}
	verb := "on their way again"
	if o.Arrived {
		verb = "counted as sent"
	}
	_, err = fmt.Fprintf(c.out, "%s %s\n", deliveriesIn(n), verb)
	return err
}

func (c *common) whyCmd() *cobra.Command {
	q := question{As: "somebody"}
	cmd := &cobra.Command{
		Use:   "why CONVERSATION TEXT",
		Short: "Say what would happen to a message, without sending anything",
		Long: `Why takes a message as if somebody wrote it in a conversation, and says which routes it would take, what would be
delivered where, and what would stop it. Nothing is stored and nothing is sent.

A conversation is written like slack/team#C024BE91L, with /1712345678.000100 behind it for a thread.`,
		Example: `  roost why slack/team#C024BE91L "hello"
  roost why --direct --as 42 x/acme#42 "my order is late"`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			conv, err := chat.ParseConversation(args[0])
			if err != nil {
				return usage(err)
			}
			q.Conversation, q.Text = conv, args[1]
			return c.why(cmd, q)
		},
	}
	cmd.Flags().StringVar((*string)(&q.As), "as", "somebody", "who writes it, as the platform's person ID")
	cmd.Flags().BoolVar(&q.Direct, "direct", false, "it is a direct message to the account")
	cmd.Flags().BoolVar(&q.Bot, "bot", false, "a bot writes it")
	return cmd
}

func (c *common) why(cmd *cobra.Command, q question) error {
	o, err := c.office(cmd.Context())
	if err != nil {
		return err
	}
	defer func() { _ = o.Close() }()
	a, err := o.why(cmd.Context(), q)
	if err != nil {
		return err
	}
	if c.json {
		return c.print(a)
	}
	for _, w := range a.Why {
		_, _ = fmt.Fprintln(c.out, "-", w)
	}
	if a.Opens {
		_, _ = fmt.Fprintln(c.out, "- it would open a case")
	}
	for _, d := range a.Deliveries {
		_, _ = fmt.Fprintf(c.out, "  → %s to %s: %s\n", d.Action, d.To, d.Text)
	}
	if len(a.Deliveries) == 0 {
		_, _ = fmt.Fprintln(c.out, "nothing would be delivered")
	}
	return nil
}

func (c *common) doctorCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor [ACCOUNT…]",
		Short: "Ask the platforms whether the accounts work, and what would be missed",
		Long: `Doctor asks each account's platform whether its credentials work, whether a scope is missing, and what would be missed
or lost as things stand; each thing that is wrong comes with what to do about it. It exits with 3 when something is
broken.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var accounts []chat.Account
			for _, a := range args {
				name, err := chat.ParseAccount(a)
				if err != nil {
					return usage(err)
				}
				accounts = append(accounts, name)
			}
			return c.doctor(cmd, accounts)
		},
	}
}

func (c *common) doctor(cmd *cobra.Command, accounts []chat.Account) error {
	o, err := c.office(cmd.Context())
	if err != nil {
		return err
	}
	defer func() { _ = o.Close() }()
	all, err := o.doctor(cmd.Context(), accounts)
	if err != nil {
		return err
	}
	if c.json {
		err = c.print(all)
	} else {
		for _, d := range all {
			c.showDiagnosis(d)
		}
	}
	for _, d := range all {
		for _, f := range d.Findings {
			if f.Grade == chat.Broken && err == nil {
				err = &exit{code: exitFindings}
			}
		}
	}
	return err
}

func (c *common) showDiagnosis(d diagnosis) {
	_, _ = fmt.Fprintln(c.out, d.Account)
	if s := d.Status; s != nil {
		state := "running"
		if !s.Up {
			state = "down: " + s.Reason
		}
		_, _ = fmt.Fprintf(c.out, "  %s since %s\n", state, s.Since.Format(time.DateTime))
	}
	marks := map[chat.Grade]string{chat.Fine: "✓", chat.Warning: "!", chat.Broken: "✗"}
	for _, f := range d.Findings {
		_, _ = fmt.Fprintf(c.out, "  %s %s: %s\n", marks[f.Grade], f.Name, f.Text)
		if f.Mend != "" {
			_, _ = fmt.Fprintf(c.out, "      → %s\n", f.Mend)
		}
	}
	for kind, k := range d.Skipped {
		_, _ = fmt.Fprintf(c.out, "  ! %s of kind %q not understood\n", count(k.Count, "event"), kind)
	}
}

func (c *common) versionCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := versionInfo{Version: "(devel)", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
			if b, ok := debug.ReadBuildInfo(); ok {
				v.Version = b.Main.Version
				for _, s := range b.Settings {
					if s.Key == "vcs.revision" {
						v.Commit = s.Value
					}
				}
			}
			if c.json {
				return c.print(v)
			}
			_, err := fmt.Fprintf(c.out, "roost %s (%s, %s/%s)\n", v.Version, v.Go, v.OS, v.Arch)
			return err
		},
	}
}

type versionInfo struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

func deliveriesIn(n int) string {
	if n == 1 {
		return "1 delivery"
	}
	return fmt.Sprintf("%d deliveries", n)
}
