package bench_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
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

var client = &http.Client{}

// say posts one message by itself.
func (d *daemon) say(words string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	address, _, _ := strings.Cut(strings.TrimPrefix(d.url, "http://"), "/")
	c, err := call(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = c.conn.Close() }()
	return d.sayBy(c, words)
}

// sayBy posts one message on a connection; its text begins with words and has size bytes.
func (d *daemon) sayBy(c *caller, words string) error {
	address, path, _ := strings.Cut(strings.TrimPrefix(d.url, "http://"), "/")
	text := words + " " + filling[:max(0, size-len(words)-1)]
	body := `{"id":"` + words + `","type":"posted","conversation":"room","author":{"id":"ada","name":"Ada"},"text":"` + text + `"}`
	now := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(now + "." + body)) // a hash takes every write
	status, err := c.post(address, "/"+path, "t="+now+",v1="+hex.EncodeToString(mac.Sum(nil)), body)
	if err == nil && status != "200 OK" {
		err = fmt.Errorf("the webhook answered %s", status)
	}
	return err
}

var filling = strings.Repeat("x", size)

// receiver is the destinations: it counts what arrives, and that nothing arrives twice.
type receiver struct {
	*listener

	arrived atomic.Int64
	mu      sync.Mutex
	seen    map[string]bool
	again   int
	heard   func(words string)
}

func receive(b *testing.B) *receiver {
	b.Helper()
	r := &receiver{seen: map[string]bool{}, heard: func(string) {}}
	r.listener = listen(b, r.take)
	return r
}

// take takes one action.
func (r *receiver) take(path string, body []byte) {
	_, rest, ok := bytes.Cut(body, []byte(`"text":"`))
	first, _, _ := bytes.Cut(rest, []byte(" "))
	words := string(first)
	if !ok || words == "hello" {
		return
	}
	r.mu.Lock()
	key := path + " " + words
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
			address, _, _ := strings.Cut(strings.TrimPrefix(d.url, "http://"), "/")
			c, err := call(b.Context(), address)
			if err != nil {
				b.Error(err)
				return
			}
			defer func() { _ = c.conn.Close() }()
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if err := d.sayBy(c, fmt.Sprintf("m%d", i)); err != nil {
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
