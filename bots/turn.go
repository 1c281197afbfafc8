package bots

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// Turn is one event for a bot, and everything that the bot can do about it. It is of one Hear call and one goroutine.
//
// What its methods do happens when Hear has returned, all of it or nothing. In a dialog that is run again everything up to
// the new answer is replayed: the methods give what they gave before and do nothing.
type Turn struct {
	env     *Env
	bot     string // its name
	spec    *Spec
	hear    chat.Hear
	trigger *Trigger
	args    Args
	match   []string  // groups of a pattern
	said    text.Text // what was written, without a command's name

	key     chat.Key // of the delivery with which the dialog began
	entries []entry  // what was given
	pos     int      // how many of them were given again
	done    int      // how many acts were done before
	count   int      // how many were done
	sends   int      // how many messages were said in this run
	asks    int      // how many messages were asked for, replayed ones included

	inherited []string // answers that an earlier version of the bot got; what is done before the last of them is not done again
	rand      *rand.Rand

	acts   []chat.Act
	keep   map[string]*chat.Kept
	waits  *waiting
	handed bool

	answer *Answer // of Await
	data   []byte
}

// waiting is a question that has no answer yet.
type waiting struct {
	Question Question
	Ref      chat.Ref // the message that asks
	Data     []byte   // of Await; nil: of Ask
	Await    bool
}

// Errors that a bot may get from its Turn.
var (
	ErrMayNot  = errors.New("the bot may not do that") // its manifest or configuration does not allow it
	ErrTooMany = errors.New("too many messages about one event")
	ErrNoDesk  = errors.New("nobody's desk is here to hand off to")
)

// SaysMost is how many messages a bot may say about one event.
const SaysMost = 20

// Trigger is the ID of the trigger that the event hit; of a dialog, the one with which it began.
func (t *Turn) Trigger() string { return t.trigger.ID }

// Args are the arguments of a command.
func (t *Turn) Args() Args { return t.args }

// Match are the groups of a pattern: the whole match first, then each group; nil for other triggers. Their names are
// those of Trigger.Pattern.
func (t *Turn) Match() []string { return t.match }

// Hear is the event as the router told it; of a dialog, the one with which it began.
func (t *Turn) Hear() chat.Hear { return t.hear }

// Person is who did it.
func (t *Turn) Person() Person { return personOf(t.hear.Event) }

// Here is where it happened.
func (t *Turn) Here() chat.Conversation { return t.hear.Event.Conversation }

// Can says what can be done where it happened.
func (t *Turn) Can() chat.Can { return t.hear.Can }

// Desk is the desk whose contact did it; empty: none.
func (t *Turn) Desk() string { return t.hear.Desk }

// Text is what was written, without the name of a command or of the bot in front; of an edit, how it reads now; empty when
// the event is neither.
func (t *Turn) Text() text.Text {
	if e, ok := t.hear.Event.What.(chat.Edited); ok {
		return e.Text
	}
	return t.said
}

func personOf(ev chat.Event) Person {
	a := ev.Author
	return Person{Account: ev.Conversation.Account, ID: a.ID, Name: a.Name, Handle: a.Handle}
}

// replayed gives the next thing that was given before, if there is one.
func (t *Turn) replayed(op byte) (string, bool, error) {
	if t.pos >= len(t.entries) {
		return "", false, nil
	}
	e := t.entries[t.pos]
	if e.op != op {
		return "", false, fmt.Errorf("%w: it did something else than before", ErrDialog)
	}
	t.pos++
	return e.value, true, nil
}

// given writes down what is given for the first time.
func (t *Turn) given(op byte, value string) {
	t.entries = append(t.entries, entry{op, value})
	t.pos = len(t.entries)
}

// act does a, unless that was done before.
func (t *Turn) act(a chat.Act) {
	if t.counts() {
		t.acts = append(t.acts, a)
	}
}

// counts counts one thing that is to be done, and says whether it was not done before.
func (t *Turn) counts() bool {
	t.count++
	return t.fresh(t.count)
}

// fresh says whether the nth thing that is done was not done before.
func (t *Turn) fresh(n int) bool { return n > t.done && len(t.inherited) == 0 }

