package e2e_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/bridges/slack/slacksim"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/test/town"
)

// TestDeskOnThreePlatforms has one person on each platform write; the team reads each of them on three surfaces, and answers
// each on another one.
func TestDeskOnThreePlatforms(t *testing.T) {
	t.Parallel()
	q := newSquare(t)
	d := q.opens(t, q.desk())
	for from, home := range map[string]string{town.X: town.Discord, town.Discord: town.Telegram, town.Telegram: town.Slack} {
		word := strings.NewReplacer("/", "").Replace(from)
		q.contacts[from].Say(town.Draft{Text: "question " + word})
		thread := ""
		for name, at := range q.desks {
			l := q.stands(t, at, word)
			if name == home {
				thread = l.Thread
			}
		}
		q.desks[home].Say(town.Draft{Text: "// note note" + word, Thread: thread})
		q.desks[home].Say(town.Draft{Text: "answer answer" + word, Thread: thread})
		q.stands(t, q.contacts[from], "answer"+word)
		for name, at := range q.desks {
			if name != home {
				q.stands(t, at, "note"+word)
				q.stands(t, at, "answer"+word)
			}
		}
		if n := count(q.contacts[from], "answer"+word); n != 1 {
			t.Errorf("%s has the answer %d times, want once", from, n)
		}
		if says(q.contacts[from], "note"+word) {
			t.Errorf("%s sees the note", from)
		}
	}
	d.stop(t)
}

// TestLostThreads deletes the thread, the post and the topic of a case: each is opened again.
func TestLostThreads(t *testing.T) {
	t.Parallel()
	q := newSquare(t)
	d := q.opens(t, q.desk())
	q.contacts[town.X].Say(town.Draft{Text: "the first"})
	lost := map[string]string{}
	for name, at := range q.desks {
		lost[name] = q.stands(t, at, "first").Thread
	}
	slack, telegram := q.desks[town.Slack].(town.InSlack), q.desks[town.Telegram].(town.OnTelegram)
	topic, err := strconv.Atoi(lost[town.Telegram])
	if err != nil {
		t.Fatal(err)
	}
	if err := q.town.Slack.DeleteThread(slack.Channel, lost[town.Slack]); err != nil {
		t.Fatal(err)
	}
	q.town.Discord.DeleteChannel(lost[town.Discord])
	if err := q.town.Telegram.DeleteTopic(telegram.User, telegram.Chat, topic); err != nil {
		t.Fatal(err)
	}
	q.contacts[town.X].Say(town.Draft{Text: "the second"})
	for name, at := range q.desks {
		q.sees(t, "second message in another thread of "+name, func() bool {
			return slices.ContainsFunc(at.Lines(), func(l town.Line) bool {
				return l.Ours && !l.Gone && l.Token() == "second" && l.Thread != "" && l.Thread != lost[name] && l.Thread != l.ID
			})
		})
	}
	d.stop(t)
}

// TestCrossingMirrors joins three lounges by two mirrors that cross in each: everything is everywhere once.
func TestCrossingMirrors(t *testing.T) {
	t.Parallel()
	q := newSquare(t)
	slack, discord, telegram := q.lounges[town.Slack], q.lounges[town.Discord], q.lounges[town.Telegram]
	d := q.opens(t, mirror("one", slack, discord, telegram)+mirror("two", telegram, discord, slack))
	all := []town.Spot{slack, discord, telegram}
	for i, at := range all {
		at.Say(town.Draft{Text: "word" + strconv.Itoa(i)})
	}
	for i, at := range all {
		at.Say(town.Draft{Text: "end" + strconv.Itoa(i)})
		for j, to := range all {
			if i == j {
				continue
			}
			q.stands(t, to, "end"+strconv.Itoa(i)) // behind it in the same lane
			if n := count(to, "word"+strconv.Itoa(i)); n != 1 {
				t.Errorf("what was said in %s is %d times in %s, want once", at.Name(), n, to.Name())
			}
		}
	}
	for i, at := range all {
		if n := count(at, "word"+strconv.Itoa(i)); n != 0 {
			t.Errorf("what was said in %s came back", at.Name())
		}
	}
	d.stop(t)
}

