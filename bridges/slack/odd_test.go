package slack_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
)

// odd has Slack answer with fields of types that nobody expects, by method.
type odd map[string]func(answer map[string]any)

// RoundTrip asks the workspace and bends its answer.
func (o odd) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	bend := o[path.Base(r.URL.Path)]
	if err != nil || bend == nil || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, err
	}
	bend(answer)
	b, err := json.Marshal(answer)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	return resp, err
}

// bent has a connector call a Slack that answers oddly.
func (r *run) bent(t *testing.T, o odd) {
	t.Helper()
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	r.deps.Client = &http.Client{Transport: o}
}

// oddMessages bends those messages of a page that say so.
func oddMessages(answer map[string]any) {
	messages, _ := answer["messages"].([]any)
	for _, one := range messages {
		if m, ok := one.(map[string]any); ok && strings.Contains(m["text"].(string), "odd") {
			m["files"] = []any{map[string]any{"id": "F1", "initial_comment": "a text, not an object"}}
		}
	}
}

func TestAMessageThatCantBeDecodedSpoilsNoOther(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	root := string(r.says(t, r.room, slacksim.Draft{Text: "an odd beginning"}))
	r.hears(t, "an odd beginning")
	must(t, r.Stop())
	r.says(t, r.room, slacksim.Draft{Text: "first"})
	r.says(t, r.room, slacksim.Draft{Text: "odd"})
	r.says(t, r.room, slacksim.Draft{Text: "odd in a thread", Thread: root})
	r.says(t, r.room, slacksim.Draft{Text: "fine in a thread", Thread: root})
	r.says(t, r.room, slacksim.Draft{Text: "last"})
	r.bent(t, odd{
		"conversations.history": oddMessages,
		"conversations.replies": oddMessages,
		"users.conversations": func(answer map[string]any) {
			for _, one := range answer["channels"].([]any) {
				one.(map[string]any)["topic"] = []any{}
			}
		},
	})
	r.again(t)
	r.hears(t, "fine in a thread")
	r.hears(t, "last")
	r.mu.Lock()
	skipped := slices.Clone(r.skipped)
	r.mu.Unlock()
	if len(skipped) < 2 || slices.ContainsFunc(skipped, func(kind string) bool { return kind != "history" }) {
		t.Errorf("counted %q, want history for each of the two", skipped)
	}
	all := r.Events()
	if got, want := bridgetest.Said(all), []string{"an odd beginning", "first", "fine in a thread", "last"}; !slices.Equal(got, want) {
		t.Errorf("received %q, want %q", got, want)
	}
}

func TestAPostIsFoundAgainWhateverElseIsInIt(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	must(t, r.Stop())
	r.bent(t, odd{"conversations.history": oddMessages})
	r.again(t)
	p := chat.Post{Key: "k-odd", To: r.place(), Text: plainText("an odd one")}
	m := r.posts(t, p)
	receipt, found, _, err := chat.Find(t.Context(), r.conn, p, time.Now().Add(-time.Minute))
	if err != nil || !found || string(receipt.Messages[0]) != m.TS {
		t.Errorf("found %v %v, %v; want %s", found, receipt.Messages, err, m.TS)
	}
}

func TestAnUploadIsSeenWhateverElseIsTold(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	must(t, r.Stop())
	r.bent(t, odd{"files.info": func(answer map[string]any) {
		f, _ := answer["file"].(map[string]any)
		f["initial_comment"], f["size"], f["channels"] = "a text", "many", 7
		if shares, ok := f["shares"].(map[string]any); ok {
			shares["private"] = []any{}
			shares["org"] = "none"
		}
	}})
	r.again(t)
	m := r.posts(t, chat.Post{To: r.place(), Files: []chat.File{{Name: "a.txt", Size: 1, Content: content("a")}}})
	if len(m.Files) != 1 || m.Files[0].Name != "a.txt" {
		t.Errorf("the message has the files %+v, want a.txt", m.Files)
	}
}
