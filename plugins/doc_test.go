package plugins_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/plugins"
)

// The lines of docs/plugins.md are what is really spoken: the program here says those of the program, and compares what the
// host says with those of the host.
func TestTheTranscriptOfTheDocumentIsSpoken(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/plugins.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "## A transcript of lines")
	_, rest, _ = strings.Cut(rest, "```\n")
	block, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the document has no transcript")
	}
	lines := strings.Split(strings.TrimSpace(block), "\n")
	spoken := make(chan error, 1)
	w := setup(t, plugins.Config{Manifest: own(t, "echo"), Name: "orders", Serve: func(_ context.Context, in io.Reader, out io.Writer) error {
		err := speak(lines, in, out)
		select {
		case spoken <- err:
		default: // it is started again because it failed
		}
		return err
	}})
	for _, words := range []string{"/order", "M"} {
		h := w.posted(place("C1"), words)
		h.Event.At = time.Unix(1e9, 0).UTC()
		w.hear(h)
	}
	if err := w.Program.Close(); err != nil {
		t.Error(err)
	}
	if err := <-spoken; err != nil {
		t.Error(err)
	}
}

// speak plays the program's side of a transcript.
func speak(lines []string, in io.Reader, out io.Writer) error {
	r := bufio.NewReader(in)
	for i, line := range lines {
		if words, ours := strings.CutPrefix(line, "← "); ours {
			if _, err := fmt.Fprintln(out, words); err != nil {
				return err
			}
			continue
		}
		want := strings.TrimPrefix(line, "→ ")
		got, err := r.ReadString('\n')
		if err != nil {
			return errors.Join(fmt.Errorf("line %d", i+1), err)
		}
		if got = strings.TrimSuffix(got, "\n"); got != want {
			return fmt.Errorf("line %d: the host says\n%s, the document\n%s", i+1, got, want)
		}
	}
	return nil
}
