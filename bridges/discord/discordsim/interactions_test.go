package discordsim_test

import (
	"errors"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

// shown posts a message with a button and a menu as the bot.
func (w world) shown(t *testing.T) string {
	t.Helper()
	_, m := w.raw(t, "POST", "/channels/"+general+"/messages", obj{"content": "card", "components": []obj{
		{"type": 1, "components": []obj{{"type": 2, "style": 1, "label": "Claim", "custom_id": "claim"}, {"type": 2, "style": 2, "label": "Off", "custom_id": "off", "disabled": true}}},
		{"type": 1, "components": []obj{{"type": 3, "custom_id": "pick", "options": []obj{{"label": "A", "value": "a"}, {"label": "B", "value": "b"}}}}},
		{"type": 1, "components": []obj{{"type": 5, "custom_id": "who"}}},
	}})
	return id(m)
}

func (w world) answerTo(t *testing.T, in, body obj) (int, obj) {
	t.Helper()
	return w.raw(t, "POST", "/interactions/"+id(in)+"/"+in["token"].(string)+"/callback?with_response=true", body)
}

func TestPressAndAnswer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	c.identify(w, everything)
	card := w.shown(t)
	if err := w.Press(bob, general, card, "claim"); err != nil {
		t.Fatal(err)
	}
	in := c.event("INTERACTION_CREATE")
	data := in["data"].(obj)
	if in["type"] != 3.0 || data["custom_id"] != "claim" || data["component_type"] != 2.0 || in["member"].(obj)["user"].(obj)["id"] != bob || id(in["message"].(obj)) != card {
		t.Errorf("interaction = %v", in)
	}
	status, answer := w.answerTo(t, in, obj{"type": 4, "data": obj{"content": "only you", "flags": 64}})
	if status != 200 || answer["interaction"].(obj)["response_message_ephemeral"] != true {
		t.Errorf("callback = %d %v", status, answer)
	}
	all := w.Messages(general)
	if last := all[len(all)-1]; last.Only != bob || last.Content != "only you" {
		t.Errorf("answer = %+v", last)
	}
	if listed := w.all(t, "/channels/"+general+"/messages"); len(listed) != 1 {
		t.Errorf("%d messages are listed, want the card alone", len(listed))
	}
	if status, e := w.answerTo(t, in, obj{"type": 4, "data": obj{"content": "again"}}); status != 400 || e["code"] != 40060.0 {
		t.Errorf("second callback = %d %v", status, e)
	}
	follow := "/webhooks/" + w.ApplicationID() + "/" + in["token"].(string)
	if status, m := w.raw(t, "POST", follow, obj{"content": "more"}); status != 200 || m["content"] != "more" {
		t.Errorf("follow-up = %d %v", status, m)
	}
	if status, m := w.raw(t, "PATCH", follow+"/messages/@original", obj{"content": "changed"}); status != 200 || m["content"] != "changed" {
		t.Errorf("edit = %d %v", status, m)
	}
	if status, _ := w.raw(t, "DELETE", follow+"/messages/@original", nil); status != 204 {
		t.Errorf("delete = %d", status)
	}
	if got := w.Interactions(); len(got) != 1 || !got[0].Answered || got[0].Action != "claim" || got[0].Failed != "" {
		t.Errorf("interactions = %+v", got)
	}
}

func TestMenusAndUpdates(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	c.identify(w, everything)
	card := w.shown(t)
	for _, bad := range [][]string{{"nothing"}, {"off"}, {"pick", "z"}} {
		if err := w.Press(bob, general, card, bad[0], bad[1:]...); !errors.Is(err, discordsim.ErrNoControl) {
			t.Errorf("Press(%v) = %v, want ErrNoControl", bad, err)
		}
	}
	if err := w.Press(bob, general, card, "pick", "b"); err != nil {
		t.Fatal(err)
	}
	in := c.event("INTERACTION_CREATE")
	data := in["data"].(obj)
	if v := data["values"].([]any); len(v) != 1 || v[0] != "b" {
		t.Errorf("values = %v", v)
	}
	if r, has := data["resolved"]; has { // discord.py takes a menu of texts with it for one of users, roles or channels
		t.Errorf("resolved = %v, want none", r)
	}
	if status, _ := w.answerTo(t, in, obj{"type": 7, "data": obj{"content": "picked", "components": []obj{}}}); status != 200 {
		t.Errorf("update = %d", status)
	}
	if m, _ := w.Message(general, card); m.Content != "picked" || m.Components != nil {
		t.Errorf("card = %+v", m)
	}
	other := w.shown(t)
	if err := w.Press(ada, general, other, "who", bob); err != nil {
		t.Fatal(err)
	}
	in = c.event("INTERACTION_CREATE")
	if users := in["data"].(obj)["resolved"].(obj)["users"].(obj); users[bob] == nil {
		t.Errorf("resolved = %v", users)
	}
	if status, _ := w.answerTo(t, in, obj{"type": 6}); status != 200 {
		t.Errorf("deferred update = %d", status)
	}
}

