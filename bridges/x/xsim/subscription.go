package xsim

import (
	"net/http"
	"slices"
	"strconv"
)

// filter is whose events a subscription wants.
type filter struct {
	UserID    string `json:"user_id,omitempty"`
	Direction string `json:"direction,omitempty"`
	Keyword   string `json:"keyword,omitempty"`
}

// subscription is a wish for one kind of event of one user.
type subscription struct {
	Created   string `json:"created_at"`
	Type      string `json:"event_type"`
	Filter    filter `json:"filter"`
	ID        string `json:"subscription_id"`
	Tag       string `json:"tag,omitempty"`
	Updated   string `json:"updated_at"`
	WebhookID string `json:"webhook_id,omitempty"`
}

// The most subscriptions of a self-serve app.
const maxSubscriptions = 1500

func activityRoutes() []route {
	app, anyone := []AuthKind{AppOnly}, []AuthKind{OAuth1, OAuth2User, AppOnly}
	return []route{
		{name: Subscribe, auth: anyone, handle: subscribe},
		{name: ListSubscriptions, auth: anyone, scopes: []string{"like.read", "tweet.read"}, handle: listSubscriptions},
		{name: UpdateSubscription, auth: app, handle: updateSubscription},
		{name: DeleteSubscription, auth: app, handle: deleteSubscription},
		{name: DeleteSubscriptions, auth: app, handle: deleteSubscriptions},
	}
}

func eventTypes() []string {
	return []string{
		"profile.update.bio", "profile.update.profile_picture", "profile.update.banner_picture", "profile.update.screenname",
		"profile.update.geo", "profile.update.url", "profile.update.verified_badge", "profile.update.affiliate_badge",
		"profile.update.handle", "news.new", "follow.follow", "follow.unfollow", "spaces.start", "spaces.end",
		"broadcast.start", "broadcast.end", "broadcast.chat", chatReceived, chatSent, chatJoin, oldChatJoin,
		"chat.conversation.member_added", "chat.conversation.member_removed",
		"chat.conversation.admin_added", "chat.conversation.admin_removed", "chat.update.group_name",
		"chat.update.restrictions", "dm.sent", "dm.received", "dm.indicate_typing", "dm.read", "post.create", "post.delete",
		"post.mention.create", "post.reply.create", "post.quote.create", "post.repost.create", "like.create", "mute.mute",
		"mute.unmute", "block.block", "block.unblock", "oauth.revoke",
	}
}

// private are the event types that need the user's agreement, and among what the simulator tells.
func private(kind string) bool {
	return slices.Contains([]string{
		"dm.sent", "dm.received", "dm.indicate_typing", "dm.read", chatReceived, chatSent, chatJoin, oldChatJoin,
	}, kind)
}

