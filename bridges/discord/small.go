package discord

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

func firstOf(choices ...string) string { return cmp.Or(choices...) }

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// clip cuts s to at most most characters.
func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	r := []rune(s)
	return string(r[:most-1]) + "…"
}

// clock knows by how much Discord's clock is ahead of ours, to about a second.
type clock struct{ ahead atomic.Int64 }

// hear takes the time out of the head of an answer.
func (k *clock) hear(h http.Header, now time.Time) {
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	ahead := at.Sub(now).Round(time.Second)
	if ahead.Abs() <= 2*time.Second {
		ahead = 0
	}
	k.ahead.Store(int64(ahead))
}

// now is the time by Discord's clock.
func (k *clock) now(ours time.Time) time.Time { return ours.Add(time.Duration(k.ahead.Load())) }
