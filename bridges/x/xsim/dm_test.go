package xsim_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xsim"
)

func TestLookupTellsOnlyWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.sim.Say(alice, bot, xsim.Draft{Text: "hello"})

	bare := w.get("/2/dm_events")
	w.want(bare, http.StatusOK)
	row, _ := bare.at("data.0").(obj)
	if len(row) != 3 || row["id"] != id || row["text"] != "hello" || row["event_type"] != "MessageCreate" {
		t.Errorf("default answer %v, want only id, text and event_type", row)
	}
	if bare.at("includes") != nil {
		t.Errorf("includes without an expansion: %v", bare.at("includes"))
	}

	full := w.get("/2/dm_events?dm_event.fields=created_at,dm_conversation_id&expansions=sender_id&user.fields=public_metrics")
	w.want(full, http.StatusOK)
	for path, want := range map[string]any{
		"data.0.sender_id": alice, "data.0.created_at": "2026-11-20T12:00:00.000Z", "data.0.dm_conversation_id": alice + "-" + bot,
		"includes.users.0.username": "Alice", "includes.users.0.public_metrics.followers_count": 7.0, "meta.result_count": 1.0,
	} {
		if v := full.at(path); v != want {
			t.Errorf("%s = %v, want %v", path, v, want)
		}
	}
}

func TestEmptyPageHasNoData(t *testing.T) {
	t.Parallel()
	w := setup(t)
	g := w.get("/2/dm_conversations/with/" + alice + "/dm_events")
	w.want(g, http.StatusOK)
	if _, there := g.json["data"]; there || g.at("meta.result_count") != 0.0 {
		t.Errorf("answer %s, want only meta with a count of 0", g.raw)
	}
}

func TestPagesWalkBothWaysWhileOthersWrite(t *testing.T) {
	t.Parallel()
	w := setup(t, unlimited)
	var said []string
	for i := range 25 {
		said = append(said, w.sim.Say(alice, bot, xsim.Draft{Text: strconv.Itoa(i)}))
	}
	slices.Reverse(said)
	stop := make(chan struct{})
	var writers sync.WaitGroup
	writers.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-w.sim.Changed():
				w.sim.Say(carol, bot, xsim.Draft{Text: "meanwhile"})
				if len(w.sim.Events()) > 400 {
					return
				}
			}
		}
	})

	first := w.get("/2/dm_events?max_results=4")
	top := first.text("data.0.id")
	var walked []string
	page, pages := first, 1
	for {
		for _, row := range page.at("data").([]any) {
			walked = append(walked, row.(obj)["id"].(string))
		}
		next := page.text("meta.next_token")
		if next == "" {
			break
		}
		if len(next) < 16 {
			t.Fatalf("token %q has less than 16 characters", next)
		}
		page = w.get("/2/dm_events?max_results=4&pagination_token=" + next)
		pages++
	}
	close(stop)
	writers.Wait()
	if !slices.IsSortedFunc(walked, func(a, b string) int { return -compareIDs(a, b) }) {
		t.Errorf("not newest first: %v", walked)
	}
	if len(slices.Compact(slices.Clone(walked))) != len(walked) {
		t.Errorf("an event came twice: %v", walked)
	}
	below := walked[slices.Index(walked, top):]
	if got := below[len(below)-25:]; !slices.Equal(got, said) {
		t.Errorf("walked %v, want %v at the end", got, said)
	}

	// and back to the newest
	var back []string
	for range 1000 {
		prev := page.text("meta.previous_token")
		if prev == "" {
			break
		}
		page = w.get("/2/dm_events?max_results=4&pagination_token=" + prev)
		rows := page.at("data").([]any)
		for _, row := range slices.Backward(rows) {
			back = append(back, row.(obj)["id"].(string))
		}
	}
	if len(back) == 0 || back[len(back)-1] != newest(w) {
		t.Errorf("walked back to %v, want the newest %s", back[max(0, len(back)-1):], newest(w))
	}
	if !slices.IsSortedFunc(back, compareIDs) {
		t.Errorf("not in order on the way back: %v", back)
	}
}

func newest(w *world) string {
	all := w.sim.Events()
	return all[len(all)-1].ID
}

func compareIDs(a, b string) int {
	x, _ := strconv.ParseUint(a, 10, 64)
	y, _ := strconv.ParseUint(b, 10, 64)
	return int(min(1, max(-1, int64(x)-int64(y))))
}

func unlimited(c *xsim.Config) { c.Limits.Unlimited = true }

