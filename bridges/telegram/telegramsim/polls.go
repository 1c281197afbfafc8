package telegramsim

import (
	"encoding/json"
	"strconv"
)

const maxOptions = 12

// poll is a question in a message.
type poll struct {
	Poll
	id     string
	votes  map[int64][]int
	closed bool
}

// wire is https://core.telegram.org/bots/api#poll
func (p *poll) wire() obj {
	counts := make([]int, len(p.Options))
	for _, chosen := range p.votes {
		for _, i := range chosen {
			counts[i]++
		}
	}
	options := []obj{}
	for i, text := range p.Options {
		options = append(options, obj{"persistent_id": strconv.Itoa(i + 1), "text": text, "voter_count": counts[i]})
	}
	kind := "regular"
	if p.Quiz {
		kind = "quiz"
	}
	return obj{
		"id": p.id, "question": p.Question, "options": options, "total_voter_count": len(p.votes), "is_closed": p.closed,
		"is_anonymous": !p.Public, "type": kind, "allows_multiple_answers": p.Multiple, "allows_revoting": !p.Quiz, "members_only": false,
	}
}

// ask makes a message a poll.
func (w *world) ask(m *message, p Poll) {
	w.serial++
	m.poll = &poll{Poll: p, id: strconv.FormatInt(5_100_000_000_000_000_000+w.serial, 10), votes: map[int64][]int{}}
	m.kind = "poll"
	w.polls[m.poll.id] = m.poll
}

func (w *world) sendPoll(c *call) (any, error) {
	m, err := w.prepared(c)
	if err != nil {
		return nil, err
	}
	var options []json.RawMessage
	if err := c.object("options", "options", &options); err != nil {
		return nil, err
	}
	question, _, err := w.parsed(c.str("question"), c.str("question_parse_mode"), c.str("question_entities"))
	switch {
	case err != nil:
		return nil, err
	case question == "":
		return nil, bad("poll question must be non-empty")
	case units(question) > 300:
		return nil, bad("poll question length must not exceed 300")
	case len(options) == 0:
		return nil, bad("poll must have at least 1 option")
	case len(options) > maxOptions:
		return nil, bad("poll can't have more than " + strconv.Itoa(maxOptions) + " options")
	}
	p := Poll{Question: question, Multiple: c.boolean("allows_multiple_answers"), Quiz: c.str("type") == "quiz"}
	p.Public = c.has("is_anonymous") && !c.boolean("is_anonymous")
	for _, raw := range options {
		text, err := optionOf(raw)
		if err != nil {
			return nil, err
		}
		p.Options = append(p.Options, text)
	}
	w.ask(m, p)
	m.poll.closed = c.boolean("is_closed")
	return w.sent(m)
}

// optionOf reads an option: an object, or a text as before Bot API 7.3.
func optionOf(raw json.RawMessage) (string, error) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		var o struct {
			Text string `json:"text"`
		}
		if json.Unmarshal(raw, &o) != nil {
			return "", bad("can't parse options: expected an option to be of type Object")
		}
		text = o.Text
	}
	switch {
	case text == "":
		return "", bad("poll options must be non-empty")
	case units(text) > 100:
		return "", bad("poll options length must not exceed 100")
	}
	return text, nil
}

func (w *world) stopPoll(c *call) (any, error) {
	m, err := w.meantBy(c, "stop poll")
	if err != nil {
		return nil, bad("message with poll to stop not found")
	}
	switch {
	case m.poll == nil || m.by != w.cfg.Bot.ID:
		return nil, bad("message is not a poll or it is not by the bot")
	case m.poll.closed:
		return nil, bad("poll has already been closed")
	}
	if err := w.keyboard(c, m); err != nil {
		return nil, err
	}
	m.poll.closed = true
	w.emit("poll", m.chat, m.poll.wire())
	return m.poll.wire(), nil
}

// Vote chooses options of a poll by their numbers from 0 as a person; none takes the vote back. The bot hears poll of its own
// polls, and poll_answer when everyone sees who voted.
func (s *Sim) Vote(user, chat int64, id int, options ...int) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	m, err := w.at(chat, id)
	if err != nil {
		return err
	}
	if m.poll == nil || m.poll.closed || !m.chat.has(user) {
		return ErrNoRight
	}
	for _, o := range options {
		if o < 0 || o >= len(m.poll.Options) {
			return ErrNoRight
		}
	}
	defer w.bump()
	m.poll.votes[user] = options
	if len(options) == 0 {
		delete(m.poll.votes, user)
	}
	if m.by != w.cfg.Bot.ID {
		return nil
	}
	w.emit("poll", m.chat, m.poll.wire())
	if m.poll.Public {
		chosen, kept := []int{}, []string{}
		for _, o := range options {
			chosen, kept = append(chosen, o), append(kept, strconv.Itoa(o+1))
		}
		w.emit("poll_answer", m.chat, obj{
			"poll_id": m.poll.id, "user": w.wireUser(w.users[user]), "option_ids": chosen, "option_persistent_ids": kept,
		})
	}
	return nil
}
