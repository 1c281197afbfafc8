// Package examples_test runs the transcripts of the examples.
package examples_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/bottest"
	"github.com/roost-im/roost/plugins"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// need skips the test where a program is not on the machine; in CI that fails.
func need(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not on this machine", name)
	}
	t.Skipf("%s is not on this machine", name)
}

// play runs the transcripts of an example.
func play(t *testing.T, dir string) {
	t.Helper()
	m, err := plugins.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	bottest.Test(t, filepath.Join(dir, "*.chat"), func(ctx context.Context, b bottest.Bot) (bots.Config, error) {
		p, err := plugins.New(ctx, plugins.Config{Manifest: m, Locale: b.Locale})
		if err != nil {
			return bots.Config{}, err
		}
		return bots.Config{
			Name: m.Name, Bot: p, Time: p.Time(), Rate: m.Limits.Sends, Env: bots.Env{May: m.May, Folder: m.Folder},
		}, nil
	})
}

func TestPython(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	play(t, "python")
}

func TestJavaScript(t *testing.T) {
	t.Parallel()
	need(t, "node")
	play(t, "javascript")
}
