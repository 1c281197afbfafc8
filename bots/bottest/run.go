package bottest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// Options say what Run runs. Open must be there.
type Options struct {
	Files  []string // transcripts
	Open   Opener
	Match  *regexp.Regexp // only the cases whose name it matches; nil: all
	JUnit  io.Writer      // nil: nowhere
	Update bool           // write into the transcripts what the bots really did
	Colour bool           // of what failed
	Each   func(Result)   // is told of each case, one at a time and in order; may be nil
}

// Result is how one case ended: a transcript on one platform.
type Result struct {
	File    string
	Name    string // of the case: the file, and the platform where there are several
	Steps   int
	Took    time.Duration
	Failure string // empty: it passed
	Updated bool   // the file was written anew
}

// Report is how all cases ended.
type Report struct {
	Results []Result
	Failed  int
	Took    time.Duration
}

// Run plays transcripts. A transcript that fails, or that can't be read, is in the report; the error is about everything
// else: no files, ctx, a report that can't be written.
func Run(ctx context.Context, o Options) (Report, error) {
	var report Report
	if len(o.Files) == 0 {
		return report, errors.New("there are no transcripts")
	}
	began := time.Now()
	results := make([][]Result, len(o.Files))
	done := make([]chan struct{}, len(o.Files))
	for i := range done {
		done[i] = make(chan struct{})
	}
	var g errgroup.Group
	g.SetLimit(max(runtime.GOMAXPROCS(0), 2) + 1)
	g.Go(func() error {
		for i := range done {
			<-done[i]
			for _, r := range results[i] {
				report.add(r)
				if o.Each != nil {
					o.Each(r)
				}
			}
		}
		return nil
	})
	for i, file := range o.Files {
		g.Go(func() error {
			defer close(done[i])
			results[i] = runFile(ctx, o, file)
			return nil
		})
	}
	err := errors.Join(g.Wait(), ctx.Err())
	report.Took = time.Since(began)
	if o.JUnit != nil {
		err = errors.Join(err, report.WriteJUnit(o.JUnit))
	}
	return report, err
}

func (r *Report) add(o Result) {
	r.Results = append(r.Results, o)
	if o.Failure != "" {
		r.Failed++
	}
}

// runFile plays a transcript on each of its platforms.
func runFile(ctx context.Context, o Options, file string) []Result {
	began := time.Now()
	failed := func(err error) []Result {
		return []Result{{File: file, Name: file, Failure: err.Error() + "\n", Took: time.Since(began)}}
	}
	src, err := os.ReadFile(file)
	if err != nil {
		return failed(err)
	}
	t, err := Parse(file, src)
	if err != nil {
		return failed(err)
	}
	var results []Result
	for _, platform := range t.On() {
		r := Result{File: file, Name: file, Steps: len(t.steps) - 1}
		if len(t.On()) > 1 {
			r.Name += " on " + platform
		}
		if o.Match != nil && !o.Match.MatchString(r.Name) {
			continue
		}
		// Of a chat on several platforms the first says what should be written.
		fixing := o.Update && len(results) == 0
		began := time.Now()
		r.Failure, r.Updated = playOn(ctx, o, t, platform, fixing)
		r.Took = time.Since(began)
		results = append(results, r)
	}
	return results
}

// playOn plays a transcript on one platform.
func playOn(ctx context.Context, o Options, t *Transcript, platform string, fixing bool) (failed string, updated bool) {
	w, err := newWorld(t, platform, o.Open, Bot{Path: botOf(t)})
	if err != nil {
		return err.Error() + "\n", false
	}
	p := &play{t: t, w: w, many: len(t.On()) > 1}
	f := p.run(ctx, fixing)
	switch {
	case f == nil:
		return "", false
	case fixing && len(p.fixes) > 0 && f.why == "":
		if err := os.WriteFile(t.Name, []byte(p.updated()), 0o600); err != nil {
			return err.Error() + "\n", false
		}
		return "", true
	}
	return fmt.Sprintf("%s:%d: %s\n%s", t.Name, f.at, f.summary(t), f.show(t, p, painter(o.Colour))), false
}

// summary says in one line what is wrong.
func (f *failure) summary(t *Transcript) string {
	switch {
	case f.why != "" && t.steps[f.step].verb == beginning:
		return "the bot does not start"
	case f.why != "":
		return "this can't happen"
	}
	want, got := 0, 0
	for _, o := range f.pair {
		switch {
		case o.ok:
		case o.want != nil:
			want++
		default:
			got++
		}
	}
	switch {
	case want == 0:
		return "the bot does something that is not written down"
	case got == 0:
		return "the bot does not do what is written"
	}
	return "the bot does something else than is written"
}

// Play plays a transcript on one platform. Its error is the failure, as people read it.
func Play(ctx context.Context, t *Transcript, platform string, open Opener) error {
	if failed, _ := playOn(ctx, Options{Open: open}, t, platform, false); failed != "" {
		return errors.New(strings.TrimSpace(failed))
	}
	return nil
}

// suffix is what the names of transcripts end in.
const suffix = ".chat"

// Files lists the transcripts that paths mean: files as they are, folders with all below them. Its error names a path that
// is not there, or that holds no transcripts.
func Files(paths ...string) ([]string, error) {
	var files []string
	for _, p := range paths {
		before := len(files)
		err := filepath.WalkDir(p, func(path string, d os.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && path != p && strings.HasPrefix(d.Name(), "."):
				return filepath.SkipDir
			case !d.IsDir() && (path == p || strings.HasSuffix(path, suffix)):
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(files) == before {
			return nil, fmt.Errorf("%s holds no transcripts (*%s)", p, suffix)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// Test plays the transcripts that a pattern matches, each as a test of its own. open makes the bot.
func Test(t *testing.T, glob string, open Opener) {
	t.Helper()
	files, err := filepath.Glob(glob)
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts are called %s: %v", glob, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), suffix), func(t *testing.T) {
			t.Parallel()
			for _, r := range runFile(t.Context(), Options{Open: open}, file) {
				if r.Failure != "" {
					t.Errorf("%s", r.Failure)
				}
			}
		})
	}
}
