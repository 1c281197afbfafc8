package slacksim

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// method is one entry of the Web API.
type method struct {
	serve func(*world, *call) (obj, error) // with mu held
	scope string                           // needed; "*:history" stands for channels:, groups:, im: or mpim:, "+:read" for that of each type asked for
	tier  tier
	token tokenKind
}

type tokenKind int

const (
	botToken tokenKind = iota
	appToken
	noToken
)

func newMux(w *world) http.Handler {
	mux := http.NewServeMux()
	methods := w.methods()
	mux.HandleFunc("/api/{method}", func(rw http.ResponseWriter, r *http.Request) { w.serveAPI(rw, r, methods) })
	mux.HandleFunc("GET /link/", w.serveSocket)
	mux.HandleFunc("/upload/{ticket}", w.serveUpload)
	mux.HandleFunc("GET /files-pri/{id}/{name}", w.serveDownload)
	mux.HandleFunc("GET /files-pri/{id}/download/{name}", w.serveDownload)
	mux.HandleFunc("POST /hooks/{kind}/{id}", w.serveHook)
	mux.HandleFunc("GET /avatars/{name}", serveAvatar)
	mux.HandleFunc("GET /{$}", w.serveLogin)
	return mux
}

// methods are all methods served, with the tiers of https://docs.slack.dev/apis/web-api/rate-limits
func (w *world) methods() map[string]method {
	return map[string]method{
		"api.test":                     {apiTest, "", tier4, noToken},
		"auth.test":                    {authTest, "", tierAuth, botToken},
		"auth.revoke":                  {authRevoke, "", tier3, botToken},
		"apps.connections.open":        {connectionsOpen, "connections:write", tier1, appToken},
		"bots.info":                    {botsInfo, "users:read", tier3, botToken},
		"team.info":                    {teamInfo, "team:read", tier3, botToken},
		"emoji.list":                   {emojiList, "emoji:read", tier2, botToken},
		"users.info":                   {usersInfo, "users:read", tier4, botToken},
		"users.list":                   {usersList, "users:read", tier2, botToken},
		"users.profile.get":            {usersProfileGet, "users.profile:read", tier4, botToken},
		"users.lookupByEmail":          {usersLookupByEmail, "users:read.email", tier3, botToken},
		"users.conversations":          {usersConversations, "+:read", tier2, botToken},
		"usergroups.list":              {usergroupsList, "usergroups:read", tier2, botToken},
		"usergroups.users.list":        {usergroupsUsersList, "usergroups:read", tier2, botToken},
		"conversations.info":           {conversationsInfo, "*:read", tier3, botToken},
		"conversations.list":           {conversationsList, "+:read", tier2, botToken},
		"conversations.open":           {conversationsOpen, "im:write", tier3, botToken},
		"conversations.join":           {conversationsJoin, "channels:join", tier3, botToken},
		"conversations.leave":          {conversationsLeave, "*:manage", tier3, botToken},
		"conversations.invite":         {conversationsInvite, "*:manage", tier3, botToken},
		"conversations.members":        {conversationsMembers, "*:read", tier4, botToken},
		"conversations.history":        {conversationsHistory, "*:history", tier3, botToken},
		"conversations.replies":        {conversationsReplies, "*:history", tier3, botToken},
		"conversations.create":         {conversationsCreate, "channels:manage", tier2, botToken},
		"conversations.rename":         {conversationsRename, "*:manage", tier2, botToken},
		"conversations.archive":        {conversationsArchive, "*:manage", tier2, botToken},
		"conversations.mark":           {conversationsMark, "*:write", tier3, botToken},
		"chat.postMessage":             {chatPostMessage, "chat:write", tierPost, botToken},
		"chat.postEphemeral":           {chatPostEphemeral, "chat:write", tier4, botToken},
		"chat.update":                  {chatUpdate, "chat:write", tier3, botToken},
		"chat.delete":                  {chatDelete, "chat:write", tier3, botToken},
		"chat.getPermalink":            {chatGetPermalink, "", tierLink, botToken},
		"reactions.add":                {reactionsAdd, "reactions:write", tier3, botToken},
		"reactions.remove":             {reactionsRemove, "reactions:write", tier2, botToken},
		"reactions.get":                {reactionsGet, "reactions:read", tier3, botToken},
		"reactions.list":               {reactionsList, "reactions:read", tier2, botToken},
		"pins.add":                     {pinsAdd, "pins:write", tier2, botToken},
		"pins.remove":                  {pinsRemove, "pins:write", tier2, botToken},
		"pins.list":                    {pinsList, "pins:read", tier2, botToken},
		"files.getUploadURLExternal":   {filesGetUploadURL, "files:write", tier4, botToken},
		"files.completeUploadExternal": {filesCompleteUpload, "files:write", tier4, botToken},
		"files.info":                   {filesInfo, "files:read", tier4, botToken},
		"files.list":                   {filesList, "files:read", tier3, botToken},
		"files.delete":                 {filesDelete, "files:write", tier3, botToken},
		"views.open":                   {viewsOpen, "", tier4, botToken},
		"views.push":                   {viewsPush, "", tier4, botToken},
		"views.update":                 {viewsUpdate, "", tier4, botToken},
		"views.publish":                {viewsPublish, "", tier4, botToken},
	}
}

