package xsim

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"
)

// delivery is an event on its way to streams and to one webhook.
type delivery struct {
	at      time.Time
	kind    string
	uuid    string
	webhook string
	body    []byte
}

const maxHistory = 10_000

// emit tells an activity of a user to whoever subscribed to it; mu is held.
func (s *Sim) emit(kind, user string, payload object) {
	for _, sub := range s.subscriptions {
		if sub.Type != kind || sub.Filter.UserID != user {
			continue
		}
		// A random 64-bit number with its sign: not an id of X's other kinds.
		uuid := fmt.Sprint(int64(rand.Uint64())) //nolint:gosec // not a secret
		envelope := object{"event_type": kind, "event_uuid": uuid, "filter": sub.Filter, "payload": payload}
		if sub.Tag != "" {
			envelope["tag"] = sub.Tag
		}
		body, err := json.Marshal(object{"data": envelope})
		if err != nil {
			panic(err) // maps, strings and numbers only
		}
		if s.losing > 0 {
			s.losing--
			continue
		}
		d := &delivery{at: s.cfg.Now(), kind: kind, uuid: uuid, webhook: sub.WebhookID, body: body}
		s.remember(d)
		if s.holding {
			s.held = append(s.held, d)
			continue
		}
		s.dispatch(d)
	}
}

// remember keeps what a backfill or a replay may ask for: a day, and no more than a bounded number; mu is held.
func (s *Sim) remember(d *delivery) {
	oldest := d.at.Add(-dayLength)
	drop := 0
	for drop < len(s.history) && (s.history[drop].at.Before(oldest) || len(s.history)-drop >= maxHistory) {
		drop++
	}
	s.history = append(s.history[drop:], d)
}

// dispatch hands an event to the streams and to its webhook; mu is held.
func (s *Sim) dispatch(d *delivery) {
	times := 1
	if s.twice {
		times = 2
	}
	for range times {
		for _, st := range s.streams {
			st.push(d)
		}
		if w := s.webhook(d.webhook); w != nil {
			w.push(d)
		}
	}
	if (d.kind == "dm.received" || d.kind == chatReceived) && (len(s.streams) > 0 || s.webhook(d.webhook) != nil) {
		s.payOnce("delivered " + d.uuid)
	}
}

// HoldEvents keeps all activity events back until it is called with false: then they are told in their order.
func (s *Sim) HoldEvents(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holding = on
	if on {
		return
	}
	for _, d := range s.held {
		s.dispatch(d)
	}
	s.held = nil
	s.bump()
}

// DeliverTwice tells every activity event two times, with the same event_uuid.
func (s *Sim) DeliverTwice(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.twice = on
}

// LoseEvents makes the next n activity events never be told: not by stream, webhook, backfill or replay.
func (s *Sim) LoseEvents(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.losing = n
}

// OldNames answers lookups in the spelling of the older documents (referenced_tweets, tweet_count), takes sender_id and
// participant_ids as fields, and knows chat.conversation_join alone. Otherwise that is another name for chat.conversation.join, by
// which it can be subscribed to, and neither looked up nor told.
func (s *Sim) OldNames(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oldNames = on
}

// tellMessage emits a one-to-one message for both sides; mu is held.
func (s *Sim) tellMessage(e *event) {
	to := e.audience[0]
	if to == e.sender {
		to = e.audience[1]
	}
	payload := object{"direct_message_events": []object{s.legacyMessage(e, to)}, "users": s.profiles(e.sender, to)}
	s.emit("dm.sent", e.sender, payload)
	s.emit("dm.received", to, payload)
}

// legacyMessage is a message in the shape that activity events have kept from the old Account Activity API; it names no
// conversation. mu is held.
func (s *Sim) legacyMessage(e *event, to string) object {
	message := object{"text": e.text, "entities": s.legacyEntities(e)}
	if len(e.media) > 0 {
		last := e.links[len(e.links)-1]
		message["attachment"] = object{"type": "media", "media": s.legacyMedia(e, e.media[0], last)}
	}
	create := object{"target": object{"recipient_id": to}, "sender_id": e.sender, "message_data": message}
	if e.api {
		create["source_app_id"] = s.cfg.AppID
	}
	return object{
		"type": "message_create", "id": e.id, "created_timestamp": fmt.Sprint(e.at.UnixMilli()), "message_create": create,
	}
}

// legacyMedia is the attachment of such a message; mu is held.
func (s *Sim) legacyMedia(e *event, m *media, l link) object {
	place := s.url + m.path(e.id)
	out := object{
		"id": json.Number(m.id), "id_str": m.id, "indices": []int{l.start, l.end}, "type": m.sort(),
		"media_url": place, "media_url_https": place, "url": l.url, "display_url": l.display, "expanded_url": l.expanded,
		"sizes": object{"large": object{"w": m.width, "h": m.height, "resize": "fit"}},
	}
	if m.sort() != "photo" {
		out["video_info"] = object{"variants": []object{{"content_type": m.mime, "url": place, "bitrate": 0}}}
	}
	return out
}
