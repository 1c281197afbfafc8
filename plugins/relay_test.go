package plugins_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// relay is a connector: a platform on which one person counts aloud, and on which a post does what it says.
func relay() int {
	p := &program{in: bufio.NewReader(os.Stdin)}
	next := 1
	sent := 0 // the ID of the accept that is not answered yet
	accept := func() {
		sent++
		write(map[string]any{"id": "accept-" + strconv.Itoa(sent), "method": "accept", "params": map[string]any{
			"events": []any{map[string]any{
				"id": "e" + strconv.Itoa(next), "kind": "posted", "conversation": "#c", "message": "m" + strconv.Itoa(next),
				"author": map[string]any{"id": "U1", "name": "Alice"}, "at": "2026-11-22T09:00:00Z",
				"text": "line " + strconv.Itoa(next), "spans": []any{map[string]any{"s": 0, "e": 4, "k": "bold"}},
			}},
			"cursor": strconv.Itoa(next),
		}})
	}
	for {
		l := p.read()
		switch l.Method {
		case "initialize":
			answer(l.ID, json.RawMessage(`{"api": 1, "traits": {"platform": "Relay", "text": {"max": 400, "unit": "bytes"}, "spans": ["bold"],
				"edit": {"out": true}, "delete": {"out": true}, "react": {"out": true}, "threads": true, "types": true,
				"repeat": "read_back", "pace": {"conversation": {"every": 0.5, "burst": 3}}, "check": true}}`))
		case "run":
			var run struct{ Cursor *string }
			_ = json.Unmarshal(l.Params, &run)
			if run.Cursor != nil {
				n, _ := strconv.Atoi(*run.Cursor)
				next = n + 1
			}
			accept()
		case "":
			if !strings.HasPrefix(string(l.ID), `"accept-`) {
				continue
			}
			if l.Error == nil {
				next++ // what was not stored is sent again
			}
			if next <= 5 {
				accept()
			}
		case "check":
			answer(l.ID, map[string]any{"findings": []any{map[string]any{"grade": "warning", "name": "nick", "text": "the nick is taken"}}})
		case "find":
			answer(l.ID, map[string]any{"found": true, "message": "found"})
		case "open":
			answer(l.ID, map[string]any{"conversation": map[string]any{"id": "#c", "thread": "t1"}, "message": "m1"})
		case callPost:
			post(l)
		default:
			fmt.Fprintln(os.Stderr, l.Method, string(l.Params))
			answer(l.ID, struct{}{})
		}
	}
}

const callPost = "post"

// post does what it says: "ok", "die", "hang", or a kind of error and what else belongs to it.
func post(l line) {
	var d struct{ Text string }
	_ = json.Unmarshal(l.Params, &d)
	verb, data, _ := strings.Cut(d.Text, " ")
	switch verb {
	case "die":
		os.Exit(4)
	case "hang":
	case "bare":
		answer(l.ID, struct{}{})
	case "error":
		write(map[string]any{"id": l.ID, "error": map[string]any{"code": -32000, "message": "501 no", "data": json.RawMessage(data)}})
	default:
		fmt.Fprintln(os.Stderr, l.Method, string(l.Params))
		answer(l.ID, map[string]any{"message": "p1", "at": "2026-11-22T09:00:00Z"})
	}
}
