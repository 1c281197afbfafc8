package xsim_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xsim"
)

// listener reads an activity stream.
type listener struct {
	w      *world
	lines  chan string // without blank ones
	blanks chan struct{}
	ended  chan struct{}
	cancel context.CancelFunc
}

func (w *world) listen(query string) *listener {
	w.Helper()
	ctx, cancel := context.WithCancel(w.Context())
	r := bearer(w.request("GET", "/2/activity/stream"+query, "", nil).WithContext(ctx), "sim-app-bearer")
	answer, err := w.client.Do(r) //nolint:bodyclose // the goroutine below closes it
	if err != nil {
		w.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		w.Fatalf("stream: %d", answer.StatusCode)
	}
	l := &listener{w: w, lines: make(chan string, 100), blanks: make(chan struct{}, 100), ended: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(l.ended)
		defer answer.Body.Close()
		scan := bufio.NewScanner(answer.Body)
		for scan.Scan() {
			if line := strings.TrimSpace(scan.Text()); line != "" {
				l.lines <- line
			} else {
				select {
				case l.blanks <- struct{}{}:
				default:
				}
			}
		}
	}()
	w.Cleanup(func() { cancel(); <-l.ended })
	return l
}

// next is the next event.
func (l *listener) next() got {
	l.w.Helper()
	ctx, cancel := context.WithTimeout(l.w.Context(), 10*time.Second)
	defer cancel()
	select {
	case line := <-l.lines:
		g := got{raw: []byte(line)}
		if err := json.Unmarshal(g.raw, &g.json); err != nil {
			l.w.Fatalf("event %q: %v", line, err)
		}
		return g
	case <-ctx.Done():
		l.w.Fatal("no event came")
	case <-l.ended:
		l.w.Fatal("the stream ended")
	}
	return got{}
}

func (w *world) subscribe(kind, user string, more ...string) got {
	w.Helper()
	body := obj{"event_type": kind, "filter": obj{"user_id": user}}
	for i := 0; i < len(more); i += 2 {
		body[more[i]] = more[i+1]
	}
	g := w.app("POST", "/2/activity/subscriptions", body)
	w.want(g, http.StatusOK)
	return g
}

func TestTheStreamTellsWhatHappens(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, kind := range []string{"dm.received", "dm.sent", "dm.read", "dm.indicate_typing"} {
		w.subscribe(kind, bot, "tag", "t-"+kind)
	}
	l := w.listen("")
	id := w.sim.Say(alice, bot, xsim.Draft{Text: "hi #x https://example.com", Media: []xsim.File{{Data: picture(t)}}})
	in := l.next()
	const m = "data.payload.direct_message_events.0."
	stamp := fmt.Sprint(w.clock.Now().UnixMilli())
	for path, want := range map[string]any{
		"data.event_type": "dm.received", "data.tag": "t-dm.received", "data.filter.user_id": bot,
		m + "id": id, m + "type": "message_create", m + "created_timestamp": stamp, m + "message_create.sender_id": alice,
		m + "message_create.target.recipient_id": bot, m + "message_create.message_data.entities.hashtags.0.text": "x",
		m + "message_create.message_data.entities.urls.0.expanded_url": "https://example.com",
		m + "message_create.message_data.attachment.type":              "media",
		"data.payload.users." + alice + ".data.username":               "Alice", "data.payload.users." + bot + ".data.name": "Acme",
	} {
		if v := in.at(path); v != want {
			t.Errorf("%s = %v, want %v", path, v, want)
		}
	}
	if strings.Contains(string(in.raw), "dm_conversation_id") {
		t.Errorf("the event names a conversation: %s", in.raw)
	}
	sent := w.say("hello")
	if out := l.next(); out.at("data.event_type") != "dm.sent" || out.at(m+"id") != sent {
		t.Errorf("sent: %s", out.raw)
	}
	w.sim.Typing(alice, bot)
	typing := l.next()
	if typing.at("data.event_type") != "dm.indicate_typing" || typing.at("data.payload.direct_message_indicate_typing_events.0.sender_id") != alice {
		t.Errorf("typing: %s", typing.raw)
	}
	w.sim.Read(carol, bot) // read nothing
	w.sim.Read(alice, bot)
	read := l.next()
	if read.at("data.payload.direct_message_mark_read_events.0.last_read_event_id") != sent {
		t.Errorf("read: %s", read.raw)
	}
	if in.text("data.event_uuid") == "" || in.text("data.event_uuid") == read.text("data.event_uuid") {
		t.Error("events without a uuid of their own")
	}
}

func TestRevokingIsTold(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *xsim.Config) { c.Wrap = nil }) // the description does not list oauth.revoke, the prose does
	w.want(w.app("POST", "/2/activity/subscriptions", obj{"event_type": "oauth.revoke", "filter": obj{}}), http.StatusOK)
	l := w.listen("")
	w.sim.Revoke(bot)
	if g := l.next(); g.at("data.event_type") != "oauth.revoke" || g.at("data.payload.user_id") != bot {
		t.Errorf("revoked: %s", g.raw)
	}
}

