package crash_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/roost-im/roost/test/town"
)

// threadSign is in front of the title by which Slack's threads begin that hang on nothing; it is what is said first in them.
const threadSign = "🧵"

// mostLate is how many messages may be late before that is no accident any more.
const mostLate = 20

// audit compares what was said with what stands everywhere, and with what Roost says that it could not bring.
type audit struct {
	ledger ledger
	seen   map[string]shelf // by place
	faults []string

	right   int // messages that stand once where they should
	held    int // messages to Telegram of which Roost says that nobody can tell whether they arrived
	arrived int // those of them that did
	late    int // messages of Slack that were read back so late that they stand behind newer ones
	missed  int // changes on Discord and in Slack of which nobody was told
	unheard int // those of them that were made in Slack
}

// shelf is what Roost wrote in a place, by its token.
type shelf struct {
	lines map[string][]town.Line
	first map[string]int // where it stands first
}

func newAudit(l ledger) *audit { return &audit{ledger: l, seen: map[string]shelf{}} }

func (a *audit) shelf(p town.Spot) shelf {
	if s, ok := a.seen[p.Name()]; ok {
		return s
	}
	s := shelf{lines: map[string][]town.Line{}, first: map[string]int{}}
	for i, l := range p.Lines() {
		if !l.Ours || l.Gone || strings.HasPrefix(l.Text, threadSign) {
			continue
		}
		token := l.Token()
		if len(s.lines[token]) == 0 {
			s.first[token] = i
		}
		s.lines[token] = append(s.lines[token], l)
	}
	a.seen[p.Name()] = s
	return s
}

// ours are Roost's messages in p with a token.
func (a *audit) ours(p town.Spot, token string) []town.Line { return a.shelf(p).lines[token] }

// at is where a token stands in p.
func (a *audit) at(p town.Spot, token string) (int, bool) {
	i, ok := a.shelf(p).first[token]
	return i, ok
}

func (a *audit) fault(format string, args ...any) {
	a.faults = append(a.faults, fmt.Sprintf(format, args...))
}

// tell fails the test with what is wrong.
func (a *audit) tell(t *testing.T, waiting int) {
	t.Helper()
	const shown = 40
	for _, f := range a.faults[:min(len(a.faults), shown)] {
		t.Error(f)
	}
	t.Errorf("there are %d faults, and %d deliveries wait", len(a.faults), waiting)
}

// excused says that Roost lists a message to Telegram as held: Telegram takes no key and can't be read back, so whether it
// arrived is for a person to say. It may be there once and never twice; an edit that was told beside it stands below it once, as
// a message that says that it is one. Elsewhere nothing is excused.
func (a *audit) excused(to town.Spot, token string) bool {
	state := a.ledger.state(to.Name(), token)
	_, blind := to.(town.OnTelegram)
	all := a.ours(to, token)
	n := len(all)
	edits := 0
	for _, l := range all {
		if strings.Contains(l.Text, "(edited) ") {
			edits++
		}
	}
	switch {
	case state == "":
		return false
	case !blind:
		a.fault("%s: %s is %s", to.Name(), token, state)
	case edits > 1 || n-edits > 1:
		a.fault("%s: %s is held, and is there %d times, %d of them as an edit", to.Name(), token, n, edits)
	}
	a.held++
	a.arrived += n
	return true
}

// disorder faults a message that stands before one that was said before it. An event of Slack must be confirmed within three
// seconds, so Roost does not wait longer for the history of what it missed; on a machine that is that slow, what was missed
// comes late.
func (a *audit) disorder(from, to town.Spot, token string) {
	if _, hurried := from.(town.InSlack); hurried && a.late < mostLate {
		a.late++
		return
	}
	a.fault("%s: %s stands before what was said before it", to.Name(), token)
}

// count faults what is not there once; where it may lack, none will do.
func (a *audit) count(to town.Spot, token string, n int, lack bool) {
	switch {
	case n == 1:
		a.right++
	case n == 0 && lack:
		a.missed++
	case n == 0:
		a.fault("%s: %s is missing", to.Name(), token)
	default:
		a.fault("%s: %s is there %d times", to.Name(), token, n)
	}
}

// none faults what should have gone.
func (a *audit) none(to town.Spot, token string, n int, why string) {
	if n > 0 {
		a.fault("%s: %s is still there, and %s", to.Name(), token, why)
		return
	}
	a.right++
}
