package discord_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/test/specs"
)

// description is Discord's published description of its REST API.
type description struct {
	doc      map[string]any
	compiler *jsonschema.Compiler
	paths    []string
}

func described(t *testing.T) *description {
	t.Helper()
	path, err := specs.Find("discord", "openapi.json")
	if err != nil {
		t.Skip(specs.Absent)
	}
	raw, err := os.ReadFile(path)
	must(t, err)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	must(t, err)
	d := &description{doc: v.(map[string]any), compiler: jsonschema.NewCompiler()}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	must(t, d.compiler.AddResource("discord.json", d.doc))
	for p := range d.doc["paths"].(map[string]any) {
		d.paths = append(d.paths, p)
	}
	slices.SortFunc(d.paths, func(a, b string) int { return strings.Count(a, "{") - strings.Count(b, "{") })
	return d
}

// schema finds where the body of a call is described; known is false when the call is not.
func (d *description) schema(method, path string) (pointer string, known bool) {
	segments := strings.Split(path, "/")
	for _, p := range d.paths {
		parts := strings.Split(p, "/")
		fits := len(parts) == len(segments)
		for i := 0; fits && i < len(parts); i++ {
			fits = strings.HasPrefix(parts[i], "{") || parts[i] == segments[i]
		}
		op, ok := d.doc["paths"].(map[string]any)[p].(map[string]any)[strings.ToLower(method)].(map[string]any)
		if !fits || !ok {
			continue
		}
		body, _ := op["requestBody"].(map[string]any)
		content, _ := body["content"].(map[string]any)
		if content["application/json"] == nil {
			return "", true
		}
		return "#/paths/" + strings.ReplaceAll(p, "/", "~1") + "/" + strings.ToLower(method) + "/requestBody/content/application~1json/schema", true
	}
	return "", false
}

// TestWhatIsSentIsAsDescribed makes every kind of call and holds each to the description.
func TestWhatIsSentIsAsDescribed(t *testing.T) {
	t.Parallel()
	d := described(t)
	r := desked(t)
	everything(t, r)
	if _, err := r.conn.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	held := map[string]int{}
	for _, call := range r.Requests() {
		path, rest := strings.CutPrefix(call.Path, "/api/v10")
		if !rest || call.Status >= 400 {
			continue
		}
		pointer, known := d.schema(call.Method, path)
		if !known {
			t.Errorf("%s %s is not described", call.Method, call.Route)
		}
		if pointer == "" || len(call.Body) == 0 {
			continue
		}
		schema, err := d.compiler.Compile("discord.json" + pointer)
		must(t, err)
		body, err := jsonschema.UnmarshalJSON(bytes.NewReader(call.Body))
		must(t, err)
		if err := schema.Validate(body); err != nil {
			t.Errorf("%s with %s: %v", call.Route, call.Body, err)
		}
		held[call.Route]++
	}
	for _, route := range []string{"POST /channels/{}/messages", "POST /webhooks/{}/{}", "POST /interactions/{}/{}/callback", setCommands, "PUT /applications/{}/commands", "PATCH /channels/{}", "POST /channels/{}/threads"} {
		if held[route] == 0 {
			t.Errorf("%s was not held to the description; these were: %v", route, held)
		}
	}
}

// everything makes calls of every kind.
func everything(t *testing.T, r *run) {
	t.Helper()
	question := r.says(t, r.room, discordsim.Draft{Text: "a question"})
	r.Hears(t, "a question")
	receipt, conv := r.opens(t, chat.Open{Key: "k-1", To: r.board(), Title: "Bea", Card: card(chat.MarkOpen)})
	post := string(conv.Thread)
	m, _ := r.Message(post, string(receipt.Messages[0]))
	must(t, r.Sim.Press(r.ada, post, m.ID, pressable(t, m, "Claim")))
	bridgetest.Happens(t, r.Sink, func(_ chat.Event, p chat.Pressed) bool { return p.Button == "claim" })
	must(t, r.Sim.Press(r.ada, post, m.ID, pressable(t, m, "Snooze")))
	r.sees(t, func(v *discordsim.View) bool { return len(v.Modals(r.ada)) == 1 })
	must(t, r.Slash(r.ada, post, "claim", nil))
	r.told(t, post, "✓ /claim")
	r.deps.Menu.Set([]bridges.BotCommand{order(at(r.room)), {Name: "talk", Direct: true}, {Name: "all", Everywhere: true}})
	r.offers(t, "", "talk", "all")
	r.offers(t, r.guild, "claim", "snooze", "order")
	must(t, r.Slash(r.ada, r.room, "order", map[string]string{"size": "S", "count": "1"}))
	r.told(t, r.room, "✓ /order S 1")
	must(t, r.Sim.Press(r.ada, post, m.ID, pressable(t, m, "Block")))
	r.sees(t, func(v *discordsim.View) bool { all := v.Messages(post); return all[len(all)-1].Only == r.ada })
	c := card(chat.MarkClosed)
	file := []chat.File{{Name: "a.txt", Alt: "a text", Content: data("bytes")}}
	said := r.posts(t, chat.Post{Key: "k-2", To: r.Room(), Text: plain("an answer"), ReplyTo: question, Files: file})
	as := r.posts(t, chat.Post{Key: "k-3", To: r.Room(), Text: plain("an answer"), ReplyTo: question, As: persona(), Files: file})
	for _, a := range []chat.Action{
		chat.Edit{To: conv, Messages: receipt.Messages, Card: &c},
		chat.Edit{To: r.Room(), Messages: []chat.MessageID{chat.MessageID(said.ID)}, Text: plain("changed")},
		chat.Edit{To: r.Room(), Messages: []chat.MessageID{chat.MessageID(as.ID)}, Text: plain("changed"), As: persona()},
		chat.React{To: r.Room(), Message: question, Emoji: "👍"},
		chat.Pin{To: r.Room(), Message: question},
		chat.Open{Key: "k-4", To: r.Room(), Title: "T", Bare: true, Root: question},
		chat.Open{Key: "k-5", To: r.Room(), Title: "T", Bare: true},
		chat.Delete{To: r.Room(), Messages: []chat.MessageID{chat.MessageID(as.ID), chat.MessageID(said.ID)}},
	} {
		if _, err := chat.Do(t.Context(), r.conn, a); err != nil {
			t.Errorf("%T = %v", a, err)
		}
	}
}
