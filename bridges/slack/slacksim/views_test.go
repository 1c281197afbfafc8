package slacksim_test

import (
	"encoding/json"
	"testing"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"github.com/roost-im/roost/bridges/slack/slacksim"
)

func modal(title string) slack.ModalViewRequest {
	input := slack.NewPlainTextInputBlockElement(nil, "value")
	pick := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, nil, "kind",
		slack.NewOptionBlockObject("bug", slack.NewTextBlockObject(slack.PlainTextType, "Bug", false, false), nil))
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: "form", PrivateMetadata: "pm", NotifyOnClose: true,
		Title:  slack.NewTextBlockObject(slack.PlainTextType, title, false, false),
		Submit: slack.NewTextBlockObject(slack.PlainTextType, "Send", false, false),
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewInputBlock("name", slack.NewTextBlockObject(slack.PlainTextType, "Name", false, false), nil, input),
			slack.NewInputBlock("sort", slack.NewTextBlockObject(slack.PlainTextType, "Sort", false, false), nil, pick),
		}},
	}
}

func interaction(t *testing.T, ev socketmode.Event) slack.InteractionCallback {
	t.Helper()
	cb, ok := ev.Data.(slack.InteractionCallback)
	if !ok {
		t.Fatalf("event data is %T", ev.Data)
	}
	return cb
}