// serveAPI answers one call: misbehaviour first, then the limits, the token, the scope and the method itself.
func (w *world) serveAPI(rw http.ResponseWriter, r *http.Request, methods map[string]method) {
	name := r.PathValue("method")
	c, err := decodeCall(name, r)
	fault := w.planned(name)
	if fault.before(w, rw, r, c) {
		return
	}
	var answer obj
	if err == nil {
		answer, err = w.answer(c, methods, rw.Header())
	}
	if fault.AcceptThenDrop {
		w.log(c, 0, "")
		panic(http.ErrAbortHandler) // the connection ends without a byte
	}
	w.reply(rw, c, answer, err)
}

// answer runs a method with mu held.
func (w *world) answer(c *call, methods map[string]method, header http.Header) (obj, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.base = c.base
	m, known := methods[c.method]
	if !known {
		return nil, &apiError{code: "unknown_method", extra: obj{"req_method": c.method}}
	}
	if err := w.limits.take(c, m.tier, w.now()); err != nil {
		return nil, err
	}
	if err := w.authorize(c, m, header); err != nil {
		return nil, err
	}
	answer, err := m.serve(w, c)
	return frozen(answer), err
}

// frozen encodes an answer's parts while mu is held: they are the workspace's own.
func frozen(answer obj) obj {
	for k, v := range answer {
		if _, plain := v.(obj); !plain {
			answer[k] = mustJSON(v)
		}
	}
	return answer
}

// authorize checks the token, then the scope.
func (w *world) authorize(c *call, m method, header http.Header) error {
	want := w.cfg.BotToken
	switch m.token {
	case noToken:
		return nil
	case appToken:
		want = w.cfg.AppToken
	case botToken:
	}
	switch c.token {
	case "":
		return fail("not_authed")
	case w.cfg.BotToken, w.cfg.AppToken:
		if w.rev != "" {
			return fail(w.rev)
		}
		if c.token != want {
			return fail("not_allowed_token_type")
		}
	default:
		return fail("invalid_auth")
	}
	if m.token == appToken {
		return nil
	}
	return w.scoped(c, m.scope, header)
}

