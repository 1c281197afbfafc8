package plugins_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/plugins"
)

// BenchmarkProgram is one event to a Go program and its answer, through bots.Host.
func BenchmarkProgram(b *testing.B) {
	w := &world{keep: map[string][]byte{}}
	p, err := plugins.New(b.Context(), plugins.Config{Manifest: own(b, "echo")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = p.Close() })
	w.Host, err = bots.New(bots.Config{
		Name: "bot", Bot: p, Rate: bots.Cooldown{N: 1000, Per: time.Microsecond}, Env: bots.Env{State: w.state, Now: time.Now},
	})
	if err != nil {
		b.Fatal(err)
	}
	h := w.posted(place("C1"), "hello")
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		out, err := w.Host.Hear(b.Context(), h)
		took = append(took, time.Since(began))
		if err != nil || said(out) != "hello" {
			b.Fatal(fmt.Errorf("it says %q: %w", said(out), err))
		}
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, "p99-µs")
}
