package slacksim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges/simkit"
)

// Kinds of envelopes. https://docs.slack.dev/apis/events-api/using-socket-mode
const (
	kindEvents      = "events_api"
	kindInteractive = "interactive"
	kindSlash       = "slash_commands"
)

// Why an event comes again. The words are those of x-slack-retry-reason.
const (
	reasonTimeout = "timeout"
	reasonNoLink  = "connection_failed"
)

// courier carries events to the app. Its fields are guarded by the world's mu, but for those above sockets.
type courier struct {
	life   *simkit.Life // what runs delivers
	client *http.Client

	sockets []*socket
	turn    int
	tickets map[string]time.Time // when each was given out
	refuse  bool

	eventsURL  string
	actionsURL string
	chains     map[string]chan struct{} // the newest POST of each channel, to keep their order

	hold, twice bool
	held        []*delivery
	parked      []*delivery // wait for a socket
	pending     map[string]*delivery
	settled     []*delivery
	serial      uint64

	acked, lost, repeated, posting int
}

// delivery is one event, interaction or command on its way.
type delivery struct {
	kind    string
	key     string // deliveries with the same key are posted in order
	payload json.RawMessage
	form    url.Values // how a slash command is posted
	attempt int
	reason  string
	order   uint64
	ids     []string // envelope ids under which it was sent
	last    *socket
	timer   *time.Timer
	done    bool
	inter   *Interaction
}

func newCourier() courier {
	return courier{
		life:    simkit.NewLife(),
		tickets: map[string]time.Time{},
		chains:  map[string]chan struct{}{},
		pending: map[string]*delivery{},
		client: &http.Client{
			Transport:     &http.Transport{DisableKeepAlives: true},
			CheckRedirect: twoRedirects,
		},
	}
}

// twoRedirects follows as far as Slack does.
func twoRedirects(_ *http.Request, via []*http.Request) error {
	if len(via) > 2 {
		return http.ErrUseLastResponse
	}
	return nil
}

// shut ends everything that runs.
func (w *world) shut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.closed = true
	w.courier.life.End()
	w.courier.forget()
	for _, so := range w.courier.sockets {
		so.cancel()
	}
	w.bump()
}

// forget drops what was not delivered.
func (c *courier) forget() {
	for _, d := range c.pending {
		d.stop()
	}
	clear(c.pending)
	c.forgetWaiting()
}

// forgetWaiting drops what was not sent.
func (c *courier) forgetWaiting() {
	for _, d := range c.parked {
		d.stop()
	}
	c.lost += len(c.held) + len(c.parked)
	c.held, c.parked = nil, nil
}

func (c *courier) mail() Mail {
	waiting := map[*delivery]bool{}
	for _, d := range c.pending {
		waiting[d] = true
	}
	return Mail{
		Acked: c.acked, Lost: c.lost, Repeated: c.repeated,
		Waiting: len(waiting) + len(c.held) + len(c.parked) + c.posting,
	}
}

func (d *delivery) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

// emit wraps an event and sends it on its way.
func (w *world) emit(key string, event any) {
	if w.closed || w.rev != "" {
		return
	}
	cb := callback{
		Token: w.cfg.VerificationToken, TeamID: w.cfg.Team.ID, ContextTeamID: w.cfg.Team.ID, APIAppID: w.cfg.AppID,
		Event: mustJSON(event), Type: "event_callback", EventID: w.newID("Ev"), EventTime: w.now().Unix(),
		Authorizations: []authorization{{TeamID: w.cfg.Team.ID, UserID: w.cfg.BotUser.ID, IsBot: true}},
		EventContext:   "4-" + strings.ToLower(w.newID("")),
	}
	w.dispatch(&delivery{kind: kindEvents, key: key, payload: mustJSON(cb)})
}

// dispatch sends a delivery, or holds it; with DeliverTwice its copy follows as Slack's repeats look.
func (w *world) dispatch(d *delivery) {
	c := &w.courier
	c.serial++
	d.order = c.serial
	if c.hold && d.kind == kindEvents {
		c.held = append(c.held, d)
		return
	}
	w.send(d)
	if c.twice && d.kind == kindEvents {
		again := d.again()
		again.attempt, again.reason = 1, reasonTimeout
		w.send(again)
	}
}

// again is a fresh delivery of the same event.
func (d *delivery) again() *delivery {
	return &delivery{kind: d.kind, key: d.key, payload: d.payload, form: d.form, attempt: d.attempt, reason: d.reason, order: d.order}
}

// send picks the way: the URL when one is set, as Slack does when Socket Mode is off, and a socket otherwise.
func (w *world) send(d *delivery) {
	if w.courier.eventsURL != "" {
		w.startPost(d)
		return
	}
	w.route(d)
}

