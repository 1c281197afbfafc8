package discordsim

import (
	"encoding/json"
	"slices"
	"time"
)

// Kinds of interactions. https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-interaction-type
const (
	interCommand      = 2
	interComponent    = 3
	interAutocomplete = 4
	interModal        = 5
)

// Kinds of answers to interactions.
const (
	answerPong           = 1
	answerMessage        = 4
	answerDeferred       = 5
	answerDeferredUpdate = 6
	answerUpdate         = 7
	answerChoices        = 8
	answerModal          = 9
)

type interaction struct {
	Interaction
	kind     int
	token    string
	at       time.Time
	original string // id of the message that @original is
	deferred bool   // the original still says that the bot thinks
}

// Interaction is something a person did with what the bot showed, and how the bot took it.
type Interaction struct {
	ID       string
	Kind     string // command, component, autocomplete or modal
	User     string
	Channel  string
	Guild    string
	Message  string   // id of the message the control stands on
	Action   string   // custom_id, or the command's name
	Values   []string // the chosen options of a menu
	Answered bool
	Answer   int             // the type of the bot's answer: 4 message, 5 deferred, 6 deferred update, 7 update, 8 choices, 9 modal
	Response string          // id of the message that answers
	Choices  json.RawMessage // of an autocomplete
	Failed   string          // what the person is told when the bot did not answer in time
}

// modal is a form that a person has open.
type modal struct {
	Modal
	components []obj
	channel    string
	message    string
}

// Modal is a form that the bot opened for a person.
type Modal struct {
	ID         string
	User       string
	CustomID   string
	Title      string
	Components json.RawMessage
}

// interact sends an interaction to the bot; the person is told that it failed when no answer comes in time.
func (w *world) interact(in *interaction, data obj, source *message) {
	kinds := map[int]string{interCommand: "command", interComponent: "component", interAutocomplete: "autocomplete", interModal: "modal"}
	in.ID, in.Kind, in.at = w.newID(), kinds[in.kind], w.now()
	in.token = "aW50ZXJhY3Rpb246" + in.ID + hash(in.ID+w.cfg.Token)
	w.inter = append(w.inter, in)
	ch := w.channels[in.Channel]
	in.Guild = ch.Guild
	w.dispatch(event{name: "INTERACTION_CREATE", guild: ch.Guild, build: func(*session) any { return w.wireInteraction(in, ch, data, source) }})
	w.later(w.cfg.Timing.Answer, func() {
		if !in.Answered {
			in.Failed = "This interaction failed"
			w.bump()
		}
	})
	w.bump()
}

func (w *world) wireInteraction(in *interaction, ch *channel, data obj, source *message) obj {
	out := obj{
		"id": in.ID, "application_id": w.cfg.ApplicationID, "type": in.kind, "token": in.token, "version": 1, "data": data,
		"channel_id": ch.ID, "channel": w.wireChannel(ch), "locale": "en-US", "entitlements": []any{}, "entitlement_sku_ids": []any{},
		"app_permissions": w.allowed(ch).String(), "authorizing_integration_owners": obj{"0": "0"}, "context": 1,
		"attachment_size_limit": w.cfg.MaxUpload,
	}
	if g := w.guilds[ch.Guild]; g != nil {
		member := w.wireMember(g, in.User)
		member["permissions"] = permEverything.String()
		out["member"], out["guild_id"], out["guild_locale"], out["context"] = member, g.ID, "en-US", 0
		out["guild"] = obj{"id": g.ID, "locale": "en-US", "features": []string{}}
		out["authorizing_integration_owners"] = obj{"0": g.ID}
	} else {
		out["user"] = w.wireUser(in.User)
	}
	if source != nil {
		out["message"] = w.wireMessage(source, true)
	}
	return out
}

// metadata is what a message tells of the interaction that it answers.
func (w *world) metadata(in *interaction) obj {
	owners := obj{"0": "0"}
	if in.Guild != "" {
		owners["0"] = in.Guild
	}
	out := obj{"id": in.ID, "type": in.kind, "user": w.wireUser(in.User), "authorizing_integration_owners": owners}
	switch in.kind {
	case interCommand:
		out["name"], out["command_type"] = in.Action, 1
	case interComponent:
		out["interacted_message_id"] = in.Message
	case interModal:
		out["triggering_interaction_metadata"] = obj{
			"id": in.ID, "type": interCommand, "user": w.wireUser(in.User), "authorizing_integration_owners": owners, "name": in.Action, "command_type": 1,
		}
	}
	return out
}

// callback takes the bot's first answer. https://docs.discord.com/developers/interactions/receiving-and-responding#create-interaction-response
func callback(w *world, c *call) (any, error) {
	i := slices.IndexFunc(w.inter, func(in *interaction) bool { return in.ID == c.args["interaction"] && same(in.token, c.args["token"]) })
	if i < 0 || w.inter[i].Failed != "" {
		return nil, errUnknownInter
	}
	in := w.inter[i]
	if in.Answered {
		return nil, errAcknowledged
	}
	var body struct {
		Type int             `json:"type"`
		Data json.RawMessage `json:"data"`
	}
	if err := c.into(&body); err != nil {
		return nil, err
	}
	inner := *c
	inner.body = body.Data
	if len(body.Data) == 0 || string(body.Data) == "null" {
		inner.body = json.RawMessage("{}")
	}
	m, err := w.answerWith(in, body.Type, &inner)
	if err != nil {
		return nil, err
	}
	in.Answered, in.Answer = true, body.Type
	if m != nil {
		in.original, in.Response = m.id, m.id
	}
	w.bump()
	if !c.yes("with_response") {
		return nil, nil //nolint:nilnil // no body
	}
	return w.wireCallback(in, body.Type, m), nil
}

