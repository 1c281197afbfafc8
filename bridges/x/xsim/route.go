package xsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// Route names a call of the API by its method and path pattern.
type Route string

// The routes. AnyRoute stands for all of them where a route is asked for.
const (
	AnyRoute            Route = ""
	UsersMe             Route = "GET /2/users/me"
	UsersByIDs          Route = "GET /2/users"
	UserByID            Route = "GET /2/users/{id}"
	UsersByNames        Route = "GET /2/users/by"
	UserByName          Route = "GET /2/users/by/username/{username}"
	DMEvents            Route = "GET /2/dm_events"
	DMEvent             Route = "GET /2/dm_events/{event_id}"
	ConversationEvents  Route = "GET /2/dm_conversations/{id}/dm_events"
	ParticipantEvents   Route = "GET /2/dm_conversations/with/{participant_id}/dm_events"
	SendToParticipant   Route = "POST /2/dm_conversations/with/{participant_id}/messages"
	SendToConversation  Route = "POST /2/dm_conversations/{dm_conversation_id}/messages"
	SendToNewGroup      Route = "POST /2/dm_conversations"
	DeleteDMEvent       Route = "DELETE /2/dm_events/{event_id}"
	DownloadDMMedia     Route = "GET /2/dm_conversations/media/{dm_id}/{media_id}/{resource_id}"
	BlockDMs            Route = "POST /2/users/{id}/dm/block"
	UnblockDMs          Route = "POST /2/users/{id}/dm/unblock"
	UploadMedia         Route = "POST /2/media/upload"
	UploadInitialize    Route = "POST /2/media/upload/initialize"
	UploadAppend        Route = "POST /2/media/upload/{id}/append"
	UploadFinalize      Route = "POST /2/media/upload/{id}/finalize"
	UploadStatus        Route = "GET /2/media/upload"
	CreateWebhook       Route = "POST /2/webhooks"
	ListWebhooks        Route = "GET /2/webhooks"
	ValidateWebhook     Route = "PUT /2/webhooks/{webhook_id}"
	DeleteWebhook       Route = "DELETE /2/webhooks/{webhook_id}"
	ReplayWebhook       Route = "POST /2/webhooks/replay"
	Subscribe           Route = "POST /2/activity/subscriptions"
	ListSubscriptions   Route = "GET /2/activity/subscriptions"
	UpdateSubscription  Route = "PUT /2/activity/subscriptions/{subscription_id}"
	DeleteSubscription  Route = "DELETE /2/activity/subscriptions/{subscription_id}"
	DeleteSubscriptions Route = "DELETE /2/activity/subscriptions"
	ActivityStream      Route = "GET /2/activity/stream"
	ListConnections     Route = "GET /2/connections"
	CloseConnections    Route = "DELETE /2/connections"
	CloseAllConnections Route = "DELETE /2/connections/all"
	CloseEndpoint       Route = "DELETE /2/connections/{endpoint_id}"
	Usage               Route = "GET /2/usage/tweets"
	Authorize           Route = "GET /i/oauth2/authorize"
	AuthorizeAnswer     Route = "POST /i/oauth2/authorize"
	Token               Route = "POST /2/oauth2/token"  //nolint:gosec // a path
	RevokeToken         Route = "POST /2/oauth2/revoke" //nolint:gosec // a path
	AppToken            Route = "POST /oauth2/token"    //nolint:gosec // a path
	PublicKeys          Route = "GET /2/users/{id}/public_keys"
	PublicKeysByIDs     Route = "GET /2/users/public_keys"
	AddPublicKey        Route = "POST /2/users/{id}/public_keys"
	ChatConversations   Route = "GET /2/chat/conversations"
	ChatConversation    Route = "GET /2/chat/conversations/{id}"
	ChatEvents          Route = "GET /2/chat/conversations/{id}/events"
	ChangeChatKey       Route = "POST /2/chat/conversations/{id}/keys"
	SendChatMessage     Route = "POST /2/chat/conversations/{id}/messages"
	DeleteChatMessages  Route = "POST /2/chat/conversations/{id}/messages/delete"
	ReadChat            Route = "POST /2/chat/conversations/{id}/read"
	TypeInChat          Route = "POST /2/chat/conversations/{id}/typing"
	AddChatMembers      Route = "POST /2/chat/conversations/{id}/members"
	InitializeChatGroup Route = "POST /2/chat/conversations/group/initialize"
	CreateChatGroup     Route = "POST /2/chat/conversations/group"
	ChatUploadStart     Route = "POST /2/chat/media/upload/initialize"
	ChatUploadAppend    Route = "POST /2/chat/media/upload/{id}/append"
	ChatUploadFinish    Route = "POST /2/chat/media/upload/{id}/finalize"
	DownloadChatMedia   Route = "GET /2/chat/media/{id}/{media_hash_key}"
)