// route hands a delivery to the next socket, or keeps it for one that opens in time.
func (w *world) route(d *delivery) {
	if d.done {
		return
	}
	so := w.courier.pick(d.last)
	if so == nil {
		w.park(d)
		return
	}
	id := newUUID()
	d.ids = append(d.ids, id)
	d.last = so
	w.courier.pending[id] = d
	env := envelope{EnvelopeID: id, Payload: d.payload, Type: d.kind, AcceptsResponsePayload: d.kind != kindEvents}
	if d.kind == kindEvents {
		env.RetryAttempt, env.RetryReason = &d.attempt, &d.reason
	}
	so.push(mustJSON(env))
	d.stop()
	d.timer = w.later(w.cfg.Timing.AckWait, func() { w.unconfirmed(d) })
}

// park keeps an event for a while. Interactions are not kept: the person sees at once that they failed.
func (w *world) park(d *delivery) {
	c := &w.courier
	if d.kind != kindEvents || w.cfg.Timing.Window < 0 {
		w.lose(d)
		return
	}
	c.parked = append(c.parked, d)
	d.stop()
	d.timer = w.later(w.cfg.Timing.Window, func() {
		if i := slices.Index(c.parked, d); i >= 0 {
			c.parked = slices.Delete(c.parked, i, i+1)
			w.lose(d)
		}
	})
}

// unpark sends what was kept, in order, now that a socket is open.
func (w *world) unpark() {
	waiting := w.courier.parked
	w.courier.parked = nil
	slices.SortStableFunc(waiting, byOrder)
	for _, d := range waiting {
		if d.attempt == 0 { // the try that found no socket counts
			d.attempt, d.reason = 1, reasonNoLink
			w.courier.repeated++
		}
		w.route(d)
	}
}

func byOrder(a, b *delivery) int {
	switch {
	case a.order < b.order:
		return -1
	case a.order > b.order:
		return 1
	default:
		return 0
	}
}

// unconfirmed repeats an event that nobody confirmed in time, after the wait that is due.
func (w *world) unconfirmed(d *delivery) {
	if d.done {
		return
	}
	if w.final(d) {
		w.lose(d)
		return
	}
	d.attempt++
	d.reason = reasonTimeout
	w.courier.repeated++
	d.stop()
	d.timer = w.later(w.cfg.Timing.Retries[d.attempt-1], func() { w.route(d) })
}

// final says whether a delivery is not repeated any more. Interactions never are.
func (w *world) final(d *delivery) bool {
	return w.rev != "" || d.kind != kindEvents || d.attempt >= len(w.cfg.Timing.Retries)
}

// bounced sends again, in order, what a closed socket had not confirmed.
func (w *world) bounced(so *socket) {
	seen := map[*delivery]bool{}
	var open []*delivery
	for _, d := range w.courier.pending {
		if d.last == so && !seen[d] {
			seen[d] = true
			open = append(open, d)
		}
	}
	slices.SortFunc(open, byOrder)
	for _, d := range open {
		d.stop()
		if w.final(d) {
			w.lose(d)
			continue
		}
		d.attempt++
		d.reason = reasonNoLink
		w.courier.repeated++
		w.route(d)
	}
}

// confirm settles a delivery with what the app sent back.
func (w *world) confirm(d *delivery, answer json.RawMessage) {
	if d.done {
		return
	}
	w.settle(d)
	c := &w.courier
	c.acked++
	if d.kind == kindEvents {
		if len(c.settled) >= maxSettled {
			c.settled = slices.Delete(c.settled, 0, 1)
		}
		c.settled = append(c.settled, d)
	}
	if d.inter != nil {
		w.answered(d.inter, answer)
	}
	w.bump()
}

// lose gives a delivery up.
func (w *world) lose(d *delivery) {
	if d.done {
		return
	}
	w.settle(d)
	w.courier.lost++
	if d.inter != nil {
		d.inter.Failed = "the app did not answer"
	}
	w.bump()
}

func (w *world) settle(d *delivery) {
	d.done = true
	d.stop()
	for _, id := range d.ids {
		delete(w.courier.pending, id)
	}
	if len(w.courier.pending) == 0 {
		w.unlink()
	}
}

// Redeliver sends the last n confirmed events again, with their event_id, and returns how many there were.
func (s *Sim) Redeliver(n int) int {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	all := s.w.courier.settled
	last := slices.Clone(all[max(0, len(all)-n):])
	for _, d := range last {
		again := d.again()
		again.attempt, again.reason = 1, reasonTimeout
		s.w.courier.repeated++
		s.w.send(again)
	}
	return len(last)
}

// DeliverTwice switches whether each event comes twice with one event_id, the second time marked as a repeat.
func (s *Sim) DeliverTwice(on bool) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.courier.twice = on
}

// HoldEvents keeps events back while on; switching it off lets them go in order, late.
func (s *Sim) HoldEvents(on bool) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	c := &s.w.courier
	c.hold = on
	if on {
		return
	}
	held := c.held
	c.held = nil
	for _, d := range held {
		s.w.dispatch(d)
	}
}
