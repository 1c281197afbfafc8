package xsim

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"unicode/utf8"
)

// link is a t.co link in a message. Start and end count code points of the text as the API tells it.
type link struct {
	start, end             int
	url, expanded, display string
}

var (
	urlPattern     = regexp.MustCompile(`https?://[^\s<>"]+`)
	hashtagPattern = regexp.MustCompile(`(?:^|[\s(])(#[\p{L}\p{N}_]*[\p{L}_][\p{L}\p{N}_]*)`)
	mentionPattern = regexp.MustCompile(`(?:^|[^A-Za-z0-9_/])(@[A-Za-z0-9_]{1,15})\b`)
	cashtagPattern = regexp.MustCompile(`(?:^|\s)(\$[A-Za-z]{1,6})\b`)
)

// shorten replaces every URL by a t.co link, as X does on the way in, and adds one more at the end for an attachment.
func shorten(written, eventID string, attachment bool) (string, []link) {
	out := shortener{event: eventID}
	rest := 0
	for _, at := range urlPattern.FindAllStringIndex(written, -1) {
		long := strings.TrimRight(written[at[0]:at[1]], ".,;:!?)]}'")
		out.write(written[rest:at[0]])
		out.link(long, display(long))
		rest = at[0] + len(long)
	}
	out.write(written[rest:])
	if attachment {
		if out.text.Len() > 0 {
			out.write(" ")
		}
		out.link("https://x.com/messages/media/"+eventID, "")
		last := &out.links[len(out.links)-1]
		last.display = "pic.x.com/" + last.url[strings.LastIndexByte(last.url, '/')+1:]
	}
	return out.text.String(), out.links
}

// shortener is a text in the making, with the number of its code points.
type shortener struct {
	event string
	text  strings.Builder
	runes int
	links []link
}

func (s *shortener) write(part string) {
	s.text.WriteString(part)
	s.runes += utf8.RuneCountInString(part)
}

// link writes the short form of a URL and notes where it stands.
func (s *shortener) link(long, shown string) {
	sum := sha256.Sum256([]byte(s.event + " " + long))
	code := base64.RawURLEncoding.EncodeToString(sum[:])[:10]
	short := "https://t.co/" + strings.NewReplacer("-", "a", "_", "b").Replace(code)
	start := s.runes
	s.write(short)
	s.links = append(s.links, link{start: start, end: s.runes, url: short, expanded: long, display: shown})
}

// display is a URL as X shows it: without the scheme and cut after 26 characters of the path.
func display(long string) string {
	_, shown, _ := strings.Cut(long, "://")
	shown = strings.TrimPrefix(shown, "www.")
	host, path, found := strings.Cut(shown, "/")
	if !found || path == "" {
		return host
	}
	if r := []rune(path); len(r) > 15 {
		path = string(r[:15]) + "…"
	}
	return host + "/" + path
}

// tag is a hashtag, cashtag or mention in a text: code points and the word without its sign.
type tag struct {
	start, end int
	word       string
}

func tags(pattern *regexp.Regexp, text string) []tag {
	var found []tag
	for _, m := range pattern.FindAllStringSubmatchIndex(text, -1) {
		start := utf8.RuneCountInString(text[:m[2]])
		word := text[m[2]:m[3]]
		found = append(found, tag{start: start, end: start + utf8.RuneCountInString(word), word: word[1:]})
	}
	return found
}

// entities is how lookups tell what is in a text: only the kinds that are there, nil when there is none; mu is held.
func (s *Sim) entities(e *event) object {
	out := object{}
	for kind, found := range map[string][]tag{
		"hashtags": tags(hashtagPattern, e.text), "cashtags": tags(cashtagPattern, e.text),
	} {
		for _, t := range found {
			out[kind] = append(list(out[kind]), object{"start": t.start, "end": t.end, "tag": t.word})
		}
	}
	for _, t := range tags(mentionPattern, e.text) {
		m := object{"start": t.start, "end": t.end, "username": t.word}
		if u := s.userByName(t.word); u != nil {
			m["id"] = u.ID
		}
		out["mentions"] = append(list(out["mentions"]), m)
	}
	for _, l := range e.links {
		out["urls"] = append(list(out["urls"]), object{
			"start": l.start, "end": l.end, "url": l.url, "expanded_url": l.expanded, "display_url": l.display,
		})
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// legacyEntities is how activity events tell the same: all kinds, with pairs of indices; mu is held.
func (s *Sim) legacyEntities(e *event) object {
	symbols, hashtags, mentions, urls := []object{}, []object{}, []object{}, []object{}
	for _, t := range tags(hashtagPattern, e.text) {
		hashtags = append(hashtags, object{"text": t.word, "indices": []int{t.start, t.end}})
	}
	for _, t := range tags(cashtagPattern, e.text) {
		symbols = append(symbols, object{"text": t.word, "indices": []int{t.start, t.end}})
	}
	for _, t := range tags(mentionPattern, e.text) {
		if u := s.userByName(t.word); u != nil {
			mentions = append(mentions, object{
				"screen_name": u.Username, "name": u.Name, "id_str": u.ID, "indices": []int{t.start, t.end},
			})
		}
	}
	for _, l := range e.links {
		urls = append(urls, object{
			"url": l.url, "expanded_url": l.expanded, "display_url": l.display, "indices": []int{l.start, l.end},
		})
	}
	return object{"hashtags": hashtags, "symbols": symbols, "user_mentions": mentions, "urls": urls}
}

// object is a JSON object on its way out.
type object = map[string]any

func list(v any) []object {
	l, _ := v.([]object)
	return l
}
