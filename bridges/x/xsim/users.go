package xsim

import (
	"time"
)

// x's time stamps have whole seconds and still three zeros of milliseconds.
const stampLayout = "2006-01-02T15:04:05.000Z"

func stamp(t time.Time) string { return t.UTC().Truncate(time.Second).Format(stampLayout) }

func userRoutes() []route {
	scopes := []string{"tweet.read", "users.read"}
	person, anyone := []AuthKind{OAuth1, OAuth2User}, []AuthKind{OAuth1, OAuth2User, AppOnly}
	return []route{
		{name: UsersMe, auth: person, scopes: scopes, handle: usersMe},
		{name: UsersByIDs, auth: anyone, scopes: scopes, handle: usersByIDs},
		{name: UserByID, auth: anyone, scopes: scopes, handle: userByID},
		{name: UsersByNames, auth: anyone, scopes: scopes, handle: usersByNames},
		{name: UserByName, auth: anyone, scopes: scopes, handle: userByName},
	}
}

// userQuery reads what all lookups of users take.
func (c *call) userQuery(more ...string) (params, map[string]bool, error) {
	p, err := c.query(append(more, "user.fields", "expansions", "tweet.fields", "post.fields")...)
	if err != nil {
		return p, nil, err
	}
	fields, err := p.set("user.fields", append(userFields(), "most_recent_tweet_id", "pinned_tweet_id"))
	return p, fields, err
}

func usersMe(c *call) (reply, error) {
	_, fields, err := c.userQuery()
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.payOnce("user " + c.who.user)
	return data(c.user(c.users[c.who.user], fields))
}

// one answers a lookup of one user: an unknown one is an error beside no data, with status 200.
func (c *call) one(u *User, parameter, value string, fields map[string]bool) (reply, error) {
	if u == nil {
		return ok(object{"errors": []object{missing("user", parameter, value)}})
	}
	c.payOnce("user " + u.ID)
	return data(c.user(u, fields))
}

func userByID(c *call) (reply, error) {
	_, fields, err := c.userQuery()
	if err != nil {
		return reply{}, err
	}
	id, err := c.id("id")
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.one(c.users[id], "id", id, fields)
}

func userByName(c *call) (reply, error) {
	_, fields, err := c.userQuery()
	if err != nil {
		return reply{}, err
	}
	name := c.r.PathValue("username")
	if !isUsername(name) {
		return reply{}, invalid("username", name, "A username has 1 to 15 of A-Z, a-z, 0-9 and _.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.one(c.userByName(name), "username", name, fields)
}

func usersByIDs(c *call) (reply, error) {
	return c.several("ids", isID, func(id string) *User { return c.users[id] })
}

func usersByNames(c *call) (reply, error) {
	return c.several("usernames", isUsername, c.userByName)
}

// several answers a lookup of many users: the unknown ones are errors beside the data.
func (c *call) several(parameter string, shape func(string) bool, find func(string) *User) (reply, error) {
	p, fields, err := c.userQuery(parameter)
	if err != nil {
		return reply{}, err
	}
	values, err := p.list(parameter, shape)
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var found, lost []object
	for _, v := range values {
		if u := find(v); u != nil {
			c.payOnce("user " + u.ID)
			found = append(found, c.user(u, fields))
		} else {
			lost = append(lost, missing("user", parameter, v))
		}
	}
	out := object{}
	if found != nil {
		out["data"] = found
	}
	if lost != nil {
		out["errors"] = lost
	}
	return ok(out)
}

// user is a user as lookups tell it: id, name, username and the fields that were asked for; mu is held.
func (c *call) user(u *User, fields map[string]bool) object {
	out := object{"id": u.ID, "name": u.Name, "username": u.Username}
	full := c.profile(u)
	full["receives_your_dm"] = c.mayWrite(c.who.user, u.ID)
	full["verified_followers_count"] = 0
	full["subscription_type"] = "None"
	full["parody"] = false
	if c.who.user != "" {
		full["connection_status"] = c.connection(u.ID)
	}
	for name := range fields {
		if v, has := full[name]; has {
			out[name] = v
		}
	}
	return out
}

// connection is how the caller stands to a user; mu is held.
func (c *call) connection(user string) []string {
	if c.blocks[[2]string{c.who.user, user}] {
		return []string{"blocking"}
	}
	return []string{}
}

// profile is a user with everything that is public; mu is held.
func (s *Sim) profile(u *User) object {
	kind := "none"
	if u.Verified {
		kind = "blue"
	}
	posts := "post_count"
	if s.oldNames {
		posts = "tweet_count"
	}
	return object{
		"id": u.ID, "name": u.Name, "username": u.Username, "created_at": stamp(u.CreatedAt), "description": u.Description,
		"location": u.Location, "profile_image_url": u.Avatar, "protected": u.Protected, "url": "", "verified": u.Verified,
		"verified_type": kind, "is_identity_verified": false,
		"public_metrics": object{
			"followers_count": u.Followers, "following_count": u.Following, posts: u.Posts, "listed_count": 0,
			"like_count": 0, "media_count": 0,
		},
	}
}

// profiles is the map of users beside an activity event; mu is held.
func (s *Sim) profiles(ids ...string) object {
	out := object{}
	for _, id := range ids {
		p := s.profile(s.users[id])
		metrics, _ := p["public_metrics"].(object)
		// Activity events have not followed the renaming of posts.
		if n, renamed := metrics["post_count"]; renamed {
			delete(metrics, "post_count")
			metrics["tweet_count"] = n
		}
		out[id] = object{"data": p}
	}
	return out
}
