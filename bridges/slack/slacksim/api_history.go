package slacksim

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
)

const commercialPage = 15 // https://docs.slack.dev/changelog/2025/05/29/rate-limit-changes-for-non-marketplace-apps

var tsPattern = regexp.MustCompile(`^\d{1,12}(\.\d{1,6})?$`)

func validTS(ts string) bool { return tsPattern.MatchString(ts) }

// window is the part of time that history and replies ask for.
type window struct {
	oldest, latest string
	inclusive      bool
	limit          int
	cursor         string // the timestamp at which the page before ended
	metadata       bool
}

// windowOf reads oldest, latest, inclusive, limit and cursor.
func (w *world) windowOf(c *call) (window, error) {
	win := window{
		oldest: padTS(c.str("oldest")), latest: padTS(c.str("latest")), inclusive: c.boolean("inclusive"),
		limit: c.number("limit", 100, 999), metadata: c.boolean("include_all_metadata"),
	}
	if w.limits.on && w.limits.commercial {
		win.limit = min(win.limit, commercialPage)
	}
	if s := c.str("oldest"); s != "" && !validTS(s) {
		return win, fail("invalid_ts_oldest")
	}
	if s := c.str("latest"); s != "" && s != "now" && !validTS(s) {
		return win, fail("invalid_ts_latest")
	}
	var err error
	win.cursor, err = cursorTS(c.str("cursor"))
	return win, err
}

// cursorTS is the timestamp at which the page before ended.
func cursorTS(cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	raw, err := base64.StdEncoding.DecodeString(cursor)
	mark, ok := strings.CutPrefix(string(raw), "next_ts:")
	if err != nil || !ok || !validTS(mark) {
		return "", fail("invalid_cursor")
	}
	return mark, nil
}

// padTS gives timestamps one width, so that they compare as text.
func padTS(ts string) string {
	if !validTS(ts) {
		return ""
	}
	whole, frac, _ := strings.Cut(ts, ".")
	return strings.Repeat("0", max(0, 10-len(whole))) + whole + "." + (frac + "000000")[:6]
}

// holds says whether a timestamp lies in the window. The bounds themselves are outside unless inclusive.
func (win window) holds(ts string) bool {
	if win.oldest != "" && (ts < win.oldest || ts == win.oldest && !win.inclusive) {
		return false
	}
	return win.latest == "" || ts < win.latest || ts == win.latest && win.inclusive
}

func nextTS(m *message) string {
	return base64.StdEncoding.EncodeToString([]byte("next_ts:" + m.TS))
}

// shown is a message as history shows it.
func (win window) shown(m *message) *message {
	c := m.copy()
	if !win.metadata {
		c.Metadata = nil
	}
	return c
}

// inThread says whether a message is shown in its thread alone.
func (m *message) inThread() bool {
	return m.ThreadTS != "" && m.ThreadTS != m.TS && m.Subtype != subBroadcast
}

func conversationsHistory(w *world, c *call) (obj, error) {
	ch, err := w.inside(c)
	if err != nil {
		return nil, err
	}
	win, err := w.windowOf(c)
	if err != nil {
		return nil, err
	}
	found := []*message{}
	more := false
	for _, m := range slices.Backward(ch.messages) {
		if m.deleted || m.inThread() || !win.holds(m.TS) || win.cursor != "" && m.TS >= win.cursor {
			continue
		}
		if len(found) == win.limit {
			more = true
			break
		}
		found = append(found, win.shown(m))
	}
	out := obj{"messages": found, "has_more": more, "pin_count": 0, "channel_actions_ts": nil, "channel_actions_count": 0}
	if more {
		out["response_metadata"] = obj{"next_cursor": nextTS(found[len(found)-1])}
	}
	return out, nil
}

// conversationsReplies lists a thread oldest first. The parent leads the first page whatever oldest says, and is on no other page; asked
// with the ts of a reply it answers with that reply alone.
func conversationsReplies(w *world, c *call) (obj, error) {
	ch, err := w.inside(c)
	if err != nil {
		return nil, err
	}
	win, err := w.windowOf(c)
	if err != nil {
		return nil, err
	}
	root := ch.find(c.str("ts"))
	if root == nil {
		return nil, fail("thread_not_found")
	}
	found := []*message{}
	if win.cursor == "" {
		found = append(found, win.shown(root))
	}
	more := false
	for _, m := range ch.replies(root.TS) {
		if !win.holds(m.TS) || win.cursor != "" && m.TS <= win.cursor {
			continue
		}
		if len(found) >= win.limit {
			more = true
			break
		}
		found = append(found, win.shown(m))
	}
	out := obj{"messages": found, "has_more": more}
	if more {
		out["response_metadata"] = obj{"next_cursor": nextTS(found[len(found)-1])}
	}
	return out, nil
}
