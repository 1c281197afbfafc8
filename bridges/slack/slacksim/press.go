package slacksim

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Interaction is something a person did with what the app showed, and how the app took it.
type Interaction struct {
	Kind        string // block_actions, view_submission, view_closed, slash_commands
	User        string
	Channel     string
	Message     string // TS of the message the control stands on
	View        string
	Action      string // action_id, or the command
	Value       string // the button's value, the chosen option, or the command's text
	Trigger     string
	ResponseURL string
	Acked       bool
	Failed      string          // what the person is told when the app did not answer
	Answer      json.RawMessage // what the app sent with its confirmation
}

type trigger struct {
	user string
	at   time.Time
	used bool
}

type hook struct {
	channel   string
	user      string
	message   string // TS, "" for a command
	ephemeral bool
	thread    string
	at        time.Time
	uses      int
}

// control is an interactive element as a person meets it.
type control struct {
	block   obj
	element obj
}

// Press uses a button or menu of a message (an ephemeral one too). An empty value takes a button's own; for a menu it names the
// chosen option, user, channel or date. The app gets block_actions with a trigger_id and a response_url.
func (s *Sim) Press(user, channel, ts, actionID, value string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch := w.channels[channel]
	if ch == nil {
		return fmt.Errorf("%w: %s", ErrNoChannel, channel)
	}
	m, private := ch.find(ts), false
	for _, e := range w.ephemerals {
		if e.user == user && e.msg.channel == channel && e.msg.TS == ts && !e.msg.deleted {
			m, private = e.msg, true
		}
	}
	if m == nil {
		return fmt.Errorf("%w: %s in %s", ErrNoMessage, ts, channel)
	}
	ctl, ok := findControl(m.Blocks, actionID)
	if !ok {
		return fmt.Errorf("%w: %s", ErrNoControl, actionID)
	}
	action, value := ctl.used(value, w.stamp())
	in := &Interaction{Kind: "block_actions", User: user, Channel: channel, Message: ts, Action: actionID, Value: value, Trigger: w.newTrigger(user)}
	in.ResponseURL = w.newHook("actions", &hook{channel: channel, user: user, message: ts, ephemeral: private, thread: m.ThreadTS})
	container := obj{"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": private}
	if m.ThreadTS != "" {
		container["thread_ts"] = m.ThreadTS
	}
	payload := w.interactionPayload(in)
	payload["container"], payload["channel"] = container, obj{"id": channel, "name": w.channelName(ch)}
	payload["state"], payload["response_url"], payload["actions"] = obj{"values": obj{}}, in.ResponseURL, []any{action}
	if !private {
		payload["message"] = m.copy()
	}
	w.interact(in, kindInteractive, payload, nil)
	return nil
}

// Slash sends a command, such as "/help", with its text.
func (s *Sim) Slash(user, channel, command, text string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	ch, u := w.channels[channel], w.users[user]
	if ch == nil {
		return fmt.Errorf("%w: %s", ErrNoChannel, channel)
	}
	if u == nil {
		return fmt.Errorf("%w: %s", ErrNoUser, user)
	}
	in := &Interaction{Kind: kindSlash, User: user, Channel: channel, Action: command, Value: text, Trigger: w.newTrigger(user)}
	in.ResponseURL = w.newHook("commands", &hook{channel: channel, user: user})
	fields := map[string]string{
		"token": w.cfg.VerificationToken, "team_id": w.cfg.Team.ID, "team_domain": w.cfg.Team.Domain, "channel_id": channel,
		"channel_name": w.channelName(ch), "user_id": user, "user_name": u.Name, "command": command, "text": text,
		"api_app_id": w.cfg.AppID, "is_enterprise_install": "false", "response_url": in.ResponseURL, "trigger_id": in.Trigger,
	}
	form, payload := url.Values{}, obj{}
	for k, v := range fields {
		form.Set(k, v)
		payload[k] = v
	}
	w.interact(in, kindSlash, payload, form)
	return nil
}

// OpenHome opens the app's Home tab; the app hears app_home_opened.
func (s *Sim) OpenHome(user string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.users[user] == nil {
		return fmt.Errorf("%w: %s", ErrNoUser, user)
	}
	ch, _ := w.direct(user)
	event := obj{"type": "app_home_opened", "user": user, "channel": ch.ID, "tab": "home", "event_ts": w.stamp()}
	if home := w.homes[user]; home != nil {
		event["view"] = home.wire()
	}
	w.emit(ch.ID, event)
	w.bump()
	return nil
}

// interact sends an interaction on its way.
func (w *world) interact(in *Interaction, kind string, payload obj, form url.Values) {
	if len(w.inter) >= maxRequests {
		w.inter = slices.Delete(w.inter, 0, 1)
	}
	w.inter = append(w.inter, in)
	w.bump()
	if w.rev != "" || w.closed {
		in.Failed = "the app is not installed"
		return
	}
	w.dispatch(&delivery{kind: kind, key: "interaction", payload: mustJSON(payload), form: form, inter: in})
}

