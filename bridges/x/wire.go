package x

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/roost-im/roost/bridges/x/internal/api"
)

// The names below are X's own, of API v2 as of version 2.167 of its description, with those of 2.166 beside them.
// IDs are strings: as numbers they would lose digits.

// dmPage is an answer of the lookups of events.
type dmPage struct {
	Data     []json.RawMessage `json:"data"` // each a dmEvent, so that one that we can't read spoils no other
	Includes includes          `json:"includes"`
	Meta     struct {
		NextToken string `json:"next_token"`
	} `json:"meta"`
}

type includes struct {
	Users []api.User `json:"users"`
	Media []media    `json:"media"`
}

type dmEvent struct {
	ID             string    `json:"id"`
	EventType      string    `json:"event_type"`
	Text           string    `json:"text"`
	SenderID       string    `json:"sender_id"`
	ParticipantIDs []string  `json:"participant_ids"`
	ConversationID string    `json:"dm_conversation_id"`
	CreatedAt      time.Time `json:"created_at"`
	Attachments    struct {
		MediaKeys []string `json:"media_keys"`
	} `json:"attachments"`
	Entities         entities  `json:"entities"`
	URLs             []urlMark `json:"urls"` // where 2.166 has them
	ReferencedPosts  []postRef `json:"referenced_posts"`
	ReferencedTweets []postRef `json:"referenced_tweets"` // in 2.166
}

// links is the event's links, wherever they are.
func (e dmEvent) links() []urlMark {
	return append(slices.Clip(e.Entities.URLs), e.URLs...)
}

// posts is the posts that the event refers to.
func (e dmEvent) posts() []postRef {
	if len(e.ReferencedPosts) > 0 {
		return e.ReferencedPosts
	}
	return e.ReferencedTweets
}

type postRef struct {
	ID string `json:"id"`
}

type entities struct {
	URLs []urlMark `json:"urls"`
}

// urlMark is a t.co link in a text. Start, where there is one, is its place; we look for the link itself, because X does
// not say in which unit it counts.
type urlMark struct {
	URL         string `json:"url"`
	ExpandedURL string `json:"expanded_url"`
	DisplayURL  string `json:"display_url"`
}

type media struct {
	MediaKey        string    `json:"media_key"`
	Type            string    `json:"type"` // photo, video, animated_gif
	URL             string    `json:"url"`
	PreviewImageURL string    `json:"preview_image_url"`
	AltText         string    `json:"alt_text"`
	Variants        []variant `json:"variants"`
}

type variant struct {
	BitRate     int    `json:"bit_rate"`
	Bitrate     int    `json:"bitrate"` // in legacy payloads
	ContentType string `json:"content_type"`
	URL         string `json:"url"`
}

// dmDraft is a message to be sent.
type dmDraft struct {
	Text        string     `json:"text,omitempty"`
	Attachments []mediaRef `json:"attachments,omitempty"`
}

type mediaRef struct {
	MediaID string `json:"media_id"`
}

type dmSent struct {
	Data struct {
		ConversationID string `json:"dm_conversation_id"`
		EventID        string `json:"dm_event_id"`
	} `json:"data"`
}
