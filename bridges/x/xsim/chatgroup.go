package xsim

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// groupBody is the body that makes a group.
type groupBody struct {
	keysBody

	Members     []string `json:"group_members"`
	Admins      []string `json:"group_admins"`
	Name        string   `json:"group_name"`
	Description string   `json:"group_description"`
	Avatar      string   `json:"group_avatar_url"`
	TTL         string   `json:"ttl_msec"`
}

// joinBody is the body that brings people into a group.
type joinBody struct {
	keysBody

	Users  []string `json:"user_ids"`
	Title  string   `json:"encrypted_title"`
	Avatar string   `json:"encrypted_avatar_url"`
}

func initializeChatGroup(c *call) (reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return data(object{"conversation_id": c.reserveGroup(c.who.user)})
}

// reserveGroup gives out the id of a group that is not made yet; mu is held.
func (s *Sim) reserveGroup(user string) string {
	id := "g" + s.nextID()
	s.chats.reserved[id] = user
	return id
}

func createChatGroup(c *call) (reply, error) {
	var body groupBody
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e, err := c.createGroup(c.who.user, body)
	if err != nil {
		return reply{}, err
	}
	return answer(http.StatusCreated, object{"data": object{
		"conversation_id": body.Conversation, "conversation_key_change_sequence_id": e.ev.Sequence.String(),
	}})
}

// createGroup makes a group and tells its key change; mu is held.
func (s *Sim) createGroup(user string, body groupBody) (*entry, error) {
	id := body.Conversation
	if r := s.chats.rooms[id]; r != nil && s.chats.reserved[id] == user && !s.chats.repeats {
		return s.rotateKey(user, id, r, body.keysBody) // the answer of a repeat
	}
	if s.chats.reserved[id] != user || s.chats.rooms[id] != nil {
		return nil, invalid("conversation_id", id, "You initialized no group with this id.")
	}
	members, err := s.gather([]string{user}, body.Members, func(string) bool { return true })
	if err != nil {
		return nil, err
	}
	if err := s.reachable(user, id, members); err != nil {
		return nil, err
	}
	ttl, err := groupTTL(body.TTL)
	if err != nil {
		return nil, err
	}
	made, err := s.readCreate(user, members, body)
	if err != nil {
		return nil, err
	}
	change, err := s.readRotation(user, id, members, body.keysBody)
	if err != nil {
		return nil, err
	}
	r := s.open(id, members)
	r.title, r.avatar, r.ttl, r.version, r.admins = body.Name, body.Avatar, ttl, body.Version, []string{user}
	if len(body.Admins) > 0 {
		r.admins = slices.Clone(body.Admins)
	}
	e := s.put(r, &entry{ev: change})
	s.put(r, &entry{ev: made})
	s.tellJoin(r, user, r.others(user))
	return e, nil
}

// gather adds users to members, each of whom has to exist and to fit; who is there is not added again. mu is held.
func (s *Sim) gather(members, users []string, fits func(string) bool) ([]string, error) {
	members = slices.Clone(members)
	for _, u := range users {
		if s.users[u] == nil || !fits(u) {
			return nil, invalid("user_ids", u, "This user does not exist or is a member.")
		}
		if !slices.Contains(members, u) {
			members = append(members, u)
		}
	}
	if len(users) == 0 || len(members) > mostMembers {
		return nil, invalid("user_ids", "", "These are too few or too many.")
	}
	return members, nil
}

// groupTTL reads how long a group's messages live, in milliseconds.
func groupTTL(raw string) (int64, error) {
	if raw == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil || n < 0 {
		return 0, invalid("ttl_msec", raw, "This is no span of time.")
	}
	return n, nil
}

// readCreate reads the signed making of a group and holds that it is what the body says; mu is held.
func (s *Sim) readCreate(user string, members []string, body groupBody) (wire.Event, error) {
	ev, err := action[wire.GroupChange](user, body.Conversation, body.Actions)
	if err != nil {
		return wire.Event{}, err
	}
	g, _ := ev.Detail.(wire.GroupChange)
	signed := append([]string{user}, slices.DeleteFunc(slices.Clone(g.Members), func(m string) bool { return m == user })...)
	if g.Kind != wire.GroupCreate || !sameSet(signed, members) || g.KeyVersion != body.Version ||
		orNothing(g.Title) != body.Name || orNothing(g.Avatar) != body.Avatar {
		return wire.Event{}, invalid("action_signatures", "", "The group that is signed is another one.")
	}
	return ev, s.holds(ev)
}

func orNothing(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func addChatMembers(c *call) (reply, error) {
	var body joinBody
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, r, err := c.place()
	if err != nil {
		return reply{}, err
	}
	if err := c.addMembers(c.who.user, r, body); err != nil {
		return reply{}, err
	}
	// X's description says that the answer is a post, of which this is the one field that fits.
	return data(object{"conversation_id": r.id})
}

// addMembers brings people into a group, with a new key; mu is held.
func (s *Sim) addMembers(user string, r *room, body joinBody) error {
	if r == nil || !r.group() {
		return invalid("id", "", "This is no group.")
	}
	if !slices.Contains(r.admins, user) {
		return forbidden("REQUESTER_NOT_ADMIN")
	}
	members, err := s.gather(r.members, body.Users, func(u string) bool { return !slices.Contains(r.members, u) })
	if err != nil {
		return err
	}
	if err := s.reachable(user, r.id, members); err != nil {
		return err
	}
	ev, err := s.readJoin(user, r, body)
	if err != nil {
		return err
	}
	change, err := s.readRotation(user, r.id, members, body.keysBody)
	if err != nil {
		return err
	}
	if !numberLess(r.version, body.Version) {
		return invalid("conversation_key_version", body.Version, "The conversation has a key that is as new: "+r.version+".")
	}
	r.members, r.version = members, body.Version
	if body.Title != "" {
		r.title = body.Title
	}
	if body.Avatar != "" {
		r.avatar = body.Avatar
	}
	s.put(r, &entry{ev: change})
	s.put(r, &entry{ev: ev})
	s.tellJoin(r, user, body.Users)
	return nil
}

// readJoin reads the signed coming of people into a group and holds that it is what the body says; mu is held.
func (s *Sim) readJoin(user string, r *room, body joinBody) (wire.Event, error) {
	ev, err := action[wire.GroupChange](user, r.id, body.Actions)
	if err != nil {
		return wire.Event{}, err
	}
	g, _ := ev.Detail.(wire.GroupChange)
	if g.Kind != wire.GroupMemberAdd || !sameSet(g.Members, body.Users) || !sameSet(g.Current, r.members) ||
		g.KeyVersion != body.Version || orNothing(g.Title) != body.Title {
		return wire.Event{}, invalid("action_signatures", "", "The change that is signed is another one.")
	}
	return ev, s.holds(ev)
}
