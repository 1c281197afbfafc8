package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router/store"
)

// botRow is a bot as "roost bots" shows it.
type botRow struct {
	Name        string    `json:"name"`
	Kind        string    `json:"kind"`
	Path        string    `json:"path"`
	In          []string  `json:"in"`
	Help        string    `json:"help,omitempty"`
	Commands    []string  `json:"commands,omitempty"`
	Next        time.Time `json:"next,omitzero"`         // when its next schedule is due
	Quarantined string    `json:"quarantined,omitempty"` // why it hears nothing
	Broken      string    `json:"broken,omitempty"`      // why it could not be made
}

func (c *common) botsCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:        "bots",
		SuggestFor: []string{"bot", "plugins", "scripts"},
		Short:      "List the bots, and let a quarantined one go on",
		Long: `Bots lists the bots of the configuration: where they listen, what can be told them, when they wake next, and why one
is quarantined. A bot is quarantined when it ran away three times within ten minutes: it used too much time, memory or
steps, said too much, or its program died. It hears nothing then until its file is changed or "roost bots resume" lets
it go on.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := c.office(cmd.Context())
			if err != nil {
				return err
			}
			rows, err := o.bots(cmd.Context())
			if err := errors.Join(err, o.Close()); err != nil {
				return err
			}
			if c.json {
				return c.print(rows)
			}
			return c.printBots(rows)
		},
	}
	resume := &cobra.Command{
		Use:   "resume BOT",
		Short: "Let a quarantined bot go on",
		Args:  usageArgs(wants("BOT")),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := c.office(cmd.Context())
			if err != nil {
				return err
			}
			was, err := o.resume(cmd.Context(), args[0])
			if err := errors.Join(err, o.Close()); err != nil {
				return err
			}
			if was == "" {
				_, err = fmt.Fprintf(c.out, "%s was not quarantined.\n", args[0])
				return err
			}
			_, err = fmt.Fprintf(c.out, "%s goes on. It was quarantined because: %s\n", args[0], was)
			return err
		},
	}
	cmd.AddCommand(resume)
	return cmd
}

func (c *common) printBots(rows []botRow) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(c.out, "The configuration has no bots.")
		return err
	}
	w := tabwriter.NewWriter(c.out, 0, 8, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "BOT\tKIND\tIN\tCOMMANDS\tNEXT\tSTATE")
	for _, r := range rows {
		next, state := "", "well"
		if !r.Next.IsZero() {
			next = r.Next.Local().Format(time.DateTime)
		}
		switch {
		case r.Quarantined != "":
			state = "quarantined: " + r.Quarantined
		case r.Broken != "":
			state = "left out: " + r.Broken
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Name, r.Kind, strings.Join(r.In, ", "), strings.Join(r.Commands, ", "), next, state)
	}
	return w.Flush()
}

// bots lists the bots that are there.
func (h *house) bots(ctx context.Context) ([]botRow, error) {
	h.cast.mu.Lock()
	runs, left := maps.Clone(h.cast.runs), maps.Clone(h.cast.broken)
	h.cast.mu.Unlock()
	rows := make([]botRow, 0, len(runs))
	for _, name := range slices.Sorted(maps.Keys(runs)) {
		row := rowOfBot(runs[name], time.Now())
		q, err := h.quarantineOf(ctx, name)
		if err != nil {
			return nil, err
		}
		if row.Quarantined == "" {
			row.Quarantined = q
		}
		rows = append(rows, row)
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		b := h.current().Bots[name]
		rows = append(rows, botRow{Name: name, Kind: string(b.Kind), Path: b.Path, Broken: left[name].err.Error()})
	}
	return rows, nil
}

// quarantineOf is why a bot is quarantined as far as it is kept; empty when it is not.
func (h *house) quarantineOf(ctx context.Context, name string) (string, error) {
	raw, err := h.kept(ctx, bots.QuarantineKey(name))
	if err != nil || raw == nil {
		return "", err
	}
	var q struct {
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal(raw, &q); err != nil || q.Reason == "" {
		q.Reason = "it is not known why"
	}
	return q.Reason, nil
}

func rowOfBot(p *player, now time.Time) botRow {
	b := p.settled
	row := botRow{Name: p.name, Kind: string(b.Kind), Path: b.Path, In: slices.Clone(b.Routes), Quarantined: p.host.Quarantined()}
	for _, c := range b.Places {
		row.In = append(row.In, c.String())
	}
	for _, a := range b.Hears {
		row.In = append(row.In, string(a))
	}
	spec := p.host.Spec()
	row.Help = spec.Help
	for _, t := range spec.Triggers {
		switch {
		case t.Command != nil:
			row.Commands = append(row.Commands, "/"+t.Command.Usage())
		case t.Schedule != nil:
			if next := t.Schedule.Next(now); row.Next.IsZero() || next.Before(row.Next) {
				row.Next = next
			}
		}
	}
	return row
}

// resume lets a bot go on, and says why it did not; empty when it did.
func (h *house) resume(ctx context.Context, name string) (was string, err error) {
	h.cast.mu.Lock()
	p := h.cast.runs[name]
	h.cast.mu.Unlock()
	if p == nil {
		return "", usage(fmt.Errorf("the configuration has no bot %s", name))
	}
	if was, err = h.quarantineOf(ctx, name); err != nil {
		return "", err
	}
	if live := p.host.Quarantined(); live != "" {
		was = live
	}
	p.host.Resume()
	return was, h.forgetQuarantine(ctx, name)
}

// forgetQuarantine keeps no longer that a bot is quarantined.
func (h *house) forgetQuarantine(ctx context.Context, name string) error {
	return h.store.Change(ctx, func(store.View) (store.Changes, error) {
		return store.Changes{Keep: map[string][]byte{bots.QuarantineKey(name): nil}}, nil
	})
}

// checkBots says what is wrong with the bots of f: their files are read, and programs are asked what they answer to.
func checkBots(ctx context.Context, f *configs.File) error {
	h := &house{log: slog.New(slog.DiscardHandler), file: f}
	c := &cast{h: h, runs: map[string]*player{}}
	var all error
	for _, name := range slices.Sorted(maps.Keys(f.Bots)) {
		p, err := c.open(ctx, f, name, f.Bots[name])
		if err != nil {
			all = errors.Join(all, fmt.Errorf("bots.%s: %w", name, plain(err)))
			continue
		}
		all = errors.Join(all, p.host.Close())
	}
	if all != nil {
		return usage(all)
	}
	return nil
}

// plain is err without the system's words for what a file lacks.
func plain(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no file %s", pe.Path)
	}
	return err
}
