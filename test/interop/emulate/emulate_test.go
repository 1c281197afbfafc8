// Package emulate_test runs the Slack connector against a Slack that others wrote: the Slack service of npm's emulate.
//
//	connector → wire → emulate → signed event → connector
//
// What emulate lacks, and what is done about it:
//
//   - It takes the token in the Authorization header only, and Slack takes it in the form too: wire puts it there.
//   - It has no users.conversations: wire asks conversations.list instead.
//   - Nobody can subscribe to its events: events.mjs does.
//   - Its ts has whole seconds and a count, so the connector is given a clock of whole seconds.
//   - It knows no Socket Mode, no presses of buttons, no X-OAuth-Scopes header, no latest_reply (so only threads that were
//     heard of before are caught up), no event_ts of reactions, and no thread whose first message is gone.
//   - In its files initial_comment is a string, and in Slack's an object: wire makes it one. Events are signed and can't be
//     mended so, hence they have files without a comment.
//   - It ignores oldest: every history is whole. It gives the metadata back whether it is asked for or not.
//   - A token that it does not know is its administrator's, without scopes; invalid_auth is the answer to a token whose user
//     does not exist.
package emulate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/roost-im/roost/test/interop/clienttest"
)

const (
	botUser  = "U0ROOST001"
	botToken = "xoxb-roost"  // has every scope
	deaf     = "xoxb-deaf"   // the bot's too, without the scopes to read
	nobody   = "xoxb-nobody" // of a user that does not exist
	adaToken = "xoxp-ada"
	bobToken = "xoxp-bob"
	signing  = "emulated-signing-secret"
)

// pinned is the runtime among the packages: emulate wants a newer one than many systems have.
func pinned() string {
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	return "node-" + runtime.GOOS + "-" + arch + "/bin/node"
}

// workspace is a running emulate with a bot and two people.
type workspace struct {
	url      string
	app      *door
	ada, bob person
	bot      person // the bot by its own token, past the connector
	general  string
	secret   string // a private channel that the bot is not in
}