// interactionPayload holds what block_actions and the view events share.
// https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
func (w *world) interactionPayload(in *Interaction) obj {
	name := in.User
	if u := w.users[in.User]; u != nil {
		name = u.Name
	}
	return obj{
		"type": in.Kind, "user": obj{"id": in.User, "username": name, "name": name, "team_id": w.cfg.Team.ID},
		"api_app_id": w.cfg.AppID, "token": w.cfg.VerificationToken, "team": obj{"id": w.cfg.Team.ID, "domain": w.cfg.Team.Domain},
		"enterprise": nil, "is_enterprise_install": false, "trigger_id": in.Trigger,
	}
}

// answered takes in what came with a confirmation: a command's message, or what a submitted view shall become.
func (w *world) answered(in *Interaction, answer json.RawMessage) {
	in.Acked = true
	if len(answer) > 0 && string(answer) != "{}" && string(answer) != "null" {
		in.Answer = answer
	}
	switch in.Kind {
	case kindSlash:
		w.commandAnswer(in)
	case "view_submission":
		w.submitted(in)
	}
}

func (w *world) commandAnswer(in *Interaction) {
	if len(in.Answer) == 0 {
		return
	}
	h := &hook{channel: in.Channel, user: in.User}
	var reply hookReply
	if json.Unmarshal(in.Answer, &reply) != nil {
		reply = hookReply{Text: string(in.Answer)}
	}
	w.respond(h, reply)
}

func (w *world) newTrigger(user string) string {
	id := fmt.Sprintf("%d.%d.%s", w.now().UnixMilli(), len(w.triggers)+1, strings.ReplaceAll(newUUID(), "-", ""))
	prune(w.triggers, func(t *trigger) bool { return w.now().Sub(t.at) > w.cfg.Timing.Trigger })
	w.triggers[id] = &trigger{user: user, at: w.now()}
	return id
}

func (w *world) newHook(kind string, h *hook) string {
	id := strings.ReplaceAll(newUUID(), "-", "")
	h.at = w.now()
	prune(w.hooks, func(old *hook) bool { return w.now().Sub(old.at) > hookLife })
	w.hooks[id] = h
	return w.base + "/hooks/" + kind + "/" + id
}

func (w *world) channelName(ch *channel) string {
	if ch.IM {
		return "directmessage"
	}
	return ch.Name
}

// findControl looks an action up in blocks.
func findControl(blocks json.RawMessage, actionID string) (control, bool) {
	var all []obj
	if json.Unmarshal(blocks, &all) != nil {
		return control{}, false
	}
	for _, block := range all {
		for _, el := range controlsOf(block) {
			if el["action_id"] == actionID {
				return control{block: block, element: el}, true
			}
		}
	}
	return control{}, false
}

// controlsOf are a block's interactive elements.
func controlsOf(block obj) []obj {
	var out []obj
	elements, _ := block["elements"].([]any)
	for _, e := range append([]any{block["accessory"], block["element"]}, elements...) {
		if el, ok := e.(obj); ok {
			out = append(out, el)
		}
	}
	return out
}

// used is the action object of a control that a person used, and the value it carries.
func (c control) used(value, ts string) (action obj, chosen string) {
	kind, _ := c.element["type"].(string)
	action = obj{"type": kind, "action_id": c.element["action_id"], "block_id": c.block["block_id"], "action_ts": ts}
	if kind != "button" {
		maps.Copy(action, c.state(value))
		return action, value
	}
	action["text"] = c.element["text"]
	if style, ok := c.element["style"]; ok {
		action["style"] = style
	}
	if value == "" {
		value, _ = c.element["value"].(string)
	}
	if value != "" {
		action["value"] = value
	}
	return action, value
}

// state is what an input holds when a person filled value in. Several options are divided by commas.
func (c control) state(value string) obj {
	kind, _ := c.element["type"].(string)
	out := obj{"type": kind}
	many := slices.DeleteFunc(strings.Split(value, ","), func(s string) bool { return s == "" })
	switch kind {
	case "static_select", "external_select", "radio_buttons", "overflow":
		out["selected_option"] = c.option(value)
	case "multi_static_select", "multi_external_select", "checkboxes":
		options := []any{}
		for _, v := range many {
			options = append(options, c.option(v))
		}
		out["selected_options"] = options
	case "users_select":
		out["selected_user"] = value
	case "multi_users_select":
		out["selected_users"] = many
	case "conversations_select":
		out["selected_conversation"] = value
	case "multi_conversations_select":
		out["selected_conversations"] = many
	case "channels_select":
		out["selected_channel"] = value
	case "datepicker":
		out["selected_date"] = value
	case "timepicker":
		out["selected_time"] = value
	default:
		out["value"] = value
	}
	return out
}

// option is the option with a value; one made up where the app serves options itself.
func (c control) option(value string) any {
	if value == "" {
		return nil
	}
	options, _ := c.element["options"].([]any)
	for _, o := range options {
		if opt, ok := o.(obj); ok && opt["value"] == value {
			return opt
		}
	}
	return obj{"text": obj{"type": "plain_text", "text": value, "emoji": true}, "value": value}
}

// NewTrigger makes a trigger_id as if a person had just used a control, for callers that only want to open a view.
func (s *Sim) NewTrigger(user string) string {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return s.w.newTrigger(user)
}
