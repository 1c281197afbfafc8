package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

// client makes calls for an account where nobody is logged in.
func client(tr http.RoundTripper) *Client {
	return New(Credentials{ClientID: "id"}, bridges.Deps{Account: "x/acme", Client: &http.Client{Transport: tr}}.Ready())
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		status int
		body   string
		writes bool
		kind   chat.Kind
		reason string // part of it
	}{
		{"bad token", 401, `{"title":"Unauthorized"}`, true, chat.LoggedOut, "run roost login x/acme"},
		{"no credit", 402, `{}`, true, chat.Unfunded, "no credit"},
		{"spending cap", 403, `{"title":"SpendCapReached","type":"https://api.twitter.com/2/problems/credits"}`, true, chat.Unfunded, "spending cap"},
		{"monthly cap", 429, `{"title":"UsageCapExceeded","type":"https://api.twitter.com/2/problems/usage-capped"}`, true, chat.Unfunded, ""},
		{"throttled", 429, `{"title":"Too Many Requests"}`, true, chat.Throttled, "slow down"},
		{"no permission", 403, `{"title":"Unsupported Authentication","type":"https://api.twitter.com/2/problems/unsupported-authentication"}`, true, chat.LoggedOut, "permissions"},
		{"access level", 403, `{"errors":[{"code":453,"message":"You currently have access to a subset"}]}`, true, chat.LoggedOut, "permissions"},
		{"closed messages", 403, `{"detail":"You do not have permission to DM one or more participants.","status":403}`, true, chat.Refused, "doesn't take messages"},
		{"closed messages by number", 403, `{"errors":[{"code":349,"message":"no"}]}`, true, chat.Refused, "doesn't take messages"},
		{"blocked", 403, `{"detail":"You have been blocked from this user"}`, true, chat.Refused, "blocked"},
		{"not following", 403, `{"errors":[{"code":150,"message":"x"}]}`, true, chat.Refused, "follow"},
		{"encrypted only", 403, `{"detail":"ONLY_ENCRYPTED_MESSAGES_ALLOWED"}`, true, chat.Refused, "only takes encrypted messages"},
		{"verified only", 403, `{"errors":[{"code":476,"message":"x"}]}`, true, chat.Refused, "verified"},
		{"spam", 403, `{"errors":[{"code":226,"message":"x"}]}`, true, chat.Refused, "spam"},
		{"duplicate", 403, `{"errors":[{"code":187,"message":"x"}]}`, true, chat.Refused, "just before"},
		{"forbidden", 403, `{"detail":"Forbidden"}`, true, chat.Refused, "does not allow"},
		{"bad media", 400, `{"errors":[{"message":"media id is invalid"}]}`, true, chat.Refused, "attachment"},
		{"bad request", 400, `not json`, true, chat.Refused, "did not accept"},
		{"no such conversation", 404, `{}`, true, chat.Gone, ""},
		{"down, reading", 503, `{}`, false, chat.Transient, ""},
		{"down, writing", 503, `{}`, true, chat.Uncertain, ""},
		{"timed out", 408, `{}`, true, chat.Transient, ""},
		{"moved", 302, ``, true, chat.Transient, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := client(nil)
			resp := &http.Response{StatusCode: tc.status, Body: io.NopCloser(strings.NewReader(tc.body)), Header: http.Header{}}
			resp.Header.Set("x-rate-limit-remaining", "0")
			resp.Header.Set("x-rate-limit-reset", fmt.Sprint(time.Now().Add(90*time.Second).Unix()))
			err := a.refused(Request{Op: "x: post", Writes: tc.writes}, a.user, resp)
			if k := chat.KindOf(err); k != tc.kind {
				t.Errorf("%v is %v, want %v", err, k, tc.kind)
			}
			if got := chat.Reason(err); !strings.Contains(got, tc.reason) {
				t.Errorf("the reason is %q, want it to say %q", got, tc.reason)
			}
			e, _ := errors.AsType[*chat.Error](err)
			if tc.kind == chat.Throttled && (e.Wait < 80*time.Second || e.Wait > 95*time.Second || e.Scope != chat.ThisAccount) {
				t.Errorf("wait %v, scope %v, want about 91s for the account", e.Wait, e.Scope)
			}
		})
	}
}

func TestWaitGoesByXsClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	unix := func(d time.Duration) string { return fmt.Sprint(now.Add(d).Unix()) }
	for _, tc := range []struct {
		name string
		h    http.Header
		want time.Duration
	}{
		{"window", header("x-rate-limit-remaining", "0", "x-rate-limit-reset", unix(10*time.Minute)), 10*time.Minute + time.Second},
		{"clock that is behind", header("Date", now.Add(9*time.Minute).Format(http.TimeFormat), "x-rate-limit-remaining", "0", "x-rate-limit-reset", unix(10*time.Minute)), time.Minute + time.Second},
		{"day", header("x-rate-limit-remaining", "3", "x-rate-limit-reset", unix(time.Minute), "x-user-limit-24hour-remaining", "0", "x-user-limit-24hour-reset", unix(5*time.Hour)), 5*time.Hour + time.Second},
		{"retry after", header("Retry-After", "30"), 31 * time.Second},
		{"an end alone", header("x-user-limit-24hour-reset", unix(5*time.Hour)), 5*time.Hour + time.Second},
		{"an end alone beside a window", header("x-rate-limit-remaining", "0", "x-rate-limit-reset", unix(time.Minute), "x-user-limit-24hour-reset", unix(5*time.Hour)), time.Minute + time.Second},
		{"an end of what is left", header("x-user-limit-24hour-remaining", "3", "x-user-limit-24hour-reset", unix(5*time.Hour)), time.Minute},
		{"nothing", header(), time.Minute},
		{"past", header("x-rate-limit-remaining", "0", "x-rate-limit-reset", unix(-time.Hour)), time.Minute},
		{"nonsense", header("x-rate-limit-remaining", "0", "x-rate-limit-reset", unix(90*24*time.Hour)), 24 * time.Hour},
	} {
		if got := waitFor(tc.h, now); got != tc.want {
			t.Errorf("%s: wait %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestErrorsHideCredentials(t *testing.T) {
	t.Parallel()
	a := client(nil)
	a.app = &bearer{token: bridges.NewSecret("hush-hush")}
	resp := &http.Response{StatusCode: http.StatusForbidden, Body: io.NopCloser(strings.NewReader(`{"detail":"token hush-hush is bad"}`)), Header: http.Header{}}
	err := a.refused(Request{Op: "x: post"}, a.app, resp)
	if s := err.Error(); strings.Contains(s, "hush-hush") || !strings.Contains(s, "token secret is bad") {
		t.Errorf("the error says %q", s)
	}
	if s := a.Lost(Request{Op: "x: post"}, true, errors.New("dial hush-hush")).Error(); strings.Contains(s, "hush-hush") {
		t.Errorf("the error says %q", s)
	}
}
