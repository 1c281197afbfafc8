package schedule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/robfig/cron/v3"
)

const (
	// MaxSpec is how many characters a spec, or the name of a zone, may have.
	MaxSpec = 200
	// MinEvery is the shortest step of "@every".
	MinEvery = time.Minute
)

// Parse reads a spec whose times are those of a zone, an IANA name like "Europe/Berlin"; "" is UTC. The zone is looked up
// by time.LoadLocation, so a program imports time/tzdata for machines that have no zones. A spec is one of
//
//   - five fields of cron: minute (0-59), hour (0-23), day of month (1-31), month (1-12 or jan-dec), day of week (0-6 from
//     Sunday, or sun-sat). A field is *, a number, a range, or a list of these, each with a /step if need be. When both
//     days are given, either will do.
//   - @hourly, @daily (or @midnight), @weekly (on Sunday), @monthly, @yearly (or @annually)
//   - @every and a duration of whole seconds, at least MinEvery: "@every 10m", "@every 1h30m". It is counted from the
//     Unix epoch, whatever the zone, so "@every 24h" is due at midnight UTC.
//
// The error says what is wrong with which part. A spec that is never due, like "0 9 31 2 *", is an error.
func Parse(spec, zone string) (Schedule, error) {
	s, err := parse(strings.Join(strings.Fields(spec), " "))
	if err != nil {
		return Schedule{}, fmt.Errorf("schedule %s: %w", quote(spec), err)
	}
	if s.zone, err = parseZone(zone); err != nil {
		return Schedule{}, err
	}
	return s, nil
}

func parse(spec string) (Schedule, error) {
	head, rest, _ := strings.Cut(spec, " ")
	setting, _, set := strings.Cut(head, "=")
	switch {
	case spec == "":
		return Schedule{}, errors.New("empty")
	case utf8.RuneCountInString(spec) > MaxSpec:
		return Schedule{}, fmt.Errorf("longer than %d characters", MaxSpec)
	case set && strings.HasSuffix(strings.ToUpper(setting), "TZ"):
		return Schedule{}, errors.New("give the zone beside the schedule, not in it")
	case head == "@every":
		return parseEvery(rest)
	case strings.HasPrefix(spec, "@"):
		fields, err := word(spec)
		if err != nil {
			return Schedule{}, err
		}
		return parseFields(strings.Fields(fields))
	default:
		return parseFields(strings.Fields(spec))
	}
}

// word returns the fields that a word stands for.
func word(name string) (string, error) {
	switch name {
	case "@hourly":
		return "0 * * * *", nil
	case "@daily", "@midnight":
		return "0 0 * * *", nil
	case "@weekly":
		return "0 0 * * 0", nil
	case "@monthly":
		return "0 0 1 * *", nil
	case "@yearly", "@annually":
		return "0 0 1 1 *", nil
	default:
		return "", errors.New("unknown word: there are @hourly, @daily, @weekly, @monthly, @yearly, and @every with a duration")
	}
}

func parseEvery(text string) (Schedule, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return Schedule{}, fmt.Errorf("%q is no duration: write @every 10m, or @every 1h30m", text)
	case d < MinEvery:
		return Schedule{}, fmt.Errorf("%v is too short: at least %s", d, brief(MinEvery))
	case d%time.Second != 0:
		return Schedule{}, fmt.Errorf("%v is not in whole seconds", d)
	}
	return Schedule{every: d}, nil
}

// field is the name of a field of cron, and how many values it has.
type field struct {
	name string
	size int
}

func parseFields(texts []string) (Schedule, error) {
	fields := [...]field{{"minute", 60}, {"hour", 24}, {"day of month", 31}, {"month", 12}, {"day of week", 7}}
	if len(texts) != len(fields) {
		return Schedule{}, fmt.Errorf("%d fields: give five, which are minute, hour, day of month, month and day of week", len(texts))
	}
	for i, f := range fields {
		alone := [...]string{"*", "*", "*", "*", "*"}
		alone[i] = texts[i]
		if err := f.check(texts[i], alone[:]); err != nil {
			return Schedule{}, fmt.Errorf("%s %q: %w", f.name, texts[i], err)
		}
	}
	spec, err := read(texts)
	if err != nil {
		return Schedule{}, err
	}
	const allHours = 1<<24 - 1
	s := Schedule{cron: spec, passed: strings.ContainsAny(texts[1], "*?") || spec.Hour&allHours == allHours}
	if s.walk(time.Unix(0, 0).UTC()).IsZero() {
		return Schedule{}, errors.New("never due: the month has no such day")
	}
	return s, nil
}

// check refuses what a field may not be. The library takes a list with nothing in it, which is never due, and a step
// that is longer than the field, which does not do what it says: minute */90 is once an hour.
func (f field) check(text string, alone []string) error {
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			return errors.New("a part of the list is empty")
		}
		_, step, _ := strings.Cut(part, "/")
		if n, err := strconv.Atoi(step); err == nil && n > f.size {
			return fmt.Errorf("step %d is longer than the field, which has %d values", n, f.size)
		}
	}
	_, err := read(alone)
	return err
}

// read lets the library read five fields. It has been seen to panic on what it did not expect.
func read(texts []string) (spec *cron.SpecSchedule, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("not understood: %v", p)
		}
	}()
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	parsed, err := parser.Parse(strings.Join(texts, " "))
	if err != nil {
		return nil, err
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, errors.New("not understood")
	}
	spec.Location = time.UTC // the wall is written as UTC
	return spec, nil
}

func parseZone(name string) (*time.Location, error) {
	switch {
	case utf8.RuneCountInString(name) > MaxSpec:
		return nil, fmt.Errorf("zone %s: longer than %d characters", quote(name), MaxSpec)
	case strings.EqualFold(name, "local"), name == "localtime":
		// Those are files of a machine, and slots are the same on every machine.
		return nil, fmt.Errorf("zone %q: give the name of the zone, like Europe/Berlin", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("zone %q: not known: give a name like Europe/Berlin", name)
	}
	return zone, nil
}

// quote shows what was given, and of what is too long the beginning.
func quote(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return strconv.Quote(text)
}
