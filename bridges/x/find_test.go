package x_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// What is not found among too many messages may be there all the same: it must not be taken for gone.
func TestFindDoesNotGuess(t *testing.T) {
	t.Parallel()
	newest := uint64(time.Now().Add(time.Hour).UnixMilli()-1288834974657) << 22
	var events atomic.Uint64
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/users/me") {
			_, _ = fmt.Fprint(w, `{"data":{"id":"1","name":"Acme","username":"acme"}}`)
			return
		}
		_, _ = fmt.Fprintf(w, `{"data":[{"id":"%d","event_type":"MessageCreate","text":"x","sender_id":"2"}],"meta":{"result_count":1,"next_token":"more"}}`,
			newest-events.Add(1))
	}))
	defer api.Close()
	secret := bridges.NewSecret("s")
	c, err := x.New(x.Config{
		ConsumerKey: secret, ConsumerSecret: secret, AccessToken: secret, AccessSecret: secret, APIURL: api.URL,
	}, bridges.Deps{Account: "x/acme"})
	if err != nil {
		t.Fatal(err)
	}
	defer chat.Close(c)
	post := chat.Post{Key: "k-1", To: chat.Conversation{Account: "x/acme", ID: "2"}, Text: text.Plain("did it arrive?")}
	_, found, err := c.Find(t.Context(), post, time.Now())
	if found || err == nil || chat.KindOf(err) != chat.Transient {
		t.Errorf("Find = %v, %v, want that it can't be told", found, err)
	}
	if events.Load() < 10 {
		t.Errorf("gave up after %d pages", events.Load())
	}
}
