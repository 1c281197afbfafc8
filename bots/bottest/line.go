package bottest

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Who can stand at the beginning of a line besides people.
const (
	theBot  = "bot"
	theHook = "hook"
)

// What is done.
const (
	says      = "says"
	edits     = "edits"
	deletes   = "deletes"
	reacts    = "reacts"
	unreacts  = "unreacts"
	presses   = "presses"
	picks     = "picks"
	replies   = "replies"
	sends     = "sends"
	joins     = "joins"
	leaves    = "leaves"
	pins      = "pins"
	removes   = "removes"
	whispers  = "whispers"
	handsOff  = "hands off"
	handsBack = "hands back"
	fails     = "fails"
	nothing   = "nothing"
)

// line is one line of a chat: what somebody does, what the bot must do, or a directive.
type line struct {
	at    int    // its number in the file, from 1
	end   int    // the number of the last line that belongs to it
	who   string // a person, theBot or theHook; empty: a directive, or nothing
	place string // as it is written; empty: it does not say
	verb  string // says, edits, …; of a directive its name with the @
	count int    // which of the last messages, from 1
	named bool   // the count is written down
	arg   string // an emoji, a label, a name; all of a directive
	text  string
}

// shape is what stands behind a verb.
type shape struct {
	count bool // a number may
	arg   bool // a word or more must
	text  need // behind a colon
}

// need says whether something is there.
type need int

const (
	never need = iota
	maybe
	must
)

// verbsOf are the verbs of people and those of the bot.
func verbsOf(who string) map[string]shape {
	if who == theBot {
		return map[string]shape{
			edits: {count: true, text: must}, deletes: {count: true}, reacts: {arg: true}, unreacts: {arg: true},
			replies: {text: must}, sends: {arg: true, text: maybe}, whispers: {arg: true, text: must}, removes: {},
			handsOff: {text: must}, handsBack: {}, fails: {text: maybe},
		}
	}
	return map[string]shape{
		edits: {count: true, text: must}, deletes: {count: true}, reacts: {arg: true}, unreacts: {arg: true},
		presses: {count: true, arg: true}, picks: {count: true, arg: true}, replies: {count: true, text: must},
		sends: {arg: true, text: maybe}, joins: {}, leaves: {}, pins: {count: true},
	}
}

var nameForm = regexp.MustCompile(`^[\p{L}\p{N}_][\p{L}\p{N}_.-]*`)

// readLine understands a line that is neither empty, a remark nor the continuation of another one. column is where the
// fault is, in bytes from 0.
func readLine(s string) (l line, column int, fault string) {
	l.count = 1
	switch {
	case s == nothing:
		l.verb = nothing
		return l, 0, ""
	case s[0] == '@':
		return readDirective(s)
	}
	name := nameForm.FindString(s)
	rest := s[len(name):]
	if name == "" || rest == "" || !strings.ContainsRune(":@ \t", rune(rest[0])) {
		return l, 0, noLine(s)
	}
	l.who = name
	if name == theHook {
		return readHook(l, s)
	}
	if rest[0] == '@' {
		l.place, rest = cutPlace(rest[1:])
		if l.place == "" {
			return l, len(name), "a place is missing behind the @; it is written #lounge, or a person's name"
		}
	}
	if words, ok := cutColon(rest); ok {
		l.verb, l.text = says, words
		return l, 0, ""
	}
	return readVerb(l, s, rest)
}

func noLine(s string) string {
	if len(s) > 40 {
		s = strings.ToValidUTF8(s[:40], "") + "…"
	}
	return strconv.Quote(s) + ` is no line of a chat; one is written "alice: hi", "bot: Hello", "@ +2h" or "# remark"`
}

