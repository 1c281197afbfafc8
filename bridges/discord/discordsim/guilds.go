package discordsim

import "fmt"

// Join makes a person a member of a guild; the bot hears GUILD_MEMBER_ADD.
func (s *Sim) Join(user, guild string) error { return s.inGuild(user, guild, s.w.join) }

// Leave ends a person's membership; the bot hears GUILD_MEMBER_REMOVE.
func (s *Sim) Leave(user, guild string) error { return s.inGuild(user, guild, s.w.part) }

func (s *Sim) inGuild(user, in string, do func(*guild, string)) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	g := s.w.guilds[in]
	switch {
	case g == nil:
		return fmt.Errorf("%w: %s", ErrNoGuild, in)
	case s.w.users[user] == nil || user == s.w.bot():
		return fmt.Errorf("%w: %s", ErrNoUser, user)
	}
	do(g, user)
	s.w.bump()
	return nil
}

// RemoveBot kicks the bot out of a guild: it hears GUILD_DELETE, and answers there become Missing Access.
func (s *Sim) RemoveBot(guild string) { s.botIn(guild, s.w.leave) }

// AddBot brings the bot (back) into a guild: it hears GUILD_CREATE.
func (s *Sim) AddBot(guild string) { s.botIn(guild, s.w.enter) }

func (s *Sim) botIn(id string, do func(*guild)) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if g := s.w.guilds[id]; g != nil {
		do(g)
		s.w.bump()
	}
}

// AddEmoji puts a custom emoji into a guild and returns its id, "" when the guild is unknown.
func (s *Sim) AddEmoji(guild, name string, animated bool) string {
	w := s.w
	w.mu.Lock()
	defer w.mu.Unlock()
	g := w.guilds[guild]
	if g == nil {
		return ""
	}
	e := &emoji{id: w.newID(), name: name, animated: animated}
	g.emojis = append(g.emojis, e)
	w.dispatch(event{name: "GUILD_EMOJIS_UPDATE", need: IntentExpressions, guild: g.ID, build: func(*session) any {
		all := []obj{}
		for _, e := range g.emojis {
			all = append(all, e.wire())
		}
		return obj{"guild_id": g.ID, "emojis": all}
	}})
	w.bump()
	return e.id
}
