package xsim

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat"
)

// blob is a sealed file, from the first byte of its upload on.
type blob struct {
	session, hash, owner string
	room                 string // canonical id
	total, received      int64
	segments             map[int][]byte
	data                 []byte // when finalized
	done                 bool
	expires              time.Time
}

// mediaRoom is the conversation that a media call names: two users joined by a dash or a colon, or a group. A bare user's
// id is not taken here. mu is held.
func (c *call) mediaRoom(raw string) (string, error) {
	id := canonical(strings.Replace(raw, ":", "-", 1), c.who.user)
	if id == "" || isID(raw) {
		return "", invalid("conversation_id", raw, "This is not the id of a conversation.")
	}
	r, err := c.enter(id, c.who.user)
	if err == nil && r != nil && !slices.Contains(r.members, c.who.user) {
		err = forbidden("You are not in this conversation.")
	}
	return id, err
}

func chatUploadStart(c *call) (reply, error) {
	var body struct {
		Conversation string `json:"conversation_id"`
		Total        *int64 `json:"total_bytes"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	if body.Total == nil || *body.Total <= 0 || *body.Total > c.cfg.ChatMedia {
		return reply{}, invalid("total_bytes", "", "The number of bytes has to be told, and must not be too large.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	id, err := c.mediaRoom(body.Conversation)
	if err != nil {
		return reply{}, err
	}
	b := c.newBlob(c.who.user, id, *body.Total)
	return data(object{"conversation_id": id, "media_hash_key": b.hash, "session_id": b.session})
}

// newBlob opens an upload; mu is held.
func (s *Sim) newBlob(owner, room string, total int64) *blob {
	b := &blob{
		session: s.nextID(), hash: secret(16), owner: owner, room: room, total: total, segments: map[int][]byte{},
		expires: s.cfg.Now().Add(s.cfg.MediaTTL),
	}
	s.chats.blobs[b.hash] = b
	return b
}

// ownBlob finds an upload of the caller's that has not expired; mu is held.
func (c *call) ownBlob(hash, conversation string) (*blob, error) {
	session, err := c.id("id")
	if err != nil {
		return nil, err
	}
	room, err := c.mediaRoom(conversation)
	if err != nil {
		return nil, err
	}
	b := c.chats.blobs[hash]
	if b == nil || b.session != session || b.owner != c.who.user || b.room != room || !c.cfg.Now().Before(b.expires) {
		return nil, notFound("upload", "session_id", session)
	}
	return b, nil
}

func chatUploadAppend(c *call) (reply, error) {
	up, err := readUpload(
		c.r.Header.Get("Content-Type"), c.body, "media", "segment_index", "conversation_id", "media_hash_key",
	)
	if err != nil {
		return reply{}, invalid("", "", err.Error())
	}
	if up.segment < 0 || up.segment > maxSegment {
		return reply{}, invalid("segment_index", strconv.Itoa(up.segment), "The index has to be a number from 0 to 999.")
	}
	if len(up.content) == 0 {
		return reply{}, invalid("media", "", "The segment is empty.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	b, err := c.ownBlob(up.hashKey, up.conversation)
	if err != nil {
		return reply{}, err
	}
	received := b.received + int64(len(up.content)-len(b.segments[up.segment]))
	switch {
	case b.done:
		return reply{}, invalid("id", b.session, "The upload is finished.")
	case received > b.total:
		return reply{}, invalid("media", "", "These are more bytes than were announced.")
	}
	b.segments[up.segment], b.received = up.content, received
	return data(object{"expires_at": b.expires.Unix()})
}

func chatUploadFinish(c *call) (reply, error) {
	var body struct {
		Conversation string `json:"conversation_id"`
		Hash         string `json:"media_hash_key"`
		Message      string `json:"message_id"`
		Parts        string `json:"num_parts"`
		TTL          string `json:"ttl_msec"`
	}
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	b, err := c.ownBlob(body.Hash, body.Conversation)
	if err != nil {
		return reply{}, err
	}
	if b.done {
		return data(object{"success": true})
	}
	if body.Parts != strconv.Itoa(len(b.segments)) {
		return reply{}, invalid("num_parts", body.Parts, strconv.Itoa(len(b.segments))+" parts have come.")
	}
	if b.received != b.total {
		return reply{}, invalid("media_hash_key", b.hash, strconv.FormatInt(b.received, 10)+" bytes have come, fewer than announced.")
	}
	whole := make([]byte, 0, b.total)
	for i := range len(b.segments) {
		part, there := b.segments[i]
		if !there {
			return reply{}, invalid("segment_index", strconv.Itoa(i), "This segment is missing.")
		}
		whole = append(whole, part...)
	}
	b.finish(whole)
	c.bump()
	return data(object{"success": true})
}

func (b *blob) finish(whole []byte) { b.data, b.segments, b.done = whole, nil, true }

func downloadChatMedia(c *call) (reply, error) {
	if _, err := c.query(); err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	id, r, err := c.place()
	if err != nil {
		return reply{}, err
	}
	hash := c.r.PathValue("media_hash_key")
	b := c.chats.blobs[hash]
	if b == nil || b.room != id || !b.done || r != nil && !slices.Contains(r.members, c.who.user) {
		return reply{}, notFound("media", "media_hash_key", hash)
	}
	c.w.Header().Set("X-Content-Type-Options", "nosniff")
	return reply{status: http.StatusOK, kind: "application/octet-stream", body: b.data}, nil
}

// sealedIn is a finished file of a conversation; nil when there is none.
func (s *Sim) sealedIn(conversation, hash string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.chats.blobs[hash]
	if b == nil || !b.done || b.room != xchat.ConversationID(conversation, "") {
		return nil
	}
	return b.data
}
