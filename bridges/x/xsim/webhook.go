package xsim

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"
)

// webhook is a place that activity events are posted to.
type webhook struct {
	id, url string
	created time.Time
	valid   bool
	queue   []*delivery
	wake    chan struct{} // holds one
	gone    chan struct{} // closed when it is deleted
}

func webhookRoutes() []route {
	app, owner := []AuthKind{AppOnly}, []AuthKind{OAuth1, AppOnly}
	return []route{
		{name: CreateWebhook, auth: owner, handle: createWebhook},
		{name: ListWebhooks, auth: app, handle: listWebhooks},
		{name: ValidateWebhook, auth: owner, handle: validateWebhook},
		{name: DeleteWebhook, auth: owner, handle: deleteWebhook},
		{name: ReplayWebhook, auth: app, handle: replayWebhook},
	}
}

// webhook finds a webhook, nil when there is none; mu is held.
func (s *Sim) webhook(id string) *webhook {
	i := slices.IndexFunc(s.webhooks, func(w *webhook) bool { return w.id == id })
	if i < 0 {
		return nil
	}
	return s.webhooks[i]
}

// push queues an event; the oldest goes when nobody takes them. mu is held.
func (w *webhook) push(d *delivery) {
	if !w.valid {
		return
	}
	if len(w.queue) >= maxHistory {
		w.queue = w.queue[1:]
	}
	w.queue = append(w.queue, d)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// checkWebhookURL finds the fault of an address. The simulator calls nobody but this machine, unless it is strict: then
// it takes what X takes.
func (s *Sim) checkWebhookURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || len(raw) > 200 {
		return "The URL cannot be read, or has more than 200 characters."
	}
	if s.cfg.StrictWebhooks {
		if u.Scheme != "https" || u.Port() != "" {
			return "The URL has to be https and without a port."
		}
		return ""
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return "The simulator posts to loopback only."
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "The URL has to be http or https."
	}
	return ""
}

func createWebhook(c *call) (reply, error) {
	var body struct {
		URL string `json:"url"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	if fault := c.checkWebhookURL(body.URL); fault != "" {
		return reply{}, invalid("url", body.URL, fault)
	}
	c.mu.Lock()
	taken := slices.ContainsFunc(c.webhooks, func(w *webhook) bool { return w.url == body.URL })
	c.mu.Unlock()
	if taken {
		return reply{}, blank(http.StatusConflict, "There is a webhook with this URL already.")
	}
	if _, fault := c.challenge(c.r.Context(), body.URL); fault != "" {
		return reply{}, invalid("url", body.URL, "The challenge-response check failed: "+fault+".")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return reply{}, blank(http.StatusServiceUnavailable, "Service Unavailable")
	}
	w := &webhook{
		id: c.nextID(), url: body.URL, created: c.cfg.Now(), valid: true,
		wake: make(chan struct{}, 1), gone: make(chan struct{}),
	}
	c.webhooks = append(c.webhooks, w)
	c.spawn(c.worker(w))
	c.bump()
	return data(w.object())
}

func (w *webhook) object() object {
	return object{"id": w.id, "url": w.url, "created_at": stamp(w.created), "valid": w.valid}
}

func listWebhooks(c *call) (reply, error) {
	if _, err := c.query("webhook_config.fields"); err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var rows []object
	for _, w := range c.webhooks {
		rows = append(rows, w.object())
	}
	out := object{"meta": object{"result_count": len(rows)}}
	if rows != nil {
		out["data"] = rows
	}
	return ok(out)
}

// findWebhook reads the id of the path.
func (c *call) findWebhook() (*webhook, error) {
	id, err := c.id("webhook_id")
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if w := c.webhook(id); w != nil {
		return w, nil
	}
	return nil, notFound("webhook", "webhook_id", id)
}

func validateWebhook(c *call) (reply, error) {
	w, err := c.findWebhook()
	if err != nil {
		return reply{}, err
	}
	return data(object{"valid": c.recheck(c.r.Context(), w)})
}

func deleteWebhook(c *call) (reply, error) {
	w, err := c.findWebhook()
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.webhooks, w); i >= 0 {
		c.webhooks = slices.Delete(c.webhooks, i, i+1)
		close(w.gone)
	}
	c.bump()
	return data(object{"deleted": true})
}

// replayLayout is how a replay writes times, in UTC.
const replayLayout = "200601021504"

func replayWebhook(c *call) (reply, error) {
	var body struct {
		ID   string `json:"webhook_id"`
		From string `json:"from_date"`
		To   string `json:"to_date"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	from, err1 := time.Parse(replayLayout, body.From)
	to, err2 := time.Parse(replayLayout, body.To)
	now := c.cfg.Now()
	switch {
	case err1 != nil:
		return reply{}, invalid("from_date", body.From, "The value has to be a time like 202601021504.")
	case err2 != nil:
		return reply{}, invalid("to_date", body.To, "The value has to be a time like 202601021504.")
	case !from.Before(to):
		return reply{}, invalid("from_date", body.From, "The time has to be before to_date.")
	case from.Before(now.Add(-dayLength - time.Minute)):
		return reply{}, invalid("from_date", body.From, "Nothing is kept longer than 24 hours.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.webhook(body.ID)
	if w == nil {
		return reply{}, notFound("webhook", "webhook_id", body.ID)
	}
	for _, d := range c.history {
		if d.webhook == w.id && !d.at.Before(from) && !d.at.After(to) {
			w.push(d)
		}
	}
	return data(object{"created_at": stamp(now), "job_id": c.nextID()})
}
