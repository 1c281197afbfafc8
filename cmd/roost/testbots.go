package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-im/roost/bots/bottest"
)

// testFlags are the flags of "roost test".
type testFlags struct {
	match   string
	junit   string
	verbose bool
	update  bool
}

func (c *common) testCmd() *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:        "test [PATH…]",
		SuggestFor: []string{"tests", "transcripts"},
		Short:      "Play the transcripts of bots: chats that are written down",
		Long: `Test plays transcripts, files called *.chat in which stands who says what and what the bot must answer, against the
bots that they are about. Nothing is sent, and the clock is the transcript's own. PATH is a transcript or a folder;
without one it is the folders of the configuration's bots.

It exits with 1 when one fails. docs/testing-bots.md says how transcripts are written.`,
		Example: `  roost test bots
  roost test -v --run order bots
  roost test --junit report.xml bots`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.test(cmd, args, f) },
	}
	cmd.Flags().StringVar(&f.match, "run", "", "only the transcripts whose name matches `PATTERN`")
	cmd.Flags().StringVar(&f.junit, "junit", "", "write a report as JUnit XML to `FILE`")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "name those too that pass")
	cmd.Flags().BoolVar(&f.update, "update", false, "write into the transcripts what the bots did, instead of failing")
	return cmd
}

func (c *common) test(cmd *cobra.Command, paths []string, f testFlags) error {
	if len(paths) == 0 {
		var err error
		if paths, err = c.botFolders(); err != nil {
			return err
		}
	}
	o := bottest.Options{Open: openBotAt, Update: f.update, Colour: c.coloured()}
	var err error
	if o.Files, err = bottest.Files(paths...); err != nil {
		return usage(err)
	}
	if f.match != "" {
		if o.Match, err = regexp.Compile(f.match); err != nil {
			return usage(fmt.Errorf("--run: %w", err))
		}
	}
	if !c.json {
		o.Each = func(r bottest.Result) { c.showResult(r, f.verbose) }
	}
	if f.junit != "" {
		file, err := os.Create(f.junit)
		if err != nil {
			return usage(fmt.Errorf("--junit: %w", err))
		}
		defer func() { _ = file.Close() }()
		o.JUnit = file
	}
	report, err := bottest.Run(cmd.Context(), o)
	if err != nil {
		return err
	}
	return c.showReport(report)
}

// botFolders are the folders of the configuration's bots.
func (c *common) botFolders() ([]string, error) {
	file, err := c.load()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage(fmt.Errorf("name transcripts or their folders: there is no %s whose bots could be tested", c.config))
	}
	if err != nil {
		return nil, err
	}
	var folders []string
	for _, name := range slices.Sorted(maps.Keys(file.Bots)) {
		path := file.Bots[name].Path
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			path = filepath.Dir(path)
		}
		if files, err := bottest.Files(path); err == nil && len(files) > 0 {
			folders = append(folders, path)
		}
	}
	if len(folders) == 0 {
		return nil, usage(errors.New("no bot of the configuration has a transcript beside it"))
	}
	return folders, nil
}

// coloured says whether the output is a terminal that wants colours. https://no-color.org
func (c *common) coloured() bool {
	if no, set := c.env("NO_COLOR"); set && no != "" {
		return false
	}
	return isTerminal(c.out)
}

func isTerminal(v any) bool {
	f, ok := v.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (c *common) showResult(r bottest.Result, verbose bool) {
	switch {
	case r.Failure != "":
		_, _ = fmt.Fprintf(c.out, "FAIL %s\n", r.Name)
		_, _ = io.WriteString(c.out, indented(r.Failure))
	case r.Updated:
		_, _ = fmt.Fprintf(c.out, "new  %s\n", r.Name)
	case verbose:
		_, _ = fmt.Fprintf(c.out, "ok   %s (%s, %s)\n", r.Name, count(r.Steps, "step", "steps"), r.Took.Round(10*time.Microsecond))
	}
}

func indented(s string) string {
	return regexp.MustCompile(`(?m)^(.)`).ReplaceAllString(s, "  $1")
}

// tested is what "roost test" found, for programs.
type tested struct {
	Passed  int          `json:"passed"`
	Failed  int          `json:"failed"`
	Results []testResult `json:"results"`
}

type testResult struct {
	File    string `json:"file"`
	Name    string `json:"name"`
	Failure string `json:"failure,omitempty"`
	Micros  int64  `json:"microseconds"`
}

func (c *common) showReport(r bottest.Report) error {
	passed := len(r.Results) - r.Failed
	if c.json {
		out := tested{Passed: passed, Failed: r.Failed, Results: []testResult{}}
		for _, o := range r.Results {
			out.Results = append(out.Results, testResult{o.File, o.Name, o.Failure, o.Took.Microseconds()})
		}
		if err := c.print(out); err != nil {
			return err
		}
	} else {
		_, _ = fmt.Fprintf(c.out, "%d passed, %d failed in %s\n", passed, r.Failed, r.Took.Round(time.Millisecond))
	}
	if r.Failed > 0 {
		return &exit{exitFailed, nil}
	}
	return nil
}
