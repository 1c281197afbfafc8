package sdk

import (
	"encoding/json"
	"time"
)

// Message is what a bot says.
type Message struct {
	Text    string   `json:"text"`              // Markdown
	To      string   `json:"to,omitempty"`      // another conversation, for which it needs leave
	Files   []string `json:"files,omitempty"`   // in the plugin's folder
	Choices []Choice `json:"choices,omitempty"` // buttons, or numbered words
	Only    string   `json:"only,omitempty"`    // shown to this person alone where that can be
	Reply   bool     `json:"reply,omitempty"`   // it answers the event's message
}

// Choice is one of several things to press or to answer.
type Choice struct {
	Label string `json:"label"`
	Value string `json:"value,omitempty"` // empty: the label
	ID    string `json:"id,omitempty"`    // which Bot.Button it is for; in a question it is left empty
	Style string `json:"style,omitempty"` // primary or danger
}

// Question is what a bot asks.
type Question struct {
	Message
	Type    string        // what the answer must be: number, duration or user; empty: any text, or one of the choices
	Timeout time.Duration // after which Answer.Late; 0: 30 days, after which the dialog is over
}

// Answer is what a person answered.
type Answer struct {
	Text  string          `json:"text"`
	Value json.RawMessage `json:"value,omitempty"` // as Question.Type wants it
	By    Person          `json:"by"`
	Late  bool            `json:"late,omitempty"`
}

// Reply says a text where the event happened.
func (c *Ctx) Reply(text string) error {
	_, err := c.Send(Message{Text: text})
	return err
}

// Send says a message, and gives the name by which it can be changed.
func (c *Ctx) Send(m Message) (name string, err error) {
	p, err := fields(m)
	if err != nil {
		return "", err
	}
	var sent struct {
		Message string `json:"message"`
	}
	err = c.call("send", p, &sent)
	return sent.Message, err
}

// fields is a message as the params of a call.
func fields(m Message) (map[string]any, error) {
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	p := map[string]any{}
	err = json.Unmarshal(raw, &p)
	return p, err
}

// Edit makes a message that the bot said read like m; where nothing can be edited nothing happens.
func (c *Ctx) Edit(name string, m Message) error {
	p, err := fields(m)
	if err != nil {
		return err
	}
	p["message"] = name
	return c.call("edit", p, nil)
}

// Delete takes a message back that the bot said.
func (c *Ctx) Delete(name string) error {
	return c.call("delete", map[string]any{"message": name}, nil)
}

// Remove removes the message that the event is about; the bot needs leave to moderate.
func (c *Ctx) Remove() error { return c.call("remove", nil, nil) }

// React puts an emoji on the message that the event is about.
func (c *Ctx) React(emoji string) error { return c.call("react", map[string]any{"emoji": emoji}, nil) }

// Unreact takes it off.
func (c *Ctx) Unreact(emoji string) error {
	return c.call("react", map[string]any{"emoji": emoji, "remove": true}, nil)
}

// Typing shows people that the bot is at it.
func (c *Ctx) Typing() error { return c.call("typing", nil, nil) }

// Ask asks, and gives the answer when there is one: one of the choices, if there are any. Until then its error is
// ErrWaiting, which the handler returns; when the answer is there the handler is run again from its beginning.
func (c *Ctx) Ask(words string, choices ...string) (string, error) {
	q := Question{Message: Message{Text: words}}
	for _, label := range choices {
		q.Choices = append(q.Choices, Choice{Label: label})
	}
	a, err := c.AskFor(q)
	return a.Text, err
}

// AskFor asks like Ask.
func (c *Ctx) AskFor(q Question) (Answer, error) {
	var a Answer
	if again, err := c.replay(opAnswer, &a); again || err != nil {
		return a, err
	}
	p, err := fields(q.Message)
	if err != nil {
		return a, err
	}
	p["event"] = c.id
	p["data"] = dialog{Event: c.ev, Journal: c.journal}
	if q.Type != "" {
		p["type"] = q.Type
	}
	if q.Timeout > 0 {
		p["timeout"] = q.Timeout.Seconds()
	}
	if _, err := c.s.peer.Call(c.ctx, "ask", p); err != nil {
		return a, err
	}
	return a, ErrWaiting
}

// Confirm asks for yes or no.
func (c *Ctx) Confirm(words string) (bool, error) {
	a, err := c.Ask(words, "Yes", "No")
	return a == "Yes", err
}

// Now is the time, the same when the handler is run again.
func (c *Ctx) Now() (time.Time, error) {
	var now time.Time
	if again, err := c.replay(opNow, &now); again || err != nil {
		return now, err
	}
	now = time.Now().UTC().Round(0)
	raw, err := json.Marshal(now)
	c.given(entry{Op: opNow, Result: raw})
	return now, err
}

// Scope says whose a part of a bot's state is.
type Scope string

// The scopes of state.
const (
	OfPerson Scope = "person"
	OfTalk   Scope = "talk"
	OfBot    Scope = "bot"
)

// Get reads a value of the bot's state; found says whether there is one.
func (c *Ctx) Get(of Scope, key string, into any) (found bool, err error) {
	var got struct {
		Value json.RawMessage `json:"value"`
	}
	if err := c.call("state.get", map[string]any{"of": of, "key": key}, &got); err != nil {
		return false, err
	}
	if len(got.Value) == 0 || string(got.Value) == "null" {
		return false, nil
	}
	return true, json.Unmarshal(got.Value, into)
}

// Set changes a value of the bot's state; nil removes it.
func (c *Ctx) Set(of Scope, key string, value any) error {
	return c.call("state.set", map[string]any{"of": of, "key": key, "value": value}, nil)
}

// Secret is a handle that stands for a secret in a Request.
func (c *Ctx) Secret(name string) (string, error) {
	var got struct {
		Handle string `json:"handle"`
	}
	err := c.call("secret.use", map[string]any{"name": name}, &got)
	return got.Handle, err
}

// Request is a web request. A secret's handle in a header's value or in the body stands for the secret.
type Request struct {
	Method string // empty: GET
	URL    string
	Header map[string]string
	Body   string
}

// Response is what came back.
type Response struct {
	Status int    `json:"status"`
	Type   string `json:"type"`
	Body   string `json:"body"`
}

// Fetch fetches a web page from a host for which the bot has leave. A status is no error.
func (c *Ctx) Fetch(r Request) (Response, error) {
	var got Response
	err := c.call("http.fetch", map[string]any{"method": r.Method, "url": r.URL, "header": r.Header, "body": r.Body}, &got)
	return got, err
}

// Wake has the bot hear an event for Woken after a while, with data, which Ctx.Data then reads.
func (c *Ctx) Wake(name string, after time.Duration, data any) error {
	return c.call("wake", map[string]any{"name": name, "in": after.Seconds(), "data": data}, nil)
}

// Unwake takes a Wake back.
func (c *Ctx) Unwake(name string) error { return c.call("unwake", map[string]any{"name": name}, nil) }

// HandOff gives the contact to the people of the desk; the bot does not hear it any more until they give it back.
func (c *Ctx) HandOff(reason string) error {
	return c.call("hand_off", map[string]any{"reason": reason}, nil)
}

// Log writes a line into the log.
func (c *Ctx) Log(line string) error { return c.call("log", map[string]any{"text": line}, nil) }
