package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/bots/bottest"
	"github.com/roost-im/roost/plugins"
)

// The test's own program is the bot when it is told to be.
func TestMain(m *testing.M) {
	if os.Getenv("ORDERS") != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// As a plugin: the program is started, and spoken to over pipes.
func TestTranscriptsAsPlugin(t *testing.T) {
	t.Parallel()
	m, err := plugins.Open(".")
	if err != nil {
		t.Fatal(err)
	}
	m.Exec, m.Env = []string{os.Args[0]}, map[string]string{"ORDERS": "1"}
	bottest.Test(t, "*.chat", func(ctx context.Context, b bottest.Bot) (bots.Config, error) {
		p, err := plugins.New(ctx, plugins.Config{Manifest: m, Locale: b.Locale})
		if err != nil {
			return bots.Config{}, err
		}
		return bots.Config{Name: m.Name, Bot: p, Time: p.Time(), Env: bots.Env{May: m.May, Folder: m.Folder}}, nil
	})
}

// As orders test does.
func TestTranscriptsWithinTheProgram(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := orders().Test(t.Context(), []string{"orders.chat"}, &out); err != nil || !strings.Contains(out.String(), "ok ") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
