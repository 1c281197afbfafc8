package slacksim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

type surface int

const (
	surfaceMessage surface = iota
	surfaceView
)

// blockID makes the short id that Slack gives to blocks without one.
func (w *world) blockID() string { return strings.ToLower(w.newID("")[6:]) }

// checker collects what is wrong with blocks, in Slack's words.
// https://docs.slack.dev/reference/block-kit/blocks
type checker struct {
	problems []string
}

func (k *checker) say(at, format string, args ...any) {
	k.problems = append(k.problems, fmt.Sprintf(format, args...)+" [json-pointer:"+at+"]")
}

// checkBlocks checks an array of blocks and gives each block and control the id it lacks. No blocks are no problem.
func (w *world) checkBlocks(raw string, on surface) (json.RawMessage, []string) {
	raw = strings.TrimSpace(raw)
	if on == surfaceMessage && raw == "[]" || raw == "" || raw == "null" {
		return nil, nil
	}
	root, limit := "/blocks", 50
	if on == surfaceView {
		root, limit = "/view/blocks", 100
	}
	k := &checker{}
	var blocks []obj
	if err := json.Unmarshal([]byte(raw), &blocks); err != nil {
		k.say(root, "must be an array of objects")
		return nil, k.problems
	}
	if len(blocks) > limit {
		k.say(root, "no more than %d items allowed", limit)
	}
	ids := map[string]bool{}
	for i, b := range blocks {
		at := fmt.Sprintf("%s/%d", root, i)
		k.block(at, b)
		k.named(at, "block_id", b, ids, w)
		k.controls(at, b, w)
	}
	if len(k.problems) > 0 {
		return nil, k.problems
	}
	return mustJSON(blocks), nil
}

// named checks that an id is short and stands once, and makes up one that is missing.
func (k *checker) named(at, field string, o obj, seen map[string]bool, w *world) {
	id, _ := o[field].(string)
	switch {
	case id == "":
		id = w.blockID()
		o[field] = id
	case seen[id]:
		k.say(at+"/"+field, "`%s` %s already exists", field, id)
	case utf8.RuneCountInString(id) > 255:
		k.say(at+"/"+field, "must be less than 256 characters")
	}
	seen[id] = true
}

// block checks what belongs to one kind of block.
func (k *checker) block(at string, b obj) {
	kind, _ := b["type"].(string)
	switch kind {
	case "section":
		k.section(at, b)
	case "header":
		k.text(at+"/text", b["text"], 150, "plain_text")
	case "context":
		k.items(at+"/elements", b["elements"], 1, 10)
	case "actions":
		k.items(at+"/elements", b["elements"], 1, 25)
	case "image":
		k.image(at, b)
	case "input":
		k.input(at, b)
	case "markdown":
		k.length(at+"/text", b["text"], 12_000)
	case "rich_text":
		k.items(at+"/elements", b["elements"], 0, 1000)
	case "divider", "file", "video", "table", "context_actions", "alert", "card", "carousel", "task_card", "plan":
	case "":
		k.say(at, "missing required field: type")
	default:
		k.say(at+"/type", "unsupported type: %s", kind)
	}
}

func (k *checker) section(at string, b obj) {
	fields, hasFields := b["fields"].([]any)
	if b["text"] == nil && !hasFields {
		k.say(at, "must define either `fields` or `text`")
	}
	if b["text"] != nil {
		k.text(at+"/text", b["text"], 3000, "")
	}
	if !hasFields {
		return
	}
	if len(fields) > 10 {
		k.say(at+"/fields", "no more than 10 items allowed")
	}
	for i, f := range fields {
		k.text(fmt.Sprintf("%s/fields/%d", at, i), f, 2000, "")
	}
}

func (k *checker) input(at string, b obj) {
	k.text(at+"/label", b["label"], 2000, "plain_text")
	if _, ok := b["element"].(obj); !ok {
		k.say(at, "missing required field: element")
	}
}

func (k *checker) image(at string, b obj) {
	if b["alt_text"] == nil {
		k.say(at, "missing required field: alt_text")
	}
	if b["image_url"] == nil && b["slack_file"] == nil {
		k.say(at, "must define either `image_url` or `slack_file`")
	}
}

func (k *checker) items(at string, v any, low, high int) {
	items, ok := v.([]any)
	switch {
	case !ok || len(items) < low:
		k.say(at, "no fewer than %d items allowed", low)
	case len(items) > high:
		k.say(at, "no more than %d items allowed", high)
	}
}

// text checks a text object.
func (k *checker) text(at string, v any, limit int, kind string) {
	t, ok := v.(obj)
	if !ok {
		k.say(at, "must be a text object")
		return
	}
	given, _ := t["type"].(string)
	if given != "plain_text" && given != "mrkdwn" || kind != "" && given != kind {
		k.say(at+"/type", "must be a valid text type, not %q", given)
	}
	k.length(at+"/text", t["text"], limit)
}

func (k *checker) length(at string, v any, limit int) {
	s, _ := v.(string)
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		k.say(at, "must be more than 0 characters")
	case n > limit:
		k.say(strings.TrimSuffix(at, "/text"), "failed to match all allowed schemas")
		k.say(at, "must be less than %d characters", limit+1)
	}
}

// controls checks a block's buttons and menus, and that each action_id stands once in it.
func (k *checker) controls(at string, b obj, w *world) {
	seen := map[string]bool{}
	for i, el := range controlsOf(b) {
		kind, _ := el["type"].(string)
		if !interactive(kind) {
			continue
		}
		here := fmt.Sprintf("%s/elements/%d", at, i)
		k.named(here, "action_id", el, seen, w)
		k.control(here, el, kind)
	}
}

func (k *checker) control(at string, el obj, kind string) {
	if kind == "button" {
		k.text(at+"/text", el["text"], 75, "plain_text")
		k.atMost(at+"/value", el["value"], 2000)
		k.atMost(at+"/url", el["url"], 3000)
		if style, ok := el["style"]; ok && style != "primary" && style != "danger" {
			k.say(at+"/style", "must be a valid enum value")
		}
		return
	}
	options, ok := el["options"].([]any)
	if !ok {
		return
	}
	high := 100
	switch kind {
	case "overflow":
		high = 5
	case "checkboxes", "radio_buttons":
		high = 10
	}
	k.items(at+"/options", options, 1, high)
	for i, o := range options {
		if opt, ok := o.(obj); ok {
			k.text(fmt.Sprintf("%s/options/%d/text", at, i), opt["text"], 75, "")
			k.atMost(fmt.Sprintf("%s/options/%d/value", at, i), opt["value"], 150)
		}
	}
}

func (k *checker) atMost(at string, v any, limit int) {
	if s, _ := v.(string); utf8.RuneCountInString(s) > limit {
		k.say(at, "must be less than %d characters", limit+1)
	}
}

func interactive(kind string) bool {
	return slices.Contains([]string{
		"button", "overflow", "checkboxes", "radio_buttons", "static_select", "external_select", "users_select", "conversations_select",
		"channels_select", "multi_static_select", "multi_external_select", "multi_users_select", "multi_conversations_select",
		"multi_channels_select", "datepicker", "datetimepicker", "timepicker", "plain_text_input", "rich_text_input", "email_text_input",
		"url_text_input", "number_input", "file_input", "workflow_button",
	}, kind)
}
