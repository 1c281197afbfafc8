package xsim

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

func FuzzParseOAuth1(f *testing.F) {
	f.Add(`oauth_consumer_key="k", oauth_nonce="n", oauth_signature="cw%3D%3D", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1", oauth_token="t"`)
	f.Add(`realm="x",a="b"`)
	f.Add(`=`)
	f.Fuzz(func(t *testing.T, header string) {
		p, err := parseOAuth1(header)
		if err != nil {
			return
		}
		for _, name := range []string{"oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_timestamp", "oauth_token"} {
			if p[name] == "" {
				t.Errorf("took %q without %s", header, name)
			}
		}
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/2/users/me"}, Host: "127.0.0.1", Header: http.Header{}}
		if checkSignature(r, nil, p, "consumer", "token") == nil {
			t.Errorf("took a signature out of the air: %q", header)
		}
	})
}

func FuzzReadUpload(f *testing.F) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	_ = form.WriteField("segment_index", "1")
	part, _ := form.CreateFormFile("media", "a")
	_, _ = part.Write([]byte("bytes"))
	form.Close()
	f.Add(form.FormDataContentType(), b.Bytes())
	f.Add("application/json", []byte(`{"media":"AAAA","segment_index":0}`))
	f.Add("multipart/form-data", []byte("--\r\n"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		up, err := readUpload(kind, body, "media", "segment_index", "media_category")
		if err == nil && len(up.content) > len(body) {
			t.Errorf("%d bytes out of %d", len(up.content), len(body))
		}
	})
}

func FuzzReadQuery(f *testing.F) {
	f.Add("max_results=5&pagination_token=f001d7911b9ae800015&event_types=MessageCreate")
	f.Add("max_results=%zz")
	f.Add("a;b")
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := readQuery(raw, []string{"max_results", "pagination_token", "event_types"})
		if err != nil {
			return
		}
		if n, err := p.number("max_results", 1, 100, 100); err == nil && (n < 1 || n > 100) {
			t.Errorf("max_results %d out of %q", n, raw)
		}
		if k, err := parseCursor(p.Get("pagination_token")); err == nil {
			again, err := parseCursor(k.String())
			if err != nil || again != k {
				t.Errorf("token %q became %v, then %v", p.Get("pagination_token"), k, again)
			}
		}
		if set, err := p.set("event_types", []string{"MessageCreate"}); err == nil && len(set) > 1 {
			t.Errorf("set %v", set)
		}
	})
}

func FuzzShorten(f *testing.F) {
	f.Add("see https://example.com/a, and http://b.example!", true)
	f.Add("é😀 https://x", false)
	f.Fuzz(func(t *testing.T, text string, attachment bool) {
		if !utf8.ValidString(text) {
			return // JSON brings none
		}
		wire, links := shorten(text, "1", attachment)
		runes := []rune(wire)
		back := wire
		for i, l := range slices.Backward(links) {
			if string(runes[l.start:l.end]) != l.url {
				t.Fatalf("link %v is not at its place in %q", l, wire)
			}
			long := l.expanded
			if attachment && i == len(links)-1 {
				long = ""
			}
			back = string([]rune(back)[:l.start]) + long + string([]rune(back)[l.end:])
		}
		if attachment && text != "" {
			back = strings.TrimSuffix(back, " ") // what stands between the text and the last link
		}
		if back != text {
			t.Errorf("%q became %q and went back to %q", text, wire, back)
		}
	})
}

func TestNumberLess(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b string
		want bool
	}{{"9", "10", true}, {"10", "9", false}, {"010", "11", true}, {"5", "5", false}, {"18446744073709551615", "9", false}} {
		if got := numberLess(tc.a, tc.b); got != tc.want {
			t.Errorf("%s < %s is %v", tc.a, tc.b, got)
		}
	}
}

// The example of https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1.1, with a name twice and a value with a space.
func TestBaseString(t *testing.T) {
	t.Parallel()
	r := &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: "/request", RawQuery: "b5=%3D%253D&a3=a&c%40=&a2=r%20b"},
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
	}
	params, err := signedParams(r, []byte("c2&a3=2+q"), signed{
		"realm": "Example", "oauth_consumer_key": "9djdj82h48djs9d2", "oauth_token": "kkk9d7dh3k39sjv7",
		"oauth_signature_method": "HMAC-SHA1", "oauth_timestamp": "137131201", "oauth_nonce": "7d8f3e4a", "oauth_signature": "x",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D" +
		"%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1" +
		"%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
	if got := baseString(r.Method, "http://example.com/request", params); got != want {
		t.Errorf("base string\n%s, want\n%s", got, want)
	}
}

// FuzzPostChat posts anything as an encrypted message: whatever it is, it is refused, or answered with a failure, for it
// bears no signature of the sender's.
func FuzzPostChat(f *testing.F) {
	s := New(Config{})
	f.Cleanup(s.Close)
	a, b := s.AddUser(User{}), s.AddUser(User{})
	phone := s.Phone(a.ID)
	s.Phone(b.ID)
	said, err := phone.Say(b.ID, "hello")
	if err != nil {
		f.Fatal(err)
	}
	stored := s.ChatEvents(said.Conversation)
	m, _ := stored[len(stored)-1].Detail.(wire.MessageCreate)
	f.Add("id", m.Encode(), stored[len(stored)-1].Signature.Encode(), stored[len(stored)-1].Token)
	f.Add("", "AAAA", "", "")
	f.Add("id", wire.MessageCreate{}.Encode(), "AA==", "sim.")
	token := s.Tokens(a.ID).Access
	f.Fuzz(func(t *testing.T, id, message, signature, conversation string) {
		body, err := json.Marshal(xchat.Payload{MessageID: id, Message: message, Signature: signature, Token: conversation})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/2/chat/conversations/"+b.ID+"/messages", bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		s.SetLimits(Limits{Unlimited: true})
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code >= 400 && w.Code < 500 {
			return
		}
		var told struct {
			Data struct {
				Event string `json:"encoded_message_event"`
			} `json:"data"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &told); w.Code != http.StatusCreated || err != nil {
			t.Fatalf("%d %s: %v", w.Code, w.Body, err)
		}
		ev, err := wire.ParseEvent(told.Data.Event)
		if _, failed := ev.Detail.(wire.Failure); err != nil || !failed {
			t.Errorf("taken: %+v, %v", ev, err)
		}
	})
}