// TestStalledPlatform hangs one platform: what goes to the others arrives as fast as ever.
func TestStalledPlatform(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		account  string
		hang     func(w *town.Town)
		from, to string
	}{
		{town.Slack, func(w *town.Town) { w.Slack.Fail("", slacksim.Fault{Times: 10_000, Hang: true}) }, town.Discord, town.Telegram},
		{town.Discord, func(w *town.Town) {
			for _, route := range []string{"POST /webhooks/{}/{}", "POST /channels/{}/messages"} {
				w.Discord.Fail(route, discordsim.Fault{Times: 10_000, Hang: true})
			}
		}, town.Telegram, town.Slack},
		{town.Telegram, func(w *town.Town) {
			w.Telegram.Fail("sendMessage", telegramsim.Fault{Times: 10_000, Hang: true})
		}, town.Slack, town.Discord},
	} {
		t.Run(tc.account, func(t *testing.T) {
			t.Parallel()
			q := newSquare(t)
			d := q.opens(t, mirror("lounge", q.lounges[town.Slack], q.lounges[town.Discord], q.lounges[town.Telegram]))
			q.lounges[tc.from].Say(town.Draft{Text: "before"})
			q.stands(t, q.lounges[tc.to], "before")
			tc.hang(q.town)
			var took []time.Duration
			for n := range 100 {
				word := "word" + strconv.Itoa(n)
				began := time.Now()
				q.lounges[tc.from].Say(town.Draft{Text: word})
				q.stands(t, q.lounges[tc.to], word)
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			t.Logf("while %s hangs: median %v, 99 of 100 below %v", tc.account, took[50], took[98])
			if took[98] > 2*time.Second {
				t.Errorf("while %s hangs the others take %v, want less than two seconds", tc.account, took[98])
			}
			if n := count(q.lounges[tc.account], "word0"); n != 0 {
				t.Errorf("%s does not hang", tc.account)
			}
			d.stop(t)
		})
	}
}

// TestRevoked takes one account's login away after the other: doctor and healthz say which, and the others go on.
func TestRevoked(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		account  string
		revoke   func(w *town.Town)
		from, to string
	}{
		{town.Slack, func(w *town.Town) { w.Slack.Revoke() }, town.Discord, town.Telegram},
		{town.Discord, func(w *town.Town) { w.Discord.Revoke() }, town.Telegram, town.Slack},
		{town.Telegram, func(w *town.Town) { w.Telegram.Revoke() }, town.Slack, town.Discord},
	} {
		t.Run(tc.account, func(t *testing.T) {
			t.Parallel()
			q := newSquare(t)
			d := q.opens(t, mirror("lounge", q.lounges[town.Slack], q.lounges[town.Discord], q.lounges[town.Telegram]))
			tc.revoke(q.town)
			d.says(t, `"account down" account=`+tc.account)
			q.lounges[tc.from].Say(town.Draft{Text: "still here"})
			q.stands(t, q.lounges[tc.to], "here")
			if code, body := d.get(t, "/healthz"); code != http.StatusServiceUnavailable || !strings.Contains(body, tc.account) {
				t.Errorf("healthz = %d %s, want 503 and %s", code, body, tc.account)
			}
			if got := q.roost(t, "doctor", tc.account); got.code != 3 || !strings.Contains(got.out, "✗") {
				t.Errorf("doctor = %d %s%s, want 3 and what is broken", got.code, got.out, got.err)
			}
			if l := q.deliveries(t, "--state", "waiting", "--account", tc.account); len(l.Deliveries) != 1 {
				t.Errorf("waiting = %+v, want the message to %s", l, tc.account)
			}
			d.stop(t)
		})
	}
}

// TestThrownOut takes from the bot what it writes to: each time the author is told in plain words, and the other place has
// the message.
func TestThrownOut(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name         string
		harm         func(q *square) error
		to, from, by string
		reason       string
	}{
		{"removed from a channel of Slack", func(q *square) error {
			return q.town.Slack.RemoveBot(q.lounges[town.Slack].(town.InSlack).Channel)
		}, town.Slack, town.Discord, town.Telegram, "channel"},
		{"a channel of Slack deleted", func(q *square) error {
			return q.town.Slack.DeleteChannel(q.lounges[town.Slack].(town.InSlack).Channel)
		}, town.Slack, town.Telegram, town.Discord, "channel"},
		{"removed from a server of Discord", func(q *square) error { // whose webhooks would stay
			q.town.Discord.RemoveBot(q.town.Guild)
			return nil
		}, town.Discord, town.Slack, town.Telegram, "bot"},
		{"a channel of Discord deleted", func(q *square) error {
			q.town.Discord.DeleteChannel(q.lounges[town.Discord].(town.OnDiscord).Channel)
			return nil
		}, town.Discord, town.Telegram, town.Slack, "channel"},
		{"removed from a group of Telegram", func(q *square) error {
			return q.town.Telegram.RemoveBot(q.lounges[town.Telegram].(town.OnTelegram).Chat)
		}, town.Telegram, town.Slack, town.Discord, "bot"},
		{"a group of Telegram deleted", func(q *square) error {
			return q.town.Telegram.DeleteChat(q.lounges[town.Telegram].(town.OnTelegram).Chat)
		}, town.Telegram, town.Discord, town.Slack, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			q := newSquare(t)
			q.extra[town.Discord] = "webhooks: off"
			d := q.opens(t, mirror("lounge", q.lounges[town.Slack], q.lounges[town.Discord], q.lounges[town.Telegram]))
			q.lounges[tc.from].Say(town.Draft{Text: "before"})
			q.stands(t, q.lounges[tc.to], "before")
			if err := tc.harm(q); err != nil {
				t.Fatal(err)
			}
			q.lounges[tc.from].Say(town.Draft{Text: "after"})
			q.stands(t, q.lounges[tc.by], "after")
			told := "This did not reach " + q.lounges[tc.to].Name()
			q.sees(t, "word to the author", func() bool { return says(q.lounges[tc.from], told) })
			for _, l := range q.lounges[tc.from].Lines() {
				if strings.Contains(l.Text, told) {
					t.Log(l.Text)
					if !strings.Contains(l.Text, tc.reason) {
						t.Errorf("%q, want %q in it", l.Text, tc.reason)
					}
				}
			}
			d.stop(t)
		})
	}
}

