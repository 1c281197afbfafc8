package bottest

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// failure is a step of a transcript at which something else happened.
type failure struct {
	step int
	at   int    // the line that is told first
	why  string // what could not be; empty: the bot did something else
	pair []pair
	hint string
}

// pair is a line of a transcript and what the bot did. One of them may be missing.
type pair struct {
	want *line
	got  *done
	ok   bool
}

// play is one run of a transcript.
type play struct {
	t     *Transcript
	w     *world
	many  bool // the transcript is on several platforms
	fixes []fix
}

// fix is what the lines of a step should be.
type fix struct {
	step int
	here string
	got  []pair
}

// run lets the chat happen until something else happens than is written. With fixing it goes on to the end, and remembers
// what should be written.
func (p *play) run(ctx context.Context, fixing bool) *failure {
	var first *failure
	defer p.w.stop()
	for i, s := range p.t.steps {
		if err := p.w.do(ctx, s.line); err != nil {
			return &failure{step: i, at: max(s.at, 1), why: err.Error()}
		}
		here := p.w.placed(p.w.here)
		pairs := align(p.wanted(s.want), p.w.did, here)
		f := p.judge(i, pairs)
		if f == nil {
			continue
		}
		if !fixing {
			return f
		}
		p.fixes = append(p.fixes, fix{step: i, here: here, got: pairs})
		if first == nil {
			first = f
		}
	}
	return first
}

// judge says what is wrong with a step.
func (p *play) judge(i int, pairs []pair) *failure {
	bad := slices.IndexFunc(pairs, func(o pair) bool { return !o.ok })
	if bad < 0 {
		return nil
	}
	f := &failure{step: i, at: max(p.t.steps[i].at, 1), pair: pairs}
	for _, o := range pairs[bad:] {
		if o.want != nil {
			f.at = o.want.at
			f.hint = p.hint(*o.want)
			break
		}
	}
	return f
}

// wanted are the lines of a step that can come true on the platform. Of a chat on several platforms each has its own.
func (p *play) wanted(ls []line) []line {
	return slices.DeleteFunc(slices.Clone(ls), func(l line) bool { return l.verb == nothing || p.many && !p.able(l) })
}

// able says whether the platform can do what a line says.
func (p *play) able(l line) bool {
	t := p.w.traits
	switch l.verb {
	case edits:
		return t.Edit.Out
	case deletes, removes:
		return t.Delete.Out
	case reacts, unreacts:
		return t.React.Out
	}
	return true
}

func (p *play) hint(l line) string {
	if p.able(l) {
		return ""
	}
	return fmt.Sprintf("%s can't do that: the bot never %s there", p.w.traits.Platform, l.verb)
}

// align puts what was wanted beside what was done, in order, as much of it together as can be.
func align(want []line, did []done, here string) []pair {
	fits := func(i, j int) bool { return i < len(want) && j < len(did) && did[j].as(want[i], here) }
	best := together(len(want), len(did), fits)
	var pairs []pair
	for i, j := 0, 0; i < len(want) || j < len(did); {
		switch {
		case fits(i, j) && best[i][j] == best[i+1][j+1]+1:
			pairs = append(pairs, pair{&want[i], &did[j], true})
			i, j = i+1, j+1
		case i < len(want) && (j == len(did) || best[i+1][j] >= best[i][j+1]):
			pairs = append(pairs, pair{want: &want[i]})
			i++
		default:
			pairs = append(pairs, pair{got: &did[j], ok: did[j].aside})
			j++
		}
	}
	return pairs
}

// together counts how many of the ith to nth and the jth to mth go together.
func together(n, m int, fits func(i, j int) bool) [][]int {
	best := make([][]int, n+1)
	for i := range best {
		best[i] = make([]int, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if best[i][j] = max(best[i+1][j], best[i][j+1]); fits(i, j) {
				best[i][j] = max(best[i][j], best[i+1][j+1]+1)
			}
		}
	}
	return best
}

// contextLines is how many lines of the chat are shown before what went wrong.
const contextLines = 4

// show is how a failure reads: the chat up to it, and what should and did happen.
func (f *failure) show(t *Transcript, p *play, paint painter) string {
	if f.why != "" && t.steps[f.step].verb == beginning {
		return paint.red("        ! "+strings.ReplaceAll(f.why, "\n", "\n        ! ")) + "\n"
	}
	var b strings.Builder
	f.before(&b, t)
	if f.why != "" {
		b.WriteString(paint.red("        ! "+strings.ReplaceAll(f.why, "\n", "\n        ! ")) + "\n")
		return b.String()
	}
	here := p.w.placed(p.w.here)
	for _, o := range f.pair {
		if o.want != nil {
			f.wanted(&b, t, o, paint)
		}
		if o.got != nil && !o.ok {
			mark := paint.green
			for l := range strings.SplitSeq(o.got.line(here, !p.many), "\n") {
				b.WriteString(mark("+       | "+l) + "\n")
			}
		}
	}
	if f.hint != "" {
		b.WriteString("        ! " + f.hint + "\n")
	}
	return b.String()
}

// before writes the chat up to the step at which it failed.
func (f *failure) before(b *strings.Builder, t *Transcript) {
	first := max(t.steps[f.step].at, 1)
	last := max(t.steps[f.step].end, first)
	for n := max(first-contextLines, 1); n <= last && n <= len(t.lines); n++ {
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %5d | %s", n, t.lines[n-1]), " ") + "\n")
	}
}

func (f *failure) wanted(b *strings.Builder, t *Transcript, o pair, paint painter) {
	for n := o.want.at; n <= o.want.end; n++ {
		if o.ok {
			fmt.Fprintf(b, "  %5d | %s\n", n, t.lines[n-1])
			continue
		}
		b.WriteString(paint.red(fmt.Sprintf("- %5d | %s", n, t.lines[n-1])) + "\n")
	}
}

// painter colours what is shown on a terminal.
type painter bool

func (p painter) red(s string) string   { return p.in("31", s) }
func (p painter) green(s string) string { return p.in("32", s) }

func (p painter) in(code, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