func TestStreamsMisbehave(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *xsim.Config) { c.KeepAlive = time.Millisecond })
	w.subscribe("dm.received", bot)
	one, two := w.listen(""), w.listen("")
	<-one.blanks
	g := w.app("GET", "/2/activity/stream", nil)
	if g.status != 429 || g.text("connection_issue") != "TooManyConnections" {
		t.Errorf("a third stream: %d %s", g.status, g.raw)
	}
	w.sim.DropStreams()
	<-one.ended
	<-two.ended
	if n := w.sim.Streams(); n != 0 {
		t.Errorf("%d streams", n)
	}
	w.sim.Say(alice, bot, xsim.Draft{Text: "missed"})
	w.sim.RefuseStreams(true)
	w.want(w.app("GET", "/2/activity/stream", nil), http.StatusServiceUnavailable)
	w.sim.RefuseStreams(false)
	fresh := w.listen("")
	w.sim.Say(alice, bot, xsim.Draft{Text: "now"})
	if g := fresh.next(); !strings.Contains(string(g.raw), "now") {
		t.Errorf("without backfill came %s", g.raw)
	}
	fresh.cancel()
	w.wait(func(v *xsim.View) bool { return v.Streams() == 0 })
	w.clock.Add(2 * time.Minute)
	late := w.listen("?backfill_minutes=5")
	if g := late.next(); !strings.Contains(string(g.raw), "missed") {
		t.Errorf("backfill began with %s", g.raw)
	}
	late.next()
	w.sim.DeliverTwice(true)
	w.sim.Say(alice, bot, xsim.Draft{Text: "twice"})
	a, b := late.next(), late.next()
	if a.text("data.event_uuid") != b.text("data.event_uuid") {
		t.Errorf("twice: %s and %s", a.raw, b.raw)
	}
	w.sim.DeliverTwice(false)
	w.sim.HoldEvents(true)
	w.sim.Say(alice, bot, xsim.Draft{Text: "held 1"})
	w.sim.Say(alice, bot, xsim.Draft{Text: "held 2"})
	select {
	case line := <-late.lines:
		t.Errorf("held events came: %s", line)
	case <-late.blanks:
	}
	w.sim.HoldEvents(false)
	for _, want := range []string{"held 1", "held 2"} {
		if g := late.next(); !strings.Contains(string(g.raw), want) {
			t.Errorf("released %s, want %s", g.raw, want)
		}
	}
	for _, q := range []string{"?backfill_minutes=6", "?backfill_minutes=x", "?start_time=yesterday", "?a=b"} {
		w.want(w.app("GET", "/2/activity/stream"+q, nil), http.StatusBadRequest)
	}
}

func TestASlowReaderIsCutOff(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *xsim.Config) { c.StreamRoom = 1 })
	w.subscribe("dm.indicate_typing", bot)
	l := w.listen("")
	w.sim.HoldEvents(true)
	for range 1000 {
		w.sim.Typing(alice, bot)
	}
	w.sim.HoldEvents(false)
	for open := true; open; {
		select {
		case <-l.lines:
		case <-l.ended:
			open = false
		}
	}
	w.wait(func(v *xsim.View) bool { return v.Streams() == 0 })
}

func TestAStreamCanBeginInThePast(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.subscribe("dm.received", bot)
	w.sim.Say(alice, bot, xsim.Draft{Text: "first"})
	w.clock.Add(time.Hour)
	w.sim.Say(alice, bot, xsim.Draft{Text: "second"})
	w.clock.Add(time.Hour)
	l := w.listen("?start_time=2026-11-20T12:30:00Z&end_time=2026-11-20T13:30:00Z")
	if g := l.next(); !strings.Contains(string(g.raw), "second") {
		t.Errorf("began with %s", g.raw)
	}
}

