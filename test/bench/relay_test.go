package bench_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	senders  = 16
	messages = 20_000
	fan      = 9
	fanned   = 5_000
	size     = 140 // bytes of a text
	rate     = 50  // messages a second, where latency is measured
	timed    = 1_000
)

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}}

// say posts one message; its text begins with words and has size bytes.
func (d *daemon) say(words string) error {
	text := words + " " + strings.Repeat("x", max(0, size-len(words)-1))
	body := fmt.Sprintf(`{"id":%q,"type":"posted","conversation":"room","author":{"id":"ada","name":"Ada"},"text":%q}`, words, text)
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, d.url, strings.NewReader(body))
	if err != nil {
		return err
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(now + "." + body)) // a hash takes every write
	req.Header.Set("Roost-Signature", "t="+now+",v1="+hex.EncodeToString(mac.Sum(nil)))
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the webhook answered %s", resp.Status)
	}
	return nil
}

// receiver is the destinations: it counts what arrives, and that nothing arrives twice.
type receiver struct {
	*httptest.Server

	arrived atomic.Int64
	mu      sync.Mutex
	seen    map[string]bool
	again   int
	heard   func(words string)
}

func receive(b *testing.B) *receiver {
	b.Helper()
	r := &receiver{seen: map[string]bool{}, heard: func(string) {}}
	r.Server = httptest.NewServer(r)
	b.Cleanup(r.Close)
	return r
}

// ServeHTTP takes one action.
func (r *receiver) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	_, rest, ok := bytes.Cut(body, []byte(`"text":"`))
	words, _, _ := strings.Cut(string(rest), " ")
	if err != nil || !ok || words == "hello" {
		return
	}
	r.mu.Lock()
	key := req.URL.Path + " " + words
	if r.seen[key] {
		r.again++
	}
	r.seen[key] = true
	heard := r.heard
	r.mu.Unlock()
	heard(words)
	r.arrived.Add(1)
}

// post has the senders say n messages, and returns when the webhook has confirmed them all.
func (d *daemon) post(b *testing.B, n int) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if err := d.say(fmt.Sprintf("m%d", i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// relay measures how many messages a second arrive at each of outs destinations.
func relay(b *testing.B, outs, n int) {
	b.Helper()
	for range b.N {
		r := receive(b)
		d := run(b, outs, func(n int) string { return fmt.Sprintf("%s/%d", r.URL, n) })
		before := load()
		began := time.Now()
		d.post(b, n)
		confirmed := time.Since(began)
		until(b, "the last message", func() bool { return r.arrived.Load() >= int64(n*outs) })
		took := time.Since(began)
		if got := len(r.seen); got != n*outs || r.again > 0 {
			b.Errorf("%d of %d arrived, %d of them twice", got, n*outs, r.again)
		}
		b.ReportMetric(float64(n)/confirmed.Seconds(), "confirmed/s")
		b.ReportMetric(float64(n*outs)/took.Seconds(), "deliveries/s")
		b.ReportMetric(before, "load")
		b.ReportMetric(0, "ns/op")
	}
}

func BenchmarkRelay(b *testing.B) { relay(b, 1, messages) }

func BenchmarkFanOut(b *testing.B) { relay(b, fan, fanned) }

// BenchmarkLatency measures how long one message takes from the beginning of its POST until it arrives.
func BenchmarkLatency(b *testing.B) {
	for range b.N {
		r := receive(b)
		d := run(b, 1, func(int) string { return r.URL })
		began := make([]time.Time, timed)
		took := make([]time.Duration, timed)
		r.heard = func(words string) {
			if i, err := strconv.Atoi(strings.TrimPrefix(words, "m")); err == nil && i < timed {
				took[i] = time.Since(began[i])
			}
		}
		before := load()
		tick := time.NewTicker(time.Second / rate)
		var wg sync.WaitGroup
		for i := range timed {
			<-tick.C
			began[i] = time.Now()
			wg.Go(func() {
				if err := d.say(fmt.Sprintf("m%d", i)); err != nil {
					b.Error(err)
				}
			})
		}
		tick.Stop()
		wg.Wait()
		until(b, "the last message", func() bool { return r.arrived.Load() >= timed })
		slices.Sort(took)
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		b.ReportMetric(ms(took[timed/2]), "p50-ms")
		b.ReportMetric(ms(took[timed*99/100]), "p99-ms")
		b.ReportMetric(before, "load")
		b.ReportMetric(0, "ns/op")
	}
}

// BenchmarkIdle measures how much memory a Roost has that waits.
func BenchmarkIdle(b *testing.B) {
	for range b.N {
		r := receive(b)
		d := run(b, 1, func(int) string { return r.URL })
		least := d.memory(b)
		b.ReportMetric(least, "MB")
		b.ReportMetric(load(), "load")
		b.ReportMetric(0, "ns/op")
	}
}
