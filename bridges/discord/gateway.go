package discord

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	// Discord takes 1,000 IDENTIFYs a day, so a session that never lasts is begun no more often than this.
	// https://docs.discord.com/developers/events/gateway#identifying
	slowest = 3 * time.Minute
	lasting = time.Minute

	mostVain = 5 // connections that don't resume a session, until another is begun
)

// dispatch is one event of the gateway. Its session and number name it: both are the same when it is replayed.
type dispatch struct {
	kind    string
	raw     json.RawMessage
	session string
	seq     int64
}

// gateway keeps one session at Discord alive.
type gateway struct {
	c    *Connector
	push func(ctx context.Context, d dispatch) // blocks while too much is in the works
}

// receive hands every event on until ctx ends, which it returns then, or until Discord will never let us in.
func (g *gateway) receive(ctx context.Context) error {
	wait := bridges.Backoff{First: 500 * time.Millisecond, Most: slowest}
	var s *session
	for {
		if s == nil || !s.resumable() {
			s = g.newSession(ctx)
		}
		began := time.Now()
		err := s.live(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if e := g.c.closed(ctx, s.code()); e != nil {
			return e
		}
		if s.resumed || time.Since(began) > lasting {
			wait.Reset()
		}
		g.c.log.LogAttrs(ctx, slog.LevelInfo, "gateway lost", slog.Any("error", bridges.RedactError(err, g.c.cfg.Token)))
		if err := wait.Wait(ctx, err); err != nil {
			return err
		}
	}
}

// session is one session at Discord over all its connections.
type session struct {
	c       *Connector
	dg      *discordgo.Session
	over    chan struct{} // says that the connection ended
	name    string        // its session_id; empty: it has not begun
	address string        // where to resume it
	opened  int           // connections so far
	resumed bool          // the last connection resumed it
	vain    int           // connections since it was last begun or resumed
	refuse  bool          // the next dial fails: see live
	secure  bool          // the address that is dialled next wants TLS
	asked   error         // why the gateway's address is not known

	mu  sync.Mutex
	tap *tap // of the connection; nil: there was none
}

func (g *gateway) newSession(ctx context.Context) *session {
	s := &session{c: g.c, over: make(chan struct{}, 1)}
	dg, _ := discordgo.New("Bot " + g.c.cfg.Token.Reveal()) // never fails
	dg.LogLevel = -1
	dg.StateEnabled = false
	dg.SyncEvents = true
	dg.Compress = false
	dg.ShouldReconnectOnError = false
	dg.ShouldReconnectVoiceOnSessionError = false
	dg.Identify.Intents = g.c.intents()
	dg.Identify.Properties.Browser, dg.Identify.Properties.Device = "roost", "roost"
	dg.Client = &http.Client{Transport: turnFunc(func(*http.Request) (*http.Response, error) { return s.locate(ctx) })}
	dg.Dialer = &websocket.Dialer{
		HandshakeTimeout: callTime,
		NetDialContext: func(_ context.Context, network, address string) (net.Conn, error) {
			return s.dial(ctx, network, address)
		},
	}
	dg.AddHandler(func(_ *discordgo.Session, e *discordgo.Event) {
		s.note(e)
		g.push(ctx, dispatch{kind: e.Type, raw: bytes.Clone(e.RawData), session: s.name, seq: e.Sequence})
	})
	dg.AddHandler(func(*discordgo.Session, *discordgo.Disconnect) {
		select {
		case s.over <- struct{}{}:
		default:
		}
	})
	s.dg = dg
	return s
}

// note keeps what is needed to resume. discordgo calls it for one event after another.
func (s *session) note(e *discordgo.Event) {
	switch e.Type {
	case "READY":
		var r struct {
			Session string `json:"session_id"`
			Resume  string `json:"resume_gateway_url"`
		}
		if json.Unmarshal(e.RawData, &r) == nil {
			s.name, s.address, s.vain = r.Session, r.Resume, 0
		}
	case "RESUMED":
		s.resumed, s.vain = true, 0
	}
}

// live opens a connection and returns when it ended. Once it has returned, nothing of it goes on.
func (s *session) live(ctx context.Context) error {
	stop := context.AfterFunc(ctx, s.hangUp)
	defer stop()
	s.resumed, s.asked = false, nil
	s.vain++
	if s.opened++; s.opened > 1 {
		// discordgo remembers where it was connected, and forgets it when it can't connect. A session is to be resumed where
		// Discord said, so it must ask again.
		s.refuse = true
		_ = s.dg.Open() // is refused
		s.refuse = false
	}
	if err := s.dg.Open(); err != nil {
		return errors.Join(s.asked, s.why(err))
	}
	<-s.over
	return s.why(io.ErrUnexpectedEOF)
}

// why is the reason for which the connection ended, as far as the tap saw it.
func (s *session) why(err error) error {
	if t := s.tapped(); t != nil && t.quit != nil {
		return t.quit
	}
	return err
}

// resumable says whether another connection can take the session up.
func (s *session) resumable() bool {
	t := s.tapped()
	if s.name == "" || t == nil || t.stale.Load() || s.vain > mostVain {
		return false
	}
	switch t.code.Load() {
	case 4003, 4007, 4009:
		return false
	}
	return true
}

// code is the code with which Discord closed the last connection; 0 when it did not.
func (s *session) code() int {
	if t := s.tapped(); t != nil {
		return int(t.code.Load())
	}
	return 0
}

func (s *session) tapped() *tap {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tap
}

// hangUp ends the connection from below, so that only discordgo's reader closes the session.
func (s *session) hangUp() {
	if t := s.tapped(); t != nil {
		_ = t.Close() // whatever it says, it is over
	}
}

// turnFunc is a transport.
type turnFunc func(*http.Request) (*http.Response, error)

// RoundTrip makes one call.
func (f turnFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// locate answers discordgo's question for the gateway's address: where to resume, or what Discord says. The address it is
// given is a plain one, because dial does the TLS itself, below the tap.
func (s *session) locate(ctx context.Context) (*http.Response, error) {
	address := s.address
	if s.name == "" || address == "" {
		var found struct {
			URL string `json:"url"`
		}
		if _, err := s.c.call(ctx, request{op: "discord: gateway", method: http.MethodGet, path: "gateway"}, &found); err != nil {
			s.asked = err
			return nil, err
		}
		address = found.URL
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		s.asked = fmt.Errorf("discord: the gateway's address is none")
		return nil, s.asked
	}
	s.secure = u.Scheme == "wss"
	u.Scheme, u.RawQuery, u.Path = "ws", "", strings.TrimSuffix(u.Path, "/")
	body, err := json.Marshal(map[string]string{"url": u.String()})
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)),
	}, nil
}