func subscribe(c *call) (reply, error) {
	var sub subscription
	var body struct {
		Type      string `json:"event_type"`
		Filter    filter `json:"filter"`
		Tag       string `json:"tag"`
		WebhookID string `json:"webhook_id"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	sub.Type, sub.Filter, sub.Tag, sub.WebhookID = body.Type, body.Filter, body.Tag, body.WebhookID
	c.mu.Lock()
	defer c.mu.Unlock()
	if sub.Type == oldChatJoin && !c.oldNames { // another name for it, which X takes and does not answer with
		sub.Type = chatJoin
	}
	if err := c.checkSubscription(&sub); err != nil {
		return reply{}, err
	}
	sub.ID, sub.Created = c.nextID(), stamp(c.cfg.Now())
	sub.Updated = sub.Created
	c.subscriptions = append(c.subscriptions, &sub)
	c.bump()
	return ok(object{"data": object{"subscription": &sub}, "meta": object{"total_subscriptions": len(c.subscriptions)}})
}

// checkSubscription finds the faults of a new subscription; mu is held.
func (c *call) checkSubscription(sub *subscription) error {
	if err := c.checkFilter(sub.Type, sub.Filter); err != nil {
		return err
	}
	switch {
	case len([]rune(sub.Tag)) > 200:
		return invalid("tag", sub.Tag, "A tag has at most 200 characters.")
	case sub.WebhookID != "" && c.webhook(sub.WebhookID) == nil:
		return invalid("webhook_id", sub.WebhookID, "There is no such webhook.")
	case private(sub.Type) && !c.authorized(sub.Filter.UserID):
		return forbidden("This user has not authorized the app to be told of private events.")
	case len(c.subscriptions) >= maxSubscriptions:
		return forbidden("There are as many subscriptions as the app may have.")
	}
	if slices.ContainsFunc(c.subscriptions, func(o *subscription) bool {
		return o.Type == sub.Type && o.Filter == sub.Filter && o.WebhookID == sub.WebhookID
	}) {
		p := blank(http.StatusConflict, "There is such a subscription already.")
		p.Title = "Conflict"
		return p
	}
	return nil
}

// checkFilter finds what is wrong with whose events are wanted; mu is held.
func (c *call) checkFilter(kind string, f filter) error {
	switch {
	case !slices.Contains(eventTypes(), kind), kind == chatJoin && c.oldNames:
		return invalid("event_type", kind, "There is no such type of event.")
	case kind == "oauth.revoke": // the only kind that is not of one user
		if f != (filter{}) {
			return invalid("filter", "", "This type of event has no filter.")
		}
	case !isID(f.UserID) || c.users[f.UserID] == nil:
		return invalid("filter.user_id", f.UserID, "There is no such user.")
	}
	return nil
}

// authorized says whether a user lets the app read direct messages: by the caller's own token, or by a token that the app
// still holds; mu is held.
func (c *call) authorized(user string) bool {
	if c.who.kind != AppOnly && c.who.user != user {
		return false
	}
	for _, g := range c.oauth1 {
		if g.user == user {
			return true
		}
	}
	for _, grants := range []map[string]*grant{c.access, c.refresh} {
		for _, g := range grants {
			if g.user == user && slices.Contains(g.scopes, "dm.read") {
				return true
			}
		}
	}
	return false
}

func listSubscriptions(c *call) (reply, error) {
	p, err := c.query("max_results", "pagination_token")
	if err != nil {
		return reply{}, err
	}
	most, err := p.number("max_results", 1, 1000, 1000)
	if err != nil {
		return reply{}, err
	}
	from := 0
	if token, told := p.Values["pagination_token"]; told {
		k, err := parseCursor(token[0])
		if err != nil {
			return reply{}, err
		}
		from, _ = strconv.Atoi(k.id)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var mine []*subscription
	for _, sub := range c.subscriptions {
		if c.who.kind == AppOnly || sub.Filter.UserID == c.who.user {
			mine = append(mine, sub)
		}
	}
	to := min(from+most, len(mine))
	from = min(from, to)
	meta := object{"result_count": to - from, "total_subscriptions": len(mine)}
	if to < len(mine) {
		meta["next_token"] = cursor{id: strconv.Itoa(to)}.String()
	}
	out := object{"meta": meta}
	if to > from {
		out["data"] = mine[from:to]
	}
	return ok(out)
}

// subscriptionAt finds a subscription; mu is held.
func (s *Sim) subscriptionAt(id string) int {
	return slices.IndexFunc(s.subscriptions, func(sub *subscription) bool { return sub.ID == id })
}

func updateSubscription(c *call) (reply, error) {
	var body struct {
		Tag       *string `json:"tag"`
		WebhookID *string `json:"webhook_id"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	id, err := c.id("subscription_id")
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.subscriptionAt(id)
	if i < 0 {
		return reply{}, notFound("subscription", "subscription_id", id)
	}
	changed := *c.subscriptions[i]
	if body.Tag != nil {
		if n := len([]rune(*body.Tag)); n < 1 || n > 200 {
			return reply{}, invalid("tag", *body.Tag, "A tag has 1 to 200 characters.")
		}
		changed.Tag = *body.Tag
	}
	if body.WebhookID != nil {
		if c.webhook(*body.WebhookID) == nil {
			return reply{}, invalid("webhook_id", *body.WebhookID, "There is no such webhook.")
		}
		changed.WebhookID = *body.WebhookID
	}
	changed.Updated = stamp(c.cfg.Now())
	c.subscriptions[i] = &changed
	c.bump()
	return data(object{"subscription": &changed, "total_subscriptions": len(c.subscriptions)})
}

func deleteSubscription(c *call) (reply, error) {
	id, err := c.id("subscription_id")
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.subscriptionAt(id)
	if i < 0 {
		return reply{}, notFound("subscription", "subscription_id", id)
	}
	c.subscriptions = slices.Delete(c.subscriptions, i, i+1)
	c.bump()
	return ok(object{"data": object{"deleted": true}, "meta": object{"total_subscriptions": len(c.subscriptions)}})
}

func deleteSubscriptions(c *call) (reply, error) {
	p, err := c.query("ids")
	if err != nil {
		return reply{}, err
	}
	ids, err := p.list("ids", isID)
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var done, lost []object
	for _, id := range ids {
		i := c.subscriptionAt(id)
		if i < 0 {
			lost = append(lost, object{"subscription_id": id, "reason": "not_found", "message": "There is no such subscription."})
			continue
		}
		c.subscriptions = slices.Delete(c.subscriptions, i, i+1)
		done = append(done, object{"subscription_id": id, "deleted": true})
	}
	c.bump()
	out := object{"meta": object{"total_subscriptions": len(c.subscriptions)}}
	if done != nil {
		out["data"] = done
	}
	if lost != nil {
		out["errors"] = lost
	}
	return ok(out)
}
