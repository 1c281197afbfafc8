package x

import (
	"context"
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
			got.Data = append(got.Data, user{ID: id, Username: "user" + id})
		}
		if err := json.NewEncoder(w).Encode(got); err != nil {
			t.Error(err)
		}
	}))
	defer srv.Close()
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	secret := bridges.NewSecret("s")
	c, err := New(Config{ConsumerKey: secret, ConsumerSecret: secret, AccessToken: secret, AccessSecret: secret, APIURL: srv.URL}, bridges.Deps{
		Account: "x/acme", Keep: memory{}, Now: func() time.Time { return now }, Client: &http.Client{Transport: tr},
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i := range 250 {
		ids = append(ids, fmt.Sprint(1000+i))
	}
	ids = append(ids, "1000", "", "1249") // doubles and nobody
	look := func(want ...int) {
		t.Helper()
		batches = nil
		c.people.meet(t.Context(), ids)
		if fmt.Sprint(batches) != fmt.Sprint(want) {
			t.Errorf("asked for %v people, want %v", batches, want)
		}
	}
	look(100, 100, 50)
	if a := c.people.author("1249"); a.Handle != "user1249" {
		t.Errorf("author %+v, want user1249", a)
	}
	look()
	if used, err := c.purse.state(t.Context()); err != nil || used.Reads != 3 || used.USD < 2.48 || used.USD > 2.50 {
		t.Errorf("used %+v, %v, want 3 reads and 249 profiles at a cent", used, err)
	}
	now = now.Add(25 * time.Hour)
	down = true
	look(100) // the first failure is enough
	if a := c.people.author("1249"); a.Handle != "user1249" {
		t.Errorf("author %+v, want the old name", a)
	}
}

// memory is a Keeper for one goroutine.
type memory map[string][]byte

// Kept is the value under key.
func (m memory) Kept(_ context.Context, key string) ([]byte, error) { return m[key], nil }

// Keep replaces the value under key.
func (m memory) Keep(_ context.Context, key string, value []byte) error {
	m[key] = value
	return nil
}