func TestLookupReachesThirtyDaysBack(t *testing.T) {
	t.Parallel()
	w := setup(t)
	old := w.sim.Say(alice, bot, xsim.Draft{Text: "old"})
	w.clock.Add(20 * 24 * time.Hour)
	w.sim.Say(alice, bot, xsim.Draft{Text: "new"})
	w.clock.Add(11 * 24 * time.Hour)
	w.tokens = w.sim.Tokens(bot)
	g := w.get("/2/dm_events")
	if g.at("meta.result_count") != 1.0 || g.text("data.0.text") != "new" {
		t.Errorf("answer %s, want the newer event only", g.raw)
	}
	if one := w.get("/2/dm_events/" + old); one.at("data") != nil || one.at("errors.0.resource_id") != old {
		t.Errorf("the old event: %s, want an error beside no data", one.raw)
	}
}

func TestSendingToAParticipantAndAConversation(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.post("/2/dm_conversations/with/"+alice+"/messages", obj{"text": "one"})
	w.want(first, http.StatusCreated)
	if c := first.text("data.dm_conversation_id"); c != alice+"-"+bot {
		t.Errorf("conversation %q, want the smaller id first, as numbers", c)
	}
	second := w.post("/2/dm_conversations/"+alice+"-"+bot+"/messages", obj{"text": "two"})
	w.want(second, http.StatusCreated)
	inbox := w.sim.Inbox(alice)
	if len(inbox) != 2 || inbox[0].Text != "one" || inbox[1].Text != "two" || !inbox[0].API || inbox[0].Sender != bot {
		t.Errorf("alice's inbox %+v, want one and two of the bot", inbox)
	}
	if id := first.text("data.dm_event_id"); inbox[0].ID != id || compareIDs(id, second.text("data.dm_event_id")) >= 0 {
		t.Errorf("ids %s and %s, want the stored ones, rising", id, second.text("data.dm_event_id"))
	}
}

func TestSendingIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t, unlimited)
	w.sim.AddUser(xsim.User{ID: "44", Username: "closed", ClosedDMs: true})
	group := w.sim.NewGroup(alice, carol, "44")
	to := "/2/dm_conversations/with/" + alice + "/messages"
	for _, tc := range []struct {
		name   string
		path   string
		body   any
		status int
	}{
		{"an empty text", to, obj{"text": ""}, 400},
		{"a blank text", to, obj{"text": " \n"}, 400},
		{"nothing", to, obj{}, 400},
		{"a text of 10,001 characters", to, obj{"text": strings.Repeat("é", 10_001)}, 400},
		{"an unknown property", to, obj{"text": "x", "parse_mode": "html"}, 400},
		{"an unknown attachment", to, obj{"attachments": []obj{{"media_id": "99"}}}, 400},
		{"two attachments", to, obj{"attachments": []obj{{"media_id": "98"}, {"media_id": "99"}}}, 400},
		{"a user who is not there", "/2/dm_conversations/with/987/messages", obj{"text": "x"}, 400},
		{"no id", "/2/dm_conversations/with/alice/messages", obj{"text": "x"}, 400},
		{"oneself", "/2/dm_conversations/with/" + bot + "/messages", obj{"text": "x"}, 403},
		{"a user with closed messages", "/2/dm_conversations/with/44/messages", obj{"text": "x"}, 403},
		{"a conversation of others", "/2/dm_conversations/" + alice + "-" + carol + "/messages", obj{"text": "x"}, 403},
		{"a group of others", "/2/dm_conversations/" + group + "/messages", obj{"text": "x"}, 403},
		{"no conversation", "/2/dm_conversations/abc/messages", obj{"text": "x"}, 400},
		{"a group of one", "/2/dm_conversations", obj{"conversation_type": "Group", "participant_ids": []string{alice}, "message": obj{"text": "x"}}, 400},
		{"a group of another type", "/2/dm_conversations", obj{"conversation_type": "group", "participant_ids": []string{alice, carol}, "message": obj{"text": "x"}}, 400},
		{"a group with a stranger", "/2/dm_conversations", obj{"conversation_type": "Group", "participant_ids": []string{alice, "987"}, "message": obj{"text": "x"}}, 400},
		{"a group with a closed one", "/2/dm_conversations", obj{"conversation_type": "Group", "participant_ids": []string{alice, "44"}, "message": obj{"text": "x"}}, 403},
	} {
		if g := w.post(tc.path, tc.body); g.status != tc.status || g.text("title") == "" || g.text("detail") == "" {
			t.Errorf("%s: %d %s, want %d and a problem", tc.name, g.status, g.raw, tc.status)
		}
	}
	if n := len(w.sim.Events()); n != 0 {
		t.Errorf("%d events were made", n)
	}
	w.want(w.post(to, obj{"text": strings.Repeat("é", 10_000)}), http.StatusCreated)
	w.sim.Say("44", bot, xsim.Draft{Text: "you may answer"})
	w.want(w.post("/2/dm_conversations/with/44/messages", obj{"text": "thanks"}), http.StatusCreated)
}