func TestSlashDeferredAndModal(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	c.identify(w, everything)
	_, _ = w.raw(t, "POST", "/applications/"+w.ApplicationID()+"/commands", obj{"name": "case", "description": "cases", "options": []obj{
		{"type": 1, "name": "open", "description": "opens", "options": []obj{
			{"type": 4, "name": "number", "description": "which", "required": true}, {"type": 3, "name": "why", "description": "reason", "autocomplete": true},
		}},
	}})
	if err := w.Slash(ada, general, "/case open", map[string]string{"number": "x"}); !errors.Is(err, discordsim.ErrNoCommand) {
		t.Errorf("a number that is none: %v", err)
	}
	if err := w.Slash(ada, general, "/case open", map[string]string{"number": "7", "why": "because"}); err != nil {
		t.Fatal(err)
	}
	in := c.event("INTERACTION_CREATE")
	sub := in["data"].(obj)["options"].([]any)[0].(obj)
	if sub["name"] != "open" || sub["options"].([]any)[0].(obj)["value"] != 7.0 {
		t.Errorf("options = %v", sub)
	}
	if status, _ := w.answerTo(t, in, obj{"type": 5}); status != 200 {
		t.Errorf("defer = %d", status)
	}
	follow := "/webhooks/" + w.ApplicationID() + "/" + in["token"].(string)
	if status, m := w.raw(t, "PATCH", follow+"/messages/@original", obj{"content": "done"}); status != 200 || m["flags"] != 0.0 {
		t.Errorf("edit = %d %v", status, m)
	}
	if err := w.Complete(ada, general, "case open", "why", "be"); err != nil {
		t.Fatal(err)
	}
	in = c.event("INTERACTION_CREATE")
	if status, _ := w.answerTo(t, in, obj{"type": 8, "data": obj{"choices": []obj{{"name": "because", "value": "because"}}}}); status != 200 {
		t.Errorf("choices = %d", status)
	}
	if err := w.Slash(ada, general, "case open", map[string]string{"number": "8"}); err != nil {
		t.Fatal(err)
	}
	in = c.event("INTERACTION_CREATE")
	status, _ := w.answerTo(t, in, obj{"type": 9, "data": obj{"custom_id": "form", "title": "Form", "components": []obj{
		{"type": 1, "components": []obj{{"type": 4, "custom_id": "text", "style": 1, "label": "Text"}}},
	}}})
	forms := w.Modals(ada)
	if status != 200 || len(forms) != 1 || forms[0].Title != "Form" {
		t.Fatalf("modal = %d %+v", status, forms)
	}
	if err := w.SubmitModal(ada, forms[0].ID, map[string]string{"text": "typed"}); err != nil {
		t.Fatal(err)
	}
	in = c.event("INTERACTION_CREATE")
	field := in["data"].(obj)["components"].([]any)[0].(obj)["components"].([]any)[0].(obj)
	if in["type"] != 5.0 || field["value"] != "typed" || len(w.Modals(ada)) != 0 {
		t.Errorf("submission = %v", in["data"])
	}
	if status, _ := w.answerTo(t, in, obj{"type": 4, "data": obj{"content": "thanks"}}); status != 200 {
		t.Errorf("answer = %d", status)
	}
}

func TestUnansweredInteractionFails(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *discordsim.Config) { c.Timing.Answer = 10 * time.Millisecond })
	c := w.dial(t, "")
	c.identify(w, everything)
	if err := w.Press(bob, general, w.shown(t), "claim"); err != nil {
		t.Fatal(err)
	}
	in := c.event("INTERACTION_CREATE")
	w.until(t, "the failure", func(v *discordsim.View) bool { return v.Interactions()[0].Failed != "" })
	if status, e := w.answerTo(t, in, obj{"type": 6}); status != 404 || e["code"] != 10062.0 {
		t.Errorf("late callback = %d %v", status, e)
	}
}
