package schedule_test

import (
	"slices"
	"testing"
	"time"

	"github.com/roost-im/roost/router/schedule"
)

// TestNextAcrossClockChanges lists the slots between two instants; both are on the wall of the zone and may be given
// with an offset to say which of two they are.
func TestNextAcrossClockChanges(t *testing.T) {
	t.Parallel()
	const la, howe, apia = "America/Los_Angeles", "Australia/Lord_Howe", "Pacific/Apia"
	const juarez, saoPaulo = "America/Ciudad_Juarez", "America/Sao_Paulo"
	for _, tc := range []struct {
		name, spec, zone, from, to string
		want                       []string
	}{
		{
			"spring: the gap's first minute", "0 2 * * *", la, "2025-03-08T03:00:00-08:00", "2025-03-11T00:00:00-07:00",
			[]string{"2025-03-09T03:00:00-07:00", "2025-03-10T02:00:00-07:00"},
		},
		{
			"spring: amid the gap", "30 2 * * *", la, "2025-03-08T03:00:00-08:00", "2025-03-11T00:00:00-07:00",
			[]string{"2025-03-09T03:00:00-07:00", "2025-03-10T02:30:00-07:00"},
		},
		{
			"spring: several in the gap are one", "*/10 2 * * *", la, "2025-03-08T02:45:00-08:00", "2025-03-10T02:05:00-07:00",
			[]string{"2025-03-08T02:50:00-08:00", "2025-03-09T03:00:00-07:00", "2025-03-10T02:00:00-07:00"},
		},
		{
			"spring: in the gap and right after are one", "0,30 2,3 * * *", la, "2025-03-09T00:00:00-08:00", "2025-03-10T00:00:00-07:00",
			[]string{"2025-03-09T03:00:00-07:00", "2025-03-09T03:30:00-07:00"},
		},
		{
			"spring: each real hour", "30 * * * *", la, "2025-03-09T00:00:00-08:00", "2025-03-09T05:00:00-07:00",
			[]string{"2025-03-09T00:30:00-08:00", "2025-03-09T01:30:00-08:00", "2025-03-09T03:30:00-07:00", "2025-03-09T04:30:00-07:00"},
		},
		{
			"spring: every other hour", "0 */2 * * *", la, "2025-03-08T23:00:00-08:00", "2025-03-09T07:00:00-07:00",
			[]string{"2025-03-09T00:00:00-08:00", "2025-03-09T03:00:00-07:00", "2025-03-09T04:00:00-07:00", "2025-03-09T06:00:00-07:00"},
		},
		{
			"spring: no midnight", "0 0 * * *", saoPaulo, "2018-11-03T12:00:00-03:00", "2018-11-05T12:00:00-02:00",
			[]string{"2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"},
		},
		{
			"spring: once a year, at no midnight", "0 0 4 11 *", saoPaulo, "2018-11-03T12:00:00-03:00", "2019-11-05T00:00:00-03:00",
			[]string{"2018-11-04T01:00:00-02:00", "2019-11-04T00:00:00-03:00"},
		},
		{
			"autumn: a fixed hour once", "30 1 * * *", la, "2025-11-02T00:00:00-07:00", "2025-11-04T00:00:00-08:00",
			[]string{"2025-11-02T01:30:00-07:00", "2025-11-03T01:30:00-08:00"},
		},
		{
			"autumn: asked amid the second hour", "45 1 * * *", la, "2025-11-02T01:10:00-08:00", "2025-11-04T00:00:00-08:00",
			[]string{"2025-11-03T01:45:00-08:00"},
		},
		{
			"autumn: right after the second hour", "0 2 * * *", la, "2025-11-02T00:00:00-07:00", "2025-11-03T00:00:00-08:00",
			[]string{"2025-11-02T02:00:00-08:00"},
		},
		{
			"autumn: each real hour", "0 * * * *", la, "2025-11-02T00:30:00-07:00", "2025-11-02T03:00:00-08:00",
			[]string{"2025-11-02T01:00:00-07:00", "2025-11-02T01:00:00-08:00", "2025-11-02T02:00:00-08:00", "2025-11-02T03:00:00-08:00"},
		},
		{
			"autumn: all hours by another name", "0 0-23 * * *", la, "2025-11-02T00:30:00-07:00", "2025-11-02T02:00:00-08:00",
			[]string{"2025-11-02T01:00:00-07:00", "2025-11-02T01:00:00-08:00", "2025-11-02T02:00:00-08:00"},
		},
		{
			"autumn: the day ends twice", "30 23 * * *", saoPaulo, "2018-02-17T12:00:00-02:00", "2018-02-19T00:00:00-03:00",
			[]string{"2018-02-17T23:30:00-02:00", "2018-02-18T23:30:00-03:00"},
		},
		{
			"half an hour is left out", "15 2 * * *", howe, "2025-10-04T03:00:00+10:30", "2025-10-07T00:00:00+11:00",
			[]string{"2025-10-05T02:30:00+11:00", "2025-10-06T02:15:00+11:00"},
		},
		{
			"half an hour is left out, hourly", "15 * * * *", howe, "2025-10-05T01:00:00+10:30", "2025-10-05T04:00:00+11:00",
			[]string{"2025-10-05T01:15:00+10:30", "2025-10-05T02:30:00+11:00", "2025-10-05T03:15:00+11:00"},
		},
		{
			"half an hour comes twice", "45 1 * * *", howe, "2025-04-06T00:00:00+11:00", "2025-04-08T00:00:00+10:30",
			[]string{"2025-04-06T01:45:00+11:00", "2025-04-07T01:45:00+10:30"},
		},
		{
			"half an hour comes twice, hourly", "*/30 * * * *", howe, "2025-04-06T01:00:00+11:00", "2025-04-06T02:00:00+10:30",
			[]string{"2025-04-06T01:30:00+11:00", "2025-04-06T01:30:00+10:30", "2025-04-06T02:00:00+10:30"},
		},
		{
			"a day is left out", "0 9 * * *", apia, "2011-12-29T00:00:00-10:00", "2012-01-01T00:00:00+14:00",
			[]string{"2011-12-29T09:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T09:00:00+14:00"},
		},
		{
			"a day is left out, hourly", "0 * * * *", apia, "2011-12-29T22:00:00-10:00", "2011-12-31T01:00:00+14:00",
			[]string{"2011-12-29T23:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T01:00:00+14:00"},
		},
		{
			"hourly on the day that is left out", "30 * 30 * *", apia, "2011-12-29T00:00:00-10:00", "2012-01-02T00:00:00+14:00",
			[]string{"2011-12-31T00:00:00+14:00"},
		},
		{
			"no 29 February for eight years", "0 0 29 2 *", "Europe/Berlin", "2096-03-01T00:00:00+01:00", "2104-03-01T00:00:00+01:00",
			[]string{"2104-02-29T00:00:00+01:00"},
		},
		{
			"the last day of a leap year", "0 12 * * *", la, "2096-12-30T00:00:00-08:00", "2097-01-02T00:00:00-08:00",
			[]string{"2096-12-30T12:00:00-08:00", "2096-12-31T12:00:00-08:00", "2097-01-01T12:00:00-08:00"},
		},
		{
			"a last change against the rule", "30 2,23 * * *", juarez, "2022-11-28T23:30:00-06:00", "2022-12-01T00:00:00-07:00",
			[]string{"2022-11-29T02:30:00-06:00", "2022-11-29T23:30:00-06:00", "2022-11-30T02:30:00-07:00", "2022-11-30T23:30:00-07:00"},
		},
		{
			"asked right after that", "30 23 * * *", juarez, "2022-11-29T23:10:00-07:00", "2022-12-01T00:00:00-07:00",
			[]string{"2022-11-30T23:30:00-07:00"},
		},
		{
			"every does not know the zone", "@every 6h", la, "2025-03-08T22:00:00-08:00", "2025-03-09T11:00:00-07:00",
			[]string{"2025-03-09T05:00:00-07:00", "2025-03-09T11:00:00-07:00"},
		},
		{
			"every before the epoch", "@every 7m", "", "1969-12-31T23:50:00Z", "1970-01-01T00:07:00Z",
			[]string{"1969-12-31T23:53:00Z", "1970-01-01T00:00:00Z", "1970-01-01T00:07:00Z"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := []string{}
			for _, slot := range slots(parse(t, tc.spec, tc.zone), at(t, tc.from), at(t, tc.to)) {
				got = append(got, slot.Format(time.RFC3339))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("slots of %q in %q:\ngot  %v\nwant %v", tc.spec, tc.zone, got, tc.want)
			}
		})
	}
}