// Request is one call in the log.
type Request struct {
	At     time.Time
	Method string
	Path   string
	Query  string
	Route  Route // empty for a path that X does not have
	Status int   // 0 when no answer was given
	Auth   AuthKind
	User   string
	Why    string // why it was refused or what was done to it, in plain words; never with a secret
}

const maxLog = 2000

// route is one call and the rules that stand before it.
type route struct {
	name   Route
	auth   []AuthKind // who may call; nobody has to say who they are when it is empty
	scopes []string
	limit  Limit
	body   int64 // most bytes of a body; 64 KiB when zero
	handle func(*call) (reply, error)
}

// call is one request on its way through.
type call struct {
	*Sim
	w     http.ResponseWriter
	r     *http.Request
	route *route
	body  []byte
	who   caller
}

// reply is an answer that has not been written yet.
type reply struct {
	status   int
	kind     string // content type
	body     []byte
	location string
	why      string
	stream   func() // instead of a body
}

func answer(status int, v any) (reply, error) {
	b, err := json.Marshal(v)
	return reply{status: status, kind: "application/json; charset=utf-8", body: b}, err
}

func ok(v any) (reply, error) { return answer(http.StatusOK, v) }

// data wraps what a call tells as X does.
func data(v any) (reply, error) { return ok(object{"data": v}) }

// routes is the API.
func (s *Sim) routes() http.Handler {
	mux, limits := http.NewServeMux(), publishedLimits()
	for _, group := range [][]route{
		userRoutes(), dmRoutes(), mediaRoutes(), activityRoutes(), webhookRoutes(), streamRoutes(), oauthRoutes(), chatRoutes(),
	} {
		for i := range group {
			group[i].limit = limits[group[i].name]
			mux.Handle(string(group[i].name), s.serve(&group[i]))
		}
	}
	mux.Handle("/", s.serve(&route{handle: func(*call) (reply, error) {
		return reply{}, blank(http.StatusNotFound, "There is no such endpoint.")
	}}))
	return mux
}

func (s *Sim) serve(rt *route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{Sim: s, w: w, r: r, route: rt}
		if err := c.admit(); err != nil {
			c.finish(reply{}, err)
			return
		}
		fault := s.takeFault(rt.name)
		if c.misbehave(fault) {
			return
		}
		re, err := c.perform()
		if fault.Late > 0 {
			c.pause(fault.Late)
		}
		if fault.AcceptThenDrop {
			c.drop("accepted, then the connection was cut")
		}
		c.finish(re, err)
	})
}

// admit reads the body and finds out who calls.
func (c *call) admit() error {
	most := c.route.body
	if most == 0 {
		most = 64 << 10
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, most))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return blank(http.StatusRequestEntityTooLarge, "The body is larger than this endpoint takes.")
		}
		return blank(http.StatusBadRequest, "The body could not be read.")
	}
	c.body = body
	if len(c.route.auth) == 0 {
		return nil
	}
	return c.authenticate()
}

// perform is the call itself, behind the limits and the money.
func (c *call) perform() (reply, error) {
	if err := c.count(); err != nil {
		return reply{}, err
	}
	if err := c.funded(); err != nil {
		return reply{}, err
	}
	return c.route.handle(c)
}

// finish writes the answer and the log.
func (c *call) finish(re reply, err error) {
	if err != nil {
		p, known := errors.AsType[*problem](err)
		if !known {
			p = &problem{Title: "Internal Error", Detail: err.Error(), Type: problems + "internal-error", Status: http.StatusInternalServerError}
		}
		re = p.reply()
	}
	c.log(re.status, re.why)
	h := c.w.Header()
	if re.kind != "" {
		h.Set("Content-Type", re.kind)
	}
	if re.location != "" {
		h.Set("Location", re.location)
	}
	h.Set("Cache-Control", "no-cache, no-store, max-age=0")
	c.w.WriteHeader(re.status)
	if re.stream != nil {
		re.stream()
		return
	}
	_, _ = c.w.Write(re.body)
}

// log keeps what happened to the call.
func (c *call) log(status int, why string) {
	s := c.Sim
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) >= maxLog {
		s.requests = append(s.requests[:0], s.requests[len(s.requests)-maxLog+1:]...)
	}
	s.requests = append(s.requests, Request{
		At: s.cfg.Now(), Method: c.r.Method, Path: c.r.URL.Path, Query: publicQuery(c.r.URL.RawQuery), Route: c.route.name,
		Status: status, Auth: c.who.kind, User: c.who.user, Why: why,
	})
	s.bump()
}

// decode reads a JSON body into v and takes no property that X does not name.
func (c *call) decode(v any) error {
	d := json.NewDecoder(bytes.NewReader(c.body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return invalid("", "", "The body is not the JSON that this endpoint takes: "+err.Error())
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return invalid("", "", "There is more than one JSON value in the body.")
	}
	return nil
}
