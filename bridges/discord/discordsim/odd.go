package discordsim

// Odd sends what no client knows yet: a dispatch of an unknown type, and a message with a component of an unknown type, written by
// another application into every channel that the bot sees and into no DM. It returns the ids of the messages.
func (s *Sim) Odd() []string {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dispatch(event{name: "SIMULATED_ODDITY", build: func(*session) any {
		return obj{"id": w.newID(), "nested": obj{"list": []any{1, nil, "two"}}}
	}})
	var ids []string
	for _, id := range w.chanOrder {
		ch := w.channels[id]
		if ch.Guild == "" || !ch.Type.texty() || ch.Type.thread() || !w.sees(ch) {
			continue
		}
		m := w.newMessage(ch, w.stranger())
		m.content = "odd"
		m.components = []obj{{"type": 99, "id": 1, "future": true}, {"type": 1, "id": 2, "components": []obj{{"type": 98, "id": 3}}}}
		ids = append(ids, m.id)
		w.post(ch, m)
	}
	return ids
}

// stranger is another application's bot.
func (w *world) stranger() string {
	const name = "otherbot"
	for _, id := range w.userOrder {
		if w.users[id].Name == name {
			return id
		}
	}
	return w.addUser(User{Name: name, Bot: true})
}