func TestZeroScheduleIsNeverDue(t *testing.T) {
	t.Parallel()
	var s schedule.Schedule
	now := at(t, "2026-01-01T00:00:00Z")
	if got := s.Next(now); !got.IsZero() {
		t.Errorf("Next(%v) = %v, want the zero time", now, got)
	}
	if fire, dropped := s.Due(time.Time{}, now, schedule.AllUpTo(9)); len(fire) != 0 || dropped != 0 {
		t.Errorf("Due = %v, %d, want nothing", fire, dropped)
	}
}

// slots lists what is later than from and no later than to.
func slots(s schedule.Schedule, from, to time.Time) []time.Time {
	var list []time.Time
	for slot := s.Next(from); !slot.After(to); slot = s.Next(slot) {
		list = append(list, slot)
	}
	return list
}

func at(tb testing.TB, text string) time.Time {
	tb.Helper()
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		tb.Fatal(err)
	}
	return when
}

func TestEqual(t *testing.T) {
	t.Parallel()
	parsed := func(spec, zone string) schedule.Schedule {
		s, err := schedule.Parse(spec, zone)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, tc := range []struct {
		a, b schedule.Schedule
		want bool
	}{
		{parsed("0 9 * * *", "Europe/Berlin"), parsed("0  9 * * *", "Europe/Berlin"), true},
		{parsed("@daily", ""), parsed("0 0 * * *", "UTC"), true},
		{parsed("0 9 * * *", "Europe/Berlin"), parsed("0 9 * * *", "Europe/Rome"), false},
		{parsed("0 9 * * *", ""), parsed("0 10 * * *", ""), false},
		{parsed("@every 10m", ""), parsed("@every 10m", ""), true},
		{parsed("@every 10m", ""), parsed("@every 20m", ""), false},
		{parsed("@every 10m", ""), parsed("0 9 * * *", ""), false},
		{parsed("0 9 * * *", ""), schedule.Schedule{}, false},
		{schedule.Schedule{}, schedule.Schedule{}, true},
	} {
		if got := tc.a.Equal(tc.b); got != tc.want {
			t.Errorf("%+v equal to %+v: %v, want %v", tc.a, tc.b, got, tc.want)
		}
	}
}
