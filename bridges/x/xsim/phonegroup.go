package xsim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// actions are signed actions as X takes them.
func actions(all []xchat.Action) []chatAction {
	out := make([]chatAction, len(all))
	for i, a := range all {
		out[i].MessageID, out[i].Detail, out[i].Signature.ActionSignature = a.MessageID, a.Detail, a.Signature
	}
	return out
}

// rotationBody is a rotation as X takes it.
func rotationBody(id string, r xchat.Rotation) keysBody {
	return keysBody{Conversation: id, Version: r.Version, Keys: r.Keys, Actions: actions(r.Actions)}
}

// NewKey gives a conversation a new key.
func (p *Phone) NewKey(conversation string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.catchUp()
	if _, err := p.rotate(roomID(conversation, p.user)); err != nil {
		return fmt.Errorf("xsim: phone of %s: new key: %w", p.user, err)
	}
	return nil
}

// rotate gives a conversation a new key, and tells it; p.mu is held.
func (p *Phone) rotate(id string) (xchat.ConversationKey, error) {
	s := p.sim
	members, version := s.state(id)
	if members == nil {
		members = strings.Split(id, ":")
	}
	people, err := p.people(members)
	if err != nil {
		return xchat.ConversationKey{}, err
	}
	r, err := p.author().Rotate(newMessageID(), id, s.nextVersion(version), people)
	if err != nil {
		return xchat.ConversationKey{}, err
	}
	s.mu.Lock()
	room, err := s.enter(id, p.user)
	if err == nil {
		_, err = s.rotateKey(p.user, id, room, rotationBody(id, r))
	}
	s.mu.Unlock()
	if err != nil {
		return xchat.ConversationKey{}, err
	}
	p.ring(id).Add(r.Key)
	p.catchUp()
	return r.Key, nil
}

// state is who is in a conversation and the version of its newest key; nobody when it has not begun.
func (s *Sim) state(id string) (members []string, version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.chats.rooms[id]; r != nil {
		return slices.Clone(r.members), r.version
	}
	return nil, ""
}

// nextVersion is the moment as the version of a key, newer than the one before it.
func (s *Sim) nextVersion(before string) string {
	n, _ := strconv.ParseInt(before, 10, 64)
	return strconv.FormatInt(max(s.cfg.Now().UnixMilli(), n+1), 10)
}

// people are the newest public keys of users; p.mu is held.
func (p *Phone) people(users []string) ([]xchat.PublicKeys, error) {
	var out []xchat.PublicKeys
	for _, u := range users {
		k, have := p.self().Directory.Latest(u)
		if !have {
			return nil, fmt.Errorf("user %s has no public keys", u)
		}
		out = append(out, k)
	}
	return out, nil
}

// Group makes a group and tells its id. Its name is in the clear, as X wants it.
func (p *Phone) Group(name string, members ...string) (id string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.sim
	s.mu.Lock()
	id = s.reserveGroup(p.user)
	s.mu.Unlock()
	all := append([]string{p.user}, slices.DeleteFunc(slices.Clone(members), func(m string) bool { return m == p.user })...)
	people, err := p.people(all)
	if err != nil {
		return "", fmt.Errorf("xsim: phone of %s: make group: %w", p.user, err)
	}
	change := wire.GroupChange{Kind: wire.GroupCreate, Members: all, Admins: []string{p.user}, Title: &name}
	r, err := p.author().RotateGroup([2]string{newMessageID(), newMessageID()}, id, s.nextVersion(""), people, change)
	if err != nil {
		return "", fmt.Errorf("xsim: phone of %s: make group: %w", p.user, err)
	}
	s.mu.Lock()
	_, err = s.createGroup(p.user, groupBody{keysBody: rotationBody(id, r), Members: all, Admins: []string{p.user}, Name: name})
	s.mu.Unlock()
	if err != nil {
		return "", fmt.Errorf("xsim: phone of %s: make group: %w", p.user, err)
	}
	p.ring(id).Add(r.Key)
	p.catchUp()
	return id, nil
}

// Add brings somebody into a group, which is given a new key. Its name stays as it was.
func (p *Phone) Add(group, user string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.catchUp()
	if err := p.add(group, user); err != nil {
		return fmt.Errorf("xsim: phone of %s: add %s: %w", p.user, user, err)
	}
	p.catchUp()
	return nil
}

func (p *Phone) add(group, user string) error {
	s := p.sim
	members, version := s.state(group)
	people, err := p.people(append(members, user))
	if err != nil {
		return err
	}
	change := wire.GroupChange{
		Kind: wire.GroupMemberAdd, Members: []string{user}, Current: members, Admins: []string{p.user},
	}
	r, err := p.author().RotateGroup([2]string{newMessageID(), newMessageID()}, group, s.nextVersion(version), people, change)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	room, err := s.enter(group, p.user)
	if err != nil {
		return err
	}
	if err := s.addMembers(p.user, room, joinBody{keysBody: rotationBody("", r), Users: []string{user}}); err != nil {
		return err
	}
	p.ring(group).Add(r.Key)
	return nil
}

// Leave takes the person out of a group. X documents no call for it, so the event goes to X in the telephone's own way.
func (p *Phone) Leave(group string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	act, err := p.author().ChangeGroup(newMessageID(), group, wire.GroupChange{Kind: wire.GroupMemberLeave, Members: []string{p.user}})
	if err != nil {
		return fmt.Errorf("xsim: phone of %s: leave: %w", p.user, err)
	}
	ev, err := actions([]xchat.Action{act})[0].event(p.user, group)
	if err != nil {
		return fmt.Errorf("xsim: phone of %s: leave: %w", p.user, err)
	}
	s := p.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.chats.rooms[group]
	if r == nil || !r.group() || !slices.Contains(r.members, p.user) {
		return fmt.Errorf("xsim: phone of %s: leave: %w", p.user, errUnknown)
	}
	s.put(r, &entry{ev: ev})
	r.members = r.others(p.user)
	r.admins = slices.DeleteFunc(r.admins, func(a string) bool { return a == p.user })
	return nil
}

// Delete takes messages back: what the person wrote, or, for an admin, what others wrote; or only from this telephone.
func (p *Phone) Delete(in string, forAll bool, targets ...wire.Sequence) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := roomID(in, p.user)
	act, err := p.author().Delete(newMessageID(), id, targets, forAll)
	if err != nil {
		return fmt.Errorf("xsim: phone of %s: delete: %w", p.user, err)
	}
	body := eraseBody{Action: "delete_for_self", Actions: actions([]xchat.Action{act})}
	if forAll {
		body.Action = "delete_for_all"
	}
	for _, n := range targets {
		body.Sequences = append(body.Sequences, n.String())
	}
	err = p.within(id, func(r *room) error { return p.sim.erase(p.user, r, body) })
	p.catchUp()
	return err
}

// Read shows that the person has read up to an event.
func (p *Phone) Read(in string, until wire.Sequence) error {
	return p.within(roomID(in, p.user), func(r *room) error { return p.sim.markRead(p.user, r, until) })
}

// Typing shows that the person is writing.
func (p *Phone) Typing(in string) error {
	return p.within(roomID(in, p.user), func(r *room) error { return p.sim.typing(p.user, r) })
}

// within does something in a conversation at X.
func (p *Phone) within(id string, do func(*room) error) error {
	s := p.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.enter(id, p.user)
	if err == nil && r == nil {
		err = notFound("conversation", "id", id)
	}
	if err == nil {
		err = do(r)
	}
	if err != nil {
		return fmt.Errorf("xsim: phone of %s: %w", p.user, err)
	}
	return nil
}
