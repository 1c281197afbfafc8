package bottest

import (
	"strings"
)

// updated is the transcript as it should be: the lines of the bot that came true stay as they are, remarks too.
func (p *play) updated() string {
	gone := map[int]bool{}      // lines that go
	after := map[int][]string{} // what comes behind a line
	for _, f := range p.fixes {
		s := p.t.steps[f.step]
		at := s.end
		for _, o := range f.got {
			if o.want != nil && !o.ok {
				for n := o.want.at; n <= o.want.end; n++ {
					gone[n] = true
				}
			}
			if o.want != nil {
				at = o.want.end
			}
			if o.got != nil && !o.ok {
				after[at] = append(after[at], o.got.line(f.here, !p.many))
			}
		}
		for _, w := range s.want {
			if w.verb == nothing {
				gone[w.at] = true
			}
		}
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