// Now is the time.
func (t *Turn) Now() (time.Time, error) {
	s, again, err := t.replayed(opNow)
	if err != nil {
		return time.Time{}, err
	}
	if again {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return time.Time{}, fmt.Errorf("%w: its journal is damaged", ErrDialog)
		}
		return time.Unix(0, n).UTC(), nil
	}
	now := t.env.Now().UTC()
	t.given(opNow, strconv.FormatInt(now.UnixNano(), 10))
	return now, nil
}

// Rand is a source of numbers that nobody can guess beforehand and that gives the same ones when the event is heard again.
func (t *Turn) Rand() *rand.Rand {
	if t.rand == nil {
		h := fnv.New64a()
		_, _ = h.Write([]byte(t.bot + string(t.key)))
		t.rand = rand.New(rand.NewPCG(h.Sum64(), t.env.Seed))
	}
	return t.rand
}

// Say posts m and gives the name by which it can be changed. The name is good for as long as copies are remembered
// (store.keep.copies). Its errors are ErrTooMany and ErrMayNot.
func (t *Turn) Say(m Message) (chat.Ref, error) { return t.say(m, nil) }

func (t *Turn) say(m Message, buttons []chat.Button) (chat.Ref, error) {
	post, err := t.post(m, buttons)
	if err == nil {
		err = t.address(&post, m.Reply)
	}
	if err != nil {
		return chat.Ref{}, err
	}
	ref := t.key.Said(chat.BotAccount(t.bot), post.To, t.asks)
	t.asks++
	if t.fresh(t.count + 1) {
		if t.sends++; t.sends > SaysMost {
			return chat.Ref{}, fmt.Errorf("%w: %d at most", ErrTooMany, SaysMost)
		}
	}
	t.act(chat.Say{Ref: ref, Post: post})
	return ref, nil
}

// post is m as the router takes it, wherever it goes.
func (t *Turn) post(m Message, buttons []chat.Button) (chat.Post, error) {
	p := chat.Post{To: m.To, Text: Markup(m.Text), Only: m.Only}
	for _, name := range m.Files {
		f, err := t.env.file(t.bot, name)
		if err != nil {
			return p, err
		}
		p.Files = append(p.Files, f)
	}
	for _, c := range m.Choices {
		buttons = append(buttons, chat.Button{ID: c.ID, Label: c.Label, Value: c.value(), Style: c.Style})
	}
	if len(buttons) > 0 {
		if err := choosable(buttons); err != nil {
			return p, err
		}
		p.Card = &chat.Card{Buttons: buttons, Numbered: true}
	}
	if p.Text.Empty() && len(p.Files) == 0 && p.Card == nil {
		return p, fmt.Errorf("%w: the message is empty", ErrMayNot)
	}
	return p, nil
}

// ChoicesMost is how many choices a message has at most: Slack and Discord show no more buttons.
// https://docs.slack.dev/reference/block-kit/blocks/actions-block
// https://docs.discord.com/developers/components/reference#action-row
const ChoicesMost = 25

// choosable says what is wrong with the choices of a message: people, and Discord, could not tell two alike apart.
func choosable(buttons []chat.Button) error {
	if len(buttons) > ChoicesMost {
		return fmt.Errorf("%w: more than %d choices", ErrMayNot, ChoicesMost)
	}
	seen := map[string]bool{}
	for _, b := range buttons {
		label := strings.TrimSpace(b.Label)
		switch {
		case label == "":
			return fmt.Errorf("%w: a choice without a label", ErrMayNot)
		case seen[strings.ToLower(label)]:
			return fmt.Errorf("%w: two choices are called %q", ErrMayNot, label)
		case len(b.Value) > valueMax:
			return fmt.Errorf("%w: the value of a choice has %d bytes at most", ErrMayNot, valueMax)
		}
		seen[strings.ToLower(label)] = true
	}
	return nil
}

// valueMax is how many bytes chat.Button.Value has at most.
const valueMax = 200