func TestConnectionsAreShownAndClosed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	one, two := w.listen(""), w.listen("")
	list := w.app("GET", "/2/connections", nil)
	w.want(list, http.StatusOK)
	if list.at("meta.result_count") != 2.0 || list.at("data.0.endpoint_name") != "activity_stream" {
		t.Errorf("connections: %s", list.raw)
	}
	g := w.app("DELETE", "/2/connections", obj{"uuids": []string{list.text("data.0.id"), "x"}})
	if g.at("data.successful_kills") != 1.0 || g.at("data.failed_kills") != 1.0 {
		t.Errorf("closed: %s", g.raw)
	}
	<-one.ended
	g = w.app("DELETE", "/2/connections/all", nil)
	if g.at("data.successful_kills") != 1.0 {
		t.Errorf("closed all: %s", g.raw)
	}
	<-two.ended
	if g := w.app("GET", "/2/connections?status=inactive", nil); g.at("meta.result_count") != 2.0 || g.text("data.0.disconnect_reason") == "" {
		t.Errorf("history: %s", g.raw)
	}
	if g := w.app("GET", "/2/connections", nil); g.at("data") != nil || g.at("meta.result_count") != 0.0 {
		t.Errorf("none: %s", g.raw)
	}
	w.want(w.app("GET", "/2/connections?status=x", nil), http.StatusBadRequest)
	w.want(w.app("DELETE", "/2/connections", obj{"uuids": []string{}}), http.StatusBadRequest)
	w.want(w.app("DELETE", "/2/connections/filtered_stream", nil), http.StatusOK)
	w.want(w.app("GET", "/2/usage/tweets", nil), http.StatusOK)
}

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	w := setup(t, unlimited)
	first := w.subscribe("dm.received", bot, "tag", "a")
	id := first.text("data.subscription.subscription_id")
	second := w.subscribe("dm.sent", bot).text("data.subscription.subscription_id")
	w.subscribe("profile.update.bio", alice)
	w.want(w.app("POST", "/2/activity/subscriptions", obj{"event_type": "dm.received", "filter": obj{"user_id": bot}}), http.StatusConflict)
	for name, body := range map[string]obj{
		"type":    {"event_type": "dm.edited", "filter": obj{"user_id": bot}},
		"user":    {"event_type": "dm.read", "filter": obj{"user_id": "987"}},
		"nobody":  {"event_type": "dm.read", "filter": obj{}},
		"webhook": {"event_type": "dm.read", "filter": obj{"user_id": bot}, "webhook_id": "9"},
		"unknown": {"event_type": "dm.read", "filter": obj{"user_id": bot, "since": 1}},
		"tag":     {"event_type": "dm.read", "filter": obj{"user_id": bot}, "tag": strings.Repeat("x", 201)},
	} {
		if g := w.app("POST", "/2/activity/subscriptions", body); g.status != 400 {
			t.Errorf("%s: %d %s", name, g.status, g.raw)
		}
	}
	private := obj{"event_type": "dm.received", "filter": obj{"user_id": alice}}
	w.want(w.app("POST", "/2/activity/subscriptions", private), http.StatusForbidden) // alice has not agreed
	w.want(w.post("/2/activity/subscriptions", private), http.StatusForbidden)        // the bot asks for alice's
	hers := w.sim.Tokens(alice)
	w.want(w.with(hers.Access, "POST", "/2/activity/subscriptions", private), http.StatusOK)

	page := w.app("GET", "/2/activity/subscriptions?max_results=3", nil)
	rest := w.app("GET", "/2/activity/subscriptions?max_results=3&pagination_token="+page.text("meta.next_token"), nil)
	if len(page.at("data").([]any)) != 3 || len(rest.at("data").([]any)) != 1 || rest.text("meta.next_token") != "" {
		t.Errorf("pages %s and %s", page.raw, rest.raw)
	}
	if own := w.with(hers.Access, "GET", "/2/activity/subscriptions", nil); own.at("meta.result_count") != 2.0 {
		t.Errorf("alice's: %s", own.raw)
	}
	g := w.app("PUT", "/2/activity/subscriptions/"+id, obj{"tag": "b"})
	if g.text("data.subscription.tag") != "b" || g.text("data.subscription.event_type") != "dm.received" {
		t.Errorf("changed: %s", g.raw)
	}
	w.want(w.app("PUT", "/2/activity/subscriptions/"+id, obj{"webhook_id": "9"}), http.StatusBadRequest)
	w.want(w.app("PUT", "/2/activity/subscriptions/"+id, obj{"tag": ""}), http.StatusBadRequest)
	w.want(w.app("PUT", "/2/activity/subscriptions/987", obj{"tag": "b"}), http.StatusNotFound)
	w.want(w.app("DELETE", "/2/activity/subscriptions/"+id, nil), http.StatusOK)
	w.want(w.app("DELETE", "/2/activity/subscriptions/"+id, nil), http.StatusNotFound)
	g = w.app("DELETE", "/2/activity/subscriptions?ids="+second+",987", nil)
	if g.at("data.0.deleted") != true || g.text("errors.0.subscription_id") != "987" {
		t.Errorf("deleted: %s", g.raw)
	}
	if n := w.sim.Subscriptions(); n != 2 {
		t.Errorf("%d subscriptions are left", n)
	}
}

func TestGroupsAreNotTold(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.subscribe("dm.received", bot)
	l := w.listen("")
	group := w.sim.NewGroup(alice, bot, carol)
	w.sim.SayGroup(group, alice, xsim.Draft{Text: "in the group"})
	w.sim.Say(alice, bot, xsim.Draft{Text: "alone"})
	if g := l.next(); !strings.Contains(string(g.raw), "alone") {
		t.Errorf("told %s", g.raw)
	}
	if texts := w.sim.Inbox(bot); !slices.ContainsFunc(texts, func(d xsim.DM) bool { return d.Conversation == group }) {
		t.Error("the group's message is not in the inbox")
	}
}
