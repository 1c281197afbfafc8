package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/roost-im/roost/configs"
)

func (c *common) checkCmd() *cobra.Command {
	return &cobra.Command{
		Use:        "check",
		SuggestFor: []string{"validate", "lint", "config", "verify"},
		Short:      "Check the configuration file without running anything",
		Long: `Check reads the configuration file as run would, and says everything that is wrong with it, each on a line with its
place, and exits with 2 then. The bots' files are read too, and a bot's program is started to ask what it answers to.
It opens no database and asks no platform; "roost doctor" does that.`,
		Example: `  roost check
  roost check -c new.yaml && mv new.yaml roost.yaml && kill -HUP $(pidof roost)`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.check(cmd.Context()) },
	}
}

// checked is what "roost check" finds, for programs.
type checked struct {
	Accounts int         `json:"accounts"`
	Routes   int         `json:"routes"`
	Bots     int         `json:"bots"`
	Faults   []faultLine `json:"faults"`
	Warnings []faultLine `json:"warnings"`
}

type faultLine struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	Path   string `json:"path,omitempty"`
	Text   string `json:"text"`
	Hint   string `json:"hint,omitempty"`
}

func linesOf(faults []*configs.Fault) []faultLine {
	lines := make([]faultLine, 0, len(faults))
	for _, f := range faults {
		lines = append(lines, faultLine{f.File, f.Line, f.Column, f.Path, f.Text, f.Hint})
	}
	return lines
}

// faultsIn lists the faults of a configuration, or what else err says.
func faultsIn(err error) []*configs.Fault {
	if faults := configs.Faults(err); len(faults) > 0 {
		return faults
	}
	return []*configs.Fault{{Text: err.Error()}}
}

func (c *common) check(ctx context.Context) error {
	f, err := c.load()
	if err == nil {
		err = checkBots(ctx, f)
	}
	if err != nil {
		if !c.json {
			return err
		}
		if err := c.print(checked{Faults: linesOf(faultsIn(err)), Warnings: []faultLine{}}); err != nil {
			return err
		}
		return &exit{code: exitUsage}
	}
	if c.json {
		return c.print(checked{len(f.Accounts), len(f.Routes), len(f.Bots), []faultLine{}, linesOf(f.Warnings)})
	}
	for _, w := range f.Warnings {
		_, _ = fmt.Fprintln(c.err, "warning:", w)
	}
	what := []string{count(len(f.Accounts), "account", "accounts"), count(len(f.Routes), "route", "routes")}
	if len(f.Bots) > 0 {
		what = append(what, count(len(f.Bots), "bot", "bots"))
	}
	_, err = fmt.Fprintf(c.out, "%s is fine: %s.\n", c.config, strings.Join(what, ", "))
	return err
}