// address says where p goes, if the bot may send there.
func (t *Turn) address(p *chat.Post, reply bool) error {
	here := t.Here()
	if p.To.IsZero() {
		p.To = here
	}
	switch {
	case p.To.IsZero():
		return fmt.Errorf("%w: it does not say where", ErrMayNot)
	case p.To.Place() != here.Place() && !t.env.May.Send(p.To):
		return fmt.Errorf("%w: send to %s; grant it with send:%s", ErrMayNot, p.To, p.To.Place())
	case reply && p.To == here:
		p.ReplyTo = t.hear.Event.Message
	}
	return nil
}

func (c Choice) value() string {
	if c.Value == "" {
		return c.Label
	}
	return c.Value
}

// Edit makes a message that the bot said read like m, wherever that was: in a mirror, votes come from all its places. Where
// nothing can be edited nothing happens.
func (t *Turn) Edit(of chat.Ref, m Message) error {
	if of.SaidBy() != chat.BotAccount(t.bot) {
		return fmt.Errorf("%w: edit a message of somebody else", ErrMayNot)
	}
	p, err := t.post(m, nil)
	if err != nil {
		return err
	}
	t.act(chat.Reword{Ref: of, Edit: chat.Edit{To: of.Conversation, Text: p.Text, Card: p.Card}})
	return nil
}

// Delete takes a message back that the bot said; where nothing can be deleted nothing happens.
func (t *Turn) Delete(of chat.Ref) error {
	if of.SaidBy() != chat.BotAccount(t.bot) {
		return fmt.Errorf("%w: delete a message of somebody else", ErrMayNot)
	}
	t.act(chat.Unsay{Ref: of})
	return nil
}

// Remove takes away the message that the event is about, where the account may: a moderator does. It is told of as the
// bot's.
func (t *Turn) Remove() error {
	if !t.env.May.Moderate {
		return fmt.Errorf("%w: remove what others wrote; grant it with moderate", ErrMayNot)
	}
	if t.hear.Event.Message == "" {
		return fmt.Errorf("%w: the event is about no message", ErrMayNot)
	}
	t.act(chat.Unsay{Ref: t.hear.Event.Ref()})
	return nil
}

