package interop_test

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
)

func TestGrammyPolls(t *testing.T) {
	t.Parallel()
	polls(t, "grammy-bot.mjs")
}

func TestGrammyBehindWebhook(t *testing.T) {
	t.Parallel()
	behindWebhook(t, "grammy-bot.mjs")
}

func TestTelegrafPolls(t *testing.T) {
	t.Parallel()
	polls(t, "telegraf-bot.mjs")
}

func TestTelegrafBehindWebhook(t *testing.T) {
	t.Parallel()
	behindWebhook(t, "telegraf-bot.mjs")
}

// polls runs a script on long polling.
func polls(t *testing.T, script string) {
	t.Helper()
	sim := setup(t)
	c := start(t, sim, script, "MODE=poll", "KINDS="+strings.Join(kinds(), ","))
	c.Line(t, "READY")
	converse(t, sim, knows{topics: true, reactions: true, quotes: true})
	sim.Fail("getUpdates", telegramsim.Fault{Times: 1, Throttle: time.Second})
	sim.Say(ada, ada, telegramsim.Draft{Text: "ends the poll before"})
	hears(t, sim, ada, "ends the poll before|")
	sim.Say(ada, ada, telegramsim.Draft{Text: "after the wait"})
	hears(t, sim, ada, "after the wait|")
	calls := sim.Calls("getUpdates")
	i := slices.IndexFunc(calls, func(r telegramsim.Request) bool { return r.Status == http.StatusTooManyRequests })
	if i < 0 || i+1 >= len(calls) || calls[i+1].At.Sub(calls[i].At) < 900*time.Millisecond {
		t.Errorf("the client did not wait a second after 429: %+v", calls)
	}
	c.Finish(t)
	if sim.Pending() != 0 {
		t.Errorf("%d updates are unconfirmed", sim.Pending())
	}
}

// behindWebhook runs a script that sets a webhook.
func behindWebhook(t *testing.T, script string) {
	t.Helper()
	sim := setup(t)
	c := start(t, sim, script, "MODE=webhook", "KINDS="+strings.Join(kinds(), ","))
	address := c.Line(t, "READY")[1]
	if hook := sim.Webhook(); hook.URL != address || hook.Secret != secret || hook.MaxConnections != 5 {
		t.Errorf("the webhook is %+v", hook)
	}
	converse(t, sim, knows{topics: true, reactions: true, quotes: true})
	if hook := sim.Webhook(); hook.LastError != "" {
		t.Errorf("the webhook failed: %s", hook.LastError)
	}
	forged(t, address)
	c.Finish(t)
	if hook := sim.Webhook(); hook.URL != "" {
		t.Errorf("the webhook is still %s", hook.URL)
	}
}

// forged posts an update without the secret, which a bot must not believe.
func forged(t *testing.T, address string) {
	t.Helper()
	body := strings.NewReader(`{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":1,"type":"private"},"text":"forged"}}`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusForbidden {
		t.Errorf("without the secret the webhook answered %s", resp.Status)
	}
}

func TestGrammyCalls(t *testing.T) {
	t.Parallel()
	calls(t, "grammy-calls.mjs")
}

func TestTelegrafCalls(t *testing.T) {
	t.Parallel()
	calls(t, "telegraf-calls.mjs")
}

// calls runs a script that checks for itself what its calls give, and checks what stands in the chats then.
func calls(t *testing.T, script string) {
	t.Helper()
	sim := setup(t)
	sim.Fail("sendDice", telegramsim.Fault{Times: 1, Throttle: 7 * time.Second})
	done := start(t, sim, script, "PNG="+base64.StdEncoding.EncodeToString(picture())).Finish(t)
	message, topic := number(t, done[1]), number(t, done[2])
	if m, _ := sim.Message(ada, message); m.Text != "edited text" || len(m.Reactions) != 1 || m.Reactions[0].Emoji != "👀" || m.Pinned {
		t.Errorf("the edited message is %+v", m)
	}
	var files, albums int
	for _, m := range sim.Messages(ada) {
		if len(m.Files) > 0 {
			files++
		}
		if m.Album != "" {
			albums++
		}
		if len(m.Files) > 0 && m.Files[0].Name == "b.txt" && string(m.Files[0].Data) != "beta" {
			t.Errorf("b.txt holds %q", m.Files[0].Data)
		}
	}
	if files != 6 || albums != 2 {
		t.Errorf("there are %d messages with files and %d in albums, want 6 and 2", files, albums)
	}
	topics := sim.Topics(forum)
	if len(topics) != 2 || topics[0].ID != topic || topics[0].Name != "Case 1 ✔" || topics[0].Closed || !topics[1].Deleted {
		t.Errorf("the topics are %+v", topics)
	}
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
