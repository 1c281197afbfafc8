package discordsim_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

func TestNonceFindsTheEarlierMessage(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	w := setup(t, func(c *discordsim.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	const chg = "/channels/" + general + "/messages"
	body := obj{"content": "once", "nonce": "k1", "enforce_nonce": true}
	_, first := w.raw(t, "POST", chg, body)
	if _, again := w.raw(t, "POST", chg, body); id(again) != id(first) || again["nonce"] != "k1" {
		t.Errorf("a repeat made %s, want %s", id(again), id(first))
	}
	if _, other := w.raw(t, "POST", chg, obj{"content": "once", "nonce": "k1"}); id(other) == id(first) {
		t.Error("a nonce that is not enforced found the earlier message")
	}
	ahead.Store(int64(6 * time.Minute))
	if _, late := w.raw(t, "POST", chg, body); id(late) == id(first) {
		t.Error("the nonce is remembered too long")
	}
	if m, _ := w.Message(general, id(first)); m.Nonce != "k1" {
		t.Errorf("nonce = %q", m.Nonce)
	}
}

func TestWhomMessagesNotify(t *testing.T) {
	t.Parallel()
	w := setup(t)
	asked := w.Say(ada, general, discordsim.Draft{Text: "q"})
	reply := obj{"message_id": asked}
	text := "@everyone @here <@" + bob + "> <@&" + home + ">"
	none := obj{"parse": []string{}}
	for _, tc := range []struct {
		name string
		body obj
		want []string
	}{
		{"all by default", obj{"content": text}, []string{bob, home, "everyone"}},
		{"nobody", obj{"content": text, "allowed_mentions": none}, nil},
		{"listed", obj{"content": text, "allowed_mentions": obj{"users": []string{bob}}}, []string{bob}},
		{"kinds", obj{"content": text, "allowed_mentions": obj{"parse": []string{"everyone"}}}, []string{"everyone"}},
		{"reply", obj{"content": "a", "message_reference": reply}, []string{ada}},
		{"quiet reply", obj{"content": "a", "message_reference": reply, "allowed_mentions": none}, nil},
		{"told reply", obj{"content": "a", "message_reference": reply, "allowed_mentions": obj{"parse": []string{}, "replied_user": true}}, []string{ada}},
	} {
		_, m := w.raw(t, "POST", "/channels/"+general+"/messages", tc.body)
		if got, _ := w.Message(general, id(m)); !slices.Equal(got.Pings, tc.want) {
			t.Errorf("%s: notifies %v, want %v", tc.name, got.Pings, tc.want)
		}
	}
	w.SetPermission(general, discordsim.PermMentionAll, false)
	_, m := w.raw(t, "POST", "/channels/"+general+"/messages", obj{"content": "@everyone"})
	if got, _ := w.Message(general, id(m)); len(got.Pings) != 0 || m["mention_everyone"] != false {
		t.Errorf("without the permission: notifies %v", got.Pings)
	}
}

func TestPeopleKeepTheRules(t *testing.T) {
	t.Parallel()
	w := setup(t)
	msg := w.Say(ada, general, discordsim.Draft{Text: "x"})
	for _, tc := range []struct {
		name      string
		err, want error
	}{
		{"edit another's", w.Edit(bob, general, msg, "y"), discordsim.ErrNotAuthor},
		{"delete another's", w.Delete(bob, general, msg), discordsim.ErrNotAuthor},
		{"edit nothing", w.Edit(ada, general, "7", "y"), discordsim.ErrNoMessage},
		{"react nowhere", w.React(ada, "7", msg, "👍"), discordsim.ErrNoChannel},
		{"react as nobody", w.React("7", general, msg, "👍"), discordsim.ErrNoUser},
		{"react", w.React(bob, general, msg, "👍"), nil},
		{"react again", w.React(bob, general, msg, "👍"), discordsim.ErrReacted},
		{"unreact another", w.Unreact(ada, general, msg, "👍"), discordsim.ErrNothingToUndo},
		{"clear", w.ClearReactions(general, msg), nil},
		{"vote on nothing", w.Vote(ada, general, msg, 1), discordsim.ErrNoPoll},
		{"join nothing", w.Join(ada, "7"), discordsim.ErrNoGuild},
		{"archive a channel", w.Archive(general), discordsim.ErrNoChannel},
		{"bulk without power", w.BulkDelete(bob, general, msg), discordsim.ErrNotAuthor},
		{"submit nothing", w.SubmitModal(bob, "7", nil), discordsim.ErrNoModal},
		{"unknown command", w.Slash(bob, general, "nope", nil), discordsim.ErrNoCommand},
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, tc.err, tc.want)
		}
	}
	if w.Say("7", general, discordsim.Draft{Text: "x"}) != "" || w.Say(ada, support, discordsim.Draft{Text: "x"}) != "" || w.DM("7") != "" {
		t.Error("what can not be said was said")
	}
	w.SetModerator(bob)
	if err := w.BulkDelete(bob, general, msg, w.Say(ada, general, discordsim.Draft{Text: "y"})); err != nil {
		t.Error(err)
	}
	for _, m := range w.Messages(general) {
		if !m.Deleted {
			t.Errorf("left: %+v", m)
		}
	}
}