// React puts an emoji on the message that the event is about, or takes it off; where there are no reactions nothing happens.
func (t *Turn) React(emoji string, remove bool) error {
	if t.hear.Event.Message == "" {
		return fmt.Errorf("%w: the event is about no message", ErrMayNot)
	}
	t.act(chat.Sign{React: chat.React{To: t.Here(), Message: t.hear.Event.Message, Emoji: emoji, Remove: remove}})
	return nil
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

// Scope says whose a part of a bot's state is.
type Scope string

// The scopes of state.
const (
	OfPerson Scope = "person" // of the person who did it, wherever they are on their account
	OfTalk   Scope = "talk"   // of the conversation, or of all conversations of a mirror
	OfBot    Scope = "bot"
)

// What state may come to.
const (
	stateKeyMax   = 100      // bytes
	stateValueMax = 64 << 10 // bytes
)

func (t *Turn) stateKey(s Scope, key string) (string, error) {
	if key == "" || len(key) > stateKeyMax {
		return "", fmt.Errorf("%w: a key of state has 1 to %d bytes", ErrMayNot, stateKeyMax)
	}
	at := "bot/" + t.bot + "/state/"
	switch s {
	case OfPerson:
		return at + "p/" + personKey(t.Here().Account, t.hear.Event.Author.ID) + "/" + key, nil
	case OfTalk:
		return at + "t/" + t.hear.To.String() + "/" + key, nil
	case OfBot:
		return at + "b/" + key, nil
	}
	return "", fmt.Errorf("%w: %q is no scope: person, talk or bot", ErrMayNot, s)
}

func personKey(a chat.Account, id chat.PersonID) string {
	return chat.Conversation{Account: a, ID: chat.ConversationID(id)}.String()
}

// Get reads a value of the bot's state; nil when there is none.
func (t *Turn) Get(ctx context.Context, s Scope, key string) ([]byte, error) {
	at, err := t.stateKey(s, key)
	if err != nil {
		return nil, err
	}
	v, again, err := t.replayed(opState)
	if err != nil {
		return nil, err
	}
	if !again {
		k, err := t.kept(ctx, at)
		if err != nil {
			return nil, err
		}
		if v = ""; k.Now != nil {
			v = "=" + string(k.Now)
		}
		t.given(opState, v)
	}
	if v == "" {
		return nil, nil
	}
	return []byte(v[1:]), nil
}

// Set changes a value of the bot's state; nil removes it.
func (t *Turn) Set(ctx context.Context, s Scope, key string, value []byte) error {
	at, err := t.stateKey(s, key)
	if err != nil {
		return err
	}
	if len(value) > stateValueMax {
		return fmt.Errorf("%w: a value of state has %d bytes at most", ErrMayNot, stateValueMax)
	}
	if !t.counts() {
		return nil
	}
	k, err := t.kept(ctx, at)
	if err == nil {
		k.Now = value
	}
	return err
}

// kept is a value as it was read and as it shall be.
func (t *Turn) kept(ctx context.Context, key string) (*chat.Kept, error) {
	if k := t.keep[key]; k != nil {
		return k, nil
	}
	was, err := t.env.State(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("%w: read state: %w", ErrAgain, err)
	}
	if t.keep == nil {
		t.keep = map[string]*chat.Kept{}
	}
	k := &chat.Kept{Key: key, Was: was, Now: was}
	t.keep[key] = k
	return k, nil
}

// HandOff gives the contact to the people of the desk: they are told why, and the bot does not hear the contact any more
// until a member gives the case back. It returns ErrNoDesk where there is no desk.
func (t *Turn) HandOff(reason string) error {
	if t.hear.Desk == "" {
		return ErrNoDesk
	}
	t.handed = true
	t.act(chat.HandOff{At: t.Here(), Reason: text.Snippet(text.Plain(reason), 200)})
	return nil
}

// wakesMost is how far ahead a bot may be woken.
const wakesMost = longestDuration

// Wake has the bot hear an event of Kind Woken at a time, with data as it is given here, once and also after a restart. One of
// the same name that still waits in this talk is replaced.
func (t *Turn) Wake(name string, at time.Time, data []byte) error {
	switch {
	case name == "" || len(name) > stateKeyMax:
		return fmt.Errorf("%w: the name of a wake has 1 to %d bytes", ErrMayNot, stateKeyMax)
	case len(data) > stateValueMax:
		return fmt.Errorf("%w: the data of a wake has %d bytes at most", ErrMayNot, stateValueMax)
	case at.Sub(t.hear.Event.At) > wakesMost:
		return fmt.Errorf("%w: wake in more than ten years", ErrMayNot)
	}
	t.act(t.wake(wakeCall+name, at, data))
	return nil
}

// wake is a Wake of the bot where it is, for the person who did what it heard.
func (t *Turn) wake(call string, at time.Time, data []byte) chat.Wake {
	h := t.hear
	h.Key, h.About = "", chat.Ref{}
	h.Event.Message = ""
	h.Event.ID, h.Event.At = chat.EventID(call), at
	h.Event.What = chat.Called{Name: call, Body: data}
	return chat.Wake{Name: call, Due: at, Hear: h}
}

// Unwake takes a Wake back that still waits.
func (t *Turn) Unwake(name string) error {
	t.act(chat.Unwake{Talk: t.hear.To, Name: wakeCall + name})
	return nil
}

// Typing shows people that the bot is at it, now and not when Hear has returned.
func (t *Turn) Typing(ctx context.Context) {
	if t.env.Typing != nil && t.fresh(t.count+1) {
		t.env.Typing(ctx, t.Here())
	}
}

// Words is one of the bot's texts, in its locale, or in English, or its key when there is none. What stands in braces is
// replaced by what vars has for it; what it has is no markup.
func (t *Turn) Words(key string, vars map[string]string) string {
	return Fill(t.spec.words(key), vars)
}

// Fill replaces {name} in a text by what vars has for it, made harmless; what vars does not have stays as it is.
func Fill(s string, vars map[string]string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 {
			break
		}
		j := strings.IndexByte(s[i:], '}')
		if j < 0 {
			break
		}
		v, ok := vars[s[i+1:i+j]]
		if !ok {
			b.WriteString(s[:i+1])
			s = s[i+1:]
			continue
		}
		b.WriteString(s[:i])
		b.WriteString(Escape(v))
		s = s[i+j+1:]
	}
	b.WriteString(s)
	return b.String()
}
