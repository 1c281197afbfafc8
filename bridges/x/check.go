package x

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/router/chat"
)

// Check finds out whether the account works and what it would miss. It makes up to ten calls, none of which sends or
// changes anything. Its error is that of ctx.
func (c *Connector) Check(ctx context.Context) ([]chat.Finding, error) {
	d := &doctor{c: c}
	d.account(ctx)
	d.login(ctx)
	if d.self != "" {
		d.messages(ctx)
		var found []chat.Finding
		found, d.sealed = d.c.home().Check(ctx, d.self)
		d.Found = append(d.Found, found...)
		d.live(ctx)
	}
	d.usage(ctx)
	d.budget(ctx)
	return d.Found, ctx.Err()
}

// doctor collects what Check finds.
type doctor struct {
	dm.Findings

	c      *Connector
	self   string
	sealed bool // encrypted messages are read and written
}

func (d *doctor) account(ctx context.Context) {
	u, err := api.Whoami(ctx, d.c.api)
	if err != nil {
		d.Failed(chat.Broken, "account", err)
		return
	}
	d.self = u.ID
	d.c.people.Learn([]api.User{u})
	d.Add(chat.Fine, "account", "@"+u.Username+" is logged in", "")
}

// login looks at the kind of credential and, where it is known, at what it may do.
func (d *doctor) login(ctx context.Context) {
	if d.c.api.Renews() {
		d.scopes(ctx)
		return
	}
	d.Add(chat.Fine, "login", "OAuth 1.0a, which does not expire", "")
	d.Add(chat.Warning, "attachments", "X gives attachments to OAuth 2.0 logins; those of OAuth 1.0a must take them from their old address", "set client_id instead of the OAuth 1.0a keys, and run roost login "+string(d.c.account))
}

func (d *doctor) scopes(ctx context.Context) {
	p, err := api.KeptPair(ctx, d.c.keep)
	if err != nil || p == nil {
		return // account said it
	}
	if p.Scope == "" {
		d.Add(chat.Fine, "login", "OAuth 2.0; X did not say what it may do", "")
		return
	}
	has := strings.Fields(p.Scope)
	var missing []string
	for _, s := range api.Scopes() {
		if !slices.Contains(has, s) {
			missing = append(missing, s)
		}
	}
	if len(missing) > 0 {
		d.Add(chat.Broken, "login", "the login lacks "+strings.Join(missing, ", "), "allow them for the app, then "+d.c.api.Mend())
		return
	}
	d.Add(chat.Fine, "login", "OAuth 2.0, with all that is needed", "")
}

func (d *doctor) messages(ctx context.Context) {
	if err := d.c.purse.Read(ctx); err != nil {
		d.Failed(chat.Warning, "messages", err)
		return
	}
	q := url.Values{"max_results": {"1"}}
	got, err := d.c.api.Call(ctx, api.Request{Op: "x: look up messages", Method: http.MethodGet, Path: "/2/dm_events", Query: q}, nil)
	if err != nil {
		d.Failed(chat.Broken, "messages", err)
		return
	}
	said := "can be read"
	for _, a := range api.Allowances(got.Header) {
		said = fmt.Sprintf("can be read; %d more times before %s", a.Remaining, a.Reset.Format(time.TimeOnly))
		break
	}
	d.Add(chat.Fine, "messages", said, "")
}

// live looks at what makes messages arrive sooner.
func (d *doctor) live(ctx context.Context) {
	if d.c.cfg.Receive == Poll {
		d.Add(chat.Fine, "receive", fmt.Sprintf("by polling every %v", d.c.cfg.PollEvery), "")
		return
	}
	id := ""
	if d.c.cfg.Receive == Webhook {
		w, ok, err := d.c.registered(ctx)
		switch {
		case err != nil:
			d.Failed(chat.Broken, "webhook", err)
			return
		case !ok:
			d.Add(chat.Warning, "webhook", "X has no webhook for "+d.c.cfg.WebhookPath, "set webhook_url and start roost")
			return
		case !w.Valid:
			d.Add(chat.Broken, "webhook", "X does not call the webhook, because it did not answer a challenge", "see that "+w.URL+" reaches roost")
		default:
			d.Add(chat.Fine, "webhook", "X calls "+w.URL, "")
		}
		id = w.ID
	}
	have, err := d.c.subscriptions(ctx, d.self, id)
	if err != nil {
		d.Failed(chat.Broken, "subscriptions", err)
		return
	}
	var missing []string
	for _, w := range wanted(d.sealed) {
		if !have[w.kind] && !have[w.former] {
			missing = append(missing, w.kind)
		}
	}
	if len(missing) > 0 {
		d.Add(chat.Warning, "subscriptions", "not subscribed to "+strings.Join(missing, ", "), "start roost, which subscribes")
		return
	}
	d.Add(chat.Fine, "subscriptions", "to all that is needed", "")
}

func (d *doctor) usage(ctx context.Context) {
	if !d.c.api.ForApp() {
		return
	}
	var got struct {
		Data struct {
			Usage string `json:"project_usage"`
			Cap   string `json:"project_cap"`
		} `json:"data"`
	}
	q := url.Values{"usage.fields": {"project_usage,project_cap"}}
	if _, err := d.c.api.Call(ctx, api.Request{Op: "x: look up usage", Method: http.MethodGet, Path: "/2/usage/tweets", Query: q, App: true}, &got); err != nil {
		d.Failed(chat.Warning, "usage", err)
		return
	}
	d.Add(chat.Fine, "usage", fmt.Sprintf("the app has used %s of %s posts this month", orSome(got.Data.Usage), orSome(got.Data.Cap)), "")
}

func orSome(n string) string {
	if _, ok := api.ParseSnowflake(n); !ok {
		return "some"
	}
	return n
}

// budget says what is left of today's.
func (d *doctor) budget(ctx context.Context) {
	used, err := d.c.purse.State(ctx)
	if err != nil {
		d.Failed(chat.Broken, "budget", err)
		return
	}
	b := d.c.cfg.Budget
	said := []string{fmt.Sprintf("used today: %d reads, %d messages, about $%.3f", used.Reads, used.Sends, used.USD)}
	grade := chat.Fine
	left := func(what string, most, gone float64) {
		if most <= 0 {
			return
		}
		said = append(said, fmt.Sprintf("%.4g %s left", max(most-gone, 0), what))
		if gone >= most {
			grade = chat.Warning
		}
	}
	left("reads", float64(b.Reads), float64(used.Reads))
	left("messages", float64(b.Sends), float64(used.Sends))
	left("dollars", b.USD, used.USD)
	d.Add(grade, "budget", strings.Join(said, "; "), "")
}