func TestAddressesExpire(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	w := setup(t, func(c *discordsim.Config) {
		c.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	w.Say(ada, general, discordsim.Draft{Files: []discordsim.Upload{{Name: "a.txt", Data: []byte("abc")}}})
	link := w.Messages(general)[0].Attachments[0].URL
	get := func(link string) (int, string) {
		resp := must(http.Get(link))(t) //nolint:bodyclose,noctx // closed below
		defer func() { _ = resp.Body.Close() }()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
	if status, body := get(link); status != 200 || body != "abc" {
		t.Errorf("download = %d %q", status, body)
	}
	if status, _ := get(strings.Replace(link, "hm=", "hm=0", 1)); status != 404 {
		t.Errorf("with a wrong seal: %d", status)
	}
	ahead.Store(int64(25 * time.Hour))
	if status, _ := get(link); status != 404 {
		t.Errorf("a day later: %d", status)
	}
	_, fresh := w.raw(t, "POST", "/attachments/refresh-urls", obj{"attachment_urls": []string{link}})
	if status, body := get(fresh["refreshed_urls"].([]any)[0].(obj)["refreshed"].(string)); status != 200 || body != "abc" {
		t.Errorf("refreshed = %d %q", status, body)
	}
	if u := must(url.Parse(link))(t); !u.Query().Has("ex") || !u.Query().Has("is") {
		t.Errorf("address = %s", link)
	}
}

func TestUnfurlIsNoEdit(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.dial(t, "")
	c.identify(w, everything)
	msg := w.Say(ada, general, discordsim.Draft{Text: "https://example.org"})
	if err := w.Unfurl(general, msg, "https://example.org", "Example"); err != nil {
		t.Fatal(err)
	}
	if ev := c.event("MESSAGE_UPDATE"); ev["edited_timestamp"] != nil || len(ev["embeds"].([]any)) != 1 || ev["content"] != "https://example.org" {
		t.Errorf("MESSAGE_UPDATE = %v", ev)
	}
	w.PartialUpdates(true)
	if err := w.Unfurl(general, msg, "https://example.org", "Again"); err != nil {
		t.Fatal(err)
	}
	if ev := c.event("MESSAGE_UPDATE"); ev["author"] != nil || ev["content"] != nil || len(ev["embeds"].([]any)) != 2 || id(ev) != msg {
		t.Errorf("partial MESSAGE_UPDATE = %v", ev)
	}
	if err := w.Edit(ada, general, msg, "changed"); err != nil {
		t.Fatal(err)
	}
	if ev := c.event("MESSAGE_UPDATE"); ev["edited_timestamp"] == nil {
		t.Errorf("an edit = %v", ev)
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var ids []string
	for _, text := range []string{"0", "1", "2", "3", "4", "5"} {
		ids = append(ids, w.Say(ada, general, discordsim.Draft{Text: text}))
	}
	for query, want := range map[string]string{
		"": "543210", "limit=2": "54", "before=" + ids[2]: "10", "after=" + ids[2] + "&limit=2": "43", "around=" + ids[3] + "&limit=3": "432",
		"after=0&limit=2": "10", "before=" + ids[0]: "", "after=" + ids[5]: "",
	} {
		got := ""
		for _, m := range w.all(t, "/channels/"+general+"/messages?"+query) {
			got += m["content"].(string)
		}
		if got != want {
			t.Errorf("%q gives %q, want %q", query, got, want)
		}
	}
}
