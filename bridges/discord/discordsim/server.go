package discordsim

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// server takes every request and leads it to the gateway, the CDN or a route of the REST API.
type server struct {
	w      *world
	routes []route
}

// route is one method of one path of the REST API.
type route struct {
	method, path string
	serve        func(*world, *call) (any, error) // with mu held; nil answers 204
	open         bool                             // works without the bot's token
	segments     []string
	name         string
}

func newServer(w *world) http.Handler {
	sv := &server{w: w}
	for _, group := range [][]route{
		userRoutes(), guildRoutes(), channelRoutes(), messageRoutes(), reactionRoutes(), threadRoutes(), hookRoutes(), commandRoutes(),
	} {
		sv.routes = append(sv.routes, group...)
	}
	for i := range sv.routes {
		r := &sv.routes[i]
		r.segments = strings.Split(r.path, "/")
		r.name = routeName(r.method + " " + r.path)
	}
	slices.SortStableFunc(sv.routes, func(a, b route) int { return strings.Count(a.path, "{") - strings.Count(b.path, "{") })
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", sv.serveAPI)
	mux.HandleFunc("GET /attachments/{channel}/{id}/{name}", w.serveAttachment)
	for _, path := range []string{"/avatars/", "/embed/", "/emojis/", "/icons/", "/stickers/", "/external/"} {
		mux.HandleFunc("GET "+path, w.servePicture)
	}
	mux.HandleFunc("/", sv.serveRoot)
	return mux
}

// routeName takes the names out of a path's braces.
func routeName(s string) string {
	var out strings.Builder
	inside := false
	for _, r := range s {
		switch {
		case r == '{':
			inside = true
			out.WriteString("{}")
		case r == '}':
			inside = false
		case !inside:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// serveRoot takes sockets on any path, as the gateway's host does.
func (sv *server) serveRoot(rw http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		http.NotFound(rw, r)
		return
	}
	c := &call{method: http.MethodGet, route: "GET gateway", path: r.URL.Path, query: r.URL.Query(), base: "http://" + r.Host}
	fault := sv.w.planned(c.route)
	if fault.before(sv.w, rw, r, c) {
		return
	}
	sv.w.mu.Lock()
	sv.w.found(c)
	sv.w.mu.Unlock()
	sv.w.log(c, http.StatusSwitchingProtocols, 0)
	sv.w.serveGateway(rw, r)
}

// serveAPI answers one call: misbehaviour first, then the token, the limits and the route itself.
func (sv *server) serveAPI(rw http.ResponseWriter, r *http.Request) {
	w := sv.w
	c := &call{method: r.Method, path: r.URL.EscapedPath(), base: "http://" + r.Host}
	path, err := versioned(c.path)
	var found *route
	if err == nil {
		found, err = sv.find(c, path)
	}
	if bad := decodeCall(c, rw, r, w.cfg.MaxUpload); err == nil {
		err = bad
	}
	fault := w.planned(c.route)
	if fault.before(w, rw, r, c) {
		return
	}
	var answer json.RawMessage
	answer, err = w.answer(c, found, err)
	if fault.AcceptThenDrop {
		w.log(c, 0, 0)
		panic(http.ErrAbortHandler) // the connection ends without a byte
	}
	w.reply(rw, c, answer, err)
}

// versioned cuts /api and the version off a path.
func versioned(path string) (string, error) {
	rest := strings.TrimPrefix(path, "/api")
	if v, after, ok := strings.Cut(strings.TrimPrefix(rest, "/"), "/"); ok && len(v) > 1 && v[0] == 'v' {
		if n, err := strconv.Atoi(v[1:]); err == nil {
			if n < 6 || n > 10 {
				return "", errVersion
			}
			rest = "/" + after
		}
	}
	return strings.TrimSuffix(rest, "/"), nil
}

// find looks the route of a call up and reads the arguments of its path.
func (sv *server) find(c *call, path string) (*route, error) {
	segments := strings.Split(path, "/")
	err := error(errNotFound)
	for i := range sv.routes {
		r := &sv.routes[i]
		args, fits := r.match(segments)
		switch {
		case !fits:
		case r.method != c.method:
			err = errBadMethod
		default:
			c.args, c.route = args, r.name
			return r, nil
		}
	}
	c.route = c.method + " " + path
	return nil, err
}

func (r *route) match(segments []string) (map[string]string, bool) {
	if len(segments) != len(r.segments) {
		return nil, false
	}
	args := map[string]string{}
	for i, part := range r.segments {
		value, err := url.PathUnescape(segments[i])
		if err != nil {
			return nil, false
		}
		if strings.HasPrefix(part, "{") {
			args[strings.Trim(part, "{}")] = value
		} else if part != value {
			return nil, false
		}
	}
	return args, true
}

// answer runs a route with mu held and encodes what it gives.
func (w *world) answer(c *call, r *route, err error) (json.RawMessage, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found(c)
	c.bot = strings.HasPrefix(c.token, "Bot ") && w.knows(c.token)
	if r == nil {
		return nil, err
	}
	if !r.open && !c.bot {
		return nil, errUnauthorized
	}
	if slow := w.limits.take(c, w.now()); slow != nil {
		return nil, slow
	}
	if err != nil {
		return nil, err
	}
	out, err := r.serve(w, c)
	if err != nil || out == nil {
		return nil, err
	}
	return mustJSON(out), nil
}

// found remembers the address under which the simulator is reached, when Start has not set one.
func (w *world) found(c *call) {
	if w.base == "" {
		w.base = c.base
	}
}

// reply writes the answer. mu is not held.
func (w *world) reply(rw http.ResponseWriter, c *call, answer json.RawMessage, err error) {
	if slow := (*rateLimited)(nil); errors.As(err, &slow) {
		w.throttle(rw, c, slow)
		return
	}
	c.rate.tell(rw.Header())
	status, code := c.status, 0
	if bad := (*apiError)(nil); errors.As(err, &bad) {
		body := obj{"code": bad.code, "message": bad.message}
		if bad.errors != nil {
			body["errors"] = bad.errors.wire()
		}
		status, code, answer = bad.status, bad.code, mustJSON(body)
	}
	switch {
	case status == 0 && answer == nil:
		status = http.StatusNoContent
	case status == 0:
		status = http.StatusOK
	}
	w.log(c, status, code)
	if answer != nil {
		rw.Header().Set("Content-Type", "application/json")
	}
	rw.WriteHeader(status)
	_, _ = rw.Write(answer) //nolint:gosec // JSON of our own; the caller may have gone
}

// log remembers a call. mu is not held.
func (w *world) log(c *call, status, code int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.requests) >= maxRequests {
		w.requests = slices.Delete(w.requests, 0, len(w.requests)-maxRequests+1)
	}
	names := []string{}
	for _, f := range c.files {
		names = append(names, f.name)
	}
	w.requests = append(w.requests, Request{
		Method: c.method, Path: c.path, Route: c.route, Query: c.query, Status: status, Code: code, Body: slices.Clone(c.body), Files: names, At: w.now(),
	})
	w.bump()
}

// same compares secrets.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// hash makes 32 hexadecimal digits of a text, as avatars and session ids look.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}
