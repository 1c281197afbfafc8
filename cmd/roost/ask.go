package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-im/roost/router/chat"
)

func (c *common) whyCmd() *cobra.Command {
	q := question{As: "somebody"}
	cmd := &cobra.Command{
		Use:        "why CONVERSATION TEXT",
		SuggestFor: []string{"explain", "route", "routes", "dry-run"},
		Short:      "Say what would happen to a message, without sending anything",
		Long: `Why takes a message as if somebody wrote it in a conversation, and says which routes it would take, what would be
delivered where, and what would stop it. Nothing is stored and nothing is sent.

A conversation is written like slack/team#C024BE91L, with /1712345678.000100 behind it for a thread. What people write
on X and in direct messages elsewhere is told by --direct.`,
		Example: `  roost why slack/team#C024BE91L "hello"
  roost why --direct --as 42 x/acme#42 "my order is late"`,
		Args:              wants("CONVERSATION", "TEXT"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			conv, err := chat.ParseConversation(args[0])
			if err != nil {
				return usage(fmt.Errorf("%q is no conversation; one is written like slack/team#C024BE91L", args[0]))
			}
			if q.As == "" {
				return usage(errors.New("--as is empty; it is a person's ID on the platform"))
			}
			q.Conversation, q.Text = conv, args[1]
			return c.why(cmd, q)
		},
	}
	cmd.Flags().StringVar((*string)(&q.As), "as", "somebody", "who writes it, as the platform's `PERSON` ID")
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
		_, _ = fmt.Fprintf(c.out, "  → %s to %s: %s\n", d.Action, d.To, oneLine(d.Text))
	}
	if len(a.Deliveries) == 0 {
		_, _ = fmt.Fprintln(c.out, "nothing would be delivered")
	}
	if a.Hint != "" {
		_, _ = fmt.Fprintln(c.out, a.Hint)
	}
	return nil
}

func (c *common) doctorCmd() *cobra.Command {
	return &cobra.Command{
		Use:        "doctor [ACCOUNT…]",
		SuggestFor: []string{"health", "status", "diagnose", "ping"},
		Short:      "Ask the platforms whether the accounts work, and what would be missed",
		Long: `Doctor asks each account's platform whether its credentials work, whether a scope is missing, and what would be missed
or lost as things stand; each thing that is wrong comes with what to do about it. It sends nothing, and exits with 3
when something is broken.

It asks the Roost that runs with this configuration, which knows more, or uses its files when none does.`,
		ValidArgsFunction: c.accountNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			var accounts []chat.Account
			for _, a := range args {
				name, err := parseAccount(a)
				if err != nil {
					return err
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
	if !c.json {
		_, _ = fmt.Fprintln(c.err, "asking the platforms…")
	}
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
	if err == nil && slices.ContainsFunc(all, diagnosis.broken) {
		err = &exit{code: exitFindings}
	}
	return err
}

// broken says whether the account does not work.
func (d diagnosis) broken() bool {
	return slices.ContainsFunc(d.Findings, func(f chat.Finding) bool { return f.Grade == chat.Broken })
}

func (c *common) showDiagnosis(d diagnosis) {
	_, _ = fmt.Fprintln(c.out, d.Account)
	if s := d.Status; s != nil {
		state := "running"
		if !s.Up {
			state = "down"
		}
		_, _ = fmt.Fprintf(c.out, "  %s since %s\n", state, s.Since.Local().Format(time.DateTime))
		if s.Reason != "" {
			_, _ = fmt.Fprintf(c.out, "  ✗ down: %s\n", oneLine(s.Reason))
		}
		if s.Parked != "" {
			_, _ = fmt.Fprintf(c.out, "  ✗ deliveries wait: %s\n", oneLine(s.Parked))
		}
	}
	marks := map[chat.Grade]string{chat.Fine: "✓", chat.Warning: "!", chat.Broken: "✗"}
	for _, f := range d.Findings {
		_, _ = fmt.Fprintf(c.out, "  %s %s: %s\n", marks[f.Grade], f.Name, oneLine(f.Text))
		if f.Mend != "" {
			_, _ = fmt.Fprintf(c.out, "      → %s\n", oneLine(f.Mend))
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(d.Skipped)) {
		_, _ = fmt.Fprintf(c.out, "  ! %s of kind %q not understood\n", count(d.Skipped[kind].Count, "event", "events"), kind)
	}
}
