package schedule_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/roost-im/roost/router/schedule"
)

func TestParseRefusesWithReason(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, spec, zone, want string }{
		{"nothing", "", "", "empty"},
		{"blanks", " \t\n", "", "empty"},
		{"TZ", "TZ=UTC 0 9 * * *", "", "give the zone beside the schedule"},
		{"TZ alone", "TZ=UTC", "", "give the zone beside the schedule"},
		{"CRON_TZ", "CRON_TZ=Europe/Berlin 0 9 * * *", "", "give the zone beside the schedule"},
		{"TZ after a blank", " TZ=UTC\t0 9 * * *", "", "give the zone beside the schedule"},
		{"31 February", "0 9 31 2 *", "", "never due"},
		{"30 February", "0 9 30,31 feb *", "", "never due"},
		{"31st of short months", "0 9 31 4,6,9,11 *", "", "never due"},
		{"every second", "@every 1s", "", "too short: at least 1m"},
		{"every none", "@every 0s", "", "too short"},
		{"every negative", "@every -1h", "", "too short"},
		{"every with parts of a second", "@every 1m0.5s", "", "whole seconds"},
		{"every beyond all", "@every 9999999999h", "", "no duration"},
		{"every alone", "@every", "", `"" is no duration`},
		{"every day", "@every 1d", "", `"1d" is no duration`},
		{"every twice", "@every 1h 10m", "", `"1h 10m" is no duration`},
		{"unknown word", "@reboot", "", "unknown word"},
		{"words and fields", "@daily 9", "", "unknown word"},
		{"four fields", "0 9 * *", "", "4 fields: give five"},
		{"six fields", "0 0 9 * * *", "", "6 fields: give five"},
		{"minute", "60 9 * * *", "", `minute "60": end of range (60) above maximum (59)`},
		{"hour", "0 24 * * *", "", `hour "24"`},
		{"day of month", "0 9 0 * *", "", `day of month "0"`},
		{"month", "0 9 * 13 *", "", `month "13"`},
		{"day of week", "0 9 * * 7", "", `day of week "7"`},
		{"name", "0 9 * * fry", "", `day of week "fry"`},
		{"backwards", "0 17-9 * * *", "", `hour "17-9"`},
		{"step of nothing", "*/0 * * * *", "", `minute "*/0"`},
		{"step beyond the field", "*/90 * * * *", "", "step 90 is longer than the field"},
		{"list of nothing", ", * * * *", "", `minute ",": a part of the list is empty`},
		{"list with a hole", "1,,2 * * * *", "", "a part of the list is empty"},
		{"too long", strings.Repeat("1,", 100) + "1 * * * *", "", "longer than 200 characters"},
		{"unknown zone", "0 9 * * *", "Mars/Olympus", `zone "Mars/Olympus": not known`},
		{"zone of a machine", "0 9 * * *", "Local", `zone "Local": give the name`},
		{"zone that is a path", "0 9 * * *", "../../etc/passwd", "not known"},
		{"zone too long", "0 9 * * *", strings.Repeat("a", 300), "longer than 200 characters"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := schedule.Parse(tc.spec, tc.zone)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("Parse(%q, %q) = %v, want an error with %q", tc.spec, tc.zone, err, tc.want)
			}
			if len(err.Error()) > 500 {
				t.Errorf("the error is of %d bytes, want no more than 500: %v", len(err.Error()), err)
			}
		})
	}
}

func TestParseReadsAllForms(t *testing.T) {
	t.Parallel()
	after := time.Date(2026, time.January, 15, 10, 7, 30, 5, time.UTC) // a Thursday
	for _, tc := range []struct{ spec, want string }{
		{"* * * * *", "2026-01-15T10:08:00Z"},
		{" 0\t9 * * * ", "2026-01-16T09:00:00Z"},
		{"*/20 8-18/2 * jan-mar mon-fri", "2026-01-15T10:20:00Z"},
		{"0 9 ? * FRI", "2026-01-16T09:00:00Z"},
		{"*/60 * * * *", "2026-01-15T11:00:00Z"},
		{"@hourly", "2026-01-15T11:00:00Z"},
		{"@daily", "2026-01-16T00:00:00Z"},
		{"@midnight", "2026-01-16T00:00:00Z"},
		{"@weekly", "2026-01-18T00:00:00Z"},
		{"@monthly", "2026-02-01T00:00:00Z"},
		{"@yearly", "2027-01-01T00:00:00Z"},
		{"@annually", "2027-01-01T00:00:00Z"},
		{"@every 1m", "2026-01-15T10:08:00Z"},
		{"@every  10m", "2026-01-15T10:10:00Z"},
		{"@every 90s", "2026-01-15T10:09:00Z"},
		{"@every 24h", "2026-01-16T00:00:00Z"},
		{"0 0 29 2 *", "2028-02-29T00:00:00Z"},
		{"0 0 29 2 1", "2026-02-02T00:00:00Z"}, // the 29th or a Monday
		{"0 0 13 * 5", "2026-01-16T00:00:00Z"}, // the 13th or a Friday
		{"0 0 31 1,2 *", "2026-01-31T00:00:00Z"},
	} {
		t.Run(tc.spec, func(t *testing.T) {
			t.Parallel()
			if got := parse(t, tc.spec, "").Next(after).Format(time.RFC3339Nano); got != tc.want {
				t.Errorf("Next(%v) = %v, want %v", after, got, tc.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, spec := range []string{
		"0 9 * * 1-5", "*/7 1-23/2 1,15 jan-jun mon", "0 0 29 2 *", "0 9 31 2 *", "@hourly", "@every 10m", "@every -1h",
		"TZ=UTC", "CRON_TZ=UTC 0 9 * * *", ", * * * *", "? ? ? ? ?", "*/0 * * * *", "1-2-3 * * * *", "0 0 0 * * *", "+5 * * * *",
	} {
		f.Add(spec, "America/Los_Angeles", int64(1741500000))
	}
	f.Add("30 2 * * *", "Australia/Lord_Howe", int64(-3e9))
	f.Add("* * * * *", "Local", int64(4e9))
	f.Fuzz(func(t *testing.T, spec, zone string, unix int64) {
		s, err := schedule.Parse(spec, zone)
		if err != nil {
			if len(err.Error()) > 2000 {
				t.Errorf("Parse: the error is of %d bytes, want fewer", len(err.Error()))
			}
			return
		}
		after := time.Unix(unix%1e10, 0)
		first := s.Next(after)
		if second := s.Next(first); !first.After(after) || !second.After(first) {
			t.Errorf("Parse(%q, %q): after %v come %v and %v, want each later", spec, zone, after, first, second)
		}
		if got := s.Next(first.Add(-1)); !got.Equal(first) {
			t.Errorf("Parse(%q, %q): right before %v comes %v, want it", spec, zone, first, got)
		}
	})
}

func parse(tb testing.TB, spec, zone string) schedule.Schedule {
	tb.Helper()
	s, err := schedule.Parse(spec, zone)
	if err != nil {
		tb.Fatalf("Parse(%q, %q) = %v, want no error", spec, zone, err)
	}
	return s
}