func TestBlockedUsersDoNotReachEachOther(t *testing.T) {
	t.Parallel()
	w := setup(t)
	g := w.post("/2/users/"+alice+"/dm/block", nil)
	w.want(g, http.StatusOK)
	if g.at("data.blocked") != true {
		t.Errorf("block: %s", g.raw)
	}
	w.want(w.post("/2/dm_conversations/with/"+alice+"/messages", obj{"text": "x"}), http.StatusForbidden)
	his := w.sim.Tokens(alice)
	w.want(w.with(his.Access, "POST", "/2/dm_conversations/with/"+bot+"/messages", obj{"text": "x"}), http.StatusForbidden)
	if g := w.post("/2/users/"+alice+"/dm/unblock", nil); g.at("data.blocked") != false {
		t.Errorf("unblock: %s", g.raw)
	}
	w.say("again")
	w.want(w.post("/2/users/987/dm/block", nil), http.StatusNotFound)
}

func TestDeletingHidesFromTheCallerOnly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.say("oops")
	g := w.with(w.tokens.Access, "DELETE", "/2/dm_events/"+id, nil)
	w.want(g, http.StatusOK)
	if g.at("data.deleted") != true {
		t.Errorf("delete: %s", g.raw)
	}
	if g := w.get("/2/dm_events"); g.at("meta.result_count") != 0.0 {
		t.Errorf("the bot still finds %s", g.raw)
	}
	his := w.sim.Tokens(alice)
	if g := w.with(his.Access, "GET", "/2/dm_events/"+id, nil); g.text("data.text") != "oops" {
		t.Errorf("alice finds %s, want the message", g.raw)
	}
	if d := w.sim.Inbox(alice)[0].DeletedFor; !slices.Equal(d, []string{bot}) {
		t.Errorf("deleted for %v, want the bot", d)
	}
	w.want(w.with(w.tokens.Access, "DELETE", "/2/dm_events/"+id, nil), http.StatusNotFound)
}

func TestGroups(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.sim.AddUser(xsim.User{ID: "44", Username: "dave"})
	g := w.post("/2/dm_conversations", obj{
		"conversation_type": "Group", "participant_ids": []string{alice, carol}, "message": obj{"text": "welcome"},
	})
	w.want(g, http.StatusCreated)
	group := g.text("data.dm_conversation_id")
	if in := w.sim.Group(group); len(in) != 1 || in[0].Text != "welcome" {
		t.Errorf("the group has %+v", in)
	}
	if m := w.sim.Members(group); !slices.Equal(m, []string{bot, alice, carol}) {
		t.Errorf("members %v", m)
	}
	w.sim.SayGroup(group, alice, xsim.Draft{Text: "hi all"})
	join := w.sim.Join(group, alice, "44")
	leave := w.sim.Leave(group, carol)
	w.sim.SayGroup(group, "44", xsim.Draft{Text: "after"})

	rows := w.get("/2/dm_conversations/" + group + "/dm_events?expansions=sender_id,participant_ids&dm_event.fields=created_at")
	var kinds []string
	for _, r := range rows.at("data").([]any) {
		kinds = append(kinds, r.(obj)["event_type"].(string))
	}
	want := []string{"MessageCreate", "ParticipantsLeave", "ParticipantsJoin", "MessageCreate", "MessageCreate"}
	if !slices.Equal(kinds, want) {
		t.Errorf("events %v, want %v", kinds, want)
	}
	for path, v := range map[string]any{
		"data.2.id": join, "data.2.participant_ids.0": "44", "data.2.sender_id": alice,
		"data.1.id": leave, "data.1.participant_ids.0": carol, "data.1.sender_id": nil,
	} {
		if rows.at(path) != v {
			t.Errorf("%s = %v, want %v", path, rows.at(path), v)
		}
	}
	only := w.get("/2/dm_events?event_types=ParticipantsJoin,ParticipantsLeave")
	if only.at("meta.result_count") != 2.0 {
		t.Errorf("filtered by type: %s", only.raw)
	}
	gone := w.sim.Tokens(carol)
	if g := w.with(gone.Access, "GET", "/2/dm_events?event_types=MessageCreate", nil); g.at("meta.result_count") != 2.0 {
		t.Errorf("carol finds %s, want what was said before she left", g.raw)
	}
	w.want(w.with(gone.Access, "POST", "/2/dm_conversations/"+group+"/messages", obj{"text": "x"}), http.StatusForbidden)
	w.want(w.post("/2/dm_conversations/"+group+"/messages", obj{"text": "still here"}), http.StatusCreated)
	if again := w.post("/2/dm_conversations", obj{
		"conversation_type": "Group", "participant_ids": []string{alice, carol}, "message": obj{"text": "welcome"},
	}); again.text("data.dm_conversation_id") == group {
		t.Error("a second group of the same people is the first one")
	}
}

