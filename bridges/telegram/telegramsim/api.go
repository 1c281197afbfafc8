package telegramsim

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// method serves one entry of the Bot API, with mu held.
type method func(*world, *call) (any, error)

func newMux(w *world) http.Handler {
	methods := w.methods()
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if rest, isFile := strings.CutPrefix(r.URL.Path, "/file/bot"); isFile {
			token, path, _ := strings.Cut(rest, "/")
			w.serveFile(rw, r, token, path)
			return
		}
		rest, isCall := strings.CutPrefix(r.URL.Path, "/bot")
		token, name, whole := strings.Cut(rest, "/")
		if !isCall || !whole {
			writeAnswer(rw, nil, notFound())
			return
		}
		w.serveCall(rw, r, methods, token, strings.Trim(name, "/"))
	})
}

func notFound() error { return &apiError{code: http.StatusNotFound, text: "Not Found"} }

// methods are all methods served, by their names in lower case: the server does not mind the case.
func (w *world) methods() map[string]method {
	all := map[string]method{}
	for _, part := range []map[string]method{
		baseMethods(), sendMethods(), editMethods(), chatMethods(), topicMethods(), miscMethods(),
	} {
		maps.Copy(all, part)
	}
	return all
}

func baseMethods() map[string]method {
	return map[string]method{
		"getme":          (*world).getMe,
		"logout":         (*world).logOut,
		"close":          (*world).logOut,
		"setwebhook":     (*world).setWebhook,
		"deletewebhook":  (*world).deleteWebhook,
		"getwebhookinfo": (*world).getWebhookInfo,
		"getfile":        (*world).getFile,
	}
}

// serveCall answers one call: misbehaviour first, then the token, the limits and the method itself.
func (w *world) serveCall(rw http.ResponseWriter, r *http.Request, methods map[string]method, token, name string) {
	r.Body = http.MaxBytesReader(rw, r.Body, 2*w.cfg.MaxUpload+maxForm)
	c, err := decodeCall(name, r, w.cfg.MaxUpload)
	if c.method == "" {
		c.method = c.str("method")
	}
	if w.refuses() {
		panic(http.ErrAbortHandler)
	}
	fault := w.planned(c.method)
	if fault.before(w, rw, r, c) {
		return
	}
	var answer json.RawMessage
	if err == nil {
		answer, err = w.run(r, c, methods, token)
	}
	if errors.Is(err, errDropped) || fault.AcceptThenDrop {
		w.log(c, 0, "")
		panic(http.ErrAbortHandler) // the connection ends without a byte
	}
	w.reply(rw, c, answer, err)
}

// run finds a call's method and has it served. mu is not held.
func (w *world) run(r *http.Request, c *call, methods map[string]method, token string) (json.RawMessage, error) {
	if err := w.authorize(token); err != nil {
		return nil, err
	}
	name := strings.ToLower(c.method)
	if name == "getupdates" {
		return w.getUpdates(r.Context(), c)
	}
	return w.perform(c, methods[name])
}

// perform runs a method. mu is not held.
func (w *world) perform(c *call, m method) (json.RawMessage, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if m == nil {
		return nil, notFound()
	}
	if err := w.limits.take(w, c); err != nil {
		return nil, err
	}
	answer, err := m(w, c)
	if err != nil {
		return nil, err
	}
	w.bump()
	return mustJSON(answer), nil
}

// authorize checks the token: 404 for what is no token at all, 401 for one that is not good. mu is not held.
func (w *world) authorize(token string) error {
	if tokenID(token) == 0 || len(token) > 80 || !strings.Contains(token, ":") {
		return notFound()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.revoked || subtle.ConstantTimeCompare([]byte(token), []byte(w.cfg.Token)) != 1 {
		return &apiError{code: http.StatusUnauthorized, text: "Unauthorized"}
	}
	return nil
}

func (w *world) refuses() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refused
}

// reply writes the answer. mu is not held.
func (w *world) reply(rw http.ResponseWriter, c *call, answer json.RawMessage, err error) {
	status, text := http.StatusOK, ""
	if err != nil {
		status, text = asAPI(err).code, err.Error()
	}
	w.log(c, status, text)
	writeAnswer(rw, answer, err)
}

func asAPI(err error) *apiError {
	if ae := (*apiError)(nil); errors.As(err, &ae) {
		return ae
	}
	return &apiError{code: http.StatusInternalServerError, text: "Internal Server Error: " + err.Error()}
}

func writeAnswer(rw http.ResponseWriter, answer json.RawMessage, err error) {
	rw.Header().Set("Content-Type", "application/json")
	if err == nil {
		_ = json.NewEncoder(rw).Encode(obj{"ok": true, "result": answer}) // the caller may have gone
		return
	}
	ae := asAPI(err)
	out := obj{"ok": false, "error_code": ae.code, "description": ae.text}
	switch {
	case ae.wait > 0:
		rw.Header().Set("Retry-After", strconv.Itoa(ae.wait))
		out["parameters"] = obj{"retry_after": ae.wait}
	case ae.migrate != 0:
		out["parameters"] = obj{"migrate_to_chat_id": ae.migrate}
	}
	rw.WriteHeader(ae.code)
	_ = json.NewEncoder(rw).Encode(out) // the caller may have gone
}

// log remembers a call. mu is not held.
func (w *world) log(c *call, status int, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := Request{Method: c.method, Status: status, Error: text, Params: maps.Clone(c.args), At: w.now()}
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		r.Files = append(r.Files, c.files[name].name)
	}
	w.requests = last(w.requests, r)
	w.bump()
}

func (w *world) getMe(*call) (any, error) {
	me := w.wireUser(w.users[w.cfg.Bot.ID])
	me["can_join_groups"], me["can_read_all_group_messages"], me["supports_inline_queries"] = true, !*w.cfg.Privacy, false
	me["can_connect_to_business"], me["has_main_web_app"] = true, false
	me["has_topics_enabled"], me["allows_users_to_create_topics"] = false, false
	me["can_manage_bots"], me["supports_guest_queries"], me["supports_join_request_queries"] = false, false, false
	return me, nil
}

// logOut and close leave one instance of the server for another; here there is only one, so nothing happens.
func (w *world) logOut(*call) (any, error) { return true, nil }
