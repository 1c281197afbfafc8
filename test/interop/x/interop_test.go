// Package interop_test runs independent clients of X's API against the simulator.
package interop_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"

	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/bridges/x/xsim/xspec"
	"github.com/roost-im/roost/test/interop/clienttest"
)

const (
	bot   = "1111111111"
	alice = "22"
	carol = "333333333333"
	said  = 7 // messages that alice wrote before a script begins
)

// world is a simulator and the bot's credentials.
type world struct {
	*testing.T
	*xsim.Sim
	tokens xsim.Tokens
}

// setup starts a simulator in which alice has written to the bot. Every call of a client is held against X's description
// where that is at hand.
func setup(t *testing.T) *world {
	t.Helper()
	check, why := xspec.Check(t, xspec.AllowRefused())
	if check == nil {
		t.Log(why)
	}
	sim := xsim.New(xsim.Config{Wrap: check, ProcessingPolls: 1})
	sim.AddUser(xsim.User{ID: bot, Name: "Acme", Username: "acme"})
	sim.AddUser(xsim.User{ID: alice, Username: "alice"})
	sim.AddUser(xsim.User{ID: carol, Username: "carol"})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	for i := range said {
		sim.Say(alice, bot, xsim.Draft{Text: "said " + strconv.Itoa(i)})
	}
	return &world{T: t, Sim: sim, tokens: sim.Tokens(bot)}
}

// run starts a script of this folder. When the test fails the last calls are shown.
func (w *world) run(script string, env ...string) *clienttest.Child {
	w.Helper()
	node := clienttest.Node(w.T, "twitter-api-v2")
	w.Cleanup(func() {
		if w.Failed() {
			w.Logf("last calls: %+v", last(w.Sim))
		}
	})
	env = append(env, "XSIM_URL="+w.URL(), "CONSUMER_KEY=sim-consumer-key", "CONSUMER_SECRET=sim-consumer-secret",
		"CLIENT_ID=sim-client-id", "CLIENT_SECRET=sim-client-secret", "BEARER_TOKEN=sim-app-bearer",
		"OAUTH1_TOKEN="+w.tokens.OAuth1Token, "OAUTH1_SECRET="+w.tokens.OAuth1Secret, "ACCESS_TOKEN="+w.tokens.Access,
		"BOT="+bot, "ALICE="+alice, "CAROL="+carol, "SAID="+strconv.Itoa(said),
		"IMAGE="+base64.StdEncoding.EncodeToString(picture(w.T)))
	return clienttest.Start(w.T, env, node, script)
}

// last are the last calls, for the message of a failure.
func last(sim *xsim.Sim) []xsim.Request {
	all := sim.Requests()
	return all[max(0, len(all)-5):]
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestMessages holds both clients, with both ways of signing in, to what alice and the group find afterwards.
func TestMessages(t *testing.T) {
	t.Parallel()
	for _, script := range []string{"twitter-api-v2.mjs", "xdk.mjs"} {
		for auth, kind := range map[string]xsim.AuthKind{"oauth1": xsim.OAuth1, "oauth2": xsim.OAuth2User} {
			t.Run(script+"/"+auth, func(t *testing.T) {
				t.Parallel()
				w := setup(t)
				c := w.run(script, "AUTH="+auth)
				if script == "xdk.mjs" && auth == "oauth2" {
					if got, want := c.Line(t, "DOWNLOAD")[1], base64.StdEncoding.EncodeToString(picture(t)); got != want {
						t.Errorf("downloaded %q, want the image", got)
					}
				}
				group := c.Line(t, "GROUP")[1]
				c.Finish(t)
				checkMessages(t, w.Sim, group)
				for _, r := range w.Requests() {
					if r.Status < 300 && r.Auth != kind {
						t.Errorf("%s %s was called with %v, want %v", r.Method, r.Path, r.Auth, kind)
					}
				}
			})
		}
	}
}

func checkMessages(t *testing.T, sim *xsim.Sim, group string) {
	t.Helper()
	var texts []string
	var files [][]byte
	talk := sim.Conversation(alice, bot)[said:]
	for _, d := range talk {
		texts = append(texts, d.Text)
		for _, m := range d.Media {
			files = append(files, m.Data)
		}
	}
	if want := []string{"to a participant: ü & <b> = ~", "to a conversation", "an image", ""}; !slices.Equal(texts, want) {
		t.Errorf("alice got %q, want %q", texts, want)
	}
	film := bytes.Repeat([]byte("film"), 2500/4)
	if len(files) != 2 || !bytes.Equal(files[0], picture(t)) || !bytes.Equal(files[1], film) {
		t.Errorf("alice got %d files, want the image and the film", len(files))
	}
	if len(talk) > 0 && !slices.Equal(talk[0].DeletedFor, []string{bot}) {
		t.Errorf("the first message is deleted for %v, want the bot", talk[0].DeletedFor)
	}
	in := sim.Group(group)
	if len(in) != 2 || in[0].Text != "to a new group" || in[1].Text != "again to the group" {
		t.Errorf("the group %q got %+v", group, in)
	}
	if m := sim.Members(group); !slices.Equal(m, []string{bot, alice, carol}) {
		t.Errorf("in the group are %v", m)
	}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.AutoAuthorize(bot)
	w.run("login.mjs").Finish(t)
}

func TestActivity(t *testing.T) {
	t.Parallel()
	w := setup(t)
	hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mac := hmac.New(sha256.New, []byte("sim-consumer-secret"))
		mac.Write([]byte(r.URL.Query().Get("crc_token")))
		_ = json.NewEncoder(rw).Encode(map[string]string{"response_token": "sha256=" + base64.StdEncoding.EncodeToString(mac.Sum(nil))})
	}))
	defer hook.Close()
	c := w.run("activity.mjs", "HOOK_URL="+hook.URL+"/x")
	c.Line(t, "STREAMING")
	w.Say(alice, bot, xsim.Draft{Text: "over the stream"})
	w.Typing(alice, bot)
	c.Finish(t)
	if w.Streams() != 0 || w.Subscriptions() != 0 {
		t.Errorf("%d streams and %d subscriptions are left", w.Streams(), w.Subscriptions())
	}
}