// wireCallback is the answer to who asked for one.
func (w *world) wireCallback(in *interaction, kind int, m *message) obj {
	about := obj{"id": in.ID, "type": in.kind}
	out := obj{"interaction": about}
	if m != nil {
		about["response_message_id"], about["channel_id"] = m.id, m.channel
		about["response_message_loading"], about["response_message_ephemeral"] = kind == answerDeferred, m.only != ""
		if in.Guild != "" {
			about["guild_id"] = in.Guild
		}
		if kind == answerMessage || kind == answerUpdate {
			out["resource"] = obj{"type": kind, "message": w.wireMessage(m, true)}
		}
	}
	return out
}

// answerWith does what an answer says, and gives the message that @original is from then on.
func (w *world) answerWith(in *interaction, kind int, c *call) (*message, error) {
	ch := w.channels[in.Channel]
	if ch == nil {
		return nil, errUnknownChannel
	}
	source := ch.find(in.Message)
	switch kind {
	case answerPong:
		return nil, nil //nolint:nilnil // nothing to show
	case answerMessage:
		return w.answerMessage(in, ch, c)
	case answerDeferred:
		return w.answerLater(in, ch, c)
	case answerDeferredUpdate, answerUpdate:
		if source != nil {
			return source, w.update(ch, source, kind, c)
		}
	case answerChoices:
		if in.kind == interAutocomplete {
			return nil, in.suggest(c)
		}
	case answerModal:
		if in.kind != interModal {
			return nil, w.openModal(in, c)
		}
	}
	return nil, invalid("type", "BASE_TYPE_CHOICES", "This type of answer does not fit the interaction.")
}

// update changes the message that the control stands on, now or later.
func (w *world) update(ch *channel, source *message, kind int, c *call) error {
	if kind == answerDeferredUpdate {
		return nil
	}
	p, err := w.readPost(c)
	if err != nil {
		return err
	}
	return w.change(ch, source, p)
}

// suggest keeps the choices of an autocomplete.
func (in *interaction) suggest(c *call) error {
	var data struct {
		Choices json.RawMessage `json:"choices"`
	}
	err := c.into(&data)
	in.Choices = data.Choices
	return err
}

// begin starts a message that answers an interaction.
func (w *world) begin(in *interaction, ch *channel) *message {
	m := w.newMessage(ch, w.bot())
	m.meta = w.metadata(in)
	if in.kind == interCommand {
		m.kind = kindCommand
	}
	return m
}

func (w *world) answerMessage(in *interaction, ch *channel, c *call) (*message, error) {
	p, err := w.readPost(c)
	if err != nil {
		return nil, err
	}
	m := w.begin(in, ch)
	if err := w.fill(ch, m, p); err != nil {
		return nil, err
	}
	w.show(in, ch, m)
	return m, nil
}

// answerLater shows that the bot thinks.
func (w *world) answerLater(in *interaction, ch *channel, c *call) (*message, error) {
	p, err := w.readPost(c)
	if err != nil {
		return nil, err
	}
	m := w.begin(in, ch)
	m.flags = flagLoading
	if p.Flags != nil {
		m.flags |= *p.Flags & flagEphemeral
	}
	in.deferred = true
	w.show(in, ch, m)
	return m, nil
}

// show posts an answer: for all to see, or for the one person.
func (w *world) show(in *interaction, ch *channel, m *message) {
	if m.flags&flagEphemeral != 0 {
		m.only = in.User
		for _, f := range m.files {
			f.ephemeral = true
		}
	}
	w.post(ch, m)
}

func (w *world) openModal(in *interaction, c *call) error {
	var data struct {
		CustomID   string `json:"custom_id"`
		Title      string `json:"title"`
		Components []obj  `json:"components"`
	}
	if err := c.into(&data); err != nil {
		return err
	}
	t := &tree{}
	t.size("data.custom_id", data.CustomID, 1, 100)
	t.size("data.title", data.Title, 1, 45)
	data.Components = slices.DeleteFunc(data.Components, func(o obj) bool { return o == nil })
	if len(data.Components) == 0 || len(data.Components) > 5 {
		t.add("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
	}
	if err := t.fault(); err != nil {
		return err
	}
	w.modals = append(w.modals, &modal{
		Modal:      Modal{ID: w.newID(), User: in.User, CustomID: data.CustomID, Title: data.Title, Components: mustJSON(data.Components)},
		components: numbered(data.Components), channel: in.Channel, message: in.Message,
	})
	return nil
}

// Interactions are the presses, commands and submissions so far, with what became of them.
func (v View) Interactions() []Interaction {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	var out []Interaction
	for _, in := range v.w.inter {
		one := in.Interaction
		one.Values, one.Choices = slices.Clone(one.Values), slices.Clone(one.Choices)
		out = append(out, one)
	}
	return out
}

// Modals are the forms that a person has open, the newest last; "" gives everyone's.
func (v View) Modals(user string) []Modal {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	var out []Modal
	for _, m := range v.w.modals {
		if user == "" || m.User == user {
			out = append(out, m.Modal)
		}
	}
	return out
}
