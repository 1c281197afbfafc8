package xsim

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// message is what a client sends.
type message struct {
	Text        *string `json:"text"`
	Attachments []struct {
		MediaID string `json:"media_id"`
	} `json:"attachments"`
}

// The longest text, in characters.
const maxText = 10_000

// check finds the attachment and faults of a message; mu is held.
func (c *call) check(m message) (*event, error) {
	e := &event{sender: c.who.user, api: true}
	if m.Text != nil {
		e.written = *m.Text
	}
	switch n := utf8.RuneCountInString(e.written); {
	case m.Text != nil && strings.TrimSpace(e.written) == "":
		return nil, invalid("text", "", "The text is empty.")
	case m.Text == nil && len(m.Attachments) == 0:
		return nil, invalid("text", "", "There is neither a text nor an attachment.")
	case n > maxText:
		return nil, invalid("text", "", "The text has more than 10000 characters.")
	case len(m.Attachments) > 1:
		return nil, invalid("attachments", "", "A message has at most one attachment.")
	}
	for _, a := range m.Attachments {
		item, err := c.attach(a.MediaID)
		if err != nil {
			return nil, err
		}
		e.media = append(e.media, item)
	}
	return e, nil
}

// attach finds an upload that the caller may send now; mu is held.
func (c *call) attach(id string) (*media, error) {
	const name = "attachments.media_id"
	m := c.uploads[id]
	switch {
	case !isID(id):
		return nil, invalid(name, id, "An id has 1 to 19 digits.")
	case m == nil || m.owner != c.who.user:
		return nil, invalid(name, id, "You uploaded no such media.")
	case !c.cfg.Now().Before(m.expires):
		return nil, invalid(name, id, "The upload has expired.")
	case !m.ready():
		return nil, invalid(name, id, "The media is not ready.")
	case !strings.HasPrefix(m.category, "dm_"):
		return nil, invalid(name, id, "The media was not uploaded for direct messages.")
	}
	return m, nil
}

// mayWrite says whether one user's messages are taken by another; mu is held.
func (s *Sim) mayWrite(from, to string) bool {
	u := s.users[to]
	if u == nil || from == to || s.blocks[[2]string{to, from}] || s.blocks[[2]string{from, to}] {
		return false
	}
	if !u.ClosedDMs {
		return true
	}
	return slices.ContainsFunc(s.events, func(e *event) bool {
		return e.sender == to && e.conversation.id == pairID(from, to)
	})
}

func sendToParticipant(c *call) (reply, error) {
	peer, err := c.id("participant_id")
	if err != nil {
		return reply{}, err
	}
	return c.sendPair(peer)
}

// sendPair writes to one user.
func (c *call) sendPair(peer string) (reply, error) {
	var m message
	if err := c.decode(&m); err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e, err := c.check(m)
	if err != nil {
		return reply{}, err
	}
	if c.users[peer] == nil {
		return reply{}, invalid("participant_id", peer, "There is no such user.")
	}
	if !c.mayWrite(c.who.user, peer) {
		return reply{}, forbidden("This user takes no direct messages from you.")
	}
	if c.encrypted[peer] {
		return reply{}, forbidden("ONLY_ENCRYPTED_MESSAGES_ALLOWED")
	}
	return c.sent(c.pair(c.who.user, peer), e)
}

// sent puts a checked message into its conversation; mu is held.
func (c *call) sent(to *conversation, e *event) (reply, error) {
	c.pay(priceWrite)
	c.post(to, e)
	return answer(http.StatusCreated, object{"data": object{"dm_conversation_id": to.id, "dm_event_id": e.id}})
}

func sendToConversation(c *call) (reply, error) {
	id := c.r.PathValue("dm_conversation_id")
	if !isConversation(id) {
		return reply{}, invalid("dm_conversation_id", id, "This is not the id of a conversation.")
	}
	if a, b, pair := strings.Cut(id, "-"); pair {
		switch c.who.user {
		case a:
			return c.sendPair(b)
		case b:
			return c.sendPair(a)
		}
		return reply{}, forbidden("You are not in this conversation.")
	}
	var m message
	if err := c.decode(&m); err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e, err := c.check(m)
	if err != nil {
		return reply{}, err
	}
	to := c.conversations[id]
	if to == nil || !slices.Contains(to.members, c.who.user) {
		return reply{}, forbidden("You are not in this conversation.")
	}
	return c.sent(to, e)
}

func sendToNewGroup(c *call) (reply, error) {
	var body struct {
		Kind         string   `json:"conversation_type"`
		Participants []string `json:"participant_ids"`
		Message      message  `json:"message"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	if body.Kind != "Group" {
		return reply{}, invalid("conversation_type", body.Kind, "The type of a new conversation has to be Group.")
	}
	if n := len(body.Participants); n < 2 || n > 49 {
		return reply{}, invalid("participant_ids", "", "A group is opened with 2 to 49 others.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e, err := c.check(body.Message)
	if err != nil {
		return reply{}, err
	}
	for _, id := range body.Participants {
		if c.users[id] == nil {
			return reply{}, invalid("participant_ids", id, "There is no such user.")
		}
		if !c.mayWrite(c.who.user, id) {
			return reply{}, forbidden("One of these users takes no direct messages from you.")
		}
	}
	return c.sent(c.openGroup(c.who.user, body.Participants), e)
}

func deleteDMEvent(c *call) (reply, error) {
	id, err := c.id("event_id")
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[id]
	if e == nil || !e.visible(c.who.user, c.cfg.Now().Add(-c.cfg.History)) {
		return reply{}, notFound("dm_event", "event_id", id)
	}
	e.hidden[c.who.user] = true
	c.bump()
	return data(object{"deleted": true})
}

func (c *call) blockDMs(on bool) (reply, error) {
	id, err := c.id("id")
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users[id] == nil {
		return reply{}, notFound("user", "id", id)
	}
	c.pay(priceWrite)
	c.setBlock(c.who.user, id, on)
	return data(object{"blocked": on})
}