// TestDeletedWebhook deletes the webhook by which Roost writes on Discord: the next message makes another one.
func TestDeletedWebhook(t *testing.T) {
	t.Parallel()
	q := newSquare(t)
	d := q.opens(t, mirror("lounge", q.lounges[town.Slack], q.lounges[town.Discord]))
	q.lounges[town.Slack].Say(town.Draft{Text: "before"})
	q.stands(t, q.lounges[town.Discord], "before")
	for _, h := range q.town.Discord.Webhooks() {
		q.town.Discord.DeleteWebhook(h.ID)
	}
	q.lounges[town.Slack].Say(town.Draft{Text: "after"})
	q.stands(t, q.lounges[town.Discord], "after")
	d.stop(t)
}

// TestOddFiles sends files that can't be carried: the text arrives and says what is missing, and so is its author told.
func TestOddFiles(t *testing.T) {
	t.Parallel()
	q := newSquare(t)
	d := q.opens(t, mirror("lounge", q.lounges[town.Slack], q.lounges[town.Discord], q.lounges[town.Telegram]))
	slack := q.lounges[town.Slack].(town.InSlack)
	for name, data := range map[string][]byte{"huge.bin": make([]byte, 60<<20), "empty.bin": {}} {
		q.town.Slack.Say(slack.User, slack.Channel, slacksim.Draft{
			Text: "see " + name, Files: []slacksim.Upload{{Name: name, Type: "application/octet-stream", Data: data}},
		})
		for _, to := range []string{town.Discord, town.Telegram} {
			q.sees(t, "word of "+name+" in "+to, func() bool { return says(q.lounges[to], name+" could not be carried over") })
		}
		q.sees(t, "word to the author", func() bool { return says(slack, name+" could not be carried over") })
	}
	d.stop(t)
}

// TestHundredMentions calls a hundred people by one message: it arrives, and calls nobody elsewhere.
func TestHundredMentions(t *testing.T) {
	t.Parallel()
	q := newSquare(t)
	d := q.opens(t, mirror("lounge", q.lounges[town.Slack], q.lounges[town.Discord], q.lounges[town.Telegram]))
	discord := q.lounges[town.Discord].(town.OnDiscord)
	q.lounges[town.Slack].Say(town.Draft{Text: strings.Repeat("<@"+discord.User+"> ", 50) + strings.Repeat("@everyone ", 50) + "mentions"})
	l := q.stands(t, discord, "mentions")
	m, _ := q.town.Discord.Message(discord.Channel, l.ID)
	if len(m.Pings) != 0 {
		t.Errorf("it called %v", m.Pings)
	}
	telegram := q.lounges[town.Telegram].(town.OnTelegram)
	id, err := strconv.Atoi(q.stands(t, telegram, "mentions").ID)
	if err != nil {
		t.Fatal(err)
	}
	if m, _ := q.town.Telegram.Message(telegram.Chat, id); len(m.Pings) != 0 {
		t.Errorf("it called %v", m.Pings)
	}
	d.stop(t)
}

// TestContradictions writes routes that can't be: check names the line and the key, and why.
func TestContradictions(t *testing.T) {
	t.Parallel()
	q := newSquare(t)
	slack, dm := q.lounges[town.Slack], q.contacts[town.Telegram]
	for _, tc := range []struct{ name, routes, want string }{
		{"a conversation twice", mirror("lounge", slack, slack), "routes.lounge.mirror[1]"},
		{"two desks with one account", q.desk() + strings.Replace(strings.Replace(q.desk(), "support", "sales", 1), "#", "#9", 3), "support"},
		{"a desk and a mirror", q.desk() + mirror("lounge", slack, dm), "is a direct conversation, and the desk support takes those of telegram/bot"},
		{"two mirrors", mirror("one", slack, dm) + mirror("two", dm, q.lounges[town.Discord]), "is a direct conversation that the mirror one has already"},
	} {
		q.sets(t, tc.routes)
		got := q.roost(t, "check")
		if all := got.out + got.err; got.code == 0 || !strings.Contains(all, tc.want) || !strings.Contains(all, "roost.yaml:") {
			t.Errorf("%s: check = %d %s, want %q and the line", tc.name, got.code, all, tc.want)
		}
	}
}
