package slack_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/router/chat"
)

func TestTheCursorMovesOnWhenNothingIsLeft(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	r.Say(t, "before")
	r.hears(t, "before")
	must(t, r.Stop())
	r.Say(t, "missed")
	r.Rewind([]byte(`{"all":"1000000000.000000","in":{"C0OLD":"1000000001.000000"}}`))
	r.Sim.Fail("conversations.history", slacksim.Fault{Error: "internal_error", Times: 1}) // the second try must come to the same
	r.again(t)
	r.hears(t, "missed")
	r.Until(t, "the cursor", func([]chat.Event) bool {
		raw, _ := r.Cursor(t.Context())
		var c struct {
			All string            `json:"all"`
			In  map[string]string `json:"in"`
		}
		must(t, json.Unmarshal(raw, &c))
		return c.All > "1000000002" && c.In["C0OLD"] == "" && c.In[r.im] != ""
	})
}

func TestAKindOfConversationThatMayNotBeListedIsLeftOut(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	must(t, r.Stop())
	r.SetScopes(slices.DeleteFunc(slack.Scopes(), func(s string) bool { return s == "groups:read" || s == "mpim:read" })...)
	r.Say(t, "missed")
	r.again(t)
	r.hears(t, "missed")
	refused := 0
	for _, call := range r.Calls("users.conversations") {
		if call.Error == "missing_scope" {
			refused++
		}
	}
	if refused < 1 {
		t.Error("every kind could be listed, so this shows nothing")
	}
}

func TestARevokedTokenEndsTheWebhookToo(t *testing.T) {
	t.Parallel()
	r, w := hooked(t, slacksim.Config{})
	r.Sim.Revoke()
	body := `{"type":"event_callback","event":{"type":"tokens_revoked","tokens":{"bot":["U1"]}}}`
	req, err := r.SignedRequest(t.Context(), w.URL+"/slack/team/events", "application/json", []byte(body))
	must(t, err)
	_, _ = ask(t, req) // whatever is answered: catching up may have met the revoked token before
	if err := r.Over(t); chat.KindOf(err) != chat.LoggedOut {
		t.Errorf("Run = %v, want LoggedOut", err)
	}
}

func TestAnAnswerInAnOpenedThreadIsCaughtUp(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	c := card()
	receipt, thread, err := r.conn.Open(t.Context(), chat.Open{Key: "k", To: r.place(), Card: c})
	must(t, err)
	r.Until(t, "the card", func(e []chat.Event) bool { return len(bridgetest.Said(e)) > 0 })
	must(t, r.Stop())
	r.Rewind(nil) // all marks are later than the card
	r.again(t)
	must(t, r.Stop())
	r.says(t, r.room, slacksim.Draft{Text: "an answer", Thread: string(receipt.Messages[0])})
	r.again(t)
	if e := r.hears(t, "an answer"); e.Conversation != thread {
		t.Errorf("the answer is in %v, want %v", e.Conversation, thread)
	}
}

func TestARunThatAcceptDelaysStillEnds(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	asked := make(chan struct{}, 100)
	held, release := context.WithCancel(context.Background())
	t.Cleanup(release)
	r.Refuse(func(b chat.Batch) error {
		if len(b.Events) == 0 {
			return nil
		}
		asked <- struct{}{}
		select {
		case <-held.Done():
		case <-time.After(time.Second): // a slow disk, which does not hear of cancel
		}
		return nil
	})
	for i := range 5 {
		r.Say(t, strings.Repeat("x", i+1))
	}
	<-asked
	if err := r.Stop(); err != nil {
		t.Errorf("Run = %v, want nil within two seconds", err)
	}
}

func TestThrottledHistoryHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	r := start(t, slacksim.Config{})
	r.Say(t, "before")
	r.hears(t, "before")
	must(t, r.Stop())
	r.Say(t, "missed")
	r.Sim.Fail("conversations.history", slacksim.Fault{Throttle: 4 * time.Second, Times: 1})
	r.again(t)
	r.Say(t, "live") // waits for what was missed, but not for so long
	began := time.Now()
	r.hears(t, "live")
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("a live message took %v, want less than Slack waits", took)
	}
	r.hears(t, "missed")
	cursor, err := r.Cursor(t.Context())
	if err != nil || !strings.Contains(string(cursor), r.im) {
		t.Errorf("the cursor is %s, want a mark of the conversation", cursor)
	}
}
