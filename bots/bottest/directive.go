package bottest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/router/chat"
)

// settings are what a transcript says before its chat begins.
type settings struct {
	bot       string
	on        []string // platforms, one run each
	can       []string // abilities, those that are taken away with a ! in front
	at        time.Time
	zone      *time.Location
	in        string // where people speak who don't say; empty: directly
	places    map[string]chat.Conversation
	mirrors   map[string][]string
	desk      string
	home      string
	operators string
	locale    string
	config    map[string]string
	grants    []string
	secrets   map[string]string
}

// firstDay is when a chat begins that does not say: a Monday.
func firstDay() time.Time { return time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC) }

func newSettings() settings {
	return settings{
		at: firstDay(), zone: time.UTC, places: map[string]chat.Conversation{}, mirrors: map[string][]string{},
		config: map[string]string{}, secrets: map[string]string{},
	}
}

// settle are the directives that say something about the chat, before it begins. They give what is wrong.
func settle() map[string]func(s *settings, arg string) error {
	return map[string]func(s *settings, arg string) error{
		"@bot":       func(s *settings, arg string) error { return one(&s.bot, arg) },
		"@at":        (*settings).begin,
		"@on":        (*settings).onPlatforms,
		"@can":       func(s *settings, arg string) error { return s.abilities(arg, "") },
		"@cannot":    func(s *settings, arg string) error { return s.abilities(arg, "!") },
		"@in":        func(s *settings, arg string) error { return one(&s.in, arg) },
		"@place":     (*settings).place,
		"@mirror":    (*settings).mirror,
		"@desk":      func(s *settings, arg string) error { return one(&s.desk, arg) },
		"@home":      func(s *settings, arg string) error { return one(&s.home, arg) },
		"@operators": func(s *settings, arg string) error { return one(&s.operators, arg) },
		"@locale":    func(s *settings, arg string) error { return one(&s.locale, arg) },
		"@config":    func(s *settings, arg string) error { return setting(s.config, arg) },
		"@secret":    func(s *settings, arg string) error { return setting(s.secrets, arg) },
		"@may": func(s *settings, arg string) error {
			s.grants = append(s.grants, strings.Fields(arg)...)
			return nil
		},
	}
}

// happen are the directives that are steps of the chat, and how what stands behind them is checked.
func happen() map[string]func(arg string) error {
	none := func(arg string) error {
		if arg != "" {
			return fmt.Errorf("%q is too much", arg)
		}
		return nil
	}
	return map[string]func(arg string) error{
		"@":         nil, // the clock; it is checked where the zone is known
		"@restart":  none,
		"@stop":     none,
		"@crash":    none,
		"@handback": none,
		"@replace":  func(arg string) error { return one(new(string), arg) },
		"@role":     checkRole,
		"@fail": func(arg string) error {
			if arg != "state" {
				return fmt.Errorf("%q can't fail here; state can, and a page by @http", arg)
			}
			return nil
		},
		"@http": func(arg string) error {
			_, err := parsePage(arg)
			return err
		},
	}
}

// readDirective understands a line that begins with an @.
func readDirective(s string) (line, int, string) {
	name, arg := s, ""
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		name, arg = s[:i], strings.TrimSpace(s[i:])
	}
	l := line{verb: name, arg: arg, count: 1}
	column := len(s) - len(arg)
	if _, ok := settle()[name]; ok {
		if arg == "" {
			return l, column, "something is missing behind " + name
		}
		return l, column, ""
	}
	check, ok := happen()[name]
	if !ok {
		known := slices.Concat(slices.Collect(maps.Keys(settle())), slices.Collect(maps.Keys(happen())))
		slices.Sort(known)
		hint := meant(name, known)
		if hint == "" {
			hint = "; there are " + strings.Join(known[1:], ", ")
		}
		return l, 0, "there is no " + name + hint
	}
	if check == nil {
		return l, column, ""
	}
	if err := check(arg); err != nil {
		return l, column, err.Error()
	}
	return l, column, ""
}

// one takes exactly one word.
func one(into *string, arg string) error {
	if words := strings.Fields(arg); len(words) != 1 {
		return fmt.Errorf("%q is not one word", arg)
	}
	*into = arg
	return nil
}

// setting takes name=value.
func setting(into map[string]string, arg string) error {
	name, value, ok := strings.Cut(arg, "=")
	if name = strings.TrimSpace(name); !ok || name == "" {
		return fmt.Errorf("%q is not written name=value", arg)
	}
	into[name] = strings.TrimSpace(value)
	return nil
}

