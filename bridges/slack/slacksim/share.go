package slacksim

// passOn attaches a message that is passed on with m; nothing when there is no such message.
func (w *world) passOn(ch *channel, m *message, ts string) {
	old := ch.find(ts)
	if ts == "" || old == nil {
		return
	}
	name := old.Username
	if u := w.users[old.User]; name == "" && u != nil {
		name = u.RealName
		if u.Display != "" {
			name = u.Display
		}
	}
	m.Attachments = mustJSON([]any{obj{
		"id": 1, "ts": old.TS, "channel_id": ch.ID, "channel_team": w.cfg.Team.ID, "is_msg_unfurl": true, "is_share": true,
		"from_url": w.permalink(old), "author_id": old.User, "author_name": name, "text": old.Text, "fallback": name + ": " + old.Text,
		"mrkdwn_in": []string{"text"}, "footer": "Posted in #" + ch.Name,
	}})
}
