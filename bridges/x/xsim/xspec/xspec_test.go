package xspec_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/x/xsim/xspec"
)

// witness keeps what a check complains about.
type witness struct{ said []string }

func (w *witness) Helper() {}

func (w *witness) Errorf(format string, args ...any) {
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

// answer is what the handler behind the check says.
type answer struct {
	status int
	kind   string
	body   string
	fault  bool
}

const (
	plain   = "application/json; charset=utf-8"
	problem = "application/problem+json"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	fine := answer{200, plain, `{"meta":{"result_count":0}}`, false}
	for _, tc := range []struct {
		name         string
		method, path string
		kind, body   string
		answer       answer
		want         string // part of the complaint, none when empty
	}{
		{"a described call", "GET", "/2/dm_events?max_results=5&expansions=sender_id,participant_ids", "", "", fine, ""},
		{"an unknown path", "GET", "/2/dm", "", "", fine, "no such path"},
		{"another method", "PUT", "/2/dm_events", "", "", fine, "no such path"},
		{"a path outside", "GET", "/i/oauth2/authorize", "", "", answer{200, "text/html", "x", false}, ""},
		{"an unknown parameter", "GET", "/2/dm_events?since_id=1", "", "", fine, "since_id"},
		{"a number out of range", "GET", "/2/dm_events?max_results=101", "", "", fine, "max_results"},
		{"an unknown value", "GET", "/2/dm_events?dm_event.fields=sender_id", "", "", fine, "dm_event.fields"},
		{"a value twice", "GET", "/2/dm_events?dm_event.fields=text,text", "", "", fine, "dm_event.fields"},
		{"a parameter twice", "GET", "/2/dm_events?max_results=5&max_results=6", "", "", fine, "twice"},
		{"a missing parameter", "GET", "/2/users", "", "", answer{200, plain, `{}`, false}, "missing"},
		{"a path of another shape", "GET", "/2/dm_events/abc", "", "", answer{200, plain, `{}`, false}, "event_id"},
		{"a described body", "POST", "/2/dm_conversations/with/1/messages", "application/json", `{"text":"x"}`, answer{201, plain, `{"data":{"dm_conversation_id":"1-2","dm_event_id":"3"}}`, false}, ""},
		{"an unknown property", "POST", "/2/dm_conversations/with/1/messages", "application/json", `{"text":"x","a":1}`, answer{201, plain, `{"data":{"dm_conversation_id":"1-2","dm_event_id":"3"}}`, false}, "the call"},
		{"another content type", "POST", "/2/dm_conversations/with/1/messages", "text/plain", `x`, answer{201, plain, `{}`, false}, "content type"},
		{"a misspelt answer", "POST", "/2/dm_conversations/with/1/messages", "application/json", `{"text":"x"}`, answer{201, plain, `{"data":{"dm_conversation_id":"1-2","dm_event_id":"3","id":"3"}}`, false}, "the answer 201"},
		{"an answer that lacks something", "POST", "/2/dm_conversations/with/1/messages", "application/json", `{"text":"x"}`, answer{201, plain, `{"data":{"dm_event_id":"3"}}`, false}, "the answer 201"},
		{"another status", "POST", "/2/dm_conversations/with/1/messages", "application/json", `{"text":"x"}`, answer{200, plain, `{}`, false}, "not described"},
		{"no JSON", "GET", "/2/dm_events", "", "", answer{200, plain, `<html>`, false}, "the answer 200"},
		{"a time of another shape", "GET", "/2/dm_events", "", "", answer{200, plain, `{"data":[{"id":"1","created_at":"today"}]}`, false}, "the answer 200"},
		{"a planned fault", "GET", "/2/dm_events", "", "", answer{200, plain, `<html>`, true}, ""},
		{"a problem", "GET", "/2/dm_events", "", "", answer{401, problem, `{"title":"a","detail":"b","type":"about:blank","status":401}`, false}, ""},
		{"a problem of another status", "GET", "/2/dm_events", "", "", answer{401, problem, `{"title":"a","detail":"b","type":"about:blank","status":403}`, false}, "status"},
		{"a problem without detail", "GET", "/2/dm_events", "", "", answer{401, problem, `{"title":"a","type":"about:blank","status":401}`, false}, "detail"},
		{"a described problem", "GET", "/2/dm_events", "", "", answer{404, problem, `{"title":"a","detail":"b","type":"https://api.x.com/2/problems/resource-not-found","status":404}`, false}, "the answer 404"},
		{"a stream", "GET", "/2/activity/stream?backfill_minutes=1", "", "", answer{200, plain, "\r\n{}\r\n", false}, ""},
		{"a form", "POST", "/2/media/upload/1/append", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"segment_index\"\r\n\r\n1000\r\n--x--", answer{200, plain, `{"data":{}}`, false}, "body"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := &witness{}
			check, why := xspec.Check(w)
			if check == nil {
				t.Skip(why)
			}
			handler := check(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if got, _ := io.ReadAll(r.Body); string(got) != tc.body {
					t.Errorf("behind the check the body is %q", got)
				}
				if tc.answer.fault {
					rw.Header().Set("X-Sim-Fault", "planned")
				}
				rw.Header().Set("Content-Type", tc.answer.kind)
				rw.WriteHeader(tc.answer.status)
				_, _ = io.WriteString(rw, tc.answer.body)
			}))
			r := httptest.NewRequestWithContext(t.Context(), tc.method, tc.path, strings.NewReader(tc.body))
			if tc.kind != "" {
				r.Header.Set("Content-Type", tc.kind)
			}
			rec := httptest.NewRecorder()
			handler.ServeHTTP(rec, r)
			if rec.Code != tc.answer.status || rec.Body.String() != tc.answer.body {
				t.Errorf("through the check came %d %q", rec.Code, rec.Body)
			}
			if got := strings.Join(w.said, "\n"); (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
				t.Errorf("complaint %q, want %q", got, tc.want)
			}
		})
	}
}

func TestRefusedCallsMayBeInvalid(t *testing.T) {
	t.Parallel()
	w := &witness{}
	check, why := xspec.Check(w, xspec.AllowRefused())
	if check == nil {
		t.Skip(why)
	}
	status := http.StatusBadRequest
	handler := check(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", problem)
		rw.WriteHeader(status)
		_, _ = fmt.Fprintf(rw, `{"title":"a","detail":"b","type":"about:blank","status":%d}`, status)
	}))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/2/dm_events?x=1", http.NoBody))
	if len(w.said) != 0 {
		t.Errorf("complaints: %v", w.said)
	}
	status = http.StatusOK
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/2/dm_events?x=1", http.NoBody))
	if len(w.said) != 2 {
		t.Errorf("complaints: %v, want one of the call and one of the answer", w.said)
	}
}