// dial connects to the gateway.
func (s *session) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if s.refuse {
		return nil, errReconnect
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	dialCtx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var conn net.Conn
	if s.secure {
		if port == "80" {
			port = "443"
		}
		d := tls.Dialer{Config: &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}}
		conn, err = d.DialContext(dialCtx, network, net.JoinHostPort(host, port))
	} else {
		conn, err = (&net.Dialer{}).DialContext(dialCtx, network, address)
	}
	if err != nil {
		return nil, err
	}
	t := newTap(conn, func(raw []byte) { s.c.deps.Skip("gateway", raw) })
	s.mu.Lock()
	s.tap = t
	s.mu.Unlock()
	if ctx.Err() != nil { // hangUp may have come before
		_ = t.Close()
	}
	return t, nil
}

// intents are the events that we ask for. Without the privileged Message Content the texts of servers come empty, so it is
// always among them, and Discord says at once when it is not allowed.
func (c *Connector) intents() discordgo.Intent {
	in := discordgo.IntentsGuilds | discordgo.IntentsGuildEmojis | discordgo.IntentsGuildMessages | discordgo.IntentsGuildMessageReactions |
		discordgo.IntentsGuildMessageTyping | discordgo.IntentsDirectMessages | discordgo.IntentsDirectMessageReactions |
		discordgo.IntentsDirectMessageTyping | discordgo.IntentsMessageContent
	if c.cfg.Members {
		in |= discordgo.IntentsGuildMembers
	}
	return in
}

// closed is the error of a close code after which connecting again is pointless; nil for all others.
// https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
func (c *Connector) closed(ctx context.Context, code int) error {
	e := &chat.Error{Op: "discord: gateway", Kind: chat.Refused, Err: fmt.Errorf("closed with %d", code)}
	switch code {
	case 4004:
		e.Kind, e.Reason = chat.LoggedOut, "Discord does not take the bot's token any more"
	case 4010, 4011:
		e.Reason = "the bot is in so many servers that Discord wants it sharded, which Roost can't do"
	case 4012:
		e.Reason = "Discord does not speak this version of the gateway any more"
	case 4013:
		e.Reason = "Discord does not know one of the intents"
	case 4014:
		e.Reason = "switch these intents on in the developer portal, on the application's page Bot: " + c.lacking(ctx)
	default:
		return nil
	}
	return e
}

// lacking names the privileged intents that are needed and not switched on; all that are needed when Discord does not say.
func (c *Connector) lacking(ctx context.Context) string {
	app, err := c.application(ctx)
	var names []string
	for _, n := range c.privileged() {
		if err != nil || app.Flags&n.flags == 0 {
			names = append(names, n.name)
		}
	}
	return strings.Join(names, " and ")
}
