package text

// Walk goes through t as a renderer needs it: open and shut are called in pairs, properly nested, outermost first, and run
// with every stretch of characters between them. The runs put together are the body. A text whose spans cross is walked as
// [Text.Normal] repairs it.
func Walk(t Text, open func(Span), run func(s string), shut func(Span)) {
	if t.checkSpans() != nil {
		t = t.Normal()
	}
	at := 0
	advance := func(to int) {
		if to > at {
			run(t.Body[at:to])
			at = to
		}
	}
	var stack []Span
	leave := func(until int) {
		for len(stack) > 0 && stack[len(stack)-1].End <= until {
			s := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			advance(s.End)
			shut(s)
		}
	}
	for _, s := range t.Spans {
		leave(s.Start)
		advance(s.Start)
		open(s)
		stack = append(stack, s)
	}
	leave(len(t.Body))
	advance(len(t.Body))
}
