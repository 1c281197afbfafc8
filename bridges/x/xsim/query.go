package xsim

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// wanted is what a lookup asks to be told, as sets.
type wanted struct {
	events, expansions, users, media map[string]bool
}

// params are the query parameters of a lookup; each is checked before it is used.
type params struct {
	url.Values
}

// query reads the query and takes no parameter that is not named.
func (c *call) query(names ...string) (params, error) {
	return readQuery(c.r.URL.RawQuery, names)
}

func readQuery(raw string, names []string) (params, error) {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return params{}, invalid("", "", "The query is not percent-encoded.")
	}
	for k, v := range q {
		if !slices.Contains(names, k) {
			return params{}, invalid(clip(k, 60), clip(strings.Join(v, ","), 60), "There is no query parameter of this name here.")
		}
		if len(v) > 1 {
			return params{}, invalid(k, clip(strings.Join(v, ","), 60), "This query parameter stands there twice.")
		}
	}
	return params{q}, nil
}

// set reads a comma-separated parameter whose values are known.
func (p params) set(name string, known []string) (map[string]bool, error) {
	raw, told := p.Values[name]
	if !told {
		return map[string]bool{}, nil
	}
	out := map[string]bool{}
	for v := range strings.SplitSeq(raw[0], ",") {
		if !slices.Contains(known, v) {
			return nil, invalid(name, v, "The value is none of: "+strings.Join(known, ", ")+".")
		}
		out[v] = true
	}
	return out, nil
}

// number reads a number between two bounds.
func (p params) number(name string, least, most, def int) (int, error) {
	raw := p.Get(name)
	if _, told := p.Values[name]; !told {
		return def, nil
	}
	n, err := strconv.Atoi(raw)
	if err != nil || n < least || n > most {
		return 0, invalid(name, raw, fmt.Sprintf("The value has to be a number from %d to %d.", least, most))
	}
	return n, nil
}

// list reads 1 to 100 comma-separated values of a shape.
func (p params) list(name string, shape func(string) bool) ([]string, error) {
	raw := p.Get(name)
	values := strings.Split(raw, ",")
	if raw == "" || len(values) > 100 {
		return nil, invalid(name, raw, "There have to be 1 to 100 values.")
	}
	for _, v := range values {
		if !shape(v) {
			return nil, invalid(name, v, "The value is not of the right shape.")
		}
	}
	return values, nil
}

// isID says whether a string is a number as X's ids are: 1 to 19 digits.
func isID(s string) bool {
	return len(s) >= 1 && len(s) <= 19 && strings.Trim(s, "0123456789") == ""
}

// isConversation says whether a string is a conversation's id: two users' or a group's.
func isConversation(s string) bool {
	a, b, pair := strings.Cut(s, "-")
	if pair {
		return isID(a) && isID(b)
	}
	return isID(s) && len(s) >= 15
}

func isUsername(s string) bool {
	return len(s) >= 1 && len(s) <= 15 && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// id reads an id out of the path.
func (c *call) id(name string) (string, error) {
	v := c.r.PathValue(name)
	if !isID(v) {
		return "", invalid(name, v, "An id has 1 to 19 digits.")
	}
	return v, nil
}

func eventFields() []string {
	return []string{"attachments", "created_at", "dm_conversation_id", "entities", "event_type", "id", "text"}
}

func expansions() []string {
	return []string{"attachments.media_keys", "participant_ids", "referenced_posts", "sender_id"}
}

func userFields() []string {
	return []string{
		"confirmed_email", "connection_status", "created_at", "description", "entities", "id", "is_identity_verified",
		"location", "name", "parody", "profile_banner_url", "profile_image_url", "protected", "public_metrics",
		"receives_your_dm", "subscribes_to_you", "subscription", "subscription_type", "url", "username", "verified",
		"verified_followers_count", "verified_type", "withheld",
	}
}

func mediaFields() []string {
	return []string{
		"alt_text", "duration_ms", "height", "media_key", "non_public_metrics", "organic_metrics", "preview_image_url",
		"promoted_metrics", "public_metrics", "type", "url", "variants", "width",
	}
}

// wanted reads the fields and expansions of a lookup of events.
func (c *call) wanted(p params) (wanted, error) {
	c.mu.Lock()
	old := c.oldNames
	c.mu.Unlock()
	known, expand := eventFields(), expansions()
	if old {
		known = append(known, "sender_id", "participant_ids", "referenced_tweets")
		expand = append(expand, "referenced_tweets.id")
	}
	var w wanted
	var err error
	if w.events, err = p.set("dm_event.fields", known); err != nil {
		return w, err
	}
	if w.expansions, err = p.set("expansions", expand); err != nil {
		return w, err
	}
	if w.users, err = p.set("user.fields", userFields()); err != nil {
		return w, err
	}
	w.media, err = p.set("media.fields", mediaFields())
	return w, err
}