// setup starts a workspace of the test's own.
func setup(t *testing.T) *workspace {
	t.Helper()
	w := &workspace{app: newDoor(t)}
	port := freePort(t)
	w.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	start(t, w, port)
	w.ada, w.bob, w.bot = person{w, adaToken}, person{w, bobToken}, person{w, botToken}
	for _, ch := range w.bot.channels(t) {
		if ch.Name == "general" {
			w.general = ch.ID
		}
	}
	for _, p := range []person{w.ada, w.bob, w.bot} {
		p.call(t, "conversations.join", form{"channel": w.general})
	}
	w.secret = w.ada.open(t, form{"name": "secret", "is_private": "true"})
	return w
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// start runs emulate until the end of the test, and returns when it listens.
func start(t *testing.T, w *workspace, port int) {
	t.Helper()
	const command = "emulate/dist/index.js"
	clienttest.Node(t, command)
	clienttest.Node(t, pinned())
	env := []string{"EVENTS_URL=" + w.app.server.URL + "/slack/team/events", "NO_COLOR=1"}
	c := clienttest.Start(t, env, filepath.Join("node_modules", pinned()), "--import", "./events.mjs", filepath.Join("node_modules", command),
		"start", "--service", "slack", "--host", "127.0.0.1", "--port", strconv.Itoa(port), "--base-url", w.url, "--seed", seed(t))
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if at := c.Line(t, "LISTENING")[1]; at != address {
		t.Fatalf("emulate listens on %s, want %s alone", at, address)
	}
}

// seed writes what the workspace begins with, as emulate's README describes it.
func seed(t *testing.T) string {
	t.Helper()
	every := []string{
		"chat:write", "channels:read", "channels:history", "channels:join", "channels:manage", "groups:read", "groups:history",
		"groups:write", "im:read", "im:history", "im:write", "mpim:read", "mpim:history", "users:read", "files:read", "files:write",
		"reactions:read", "reactions:write",
	}
	type object = map[string]any
	bot := func(token string, scopes ...string) object {
		return object{"token": token, "type": "bot", "user_id": botUser, "bot_id": "B0ROOST001", "app_id": "A0ROOST001", "scopes": scopes}
	}
	raw, err := json.Marshal(object{
		"tokens": object{nobody: object{"login": "nobody"}},
		"slack": object{
			"strict_scopes":  true,
			"signing_secret": signing,
			"team":           object{"name": "Emulated", "domain": "emulated"},
			"users": []object{
				{"name": "ada", "real_name": "Ada Lovelace", "profile": object{"display_name": "Ada"}},
				{"name": "bob", "real_name": "Bob"},
			},
			"oauth_apps": []object{{
				"app_id": "A0ROOST001", "client_id": "1.2", "client_secret": "s", "name": "Roost", "redirect_uris": []string{},
				"bot_id": "B0ROOST001", "bot_user_id": botUser, "bot_name": "roost", "scopes": every,
			}},
			"tokens": []object{
				bot(botToken, every...),
				bot(deaf, "channels:read", "groups:read", "im:read", "mpim:read"),
				{"token": adaToken, "type": "user", "user": "ada", "scopes": every},
				{"token": bobToken, "type": "user", "user": "bob", "scopes": every},
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "seed.json")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// form is what a call of the Web API is told.
type form map[string]string

// person calls the Web API by hand, past the connector and past wire.
type person struct {
	in    *workspace
	token string
}

// message is a message as emulate keeps it.
type message struct {
	TS       string `json:"ts"`
	Thread   string `json:"thread_ts"`
	User     string `json:"user"`
	Text     string `json:"text"`
	SubType  string `json:"subtype"`
	Username string `json:"username"`
	Icon     string `json:"icon_url"`
	Blocks   []struct {
		Type     string `json:"type"`
		Elements []struct {
			Type  string `json:"type"`
			Value string `json:"value"`
			Style string `json:"style"`
			Text  any    `json:"text"`
		} `json:"elements"`
	} `json:"blocks"`
	Metadata struct {
		Type    string         `json:"event_type"`
		Payload map[string]any `json:"event_payload"`
	} `json:"metadata"`
	Edited    *struct{} `json:"edited"`
	Reactions []struct {
		Name  string   `json:"name"`
		Users []string `json:"users"`
	} `json:"reactions"`
	Files []struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		Alt   string `json:"alt_txt"`
		Size  int64  `json:"size"`
		Where string `json:"url_private_download"`
	} `json:"files"`
}

type place struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// answer is what any of the calls here may answer.
type answer struct {
	OK       bool            `json:"ok"`
	Error    string          `json:"error"`
	TS       string          `json:"ts"`
	UserID   string          `json:"user_id"`
	Channel  json.RawMessage `json:"channel"` // an ID or an object
	Channels []place         `json:"channels"`
	Messages []message       `json:"messages"`
	Upload   string          `json:"upload_url"`
	File     string          `json:"file_id"`
}

func (p person) call(t *testing.T, method string, f form) answer {
	t.Helper()
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal(p.send(t, p.in.url+"/api/"+method, "application/json", raw), &a); err != nil || !a.OK {
		t.Fatalf("%s(%v): %q, %v", method, f, a.Error, err)
	}
	return a
}

func (p person) send(t *testing.T, url, kind string, body []byte) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), clienttest.Patient)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.token)
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return readAll(t, resp.Body)
}

func (p person) id(t *testing.T) string { t.Helper(); return p.call(t, "auth.test", nil).UserID }

func (p person) channels(t *testing.T) []place {
	t.Helper()
	return p.call(t, "conversations.list", form{"types": "public_channel"}).Channels
}

// open makes a channel and returns its ID.
func (p person) open(t *testing.T, f form) string {
	t.Helper()
	var made place
	if err := json.Unmarshal(p.call(t, "conversations.create", f).Channel, &made); err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// say posts text and returns its ts; thread may be empty. emulate answers after the connector was told.
func (p person) say(t *testing.T, channel, thread, words string) string {
	t.Helper()
	f := form{"channel": channel, "text": words}
	if thread != "" {
		f["thread_ts"] = thread
	}
	return p.call(t, "chat.postMessage", f).TS
}

// upload shares a file by the three calls that Slack has for it.
func (p person) upload(t *testing.T, channel, name, body, comment string) {
	t.Helper()
	at := p.call(t, "files.getUploadURLExternal", form{"filename": name, "length": fmt.Sprint(len(body))})
	p.send(t, at.Upload, "application/octet-stream", []byte(body))
	p.call(t, "files.completeUploadExternal", form{"files": `[{"id":"` + at.File + `"}]`, "channel_id": channel, "initial_comment": comment})
}

// history is what a channel shows, oldest last.
func (p person) history(t *testing.T, channel string) []message {
	t.Helper()
	return p.call(t, "conversations.history", form{"channel": channel}).Messages
}

// message finds one by its ts. ok is false when it is not there.
func (p person) message(t *testing.T, channel, ts string) (m message, ok bool) {
	t.Helper()
	all := p.history(t, channel)
	for _, root := range all {
		all = append(all, p.call(t, "conversations.replies", form{"channel": channel, "ts": root.TS}).Messages...)
	}
	for _, m := range all {
		if m.TS == ts {
			return m, true
		}
	}
	return message{}, false
}
