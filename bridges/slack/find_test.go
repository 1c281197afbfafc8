package slack_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/router/chat"
)

// What is not found among too many messages may be there all the same: it must not be taken for gone.
func TestFindDoesNotGuess(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer := `{"ok":true,"user_id":"U1","bot_id":"B1","team_id":"T1"}`
		if strings.Contains(r.URL.Path, "conversations.") {
			answer = `{"ok":true,"messages":[{"ts":"1.000001","user":"U2"}],"has_more":true,"response_metadata":{"next_cursor":"more"}}`
		}
		_, _ = w.Write([]byte(answer))
	}))
	defer api.Close()
	c, err := slack.New(slack.Config{
		BotToken: bridges.NewSecret("xoxb-t"), AppToken: bridges.NewSecret("xapp-t"), APIURL: api.URL + "/api/",
	}, bridges.Deps{Account: "slack/team"})
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Close(c)
	post := chat.Post{Key: "k-1", To: chat.Conversation{Account: "slack/team", ID: "C1"}}
	_, found, err := c.Find(context.Background(), post, time.Now())
	if found || err == nil || chat.KindOf(err) != chat.Transient {
		t.Errorf("Find = %v, %v, want that it can't be told", found, err)
	}
}
