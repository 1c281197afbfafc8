package xsim_test

import (
	"net/http"
	"testing"

	"github.com/roost-im/roost/bridges/x/xsim"
)

func TestUserLookups(t *testing.T) {
	t.Parallel()
	w := setup(t)
	me := w.get("/2/users/me")
	if row, _ := me.at("data").(obj); len(row) != 3 || row["id"] != bot || row["username"] != "acme" || row["name"] != "Acme" {
		t.Errorf("me: %s", me.raw)
	}
	full := w.get("/2/users/" + alice + "?user.fields=created_at,profile_image_url,public_metrics,verified,receives_your_dm,connection_status,description")
	for path, want := range map[string]any{
		"data.created_at": "2026-11-20T12:00:00.000Z", "data.public_metrics.followers_count": 7.0, "data.verified": false, "data.receives_your_dm": true,
	} {
		if v := full.at(path); v != want {
			t.Errorf("%s = %v, want %v", path, v, want)
		}
	}
	if g := w.app("GET", "/2/users/by/username/ALICE", nil); g.text("data.id") != alice {
		t.Errorf("by name: %s", g.raw)
	}
	many := w.get("/2/users?ids=" + alice + ",987," + bot)
	if many.text("data.0.id") != alice || many.text("data.1.id") != bot || many.text("errors.0.resource_id") != "987" {
		t.Errorf("by ids: %s", many.raw)
	}
	if g := w.get("/2/users/by?usernames=nobody"); g.status != 200 || g.at("data") != nil || g.text("errors.0.title") != "Not Found Error" {
		t.Errorf("by names: %d %s", g.status, g.raw)
	}
	for _, path := range []string{"/2/users/987", "/2/users/by/username/nobody"} {
		if g := w.get(path); g.status != 200 || g.at("data") != nil || g.text("errors.0.type") != "https://api.x.com/2/problems/resource-not-found" {
			t.Errorf("%s: %d %s", path, g.status, g.raw)
		}
	}
	for _, path := range []string{"/2/users", "/2/users?ids=x", "/2/users/abc", "/2/users/by/username/a-b", "/2/users/me?user.fields=x", "/2/users/me?x=1"} {
		if g := w.get(path); g.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", path, g.status, g.raw)
		}
	}
}

func TestNobodyCannotBePlayed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for name, play := range map[string]func(){
		"say": func() { w.sim.Say("987", bot, xsim.Draft{}) }, "tokens": func() { w.sim.Tokens("987") },
		"group": func() { w.sim.SayGroup("987", bot, xsim.Draft{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: somebody who is not there was played", name)
				}
			}()
			play()
		}()
	}
	w.say("the simulator goes on")
}

func TestAPersonBlocks(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.sim.Block(alice, bot, true)
	w.want(w.post("/2/dm_conversations/with/"+alice+"/messages", obj{"text": "x"}), http.StatusForbidden)
	if g := w.get("/2/users/" + alice + "?user.fields=receives_your_dm"); g.at("data.receives_your_dm") != false {
		t.Errorf("alice: %s", g.raw)
	}
	w.sim.Block(alice, bot, false)
	w.say("x")
	w.sim.Block(bot, carol, true)
	if g := w.get("/2/users/" + carol + "?user.fields=connection_status"); g.at("data.connection_status.0") != "blocking" {
		t.Errorf("carol: %s", g.raw)
	}
}

func TestAddUserFillsInAndReplaces(t *testing.T) {
	t.Parallel()
	w := setup(t)
	u := w.sim.AddUser(xsim.User{})
	if len(u.ID) != 19 || u.Username == "" || u.Name == "" || u.Avatar == "" || u.CreatedAt.IsZero() {
		t.Errorf("filled in %+v", u)
	}
	u.Name = "Renamed"
	w.sim.AddUser(u)
	all := w.sim.Users()
	if len(all) != 4 || all[3].Name != "Renamed" {
		t.Errorf("users %+v", all)
	}
}
