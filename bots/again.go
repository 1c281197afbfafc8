package bots

// Again undoes everything that was done through t since Hear was called, for a bot that can't be run again by a journal but
// has to hear the event once more: its program died on the way.
func (t *Turn) Again() {
	t.acts, t.keep, t.waits, t.handed = nil, nil, nil, false
	t.entries, t.pos, t.count, t.sends, t.asks, t.rand = nil, 0, 0, 0, 0, nil
}
