package schedule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/schedule"
)

// changes are clocks being changed: forward and back, by an hour, by half of one, by two and by a day, at midnight, in
// the west and in the east, in the past and by the rules for what is to come.
func changes() []change {
	return []change{
		{"America/Los_Angeles", "2025-03-09T10:00:00Z"},
		{"America/Los_Angeles", "2025-11-02T09:00:00Z"},
		{"America/Los_Angeles", "2096-12-31T00:00:00Z"},
		{"America/Sao_Paulo", "2018-11-04T03:00:00Z"},
		{"America/Sao_Paulo", "2018-02-18T02:00:00Z"},
		{"Australia/Lord_Howe", "2025-10-04T15:30:00Z"},
		{"Australia/Lord_Howe", "2025-04-05T15:00:00Z"},
		{"America/Ciudad_Juarez", "2022-11-30T06:00:00Z"},
		{"Antarctica/Casey", "2023-03-08T16:00:00Z"},
		{"Antarctica/Troll", "2025-03-30T01:00:00Z"},
		{"Antarctica/Troll", "2025-10-26T01:00:00Z"},
		{"Asia/Pyongyang", "2015-08-14T15:00:00Z"},
		{"Asia/Pyongyang", "2018-05-04T15:00:00Z"},
		{"Europe/Berlin", "2050-03-27T01:00:00Z"},
		{"Europe/Berlin", "2050-10-30T01:00:00Z"},
		{"Pacific/Apia", "2011-12-30T10:00:00Z"},
		{"Pacific/Kwajalein", "1993-08-21T12:00:00Z"},
		{"", "2025-03-09T10:00:00Z"},
	}
}

type change struct{ zone, at string }

// crontab is a spec, and what it says told apart from the package that is tested.
type crontab struct {
	text                          string
	minute, hour, dom, month, dow []int // empty: all
	byHour                        bool  // the hour has a *
}

func (c crontab) matches(wall time.Time) bool {
	has := func(list []int, n int) bool { return len(list) == 0 || slices.Contains(list, n) }
	dom, dow := has(c.dom, wall.Day()), has(c.dow, int(wall.Weekday()))
	day := dom && dow
	if len(c.dom) > 0 && len(c.dow) > 0 {
		day = dom || dow
	}
	return has(c.minute, wall.Minute()) && has(c.hour, wall.Hour()) && has(c.month, int(wall.Month())) && day
}

// slots walks through all minutes between two instants, and a few days before them.
func (c crontab) slots(zone *time.Location, from, to time.Time) []time.Time {
	var list []time.Time
	seen := map[time.Time]bool{}
	var last time.Time
	for t := from.Add(-72 * time.Hour); !t.After(to); t = t.Add(time.Minute) {
		_, offset := t.In(zone).Zone()
		wall := t.UTC().Add(time.Duration(offset) * time.Second)
		due := c.matches(wall) && (c.byHour || !seen[wall])
		jump := wall.Sub(last) - time.Minute
		for w := last.Add(time.Minute); !last.IsZero() && w.Before(wall); w = w.Add(time.Minute) {
			due = due || c.matches(w) && (!c.byHour || !c.matches(w.Add(jump)))
		}
		if due && t.After(from) {
			list = append(list, t)
		}
		seen[wall], last = true, wall
	}
	return list
}

// few returns some of a list, from the ith.
func few(list []time.Time, i int) []time.Time {
	return list[min(i, len(list)):min(i+3, len(list))]
}

func crontabs(t *rapid.T) crontab {
	var c crontab
	field := func(name string, low, high int) (text string, values []int) {
		switch rapid.SampledFrom([]string{"*", "*/n", "list", "range"}).Draw(t, name) {
		case "*/n":
			step := rapid.IntRange(2, high-low+1).Draw(t, name+" step")
			for n := low; n <= high; n += step {
				values = append(values, n)
			}
			return fmt.Sprintf("*/%d", step), values
		case "list":
			values = rapid.SliceOfNDistinct(rapid.IntRange(low, high), 1, 5, rapid.ID).Draw(t, name+" list")
			return strings.Trim(strings.ReplaceAll(fmt.Sprint(values), " ", ","), "[]"), values
		case "range":
			start := rapid.IntRange(low, high-1).Draw(t, name+" from")
			end := rapid.IntRange(start+1, high).Draw(t, name+" to")
			for n := start; n <= end; n++ {
				values = append(values, n)
			}
			return fmt.Sprintf("%d-%d", start, end), values
		default:
			return "*", nil
		}
	}
	texts := []string{"", "", "*", "*", "*"}
	texts[0], c.minute = field("minute", 0, 59)
	texts[1], c.hour = field("hour", 0, 23)
	if rapid.Bool().Draw(t, "days") {
		texts[2], c.dom = field("day of month", 1, 31)
		texts[4], c.dow = field("day of week", 0, 6)
	}
	c.text = strings.Join(texts, " ")
	c.byHour = strings.Contains(texts[1], "*") || len(c.hour) == 24
	return c
}

func TestNextAgreesWithEveryMinute(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := crontabs(t)
		when := rapid.SampledFrom(changes()).Draw(t, "change")
		s, err := schedule.Parse(c.text, when.zone)
		if err != nil {
			t.Fatalf("Parse(%q, %q) = %v, want no error", c.text, when.zone, err)
		}
		middle, err := time.Parse(time.RFC3339, when.at)
		if err != nil {
			t.Fatal(err)
		}
		zone, err := time.LoadLocation(when.zone)
		if err != nil {
			t.Fatal(err)
		}
		from, to := middle.Add(-30*time.Hour), middle.Add(30*time.Hour)
		want := c.slots(zone, from, to)
		got := slots(s, from, to)
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || !got[i].Equal(want[i]) {
				t.Fatalf("slots of %q around %v, from the %dth:\ngot  %v\nwant %v", c.text, when, i, few(got, i), few(want, i))
			}
		}
		asked := from.Add(time.Duration(rapid.Int64Range(0, int64(60*time.Hour)).Draw(t, "asked")))
		for _, slot := range want {
			if slot.After(asked) {
				if got := s.Next(asked); !got.Equal(slot) {
					t.Fatalf("Next(%v) of %q = %v, want %v", asked, c.text, got, slot)
				}
				break
			}
		}
	})
}

func TestNextIsTheSameFromAnywhere(t *testing.T) {
	t.Parallel()
	specs := []string{"* * * * *", "30 2 * * *", "0 0 * * 0", "15 */5 29 * 1", "0 0 29 2 *", "@every 7m", "@every 36h"}
	zones := []string{"", "Europe/London", "Africa/Casablanca", "America/St_Johns", "Asia/Kathmandu", "Asia/Manila", "Europe/Dublin"}
	rapid.Check(t, func(t *rapid.T) {
		s, err := schedule.Parse(rapid.SampledFrom(specs).Draw(t, "spec"), rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		after := time.Unix(rapid.Int64Range(-6e9, 9e9).Draw(t, "after"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanoseconds"))
		slot := s.Next(after)
		if !slot.After(after) || slot.Nanosecond() != 0 {
			t.Fatalf("Next(%v) = %v, want a later whole second", after, slot)
		}
		between := after.Add(time.Duration(rapid.Int64Range(0, int64(slot.Sub(after))-1).Draw(t, "between")))
		if got := s.Next(between); !got.Equal(slot) {
			t.Fatalf("Next(%v) = %v, want %v as from %v", between, got, slot, after)
		}
	})
}