func checkRole(arg string) error {
	if len(strings.Fields(arg)) < 2 {
		return fmt.Errorf("%q is not a person and their roles, as in alice member", arg)
	}
	return nil
}

// begin says when the chat begins.
func (s *settings) begin(arg string) (err error) {
	s.at, s.zone, err = readClock(arg, s.at, s.zone)
	return err
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
}

func (s *settings) onPlatforms(arg string) error {
	for _, name := range words(arg) {
		if _, ok := Traits(name); !ok {
			return fmt.Errorf("there is no platform %s%s; there are %s", name, meant(name, Platforms()), strings.Join(Platforms(), ", "))
		}
		s.on = append(s.on, name)
	}
	return nil
}

func (s *settings) abilities(arg, not string) error {
	all := abilities()
	for _, name := range words(arg) {
		if all[name] == nil {
			known := slices.Sorted(maps.Keys(all))
			return fmt.Errorf("%s is no ability%s; there are %s", name, meant(name, known), strings.Join(known, ", "))
		}
		s.can = append(s.can, not+name)
	}
	return nil
}

func (s *settings) place(arg string) error {
	f := strings.Fields(arg)
	if len(f) != 2 || !strings.HasPrefix(f[0], "#") {
		return fmt.Errorf("%q is not a place and its conversation, as in #lounge slack/team#C0LOUNGE", arg)
	}
	c, err := chat.ParseConversation(f[1])
	if err != nil {
		return err
	}
	s.places[f[0]] = c
	return nil
}

func (s *settings) mirror(arg string) error {
	f := strings.Fields(arg)
	if len(f) < 2 {
		return fmt.Errorf("%q is not a mirror's name and its places, as in lounge #lounge discord/fans#general", arg)
	}
	s.mirrors[f[0]] = f[1:]
	return nil
}

var clockForm = regexp.MustCompile(`^\d{1,2}:\d{2}(?::\d{2})?$`)

// readClock reads a time: +2h from now, 09:00 for the next nine o'clock, 2026-03-27 09:00, or a full one of RFC 3339. A zone's
// name behind it is the zone from then on.
func readClock(arg string, now time.Time, zone *time.Location) (time.Time, *time.Location, error) {
	f := strings.Fields(arg)
	if n := len(f); n > 1 && (strings.Contains(f[n-1], "/") || f[n-1] == "UTC") {
		z, err := time.LoadLocation(f[n-1])
		if err != nil {
			return now, zone, fmt.Errorf("there is no time zone %s; one is called like Europe/Berlin", f[n-1])
		}
		zone, f = z, f[:n-1]
	}
	s := strings.Join(f, " ")
	if later, ok := strings.CutPrefix(s, "+"); ok {
		d, err := duration(later)
		return now.Add(d), zone, err
	}
	if clockForm.MatchString(s) {
		return nextClock(s, now.In(zone), zone)
	}
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.ParseInLocation(form, s, zone); err == nil && t.Year() >= 1970 && t.Year() < 2200 {
			return t, zone, nil
		}
	}
	return now, zone, fmt.Errorf("%q is no time; it is written +2h, 09:00, 2026-03-27 09:00 or 2026-03-27T09:00:00Z, "+
		"and a zone like Europe/Berlin may follow", arg)
}

func nextClock(s string, now time.Time, zone *time.Location) (time.Time, *time.Location, error) {
	form := "15:04"
	if strings.Count(s, ":") == 2 {
		form = "15:04:05"
	}
	c, err := time.Parse(form, s)
	if err != nil {
		return now, zone, fmt.Errorf("%q is no time of a day", s)
	}
	day := now
	for range 2 {
		at := time.Date(day.Year(), day.Month(), day.Day(), c.Hour(), c.Minute(), c.Second(), 0, zone)
		if at.After(now) {
			return at, zone, nil
		}
		day = day.AddDate(0, 0, 1)
	}
	return day, zone, nil
}

func duration(s string) (time.Duration, error) {
	v, err := bots.Param{Name: "time", Kind: bots.DurationParam}.Value(plain(s), "")
	if err != nil {
		return 0, fmt.Errorf("%s is no time; it is written like +90s, +20m, +2h30m or +3d", strconv.Quote("+"+s))
	}
	return v.Duration, nil
}
