package main

import (
	"database/sql"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sqlite"
	"github.com/roost-im/roost/router/text"
)

// seed puts one delivery of each state into a database: 1 waits, 2 is held, 3 rejected, 4 dead and 5 sent.
func seed(t *testing.T, dir string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(dir, "roost.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	states := []chat.State{chat.Waiting, chat.Held, chat.Rejected, chat.Dead, chat.Sent}
	var c store.Changes
	for _, state := range states {
		to := chat.Conversation{Account: "slack/team", ID: chat.ConversationID("C" + string(state))}
		c.Deliveries = append(c.Deliveries, chat.Delivery{Lane: chat.LaneTo(to), Action: chat.Post{To: to, Text: text.Plain("this one is\n" + string(state))}})
	}
	if err := s.Change(t.Context(), func(store.View) (store.Changes, error) { return c, nil }); err != nil {
		t.Fatal(err)
	}
	leased, err := s.Lease(t.Context(), store.Want{Max: 10, For: time.Minute})
	if err != nil || len(leased) != len(states) {
		t.Fatalf("leased %d deliveries (%v), want %d", len(leased), err, len(states))
	}
	for _, l := range leased {
		state := states[l.ID-1]
		if err := s.Settle(t.Context(), store.Settlement{
			ID: l.ID, Token: l.Token, State: state, Due: time.Now().Add(time.Hour), Tried: true, Reason: "because\nof " + string(state),
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, args ...string) deliveryList {
	t.Helper()
	got := roost(t, append([]string{"deliveries", "--json"}, args...)...)
	got.want(t, 0)
	var l deliveryList
	if err := json.Unmarshal([]byte(got.out), &l); err != nil {
		t.Fatalf("deliveries --json: %v in %s", err, got.out)
	}
	return l
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	config, dir := beside(t)
	seed(t, dir)
	for _, tc := range []struct {
		args string
		want []chat.DeliveryID
	}{
		{"", []chat.DeliveryID{4, 3, 2, 1}},
		{"--dead", []chat.DeliveryID{4, 3, 2}},
		{"--state all", []chat.DeliveryID{5, 4, 3, 2, 1}},
		{"--state sent", []chat.DeliveryID{5}},
		{"--state held,rejected", []chat.DeliveryID{3, 2}},
		{"--state held --state waiting", []chat.DeliveryID{2, 1}},
		{"--state cancelled", []chat.DeliveryID{}},
		{"--limit 2", []chat.DeliveryID{4, 3}},
		{"--account slack/team --state all", []chat.DeliveryID{5, 4, 3, 2, 1}},
		{"--account x/acme --state all", []chat.DeliveryID{}},
	} {
		l := list(t, append(strings.Fields(tc.args), "-c", config)...)
		got := []chat.DeliveryID{}
		for _, d := range l.Deliveries {
			got = append(got, d.ID)
		}
		if !slices.Equal(got, tc.want) || l.Count[chat.Waiting] != 1 || l.Count[chat.Sent] != 1 {
			t.Errorf("deliveries %s = %v with counts %v, want %v and one of each", tc.args, got, l.Count, tc.want)
		}
	}
	table := roost(t, "deliveries", "-c", config)
	table.want(t, 0, "ID  STATE", "1 waiting, 1 held, 1 rejected, 1 dead, 1 sent\n", "this one is dead", "because of held", "; next try ")
	if n := strings.Count(table.out, "\n"); n != 6 {
		t.Errorf("%d lines for four deliveries, want 6:\n%s", n, table.out)
	}
	roost(t, "deliveries", "-c", config, "--limit", "1").want(t, 0, "; the newest 1 are shown")
}

func TestReplay(t *testing.T) {
	t.Parallel()
	config, dir := beside(t)
	seed(t, dir)
	replay := func(args ...string) ran { return roost(t, append([]string{"replay", "-c", config}, args...)...) }
	replay("1", "5", "77").want(t, exitFindings, "roost: not dead, rejected or held: 1, 5, 77\n")
	replay("--arrived", "4").want(t, exitFindings, "roost: not held: 4\n")
	if l := list(t, "--state", "waiting", "-c", config); len(l.Deliveries) != 1 {
		t.Errorf("after nothing was replayed, %d wait, want 1", len(l.Deliveries))
	}
	replay("--arrived", "2").want(t, 0, "1 delivery counts as sent\n")
	replay("4", "4", "77").want(t, exitFindings, "1 delivery is on its way again\n", "not dead, rejected or held: 77")
	got := replay("--all", "--json")
	var done settled
	if err := json.Unmarshal([]byte(got.out), &done); err != nil || got.code != 0 || !slices.Equal(done.IDs, []chat.DeliveryID{3}) || len(done.Missing) != 0 {
		t.Errorf("replay --all --json = %d %s (%v), want that 3 goes again", got.code, got.out, err)
	}
	replay("--all").want(t, exitFindings, "no delivery is dead, rejected or held")
	replay("--all", "--json").want(t, exitFindings, `"ids": []`)
	replay("--all", "--arrived").want(t, exitFindings, "no delivery is held")
	l := list(t, "--state", "waiting", "-c", config)
	if len(l.Deliveries) != 3 || l.Deliveries[0].Tries != 0 {
		t.Errorf("waiting = %+v, want 1, 3 and 4, the latter as if never tried", l.Deliveries)
	}
}

func TestWhy(t *testing.T) {
	t.Parallel()
	config, dir := beside(t)
	seed(t, dir)
	before := rows(t, dir)
	why := func(args ...string) ran { return roost(t, append([]string{"why", "-c", config}, args...)...) }
	why("slack/team#C0HERE", "hello").want(t, 0, "- mirror lounge\n", "  → post to slack/team#C0THERE: hello\n")
	why("slack/team#C0HERE", "hello", "--bot").want(t, 0)
	why("--direct", "--as", "42", "x/acme#42", "my order is late").want(t, 0,
		"- desk support\n- a new case\n- it would open a case\n", "→ open to slack/team#C0SUPPORT", "→ post to slack/team#C0SUPPORT: my order is late")
	why("x/acme#42", "my order is late").want(t, 0,
		"- no route takes it\nnothing would be delivered\nthe desk support takes direct messages of x/acme; say --direct if this is one\n")
	why("slack/team#C0OTHER", "hello").want(t, 0, "- no route takes it\nnothing would be delivered\n")
	why("slack/team#C0SUPPORT/17.1", "hello").want(t, 0, "- it is in no case's thread\n")
	why("slack/other#C0", "hello").want(t, exitUsage, "the configuration has no account slack/other; it has slack/team, x/acme, x/hooked")
	why("slack#C0", "hello").want(t, exitUsage, "is no conversation")
	why("slack/team#C0HERE", "hello", "--as", "").want(t, exitUsage, "--as is empty")
	var a answer
	if got := why("slack/team#C0HERE", "hello", "--json"); json.Unmarshal([]byte(got.out), &a) != nil || len(a.Deliveries) != 1 || a.Deliveries[0].Text != "hello" {
		t.Errorf("why --json = %d %s", got.code, got.out)
	}
	if after := rows(t, dir); after != before {
		t.Errorf("there are %d rows after the questions, %d before", after, before)
	}
}

// rows counts all rows of a database.
func rows(t *testing.T, dir string) int {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "roost.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	names, err := db.QueryContext(t.Context(), "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%fts%' AND name NOT LIKE '%search%'")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = names.Close() }()
	var tables []string
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	if err := names.Err(); err != nil {
		t.Fatal(err)
	}
	all := 0
	for _, table := range tables {
		var n int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM \""+table+"\"").Scan(&n); err != nil {
			t.Fatal(err)
		}
		all += n
	}
	if all == 0 {
		t.Fatal("there are no rows to count")
	}
	return all
}

func TestWhySaysWhatAMirrorLeavesOut(t *testing.T) {
	t.Parallel()
	config := write(t, strings.Replace(offline, "  lounge:", `  news:
    mirror:
      between: [slack/team#C0NEWS, slack/team#C0FEED]
      bots: [GitHub]
      skip: {authors: [mallory], text: ['^!']}
  lounge:`, 1))
	why := func(args ...string) ran {
		return roost(t, append([]string{"why", "-c", config, "slack/team#C0NEWS"}, args...)...)
	}
	why("hello").want(t, 0, "- mirror news\n", "  → post to slack/team#C0FEED: hello\n")
	why("hello", "--as", "mallory").want(t, 0, "- news: the author is skipped\n", "nothing would be delivered\n")
	why("!hello").want(t, 0, "- news: the text is skipped\n", "nothing would be delivered\n")
	why("hello", "--bot", "--as", "Other").want(t, 0, "- news: bots are not carried\n", "nothing would be delivered\n")
	why("hello", "--bot", "--as", "GitHub").want(t, 0, "  → post to slack/team#C0FEED: hello\n")
}