// cutPlace takes a place off s: it ends at white space, or at a colon before white space.
func cutPlace(s string) (place, rest string) {
	for i, r := range s {
		if unicode.IsSpace(r) {
			return s[:i], s[i:]
		}
		if _, ok := cutColon(s[i:]); ok {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// cutColon takes a colon off that stands before white space or at the end.
func cutColon(s string) (words string, ok bool) {
	rest, ok := strings.CutPrefix(s, ":")
	if !ok || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return "", false
	}
	return strings.TrimSpace(rest), true
}

// colon is the first colon in s that stands before white space or at the end; -1: there is none.
func colon(s string) int {
	for i := range len(s) {
		if _, ok := cutColon(s[i:]); ok {
			return i
		}
	}
	return -1
}

// readVerb understands what stands behind a person.
func readVerb(l line, s, rest string) (line, int, string) {
	rest = strings.TrimSpace(rest)
	column := strings.LastIndex(s, rest)
	verbs := verbsOf(l.who)
	l.verb = rest
	if i := strings.IndexAny(rest, " \t:"); i >= 0 {
		l.verb = rest[:i]
	}
	for _, two := range []string{handsOff, handsBack} {
		if strings.HasPrefix(rest, two) {
			l.verb = two
		}
	}
	sh, ok := verbs[l.verb]
	if !ok {
		known := slices.Sorted(maps.Keys(verbs))
		hint := meant(l.verb, known)
		if hint == "" {
			hint = "; there are a colon with words, and " + strings.Join(known, ", ")
		}
		return l, column, l.who + " can't do " + strconv.Quote(l.verb) + hint
	}
	fault := l.fill(strings.TrimSpace(rest[len(l.verb):]), sh)
	return l, column, fault
}

var (
	countForm = regexp.MustCompile(`^(\d{1,3})(?:\s*:|\s+|$)`)
	labelForm = regexp.MustCompile(`^(?:(\d{1,3}):\s+)?(.+)$`)
)

// fill puts what stands behind a verb in its places. It says what is wrong.
func (l *line) fill(rest string, sh shape) string {
	if sh.count && sh.arg { // presses 2: label
		m := labelForm.FindStringSubmatch(rest)
		if m == nil {
			return l.verb + " what? The label of a button is missing"
		}
		l.setCount(m[1])
		l.arg = unbracketed(m[2])
		return l.wrong(sh)
	}
	if m := countForm.FindStringSubmatch(rest); m != nil && sh.count {
		l.setCount(m[1])
		rest = strings.TrimSpace(rest[len(m[1]):])
	}
	if i := colon(rest); i >= 0 && sh.text != never {
		l.text, _ = cutColon(rest[i:])
		rest = rest[:i]
	} else if sh.text == must {
		return "a colon and words are missing behind " + l.verb
	}
	l.arg = strings.TrimSpace(rest)
	return l.wrong(sh)
}

// wrong says what is too much or missing.
func (l *line) wrong(sh shape) string {
	switch {
	case l.arg == "" && sh.arg:
		return "something is missing behind " + l.verb
	case l.arg != "" && !sh.arg:
		return strconv.Quote(l.arg) + " is too much behind " + l.verb
	case l.count < 1:
		return "messages are counted from 1, the last one"
	}
	return ""
}

func (l *line) setCount(digits string) {
	if digits != "" {
		l.count, _ = strconv.Atoi(digits) // three digits at most
		l.named = true
	}
}

func unbracketed(label string) string {
	if inner, ok := strings.CutPrefix(label, "["); ok && strings.HasSuffix(inner, "]") {
		return inner[:len(inner)-1]
	}
	return label
}

// readHook understands "hook deploy: body".
func readHook(l line, s string) (line, int, string) {
	rest := strings.TrimSpace(s[len(theHook):])
	i := colon(rest)
	if i <= 0 {
		return l, 0, `a webhook's call is written "hook NAME: body"`
	}
	l.verb, l.arg = theHook, strings.TrimSpace(rest[:i])
	l.text, _ = cutColon(rest[i:])
	return l, 0, ""
}

// continues says whether indented lines may follow, which belong to it.
func (l *line) continues() bool {
	switch l.verb {
	case says, edits, replies, sends, whispers, handsOff, fails, theHook, "@http":
		return true
	}
	return false
}
