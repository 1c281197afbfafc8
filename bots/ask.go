package bots

import (
	"fmt"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// waiting is a question that has no answer yet.
type waiting struct {
	Question Question
	Ref      chat.Ref // the message that asks
	Data     []byte   // of Await; nil: of Ask
	Await    bool
}

// Ask asks, and gives the answer when there is one. Until then it gives ErrWaiting, which the bot returns; when the answer
// is there the bot is run again from its beginning.
func (t *Turn) Ask(q Question) (Answer, error) {
	if t.handed {
		return Answer{}, fmt.Errorf("%w: ask after handing off", ErrMayNot)
	}
	var ref chat.Ref
	if t.count < t.done && t.pos < len(t.entries) { // asked and answered: there is nothing to be said
		t.asks++
		t.count++
	} else {
		var err error
		if ref, err = t.question(q); err != nil {
			return Answer{}, err
		}
	}
	if len(t.inherited) > 0 {
		t.given(opAnswer, t.inherited[0])
		t.inherited, t.pos = t.inherited[1:], t.pos-1
	}
	s, again, err := t.replayed(opAnswer)
	if err != nil {
		return Answer{}, err
	}
	if again {
		return t.unpackAnswer(s, q)
	}
	t.waits = &waiting{Question: q, Ref: ref}
	return Answer{}, ErrWaiting
}

// Await asks like Ask, for bots that can't be run again: the answer is a new event for the trigger of Kind Answered, with
// data as it was given here.
func (t *Turn) Await(q Question, data []byte) error {
	if len(data) > journalMax {
		return fmt.Errorf("%w: what it remembers is more than %d bytes", ErrDialog, journalMax)
	}
	ref, err := t.question(q)
	if err == nil {
		t.waits = &waiting{Question: q, Ref: ref, Data: data, Await: true}
	}
	return err
}

// Answer is the answer to an Await, and its data; nil when the event is none.
func (t *Turn) Answer() (*Answer, []byte) { return t.answer, t.data }

// question says what q asks. Its buttons are named after the message.
func (t *Turn) question(q Question) (chat.Ref, error) {
	m := q.Message
	m.Choices = nil
	var buttons []chat.Button
	for _, c := range q.Choices {
		buttons = append(buttons, chat.Button{ID: askButton, Label: c.Label, Value: c.value(), Style: c.Style})
	}
	return t.say(m, buttons)
}

// askButton is the ID of the buttons of a question.
const askButton = "ask"

// packAnswer writes an answer down. It is given where the dialog is and by who began it; only what is different is written.
func packAnswer(a Answer, began Person) string {
	var late, name, handle string
	if a.Late {
		late = "1"
	}
	if a.By != began {
		name, handle = a.By.Name, a.By.Handle
	}
	who := a.Value.Person
	return pack(a.Text, string(a.Ref.Message), name, handle, late, string(who.ID), who.Name, who.Handle)
}

func (t *Turn) unpackAnswer(s string, q Question) (Answer, error) {
	a := Answer{By: t.Person()}
	who := Person{Account: a.By.Account}
	var message, name, handle, late, whoID string
	if err := unpack(s, &a.Text, &message, &name, &handle, &late, &whoID, &who.Name, &who.Handle); err != nil {
		return a, err
	}
	if name != "" || handle != "" {
		a.By.Name, a.By.Handle = name, handle
	}
	if a.Late = late != ""; message != "" {
		a.Ref = chat.Ref{Conversation: t.Here(), Message: chat.MessageID(message)}
	}
	switch who.ID = chat.PersonID(whoID); {
	case a.Late || q.Type == "":
	case q.Type == UserParam && who.Name != "":
		a.Value = Value{Kind: UserParam, Text: a.Text, Person: who}
	default:
		v, err := Param{Name: "answer", Kind: q.Type}.Value(text.Plain(a.Text), a.By.Account)
		if err != nil {
			return a, fmt.Errorf("%w: an answer no longer fits its question", ErrDialog)
		}
		a.Value = v
	}
	return a, nil
}
