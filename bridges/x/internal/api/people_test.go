package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
)

func TestPeopleAreLookedUpOnceADay(t *testing.T) {
	t.Parallel()
	var batches []int
	down := false
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ids := strings.Split(r.URL.Query().Get("ids"), ",")
		batches = append(batches, len(ids))
		if down {
			http.Error(w, "{}", http.StatusServiceUnavailable)
			return
		}
		var got usersAnswer
		for _, id := range ids {
			if id == "1007" {
				continue // X does not know everybody
			}
			got.Data = append(got.Data, User{ID: id, Username: "user" + id})
		}
		if err := json.NewEncoder(w).Encode(got); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	secret := bridges.NewSecret("s")
	cred := Credentials{ConsumerKey: secret, ConsumerSecret: secret, AccessToken: secret, AccessSecret: secret, APIURL: srv.URL}
	deps := bridges.Deps{Account: "x/acme", Now: clock, Client: &http.Client{Transport: tr}}.Ready()
	money := NewPurse(Budget{}, Prices{Profile: 0.010}, deps.Keep, clock)
	p := NewPeople(New(cred, deps), money, clock)
	var ids []string
	for i := range 250 {
		ids = append(ids, fmt.Sprint(1000+i))
	}
	ids = append(ids, "1000", "", "1249") // doubles and nobody
	look := func(want ...int) {
		t.Helper()
		batches = nil
		p.Meet(t.Context(), ids)
		if fmt.Sprint(batches) != fmt.Sprint(want) {
			t.Errorf("asked for %v people, want %v", batches, want)
		}
	}
	look(100, 100, 50)
	if a := p.Author("1249"); a.Handle != "user1249" {
		t.Errorf("author %+v, want user1249", a)
	}
	look()
	if used, err := money.State(t.Context()); err != nil || used.Reads != 3 || used.USD < 2.48 || used.USD > 2.50 {
		t.Errorf("used %+v, %v, want 3 reads and 249 profiles at a cent", used, err)
	}
	now = now.Add(25 * time.Hour)
	down = true
	look(100) // the first failure is enough
	if a := p.Author("1249"); a.Handle != "user1249" {
		t.Errorf("author %+v, want the old name", a)
	}
}
