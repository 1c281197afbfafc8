package xsim

import (
	"slices"
	"strings"
	"time"
)

// User is a person or a bot on the simulated X.
type User struct {
	ID          string // digits; a new id when empty
	Name        string // shown name; the username when empty
	Username    string // 1 to 15 of A-Z, a-z, 0-9 and _; "user" and the end of the id when empty
	Avatar      string // an image URL
	Description string
	Location    string
	CreatedAt   time.Time // now when zero
	Followers   int
	Following   int
	Posts       int
	Verified    bool
	Protected   bool
	ClosedDMs   bool // takes no messages but from those it wrote to
}

// Tokens are a user's credentials for the app of the Config.
type Tokens struct {
	OAuth1Token, OAuth1Secret string
	Access, Refresh           string
}

// AddUser adds a user, or changes the one with the same id, and tells how it is kept.
func (s *Sim) AddUser(u User) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u.ID == "" {
		u.ID = s.nextID()
	}
	if u.Username == "" {
		u.Username = "user" + u.ID[max(0, len(u.ID)-10):]
	}
	if u.Name == "" {
		u.Name = u.Username
	}
	if u.Avatar == "" {
		u.Avatar = "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png"
	}
	if u.CreatedAt.IsZero() {
		u.CreatedAt = s.cfg.Now()
	}
	if s.users[u.ID] == nil {
		s.order = append(s.order, u.ID)
	}
	s.users[u.ID] = &u
	s.bump()
	return u
}

// AllScopes are what Tokens grants.
func AllScopes() []string {
	return []string{"dm.read", "dm.write", "tweet.read", "users.read", "media.write", "like.read", "offline.access"}
}

// Tokens mints credentials of a user with every scope. It panics when there is no such user.
func (s *Sim) Tokens(userID string) Tokens { return s.Grant(userID, AllScopes()...) }

// Grant mints credentials of a user with the given OAuth 2.0 scopes; without offline.access there is no refresh token.
// OAuth 1.0a knows no scopes. It panics when there is no such user.
func (s *Sim) Grant(userID string, scopes ...string) Tokens {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustUser(userID)
	t := Tokens{OAuth1Token: userID + "-" + secret(16), OAuth1Secret: secret(20)}
	s.oauth1[t.OAuth1Token] = &grant{user: userID, secret: t.OAuth1Secret, scopes: AllScopes()}
	t.Access, t.Refresh = s.mint(userID, scopes)
	return t
}

// Revoke takes the app's access to a user away: all of the user's tokens answer 401 from now on, and oauth.revoke is
// told to whoever subscribed to it.
func (s *Sim) Revoke(userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, grants := range []map[string]*grant{s.oauth1, s.access, s.refresh} {
		for token, g := range grants {
			if g.user == userID {
				delete(grants, token)
			}
		}
	}
	s.emit("oauth.revoke", "", object{
		"date_time": s.cfg.Now().UTC().Format("2006-01-02T15:04:05+00:00"), "user_id": userID, "app_id": s.cfg.AppID,
	})
	s.bump()
}

// RevokeAccess ends a user's OAuth 2.0 access tokens only, as their age does: a refresh still works.
func (s *Sim) RevokeAccess(userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, g := range s.access {
		if g.user == userID {
			delete(s.access, token)
		}
	}
	s.bump()
}

// RevokeRefresh ends a user's refresh tokens only: the access token works on until it expires.
func (s *Sim) RevokeRefresh(userID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, g := range s.refresh {
		if g.user == userID {
			delete(s.refresh, token)
		}
	}
	s.bump()
}

// Block makes blocker take no messages from blocked, as the API's block call does; on false it is lifted.
func (s *Sim) Block(blocker, blocked string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setBlock(blocker, blocked, on)
}

// Encrypted makes a user take encrypted messages only: classic ones are refused with 403. On false it is lifted.
func (s *Sim) Encrypted(userID string, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mustUser(userID)
	s.encrypted[userID] = on
	s.bump()
}

func (s *Sim) setBlock(blocker, blocked string, on bool) {
	if on {
		s.blocks[[2]string{blocker, blocked}] = true
	} else {
		delete(s.blocks, [2]string{blocker, blocked})
	}
	s.bump()
}

// mustUser panics when there is no such user: a test that plays nobody is wrong; mu is held.
func (s *Sim) mustUser(id string) {
	if s.users[id] == nil {
		panic("xsim: no user " + id)
	}
}

// userByName finds a user by handle, as X does whatever the case; mu is held.
func (s *Sim) userByName(name string) *User {
	i := slices.IndexFunc(s.order, func(id string) bool { return strings.EqualFold(s.users[id].Username, name) })
	if i < 0 {
		return nil
	}
	return s.users[s.order[i]]
}
