package sandbox_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/slack-go/slack"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/bridges/slack/slacksim"
)

func draftOfDiscord(words string) discordsim.Draft { return discordsim.Draft{Text: words} }

// slackCard posts a card with a button, and gives its ts.
func (w *world) slackCard() string {
	w.t.Helper()
	plain := func(s string) *slack.TextBlockObject { return slack.NewTextBlockObject("plain_text", s, false, false) }
	_, ts, err := w.slackApp().PostMessageContext(w.t.Context(), w.desks[onSlack], slack.MsgOptionText("Alice Moreau", false), slack.MsgOptionBlocks(
		slack.NewHeaderBlock(plain("Alice Moreau")), slack.NewActionBlock("row", slack.NewButtonBlockElement("0:claim", "case-1", plain("Claim")))))
	must(w.t, err)
	return ts
}

func TestPressInSlackOpensForm(t *testing.T) {
	t.Parallel()
	w := setup(t)
	card, eli, desk := w.slackCard(), w.second[onSlack], w.desks[onSlack]
	if m, _ := w.messageIn(onSlack, desk, card); m.Name != "Roost" || !m.App || m.Who != "" {
		t.Errorf("card = %+v, want one of Roost", m)
	}
	w.does(onSlack, "press", fields{"person": eli, "place": desk, "message": card, "button": "0:claim"})
	pressed := w.slack.Interactions()
	if len(pressed) != 1 || pressed[0].User != eli || pressed[0].Value != "case-1" {
		t.Fatalf("interactions = %+v, want Eli's", pressed)
	}
	input := slack.NewInputBlock("for", slack.NewTextBlockObject("plain_text", "How long?", false, false), nil, slack.NewPlainTextInputBlockElement(nil, "value"))
	_, err := w.slackApp().OpenViewContext(t.Context(), pressed[0].Trigger, slack.ModalViewRequest{
		Type: slack.VTModal, Title: slack.NewTextBlockObject("plain_text", "Snooze", false, false),
		Submit: slack.NewTextBlockObject("plain_text", "Snooze", false, false), Blocks: slack.Blocks{BlockSet: []slack.Block{input}},
	})
	must(t, err)
	forms := w.pane(onSlack).Forms
	if len(forms) != 1 || forms[0].Title != "Snooze" || forms[0].Who != eli || len(forms[0].Blocks) == 0 {
		t.Fatalf("forms = %+v, want Eli's Snooze", forms)
	}
	if status, _ := w.act(onSlack, "submit", fields{"form": forms[0].ID}); status != http.StatusNotFound {
		t.Errorf("Dana submits Eli's form: %d, want 404", status)
	}
	w.does(onSlack, "submit", fields{"person": eli, "form": forms[0].ID, "values": map[string]string{"for/value": "1h"}})
	if in := w.slack.Interactions(); in[len(in)-1].Kind != "view_submission" {
		t.Errorf("last interaction = %+v, want the submission", in[len(in)-1])
	}
	w.does(onSlack, "dismiss", fields{"person": eli, "form": forms[0].ID})
	if forms := w.pane(onSlack).Forms; len(forms) != 0 {
		t.Errorf("forms = %+v, want none", forms)
	}
}

func TestPressOnDiscord(t *testing.T) {
	t.Parallel()
	w := setup(t)
	who := w.first[onDiscord]
	status, body := w.discordBot("/channels/"+who.place+"/messages", fields{
		"embeds": []fields{{"title": "Alice Moreau", "description": "Hi", "fields": []fields{{"name": "Since", "value": "today"}}, "footer": fields{"text": "open"}}},
		"components": []fields{{"type": 1, "components": []fields{
			{"type": 2, "style": 1, "label": "Claim", "custom_id": "0:claim"},
			{"type": 2, "style": 4, "label": "Block", "custom_id": "0:block"},
			{"type": 2, "style": 5, "label": "Site", "url": "https://example.com"},
		}}},
	})
	if status != http.StatusOK {
		t.Fatalf("post = %d %s", status, body)
	}
	var posted struct{ ID string }
	must(t, json.Unmarshal([]byte(body), &posted))
	m, _ := w.message(onDiscord, posted.ID)
	if !m.App || m.Name != "Acme Tea" || len(m.Cards) != 1 || m.Cards[0].Title != "Alice Moreau" || m.Cards[0].Footer != "open" {
		t.Errorf("card = %+v", m)
	}
	if got := fmt.Sprint(m.Rows); got != "[[{0:claim Claim primary} {0:block Block danger}]]" {
		t.Errorf("buttons = %s", got)
	}
	w.does(onDiscord, "press", fields{"message": posted.ID, "button": "0:claim"})
	if in := w.discord.Interactions(); len(in) != 1 || in[0].User != who.person || in[0].Action != "0:claim" {
		t.Errorf("interactions = %+v, want Carol's", in)
	}
}

func TestPressOnTelegram(t *testing.T) {
	t.Parallel()
	w := setup(t)
	who := w.first[onTelegram]
	status, body := w.telegramBot("sendMessage", fields{
		"chat_id": number(t, who.place), "text": "Alice Moreau",
		"reply_markup": fields{"inline_keyboard": [][]fields{{{"text": "Claim", "callback_data": "0:claim"}}}},
	})
	if status != http.StatusOK {
		t.Fatalf("sendMessage = %d %s", status, body)
	}
	all := w.place(onTelegram, who.place).Messages
	m := all[len(all)-1]
	if !m.App || m.Name != "Acme Tea" || fmt.Sprint(m.Rows) != "[[{0:claim Claim }]]" {
		t.Errorf("card = %+v", m)
	}
	w.does(onTelegram, "press", fields{"message": m.ID, "button": "0:claim"})
	if in := w.telegram.Answers(); len(in) != 1 || written(in[0].User) != who.person || in[0].Data != "0:claim" {
		t.Errorf("presses = %+v, want Grace's", in)
	}
}

func TestOnlyItsReaderSeesAnEphemeral(t *testing.T) {
	t.Parallel()
	w := setup(t)
	card := w.slackCard()
	_, err := w.slackApp().PostEphemeralContext(t.Context(), w.desks[onSlack], w.second[onSlack], slack.MsgOptionText("only for Eli", false), slack.MsgOptionTS(card))
	must(t, err)
	all := w.place(onSlack, w.desks[onSlack]).Messages
	i := slices.IndexFunc(all, func(m shownMessage) bool { return m.Text == "only for Eli" })
	if i < 0 || all[i].Only != w.second[onSlack] || all[i].Thread != card {
		t.Errorf("messages = %+v, want one in the thread for Eli alone", all)
	}
}

func TestWhoComesAndGoesIsNoMessage(t *testing.T) {
	t.Parallel()
	w := setup(t)
	finn := w.slack.AddUser(slacksim.User{Name: "finn"})
	must(t, w.slack.Join(finn, w.first[onSlack].place, ""))
	p := w.place(onSlack, w.first[onSlack].place)
	if len(p.Messages) != 0 || len(p.People) != 3 || p.People[2] != finn {
		t.Errorf("messages = %+v, people = %v, want no message and finn", p.Messages, p.People)
	}
}

func TestArchivedChannelTakesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	must(t, w.slack.Archive(w.first[onSlack].person, w.first[onSlack].place))
	if status, _ := w.act(onSlack, "say", fields{"text": "x"}); status != http.StatusConflict {
		t.Errorf("say = %d, want 409", status)
	}
}