func TestPressAndRespond(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listen(t, nil)
	button := slack.NewButtonBlockElement("go", "v1", slack.NewTextBlockObject(slack.PlainTextType, "Go", false, false))
	_, ts, err := w.api.PostMessageContext(t.Context(), general, slack.MsgOptionText("press", false), slack.MsgOptionBlocks(slack.NewActionBlock("row", button)))
	if err != nil {
		t.Fatal(err)
	}
	l.next(t, 1)
	if err := w.Press(ada, general, ts, "nothing", ""); err == nil {
		t.Error("a button that does not exist was pressed")
	}
	if err := w.Press(ada, general, ts, "go", ""); err != nil {
		t.Fatal(err)
	}
	cb := interaction(t, l.next(t, 1)[1])
	if cb.Type != slack.InteractionTypeBlockActions || cb.User.ID != ada || cb.Container.MessageTs != ts || cb.Message.Text != "press" {
		t.Errorf("callback = %+v", cb)
	}
	if a := cb.ActionCallback.BlockActions; len(a) != 1 || a[0].ActionID != "go" || a[0].Value != "v1" || a[0].BlockID != "row" {
		t.Errorf("actions = %+v", a)
	}
	if err := slack.PostWebhookContext(t.Context(), cb.ResponseURL, &slack.WebhookMessage{Text: "done", ReplaceOriginal: true}); err != nil {
		t.Fatal(err)
	}
	if m, _ := w.Message(general, ts); m.Text != "done" || !m.Edited {
		t.Errorf("replaced = %+v", m)
	}
	if err := slack.PostWebhookContext(t.Context(), cb.ResponseURL, &slack.WebhookMessage{Text: "to all", ResponseType: "in_channel"}); err != nil {
		t.Fatal(err)
	}
	if all := w.Messages(general); all[len(all)-1].Text != "to all" {
		t.Errorf("last message = %+v", all[len(all)-1])
	}
	w.until(t, "the confirmation", func(v *slacksim.View) bool { return v.Interactions()[0].Acked })
	for range 3 {
		if err := slack.PostWebhookContext(t.Context(), cb.ResponseURL, &slack.WebhookMessage{Text: "again"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := slack.PostWebhookContext(t.Context(), cb.ResponseURL, &slack.WebhookMessage{Text: "sixth"}); err == nil {
		t.Error("a response_url worked six times")
	}
}

func TestModalLife(t *testing.T) {
	t.Parallel()
	w := setup(t)
	answers := []any{
		map[string]any{"response_action": "errors", "errors": map[string]string{"name": "too short"}},
		map[string]any{"response_action": "push", "view": modal("Second")},
		map[string]any{"response_action": "clear"},
		nil,
	}
	l := w.listen(t, func(n int, _ socketmode.Event) (any, bool) { return answers[n], true })
	ctx := t.Context()
	opened := must(w.api.OpenViewContext(ctx, w.NewTrigger(ada), modal("First")))(t)
	if err := w.SubmitView(bob, opened.ID, nil); err == nil {
		t.Error("somebody else's view was submitted")
	}
	if err := w.SubmitView(ada, opened.ID, map[string]string{"value": "x", "sort/kind": "bug"}); err != nil {
		t.Fatal(err)
	}
	cb := interaction(t, l.next(t, 1)[0])
	values := cb.View.State.Values
	if values["name"]["value"].Value != "x" || values["sort"]["kind"].SelectedOption.Value != "bug" || cb.View.PrivateMetadata != "pm" {
		t.Errorf("state = %+v", values)
	}
	w.until(t, "the complaint", func(v *slacksim.View) bool { return v.Views()[0].Errors["name"] == "too short" })
	if err := w.SubmitView(ada, opened.ID, map[string]string{"value": "xyz"}); err != nil {
		t.Fatal(err)
	}
	w.until(t, "the second view", func(v *slacksim.View) bool { return len(v.Views()) == 2 })
	if top := w.Views()[1]; top.Title != "Second" || top.Submit != "Send" || top.Root != opened.ID || top.Previous != opened.ID {
		t.Errorf("on top is %+v", top)
	}
	if err := w.SubmitView(ada, w.Views()[1].ID, nil); err != nil {
		t.Fatal(err)
	}
	w.until(t, "all closed", func(v *slacksim.View) bool { return len(v.Views()) == 0 })
	again := must(w.api.OpenViewContext(ctx, w.NewTrigger(ada), modal("Third")))(t)
	if err := w.CloseView(ada, again.ID); err != nil {
		t.Fatal(err)
	}
	all := l.next(t, 3)
	if last := interaction(t, all[3]); last.Type != slack.InteractionTypeViewClosed {
		t.Errorf("last = %s", last.Type)
	}
}

func TestViewErrors(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx := t.Context()
	trigger := w.NewTrigger(ada)
	first := must(w.api.OpenViewContext(ctx, trigger, modal("First")))(t)
	if _, err := w.api.OpenViewContext(ctx, trigger, modal("x")); err == nil || err.Error() != "exchanged_trigger_id" {
		t.Errorf("a used trigger: %v", err)
	}
	if _, err := w.api.OpenViewContext(ctx, "1.2.x", modal("x")); err == nil || err.Error() != "invalid_trigger_id" {
		t.Errorf("a foreign trigger: %v", err)
	}
	if _, err := w.api.OpenViewContext(ctx, w.NewTrigger(ada), modal("a title that is much too long")); err == nil || err.Error() != "invalid_arguments" {
		t.Errorf("a long title: %v", err)
	}
	second := must(w.api.UpdateViewContext(ctx, modal("Second"), "", first.Hash, first.ID))(t)
	if second.ID != first.ID || second.Hash == first.Hash {
		t.Errorf("updated = %s %s", second.ID, second.Hash)
	}
	if _, err := w.api.UpdateViewContext(ctx, modal("x"), "", first.Hash, first.ID); err == nil || err.Error() != "hash_conflict" {
		t.Errorf("an old hash: %v", err)
	}
	for _, title := range []string{"Third", "Fourth"} {
		must(w.api.PushViewContext(ctx, w.NewTrigger(ada), modal(title)))(t)
	}
	if _, err := w.api.PushViewContext(ctx, w.NewTrigger(ada), modal("Fifth")); err == nil || err.Error() != "push_limit_reached" {
		t.Errorf("a fourth view on the stack: %v", err)
	}
	home := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewDividerBlock()}}}
	must(w.api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: ada, View: home}))(t)
	if tab, ok := w.Home(ada); !ok || tab.Type != "home" {
		t.Errorf("home = %+v, %v", tab, ok)
	}
}

func TestSlashCommand(t *testing.T) {
	t.Parallel()
	w := setup(t)
	l := w.listen(t, func(int, socketmode.Event) (any, bool) {
		return map[string]string{"response_type": "in_channel", "text": "hello"}, true
	})
	if err := w.Slash(ada, general, "/hi", "there"); err != nil {
		t.Fatal(err)
	}
	cmd, ok := l.next(t, 1)[0].Data.(slack.SlashCommand)
	if !ok || cmd.Command != "/hi" || cmd.Text != "there" || cmd.UserID != ada || cmd.ChannelID != general {
		t.Errorf("command = %+v", cmd)
	}
	w.until(t, "the answer", func(v *slacksim.View) bool { m := v.Messages(general); return len(m) == 1 && m[0].Text == "hello" })
	var back map[string]string
	if err := json.Unmarshal(w.Interactions()[0].Answer, &back); err != nil || back["text"] != "hello" {
		t.Errorf("answer = %v, %v", back, err)
	}
}
