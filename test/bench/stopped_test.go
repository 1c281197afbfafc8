package bench_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// BenchmarkStoppedReader sends messages for a program that reads, which does not read until all were sent. Then it reads
// them all; how many are lost?
func BenchmarkStoppedReader(b *testing.B) {
	const form = `web: {listen: %q}
log: {level: error}
accounts:
  webhook/in: {secret: %[2]s}
  webhook/out: {secret: %[2]s, read_token: %[2]s}
routes:
  relay: {mirror: [{at: webhook/in#room, direction: in}, {at: webhook/out#room, direction: out}]}
`
	for range b.N {
		listen := freeAddress(b)
		before := load()
		d := launch(b, fmt.Sprintf(form, listen, secret))
		d.url = "http://" + listen + "/hooks/webhook/in"
		until(b, "the webhook to answer", func() bool { return d.say("hello") == nil })
		d.post(b, messages)
		began := time.Now()
		seen := pull(b, "http://"+listen+"/hooks/webhook/out/events", messages)
		b.ReportMetric(messages/time.Since(began).Seconds(), "read/s")
		b.ReportMetric(float64(messages-len(seen)), "lost")
		b.ReportMetric(before, "load")
		b.ReportMetric(0, "ns/op")
	}
}

// pull reads pages until it has as many messages as it wants, or nothing more comes.
func pull(b *testing.B, url string, want int) map[string]bool {
	b.Helper()
	seen := map[string]bool{}
	for next, idle := int64(0), 0; len(seen) < want && idle < 3; {
		var page struct {
			Events []struct{ Text string }
			Next   int64
		}
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, fmt.Sprintf("%s?after=%d&limit=1000&wait=5", url, next), http.NoBody)
		if err != nil {
			b.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		resp, err := client.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		raw, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(raw, &page) != nil {
			b.Fatalf("%s: %s %v", url, resp.Status, err)
		}
		if len(page.Events) == 0 {
			idle++
		}
		for _, e := range page.Events {
			if words, _, _ := strings.Cut(e.Text, " "); words != "hello" {
				seen[words] = true
			}
		}
		next = page.Next
	}
	return seen
}
