package schedule_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/schedule"
)

func TestDue(t *testing.T) {
	t.Parallel()
	skip, once, all := schedule.Skip(), schedule.OnceWithin(2*time.Hour), schedule.AllUpTo(3)
	for _, tc := range []struct {
		name, spec, last, now string
		policy                schedule.Policy
		fire                  []string
		dropped               int
	}{
		{"not yet", "0 * * * *", "09:00:00", "09:59:59", all, nil, 0},
		{"right now", "0 * * * *", "09:00:00", "10:00:00", skip, []string{"10:00"}, 0},
		{"a little late", "0 * * * *", "09:00:00", "10:00:59", skip, []string{"10:00"}, 0},
		{"too late", "0 * * * *", "09:00:00", "10:01:00", skip, nil, 1},
		{"fired already", "0 * * * *", "10:00:00", "10:00:00", all, nil, 0},
		{"fired in time", "0 * * * *", "10:00:30", "10:00:40", all, nil, 0},
		{"the clock was put back", "0 * * * *", "10:00:00", "08:00:00", all, nil, 0},
		{"skip drops all but this", "0 * * * *", "06:00:00", "10:00:01", skip, []string{"10:00"}, 3},
		{"once: the newest", "0 * * * *", "05:00:00", "10:30:00", once, []string{"10:00"}, 4},
		{"once: just in time", "0 8 * * *", "07:00:00", "10:00:00", once, []string{"08:00"}, 0},
		{"once: too old", "0 8 * * *", "07:00:00", "10:00:01", once, nil, 1},
		{"once: this stands for all", "0 * * * *", "07:00:00", "10:00:00", once, []string{"10:00"}, 2},
		{"by default within an hour", "0 * * * *", "07:00:00", "10:59:00", schedule.Policy{}, []string{"10:00"}, 2},
		{"by default no later", "0 8 * * *", "07:00:00", "09:00:01", schedule.Policy{}, nil, 1},
		{"all: fewer", "0 * * * *", "08:00:00", "10:30:00", all, []string{"09:00", "10:00"}, 0},
		{"all: as many", "0 * * * *", "07:00:00", "10:30:00", all, []string{"08:00", "09:00", "10:00"}, 0},
		{"all: more", "0 * * * *", "03:00:00", "10:30:00", all, []string{"08:00", "09:00", "10:00"}, 4},
		{"all: and this", "0 * * * *", "03:00:00", "10:00:00", all, []string{"07:00", "08:00", "09:00", "10:00"}, 3},
		{"all: each minute", "* * * * *", "10:00:30", "10:02:59", all, []string{"10:01", "10:02"}, 0},
		{"every", "@every 20m", "08:30:00", "10:01:00", all, []string{"09:20", "09:40", "10:00"}, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			const day, zulu = "2026-05-04T", "Z"
			s := parse(t, tc.spec, "")
			fire, dropped := s.Due(at(t, day+tc.last+zulu), at(t, day+tc.now+zulu), tc.policy)
			var got []string
			for _, slot := range fire {
				got = append(got, slot.Format("15:04"))
			}
			if !slices.Equal(got, tc.fire) || dropped != tc.dropped {
				t.Errorf("Due(%v, %v, %v) = %v, %d, want %v, %d", tc.last, tc.now, tc.policy, got, dropped, tc.fire, tc.dropped)
			}
		})
	}
}

func TestDueAfterAgesIsBounded(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-05-04T10:00:30Z")
	for _, tc := range []struct {
		spec    string
		last    time.Time
		policy  schedule.Policy
		fire    int
		dropped int
	}{
		{"* * * * *", now.AddDate(-1, 0, 0), schedule.Skip(), 1, schedule.MaxDropped},
		{"* * * * *", now.AddDate(-1, 0, 0), schedule.Policy{}, 1, schedule.MaxDropped},
		{"* * * * *", now.AddDate(-1, 0, 0), schedule.AllUpTo(schedule.MaxUpTo), schedule.MaxUpTo + 1, schedule.MaxDropped},
		{"* * * 3 *", now.AddDate(-9, 0, 0), schedule.AllUpTo(schedule.MaxUpTo), schedule.MaxUpTo, schedule.MaxDropped},
		{"0 0 * * *", time.Time{}, schedule.AllUpTo(schedule.MaxUpTo), schedule.MaxUpTo, schedule.MaxDropped},
		{"0 0 29 2 *", time.Time{}, schedule.AllUpTo(schedule.MaxUpTo), 491, 0},
		{"@every 1m", time.Time{}, schedule.AllUpTo(2), 3, schedule.MaxDropped},
		{"@daily", now.AddDate(-3, 0, 0), schedule.AllUpTo(2), 2, 1096 - 2},
	} {
		t.Run(tc.spec+" "+tc.policy.String(), func(t *testing.T) {
			t.Parallel()
			fire, dropped := parse(t, tc.spec, "").Due(tc.last, now, tc.policy)
			if len(fire) != tc.fire || dropped != tc.dropped {
				t.Errorf("Due(%v, %v) = %d slots, %d, want %d, %d", tc.last, now, len(fire), dropped, tc.fire, tc.dropped)
			}
		})
	}
}

