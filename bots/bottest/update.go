package bottest

import "strings"

// updated is the transcript as it should be: the lines of the bot that came true stay as they are, remarks too.
func (p *play) updated() string {
	gone := map[int]bool{}      // lines that go
	after := map[int][]string{} // what comes behind a line
	for _, f := range p.fixes {
		for _, w := range p.t.steps[f.step].want {
			gone[w.at] = gone[w.at] || w.verb == nothing
		}
		p.mend(f, gone, after)
	}
	lines := after[0]
	for i, l := range p.t.lines {
		if !gone[i+1] {
			lines = append(lines, l)
		}
		lines = append(lines, after[i+1]...)
	}
	return strings.Join(lines, "\n")
}

// mend says what goes and what comes in one step.
func (p *play) mend(f fix, gone map[int]bool, after map[int][]string) {
	at := p.t.steps[f.step].end
	for _, o := range f.got {
		if o.want != nil {
			for n := o.want.at; n <= o.want.end; n++ {
				gone[n] = gone[n] || !o.ok
			}
			at = o.want.end
		}
		if o.got != nil && !o.ok {
			after[at] = append(after[at], o.got.line(f.here, !p.many))
		}
	}
}
