package slacksim

import (
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

const (
	maxModals  = 3 // https://docs.slack.dev/surfaces/modals#view_stack
	maxPrivate = 3000
)

// modal is a view: an open modal or a Home tab.
type modal struct {
	ID              string          `json:"id"`
	TeamID          string          `json:"team_id"`
	Type            string          `json:"type"`
	Title           json.RawMessage `json:"title,omitempty"`
	Close           json.RawMessage `json:"close"`
	Submit          json.RawMessage `json:"submit"`
	Blocks          json.RawMessage `json:"blocks"`
	PrivateMetadata string          `json:"private_metadata"`
	CallbackID      string          `json:"callback_id"`
	ExternalID      string          `json:"external_id"`
	State           obj             `json:"state"`
	Hash            string          `json:"hash"`
	ClearOnClose    bool            `json:"clear_on_close"`
	NotifyOnClose   bool            `json:"notify_on_close"`
	RootViewID      string          `json:"root_view_id"`
	PreviousViewID  *string         `json:"previous_view_id"`
	AppID           string          `json:"app_id"`
	TeamInstalled   string          `json:"app_installed_team_id"`
	BotID           string          `json:"bot_id"`

	user   string
	errors map[string]string
}

// wire is a copy for an answer or an event.
func (m *modal) wire() *modal {
	c := *m
	return &c
}

func (m *modal) seen() Modal {
	var title, submit struct {
		Text string `json:"text"`
	}
	_ = json.Unmarshal(m.Title, &title) // a Home tab has none
	_ = json.Unmarshal(m.Submit, &submit)
	out := Modal{
		ID: m.ID, User: m.user, Type: m.Type, Title: title.Text, Submit: submit.Text, Callback: m.CallbackID, Metadata: m.PrivateMetadata,
		Hash: m.Hash, Root: m.RootViewID, Blocks: slices.Clone(m.Blocks), Errors: m.errors,
	}
	if m.PreviousViewID != nil {
		out.Previous = *m.PreviousViewID
	}
	return out
}

// newModal reads and checks the view that an app sends.
func (w *world) newModal(raw, kind string) (*modal, error) {
	m := &modal{}
	if err := json.Unmarshal([]byte(raw), m); err != nil {
		return nil, badView("view is not a JSON object [json-pointer:/view]")
	}
	if m.Type != kind {
		return nil, badView(fmt.Sprintf("must be a valid enum value [json-pointer:/view/type] (%q expected)", kind))
	}
	if problem := m.problem(); problem != "" {
		return nil, badView(problem)
	}
	blocks, problems := w.checkBlocks(string(m.Blocks), surfaceView)
	if len(problems) > 0 {
		return nil, badView(problems...)
	}
	m.Blocks = blocks
	w.dress(m)
	m.ID = w.newID("V")
	m.RootViewID = m.ID
	return m, nil
}

// dress fills in what Slack adds to every view.
func (w *world) dress(m *modal) {
	m.TeamID, m.TeamInstalled, m.AppID, m.BotID = w.cfg.Team.ID, w.cfg.Team.ID, w.cfg.AppID, w.cfg.BotID
	m.State = obj{"values": obj{}}
	m.Hash = fmt.Sprintf("%d.%s", w.now().Unix(), newUUID()[:8])
	if len(m.Close) == 0 {
		m.Close = json.RawMessage("null")
	}
	if len(m.Submit) == 0 {
		m.Submit = json.RawMessage("null")
	}
}

// problem is the first limit that a view breaks. https://docs.slack.dev/reference/views/modal-views
func (m *modal) problem() string {
	var title struct {
		Text string `json:"text"`
	}
	if m.Type == "modal" {
		if json.Unmarshal(m.Title, &title) != nil || title.Text == "" {
			return "missing required field: title [json-pointer:/view]"
		}
		if utf8.RuneCountInString(title.Text) > 24 {
			return "must be less than 25 characters [json-pointer:/view/title/text]"
		}
	}
	switch {
	case len(m.Blocks) == 0:
		return "missing required field: blocks [json-pointer:/view]"
	case utf8.RuneCountInString(m.PrivateMetadata) > maxPrivate:
		return "must be less than 3001 characters [json-pointer:/view/private_metadata]"
	case utf8.RuneCountInString(m.CallbackID) > 255:
		return "must be less than 256 characters [json-pointer:/view/callback_id]"
	}
	return ""
}

func badView(messages ...string) error {
	notes := make([]string, 0, len(messages))
	for _, m := range messages {
		notes = append(notes, "[ERROR] "+m)
	}
	return &apiError{code: "invalid_arguments", extra: obj{"response_metadata": obj{"messages": notes}}}
}

// redeem uses a trigger up and says whose it is.
func (w *world) redeem(id string) (user string, err error) {
	t := w.triggers[id]
	switch {
	case id == "":
		return "", badView("missing required field: trigger_id")
	case t == nil:
		return "", fail("invalid_trigger_id")
	case t.used:
		return "", fail("exchanged_trigger_id")
	case w.now().Sub(t.at) > w.cfg.Timing.Trigger:
		return "", fail("expired_trigger_id")
	}
	t.used = true
	return t.user, nil
}

func viewsOpen(w *world, c *call) (obj, error) {
	m, err := w.newModal(c.str("view"), "modal")
	if err != nil {
		return nil, err
	}
	if m.user, err = w.redeem(c.str("trigger_id")); err != nil {
		return nil, err
	}
	w.modals = append(w.modals, m)
	w.bump()
	return obj{"view": m.wire()}, nil
}

func viewsPush(w *world, c *call) (obj, error) {
	m, err := w.newModal(c.str("view"), "modal")
	if err != nil {
		return nil, err
	}
	if m.user, err = w.redeem(c.str("trigger_id")); err != nil {
		return nil, err
	}
	if err := w.stack(m); err != nil {
		return nil, err
	}
	return obj{"view": m.wire()}, nil
}

// stack puts a view on top of the person's newest one.
func (w *world) stack(m *modal) error {
	var below []*modal
	for _, other := range w.modals {
		if other.user == m.user {
			below = append(below, other)
		}
	}
	if len(below) == 0 {
		return fail("not_found")
	}
	if len(below) >= maxModals {
		return fail("push_limit_reached")
	}
	top := below[len(below)-1]
	m.RootViewID, m.PreviousViewID = top.RootViewID, &top.ID
	w.modals = append(w.modals, m)
	w.bump()
	return nil
}

func viewsUpdate(w *world, c *call) (obj, error) {
	i := slices.IndexFunc(w.modals, func(m *modal) bool {
		return m.ID == c.str("view_id") || m.ExternalID != "" && m.ExternalID == c.str("external_id")
	})
	if i < 0 {
		return nil, fail("not_found")
	}
	old := w.modals[i]
	if h := c.str("hash"); h != "" && h != old.Hash {
		return nil, fail("hash_conflict")
	}
	m, err := w.newModal(c.str("view"), "modal")
	if err != nil {
		return nil, err
	}
	w.replace(old, m)
	return obj{"view": m.wire()}, nil
}

// replace puts a new content into an open view.
func (w *world) replace(old, m *modal) {
	m.ID, m.user, m.RootViewID, m.PreviousViewID = old.ID, old.user, old.RootViewID, old.PreviousViewID
	if i := slices.Index(w.modals, old); i >= 0 {
		w.modals[i] = m
	}
	w.bump()
}

func viewsPublish(w *world, c *call) (obj, error) {
	user := c.str("user_id")
	if w.users[user] == nil {
		return nil, fail("invalid_arguments")
	}
	m, err := w.newModal(c.str("view"), "home")
	if err != nil {
		return nil, err
	}
	if old := w.homes[user]; old != nil {
		if h := c.str("hash"); h != "" && h != old.Hash {
			return nil, fail("hash_conflict")
		}
		m.ID, m.RootViewID = old.ID, old.ID
	}
	m.user = user
	w.homes[user] = m
	w.bump()
	return obj{"view": m.wire()}, nil
}

// SubmitView fills a modal's inputs in and submits it. values are keyed by action_id, or by "block_id/action_id" where that is not
// enough; a menu takes its option's value, a menu of many takes them divided by commas. What the app answers is in Interactions:
// the view stays open with Errors, changes, or closes.
func (s *Sim) SubmitView(user, viewID string, values map[string]string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.open(user, viewID)
	if m == nil {
		return fmt.Errorf("%w: %s", ErrNoView, viewID)
	}
	m.State = obj{"values": m.fill(values)}
	in := &Interaction{Kind: "view_submission", User: user, View: viewID, Trigger: w.newTrigger(user)}
	payload := w.interactionPayload(in)
	payload["view"], payload["response_urls"] = m.wire(), []any{}
	w.interact(in, kindInteractive, payload, nil)
	return nil
}

// CloseView closes a modal as its cancel button does; the app hears view_closed when it asked for that.
func (s *Sim) CloseView(user, viewID string) error {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.open(user, viewID)
	if m == nil {
		return fmt.Errorf("%w: %s", ErrNoView, viewID)
	}
	w.pop(m, m.ClearOnClose)
	if m.NotifyOnClose {
		in := &Interaction{Kind: "view_closed", User: user, View: viewID}
		payload := w.interactionPayload(in)
		delete(payload, "trigger_id")
		payload["view"], payload["is_cleared"] = m.wire(), m.ClearOnClose
		w.interact(in, kindInteractive, payload, nil)
	}
	return nil
}

func (w *world) open(user, viewID string) *modal {
	i := slices.IndexFunc(w.modals, func(m *modal) bool { return m.ID == viewID && m.user == user })
	if i < 0 {
		return nil
	}
	return w.modals[i]
}

// pop closes a view, or all views of its stack.
func (w *world) pop(m *modal, all bool) {
	w.modals = slices.DeleteFunc(w.modals, func(other *modal) bool {
		return other == m || all && other.user == m.user
	})
	w.bump()
}

// fill makes state.values of what a person entered.
func (m *modal) fill(values map[string]string) obj {
	var blocks []obj
	_ = json.Unmarshal(m.Blocks, &blocks) // checked when the view was opened
	out := obj{}
	for _, block := range blocks {
		id, _ := block["block_id"].(string)
		for _, el := range controlsOf(block) {
			action, _ := el["action_id"].(string)
			if el["type"] == "button" || action == "" {
				continue
			}
			value, given := values[id+"/"+action]
			if !given {
				value, given = values[action]
			}
			state := control{block: block, element: el}.state(value)
			if !given && state["value"] == "" {
				state["value"] = nil
			}
			held, _ := out[id].(obj)
			if held == nil {
				held = obj{}
				out[id] = held
			}
			held[action] = state
		}
	}
	return out
}

// submitted does what the app's response_action says.
// https://docs.slack.dev/surfaces/modals#response_actions
func (w *world) submitted(in *Interaction) {
	m := w.open(in.User, in.View)
	if m == nil {
		return
	}
	var answer struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	_ = json.Unmarshal(in.Answer, &answer) // no JSON is no action
	switch answer.Action {
	case "errors":
		m.errors = answer.Errors
	case "clear":
		w.pop(m, true)
	case "update", "push":
		next, err := w.newModal(string(answer.View), "modal")
		if err != nil {
			in.Failed = err.Error()
			return
		}
		if answer.Action == "update" {
			w.replace(m, next)
			return
		}
		next.user = in.User
		if err := w.stack(next); err != nil {
			in.Failed = err.Error()
		}
	default:
		w.pop(m, false)
	}
}
