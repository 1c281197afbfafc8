package discordsim

import (
	"slices"
	"strconv"
	"time"
)

// pollForm is a poll in a request. https://docs.discord.com/developers/resources/poll
type pollForm struct {
	Question struct {
		Text string `json:"text"`
	} `json:"question"`
	Answers []struct {
		Media struct {
			Text  string `json:"text"`
			Emoji obj    `json:"emoji"`
		} `json:"poll_media"`
	} `json:"answers"`
	Duration int  `json:"duration"` // hours
	Multi    bool `json:"allow_multiselect"`
}

// poll is one that stands on a message.
type poll struct {
	question string
	answers  []pollAnswer
	multi    bool
	expiry   time.Time
	final    bool
}

type pollAnswer struct {
	text   string
	emoji  obj
	voters []string
}

func (p *pollForm) check(t *tree) {
	t.size("poll.question.text", p.Question.Text, 1, 300)
	t.most("poll.answers", len(p.Answers), 10)
	if len(p.Answers) == 0 {
		t.add("poll.answers", "BASE_TYPE_REQUIRED", "This field is required")
	}
	for i, a := range p.Answers {
		t.size("poll.answers."+strconv.Itoa(i)+".poll_media.text", a.Media.Text, 1, 55)
	}
	if p.Duration < 0 || p.Duration > 768 {
		t.add("poll.duration", "NUMBER_TYPE_MAX", "int value should be less than or equal to 768.")
	}
}

func (p *pollForm) poll(now time.Time) *poll {
	hours := p.Duration
	if hours == 0 {
		hours = 24
	}
	out := &poll{question: p.Question.Text, multi: p.Multi, expiry: now.Add(time.Duration(hours) * time.Hour)}
	for _, a := range p.Answers {
		out.answers = append(out.answers, pollAnswer{text: a.Media.Text, emoji: a.Media.Emoji})
	}
	return out
}

func (p *poll) wire(me string) obj {
	answers, counts := []obj{}, []obj{}
	for i, a := range p.answers {
		media := obj{"text": a.text}
		if len(a.emoji) > 0 {
			media["emoji"] = a.emoji
		}
		answers = append(answers, obj{"answer_id": i + 1, "poll_media": media})
		if len(a.voters) > 0 {
			counts = append(counts, obj{"id": i + 1, "count": len(a.voters), "me_voted": slices.Contains(a.voters, me)})
		}
	}
	return obj{
		"question": obj{"text": p.question}, "answers": answers, "expiry": stamp(p.expiry), "allow_multiselect": p.multi, "layout_type": 1,
		"results": obj{"is_finalized": p.final, "answer_counts": counts},
	}
}

func listVoters(w *world, c *call) (any, error) {
	_, m, err := w.message(c, PermReadHistory)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(c.args["answer"])
	if m.poll == nil || err != nil || n < 1 || n > len(m.poll.answers) {
		return nil, errUnknownMessage
	}
	users := []obj{}
	for _, id := range m.poll.answers[n-1].voters {
		users = append(users, w.wireUser(id))
	}
	return obj{"users": users}, nil
}

func expirePoll(w *world, c *call) (any, error) {
	ch, m, err := w.message(c, PermView)
	switch {
	case err != nil:
		return nil, err
	case m.poll == nil:
		return nil, errNoPoll
	case m.author != w.bot():
		return nil, errForeign
	}
	m.poll.final, m.poll.expiry = true, w.now()
	w.messageEvent("MESSAGE_UPDATE", ch, m)
	w.bump()
	return w.seen(m), nil
}

// Vote answers a poll as a person, with the answer's number from 1 on. A poll with one choice forgets the earlier vote.
func (s *Sim) Vote(user, channel, id string, answer int) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch, m, err := w.at(channel, id)
	if err != nil {
		return err
	}
	if m.poll == nil || m.poll.final || answer < 1 || answer > len(m.poll.answers) {
		return ErrNoPoll
	}
	for i := range m.poll.answers {
		a := &m.poll.answers[i]
		if slices.Contains(a.voters, user) && i != answer-1 && !m.poll.multi {
			a.voters = slices.DeleteFunc(a.voters, func(u string) bool { return u == user })
			w.voteEvent("MESSAGE_POLL_VOTE_REMOVE", ch, m, user, i+1)
		}
	}
	a := &m.poll.answers[answer-1]
	if !slices.Contains(a.voters, user) {
		a.voters = append(a.voters, user)
		w.voteEvent("MESSAGE_POLL_VOTE_ADD", ch, m, user, answer)
	}
	w.bump()
	return nil
}

func (w *world) voteEvent(name string, ch *channel, m *message, user string, answer int) {
	w.dispatch(event{name: name, need: ch.heardBy(IntentPolls), guild: ch.Guild, channel: ch, build: func(*session) any {
		return ch.place(obj{"user_id": user, "message_id": m.id, "answer_id": answer})
	}})
}