func TestLinksBecomeShort(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.sim.Say(alice, bot, xsim.Draft{Text: "é see https://example.com/a?b=1, @acme #Tag $ABC"})
	g := w.get("/2/dm_events?dm_event.fields=entities,text")
	text, short := g.text("data.0.text"), g.text("data.0.entities.urls.0.url")
	if !strings.HasPrefix(short, "https://t.co/") || !strings.Contains(text, "see "+short+", @acme") {
		t.Errorf("text %q with the link %q", text, short)
	}
	start, _ := g.at("data.0.entities.urls.0.start").(float64)
	end, _ := g.at("data.0.entities.urls.0.end").(float64)
	if got := string([]rune(text)[int(start):int(end)]); got != short {
		t.Errorf("start and end give %q, want %q", got, short)
	}
	for path, want := range map[string]any{
		"urls.0.expanded_url": "https://example.com/a?b=1", "urls.0.display_url": "example.com/a?b=1",
		"mentions.0.username": "acme", "mentions.0.id": bot, "hashtags.0.tag": "Tag", "cashtags.0.tag": "ABC",
	} {
		if v := g.at("data.0.entities." + path); v != want {
			t.Errorf("%s = %v, want %v", path, v, want)
		}
	}
	w.say("mine: https://example.org")
	if d := w.sim.Inbox(alice)[0]; d.Text != "mine: https://example.org" || strings.Contains(d.Wire, "example") {
		t.Errorf("stored %q, on the wire %q", d.Text, d.Wire)
	}
}

func TestLookupRefusesWhatIsNotDescribed(t *testing.T) {
	t.Parallel()
	w := setup(t, unlimited)
	for _, query := range []string{
		"max_results=0", "max_results=101", "max_results=ten", "pagination_token=x", "pagination_token=fzzzzzzzzzzzzzzzzzz",
		"event_types=Message", "dm_event.fields=sender_id", "expansions=sender", "since_id=1", "user.fields=x", "media.fields=x",
		"max_results=5&max_results=6", "max_results=%zz",
	} {
		g := w.get("/2/dm_events?" + query)
		if g.status != http.StatusBadRequest || g.text("title") != "Invalid Request" {
			t.Errorf("%s: %d %s, want 400", query, g.status, g.raw)
		}
	}
	w.want(w.get("/2/dm_conversations/abc/dm_events"), http.StatusBadRequest)
	w.want(w.get("/2/dm_events/abc"), http.StatusBadRequest)
	if g := w.with(w.tokens.Access, "PATCH", "/2/dm_events", nil); g.status != http.StatusNotFound {
		t.Errorf("PATCH: %d", g.status)
	}
}

func TestOldNames(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *xsim.Config) { c.Wrap = nil })
	w.sim.Say(alice, bot, xsim.Draft{Text: "look", Post: "1212"})
	if g := w.get("/2/dm_events?expansions=referenced_posts"); g.at("data.0.referenced_posts.0.id") != "1212" || g.at("includes.posts.0.id") != "1212" {
		t.Errorf("new names: %s", g.raw)
	}
	w.sim.OldNames(true)
	g := w.get("/2/dm_events?dm_event.fields=sender_id&expansions=referenced_tweets.id,sender_id&user.fields=public_metrics")
	for path, want := range map[string]any{
		"data.0.referenced_tweets.0.id": "1212", "includes.tweets.0.id": "1212", "data.0.sender_id": alice,
		"includes.users.0.public_metrics.tweet_count": 0.0,
	} {
		if v := g.at(path); v != want {
			t.Errorf("%s = %v, want %v: %s", path, v, want, g.raw)
		}
	}
}

func TestManyWritersAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, unlimited)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 10 {
				w.say(fmt.Sprintf("%d/%d", i, j))
			}
		})
	}
	group.Wait()
	inbox := w.sim.Inbox(alice)
	if len(inbox) != 80 || !slices.IsSortedFunc(inbox, func(a, b xsim.DM) int { return compareIDs(a.ID, b.ID) }) {
		t.Errorf("%d messages, want 80 with rising ids", len(inbox))
	}
}
