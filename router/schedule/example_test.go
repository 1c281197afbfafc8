package schedule_test

import (
	"fmt"
	"time"

	"github.com/roost-im/roost/router/schedule"
)

func ExampleParse() {
	_, err := schedule.Parse("0 9 31 2 *", "Europe/Berlin")
	fmt.Println(err)
	_, err = schedule.Parse("0 25 * * *", "Europe/Berlin")
	fmt.Println(err)
	_, err = schedule.Parse("0 9 * * *", "Europe/Bärlin")
	fmt.Println(err)
	// Output:
	// schedule "0 9 31 2 *": never due: the month has no such day
	// schedule "0 25 * * *": hour "25": end of range (25) above maximum (23): 25
	// zone "Europe/Bärlin": not known: give a name like Europe/Berlin
}

func ExampleSchedule_Next() {
	s, err := schedule.Parse("30 2 * * *", "America/Los_Angeles")
	if err != nil {
		fmt.Println(err)
		return
	}
	slot := time.Date(2025, time.March, 7, 12, 0, 0, 0, time.UTC)
	for range 3 {
		slot = s.Next(slot)
		fmt.Println(slot)
	}
	// Output:
	// 2025-03-08 02:30:00 -0800 PST
	// 2025-03-09 03:00:00 -0700 PDT
	// 2025-03-10 02:30:00 -0700 PDT
}

func ExampleSchedule_Due() {
	s, err := schedule.Parse("@every 30m", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	last := time.Date(2026, time.May, 4, 9, 0, 0, 0, time.UTC)
	now := last.Add(3*time.Hour + 10*time.Minute)
	for _, missed := range []schedule.Policy{schedule.Skip(), schedule.OnceWithin(time.Hour), schedule.AllUpTo(2)} {
		fire, dropped := s.Due(last, now, missed)
		fmt.Printf("%v:", missed)
		for _, slot := range fire {
			fmt.Print(" ", slot.Format("15:04"))
		}
		fmt.Printf(", %d given up\n", dropped)
	}
	// Output:
	// skip:, 6 given up
	// once within 1h: 12:00, 5 given up
	// all up to 2: 11:30 12:00, 4 given up
}

func ExampleParsePolicy() {
	missed, err := schedule.ParsePolicy("once within 90m")
	fmt.Println(missed, err)
	// Output: once within 1h30m <nil>
}
