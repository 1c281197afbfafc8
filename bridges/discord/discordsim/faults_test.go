package discordsim_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

// post calls the messages of the general channel and gives the answer, nil when the connection ended without one.
func (w world) post(t *testing.T) *http.Response {
	t.Helper()
	req := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL()+"/api/v10/channels/"+general+"/messages", strings.NewReader(`{"content":"x"}`)))(t)
	req.Header.Set("Authorization", "Bot "+w.Token())
	req.Header.Set("Content-Type", "application/json")
	resp, err := (&http.Client{Timeout: deadline, Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return nil
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func TestFaults(t *testing.T) {
	t.Parallel()
	const route = "POST /channels/{}/messages"
	for _, tc := range []struct {
		name   string
		fault  discordsim.Fault
		status int
		said   int
		check  func(*http.Response) bool
	}{
		{"status", discordsim.Fault{Status: 503}, 503, 0, nil},
		{"code", discordsim.Fault{Code: 50007, Status: 403}, 403, 0, func(r *http.Response) bool { return holds(r, `"code":50007`) }},
		{"throttle", discordsim.Fault{Throttle: 2 * time.Second}, 429, 0, func(r *http.Response) bool {
			return r.Header.Get("Retry-After") == "2" && r.Header.Get("X-RateLimit-Scope") == "user" && holds(r, `"retry_after":2`)
		}},
		{"global", discordsim.Fault{Throttle: time.Second, Global: true}, 429, 0, func(r *http.Response) bool {
			return r.Header.Get("X-RateLimit-Global") == "true" && holds(r, `"global":true`)
		}},
		{"cloudflare", discordsim.Fault{Throttle: time.Second, HTML: true}, 429, 0, func(r *http.Response) bool { return holds(r, "<html>") }},
		{"bad gateway page", discordsim.Fault{HTML: true}, 502, 0, func(r *http.Response) bool { return holds(r, "<html>") }},
		{"late", discordsim.Fault{Late: time.Millisecond}, 200, 1, nil},
		{"accepted and dropped", discordsim.Fault{AcceptThenDrop: true}, 0, 1, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			tc.fault.Times = 1
			w.Fail("POST /channels/{channel.id}/messages", tc.fault)
			resp := w.post(t)
			status := 0
			if resp != nil {
				status = resp.StatusCode
			}
			if status != tc.status || len(w.Messages(general)) != tc.said {
				t.Errorf("status %d with %d messages, want %d with %d", status, len(w.Messages(general)), tc.status, tc.said)
			}
			if tc.check != nil && !tc.check(resp) {
				t.Errorf("answer = %+v", resp.Header)
			}
			if again := w.post(t); again == nil || again.StatusCode != 200 {
				t.Errorf("after the fault: %v", again)
			}
			if calls := w.Calls(route); len(calls) != 2 || calls[0].Status != tc.status {
				t.Errorf("calls = %+v", calls)
			}
		})
	}
}

func holds(r *http.Response, part string) bool {
	body, _ := io.ReadAll(r.Body)
	return strings.Contains(string(body), part)
}

func TestHangEndsAtMend(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Fail("", discordsim.Fault{Hang: true})
	done := make(chan *http.Response, 1)
	go func() { done <- w.post(t) }()
	w.until(t, "the call", func(v *discordsim.View) bool { return len(v.Requests()) == 1 })
	w.Mend()
	if resp := w.post(t); resp == nil || resp.StatusCode != 200 {
		t.Errorf("after Mend: %v", resp)
	}
	w.Close()
	if resp := <-done; resp != nil {
		t.Errorf("the call that hung was answered: %v", resp.Status)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := setup(t, func(c *discordsim.Config) { c.Limits, c.Now = true, func() time.Time { return now } })
	for i := range 5 {
		resp := w.post(t)
		left := []string{"4", "3", "2", "1", "0"}[i]
		if resp.StatusCode != 200 || resp.Header.Get("X-RateLimit-Remaining") != left || resp.Header.Get("X-RateLimit-Limit") != "5" || resp.Header.Get("X-RateLimit-Bucket") == "" {
			t.Errorf("call %d: %s %v", i, resp.Status, resp.Header)
		}
	}
	resp := w.post(t)
	if resp.StatusCode != 429 || resp.Header.Get("Retry-After") != "5" || resp.Header.Get("X-RateLimit-Reset-After") != "5.000" {
		t.Errorf("sixth call: %s %v", resp.Status, resp.Header)
	}
	if status, _ := w.raw(t, "POST", "/channels/"+news+"/messages", obj{"content": "x"}); status != 200 {
		t.Errorf("another channel: %d", status)
	}
	w.Limit(false)
	if resp := w.post(t); resp.StatusCode != 200 || resp.Header.Get("X-RateLimit-Remaining") == "0" {
		t.Errorf("without limits: %s %v", resp.Status, resp.Header)
	}
}