// scoped checks a scope; header tells what is granted and what would do, as Slack's answers do.
func (w *world) scoped(c *call, scope string, header http.Header) error {
	if rest, each := strings.CutPrefix(scope, "+"); each {
		return w.scopedAll(c, rest, header)
	}
	needed := []string{scope}
	if rest, every := strings.CutPrefix(scope, "*"); every {
		needed = []string{"channels" + rest, "groups" + rest, "im" + rest, "mpim" + rest}
		if ch := w.channels[c.str("channel")]; ch != nil {
			kind, _ := ch.kind()
			needed = []string{kind + rest}
		}
	}
	w.tellScopes(header, needed)
	if scope == "" || slices.ContainsFunc(needed, w.granted) {
		return nil
	}
	return w.missingScope(needed)
}

// scopedAll checks the scope of each type of conversation that a list is asked for.
func (w *world) scopedAll(c *call, rest string, header http.Header) error {
	var needed, missing []string
	for _, t := range c.types() {
		kind := map[string]string{"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}[t]
		if kind == "" {
			return fail("invalid_types")
		}
		scope := kind + rest
		needed = append(needed, scope)
		if !w.granted(scope) {
			missing = append(missing, scope)
		}
	}
	w.tellScopes(header, needed)
	if len(missing) > 0 {
		return w.missingScope(missing)
	}
	return nil
}

// provided are the granted scopes.
func (w *world) provided() string {
	if len(w.scopes) == 0 {
		return strings.Join(AllScopes(), ",")
	}
	return strings.Join(w.scopes, ",")
}

func (w *world) tellScopes(header http.Header, accepted []string) {
	header.Set("X-Oauth-Scopes", w.provided())
	header.Set("X-Accepted-Oauth-Scopes", strings.Join(accepted, ","))
}

func (w *world) missingScope(needed []string) error {
	return &apiError{code: "missing_scope", extra: obj{"needed": strings.Join(needed, ","), "provided": w.provided()}}
}

func (w *world) granted(scope string) bool {
	return len(w.scopes) == 0 || slices.Contains(w.scopes, scope)
}

// reply writes the answer. mu is not held.
func (w *world) reply(rw http.ResponseWriter, c *call, answer obj, err error) {
	if slow := (*rateLimited)(nil); errors.As(err, &slow) {
		w.throttle(rw, c, slow.wait)
		return
	}
	out := obj{"ok": true}
	code := ""
	if err != nil {
		out["ok"] = false
		code = err.Error()
		out["error"] = code
		if ae := (*apiError)(nil); errors.As(err, &ae) {
			maps.Copy(out, ae.extra)
		}
	}
	maps.Copy(out, answer)
	c.remark(out)
	w.log(c, http.StatusOK, code)
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(rw).Encode(out) // the caller may have gone
}

// remark adds warnings to an answer.
func (c *call) remark(out obj) {
	if len(c.warn) == 0 && len(c.notes) == 0 {
		return
	}
	meta, _ := out["response_metadata"].(obj)
	if meta == nil {
		meta = obj{}
	}
	if len(c.warn) > 0 {
		out["warning"], meta["warnings"] = strings.Join(c.warn, ","), c.warn
	}
	if len(c.notes) > 0 {
		meta["messages"] = c.notes
	}
	out["response_metadata"] = meta
}

// log remembers a call. mu is not held.
func (w *world) log(c *call, status int, code string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.requests) >= maxRequests {
		w.requests = slices.Delete(w.requests, 0, len(w.requests)-maxRequests+1)
	}
	form := url.Values{}
	for k, v := range c.args {
		form[k] = slices.Clone(v)
	}
	w.requests = append(w.requests, Request{Method: c.method, Status: status, Error: code, Token: c.token, Form: form, At: w.now()})
	w.bump()
}

// throttle answers 429 as https://docs.slack.dev/apis/web-api/rate-limits says. mu is not held.
func (w *world) throttle(rw http.ResponseWriter, c *call, seconds int) {
	w.log(c, http.StatusTooManyRequests, "ratelimited")
	rw.Header().Set("Retry-After", strconv.Itoa(seconds))
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(http.StatusTooManyRequests)
	_, _ = rw.Write([]byte(`{"ok":false,"error":"ratelimited"}`))
}