// TestDueFiresOrDropsEachSlotOnce lets a clock run, stand and jump, and keeps to what Due says of last.
func TestDueFiresOrDropsEachSlotOnce(t *testing.T) {
	t.Parallel()
	specs := []string{"* * * * *", "0 * * * *", "30 2 * * *", "*/13 1-3 * * 0,1", "@every 25m", "0 */2 * * *"}
	zones := []string{"America/Los_Angeles", "Australia/Lord_Howe", "Europe/Berlin"}
	policies := []schedule.Policy{
		{}, schedule.Skip(), schedule.OnceWithin(10 * time.Minute), schedule.AllUpTo(1), schedule.AllUpTo(7),
	}
	rapid.Check(t, func(t *rapid.T) {
		s, err := schedule.Parse(rapid.SampledFrom(specs).Draw(t, "spec"), rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		policy := rapid.SampledFrom(policies).Draw(t, "policy")
		midnight := time.Date(2025, time.March, 8, 0, 0, 0, 0, time.UTC)
		begin := midnight.Add(time.Duration(rapid.IntRange(0, 86_400).Draw(t, "begin")) * time.Second)
		now, last := begin, begin
		var fired []time.Time
		all := 0
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(-7200, 20_000).Draw(t, "seconds")) * time.Second)
			fire, dropped := s.Due(last, now, policy)
			for _, slot := range fire {
				if !slot.After(last) || slot.After(now) {
					t.Fatalf("Due(%v, %v, %v) fires %v, want a slot between", last, now, policy, slot)
				}
			}
			for _, slot := range slots(s, later(last, now.Add(1-schedule.Grace)), now) {
				if !slices.Contains(fire, slot) {
					t.Fatalf("Due(%v, %v, %v) = %v, want %v, which is due right now", last, now, policy, fire, slot)
				}
			}
			fired = append(fired, fire...)
			all += len(fire) + dropped
			if now.After(last) {
				last = now
			}
		}
		for i := 1; i < len(fired); i++ {
			if !fired[i].After(fired[i-1]) {
				t.Fatalf("fired %v, want each once and in order", fired)
			}
		}
		if want := len(slots(s, begin, last)); all != want {
			t.Fatalf("fired %d and dropped %d, want %d in all", len(fired), all-len(fired), want)
		}
	})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func TestParsePolicy(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, want string }{
		{"", "once within 1h"},
		{"skip", "skip"},
		{" once  within 90m ", "once within 1h30m"},
		{"once within 45s", "once within 45s"},
		{"once within 1h0m10s", "once within 1h0m10s"},
		{"once within 20m", "once within 20m"},
		{"once within 10h", "once within 10h"},
		{"all up to 10", "all up to 10"},
		{"all up to 1000", "all up to 1000"},
	} {
		t.Run(tc.text, func(t *testing.T) {
			t.Parallel()
			p, err := schedule.ParsePolicy(tc.text)
			if err != nil || p.String() != tc.want {
				t.Fatalf("ParsePolicy(%q) = %v, %v, want %v", tc.text, p, err, tc.want)
			}
			if again, err := schedule.ParsePolicy(p.String()); err != nil || again.String() != tc.want {
				t.Errorf("ParsePolicy(%q) = %v, %v, want the same", p, again, err)
			}
		})
	}
}

func TestParsePolicyRefusesWithReason(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, want string }{
		{"never", "write skip, once within 1h, or all up to 10"},
		{"once", "write skip"},
		{"all", "write skip"},
		{"once within", "write skip"},
		{"once within 0s", `"0s" is no time to be late`},
		{"once within -1h", `"-1h" is no time to be late`},
		{"once within 1d", `"1d" is no time to be late`},
		{"all up to 0", `"0" is no number from 1 to 1000`},
		{"all up to 1001", `"1001" is no number from 1 to 1000`},
		{"all up to many", `"many" is no number`},
		{strings.Repeat("x", 9000), "…"},
	} {
		t.Run(tc.text[:min(len(tc.text), 20)], func(t *testing.T) {
			t.Parallel()
			p, err := schedule.ParsePolicy(tc.text)
			if err == nil || !strings.Contains(err.Error(), tc.want) || len(err.Error()) > 300 {
				t.Errorf("ParsePolicy(%q) = %v, %v, want a short error with %q", tc.text, p, err, tc.want)
			}
		})
	}
}

func TestPolicyPanicsOnWhatCannotBe(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]func() schedule.Policy{
		"within no time": func() schedule.Policy { return schedule.OnceWithin(0) },
		"up to none":     func() schedule.Policy { return schedule.AllUpTo(0) },
		"up to too many": func() schedule.Policy { return schedule.AllUpTo(schedule.MaxUpTo + 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("got a policy, want a panic")
				}
			}()
			of()
		})
	}
}

func BenchmarkNext(b *testing.B) {
	for _, spec := range []string{"* * * * *", "0 9 * * 1-5", "0 0 29 2 *", "@every 10m"} {
		b.Run(spec, func(b *testing.B) {
			s, now := parse(b, spec, "America/Los_Angeles"), at(b, "2026-05-04T10:00:30Z")
			for b.Loop() {
				s.Next(now)
			}
		})
	}
}

func BenchmarkDueAfterAYear(b *testing.B) {
	for _, policy := range []schedule.Policy{schedule.Skip(), schedule.AllUpTo(schedule.MaxUpTo)} {
		b.Run(policy.String(), func(b *testing.B) {
			s, now := parse(b, "* * * * *", "America/Los_Angeles"), at(b, "2026-05-04T10:00:30Z")
			b.ReportAllocs()
			for b.Loop() {
				s.Due(now.AddDate(-1, 0, 0), now, policy)
			}
		})
	}
}
