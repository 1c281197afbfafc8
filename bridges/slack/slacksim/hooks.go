package slacksim

import (
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
const (
	maxHookUses = 5
	hookLife    = 30 * time.Minute
)

// hookReply is what an app posts to a response_url.
type hookReply struct {
	Text            string          `json:"text"`
	Blocks          json.RawMessage `json:"blocks"`
	Attachments     json.RawMessage `json:"attachments"`
	ResponseType    string          `json:"response_type"`
	ReplaceOriginal *bool           `json:"replace_original"`
	DeleteOriginal  bool            `json:"delete_original"`
	ThreadTS        string          `json:"thread_ts"`
}

// serveHook answers a POST to a response_url.
func (w *world) serveHook(rw http.ResponseWriter, r *http.Request) {
	c := &call{method: "hook", base: "http://" + r.Host}
	fault := w.planned("hook")
	if fault.before(w, rw, r, c) {
		return
	}
	var reply hookReply
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil || json.Unmarshal(body, &reply) != nil {
		http.Error(rw, "invalid_payload", http.StatusBadRequest)
		return
	}
	code, status := w.useHook(r.PathValue("id"), reply)
	if fault.AcceptThenDrop {
		panic(http.ErrAbortHandler)
	}
	w.log(c, status, code)
	rw.WriteHeader(status)
	if code == "" {
		_, _ = io.WriteString(rw, "ok")
		return
	}
	_ = json.NewEncoder(rw).Encode(obj{"ok": false, "error": code})
}

func (w *world) useHook(id string, reply hookReply) (code string, status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	h := w.hooks[id]
	switch {
	case h == nil:
		return "invalid_url", http.StatusNotFound
	case w.now().Sub(h.at) > hookLife:
		return "expired_url", http.StatusNotFound
	case h.uses >= maxHookUses:
		return "used_url", http.StatusNotFound
	}
	if reply.Text == "" && len(reply.Blocks) == 0 && len(reply.Attachments) == 0 && !reply.DeleteOriginal {
		return "no_text", http.StatusBadRequest
	}
	if _, problems := w.checkBlocks(string(reply.Blocks), surfaceMessage); len(problems) > 0 {
		return "invalid_blocks", http.StatusBadRequest
	}
	h.uses++
	w.respond(h, reply)
	return "", http.StatusOK
}

// respond replaces or deletes the message that was acted on, or posts a new one: to the person alone unless in_channel is asked for.
func (w *world) respond(h *hook, reply hookReply) {
	ch := w.channels[h.channel]
	if ch == nil {
		return
	}
	original := w.original(ch, h)
	switch {
	case reply.DeleteOriginal && original != nil:
		if h.ephemeral {
			original.deleted = true
			w.bump()
			return
		}
		w.erase(ch, original)
	case reply.ReplaceOriginal != nil && *reply.ReplaceOriginal && original != nil:
		before := original.copy()
		w.fillIn(original, reply)
		if h.ephemeral {
			original.Edited = &edited{User: w.cfg.BotUser.ID, TS: w.stamp()}
			w.bump()
			return
		}
		w.edited(ch, original, before, w.cfg.BotUser.ID)
	default:
		m := w.botMessage()
		w.fillIn(m, reply)
		m.channel = ch.ID
		if reply.ResponseType == "in_channel" {
			w.thread(ch, m, reply.ThreadTS, false)
			w.post(ch, m)
		} else {
			w.ephemerals = append(w.ephemerals, &ephemeral{user: h.user, msg: m})
		}
		w.bump()
	}
}

func (w *world) original(ch *channel, h *hook) *message {
	if !h.ephemeral {
		return ch.find(h.message)
	}
	for _, e := range w.ephemerals {
		if e.msg.TS == h.message && !e.msg.deleted {
			return e.msg
		}
	}
	return nil
}

// fillIn puts a reply's content into a message of the app.
func (w *world) fillIn(m *message, reply hookReply) {
	m.Text = postedText(reply.Text)
	m.Attachments = reply.Attachments
	m.Blocks, _ = w.checkBlocks(string(reply.Blocks), surfaceMessage)
	if len(m.Blocks) == 0 && m.Text != "" {
		m.Blocks = mustJSON([]any{richText(m.Text, w.blockID())})
	}
}
