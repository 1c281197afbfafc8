package discordsim_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

// reply is an answer that was read.
type reply struct {
	status int // 0 when the connection ended without an answer
	header http.Header
	body   string
}

// post says something in the general channel.
func (w world) post(t *testing.T) reply {
	t.Helper()
	req := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL()+"/api/v10/channels/"+general+"/messages", strings.NewReader(`{"content":"x"}`)))(t)
	req.Header.Set("Authorization", "Bot "+w.Token())
	req.Header.Set("Content-Type", "application/json")
	resp, err := (&http.Client{Timeout: deadline, Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return reply{}
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(body)}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	const route = "POST /channels/{}/messages"
	for _, tc := range []struct {
		name   string
		fault  discordsim.Fault
		status int
		said   int
		check  func(reply) bool
	}{
		{"status", discordsim.Fault{Status: 503}, 503, 0, nil},
		{"code", discordsim.Fault{Code: 50007, Status: 403}, 403, 0, func(r reply) bool { return holds(r, `"code":50007`) }},
		{"throttle", discordsim.Fault{Throttle: 2 * time.Second}, 429, 0, func(r reply) bool {
			return r.header.Get("Retry-After") == "2" && r.header.Get("X-RateLimit-Scope") == "user" &&
				r.header.Get("X-RateLimit-Remaining") == "0" && r.header.Get("X-RateLimit-Reset-After") == "2.000" && holds(r, `"retry_after":2`)
		}},
		{"global", discordsim.Fault{Throttle: time.Second, Global: true}, 429, 0, func(r reply) bool {
			return r.header.Get("X-RateLimit-Global") == "true" && holds(r, `"global":true`)
		}},
		{"cloudflare", discordsim.Fault{Throttle: time.Second, HTML: true}, 429, 0, func(r reply) bool { return holds(r, "<html>") }},
		{"bad gateway page", discordsim.Fault{HTML: true}, 502, 0, func(r reply) bool { return holds(r, "<html>") }},
		{"late", discordsim.Fault{Late: time.Millisecond}, 200, 1, nil},
		{"accepted and dropped", discordsim.Fault{AcceptThenDrop: true}, 0, 1, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			tc.fault.Times = 1
			w.Fail("POST /channels/{channel.id}/messages", tc.fault)
			resp := w.post(t)
			if resp.status != tc.status || len(w.Messages(general)) != tc.said {
				t.Errorf("status %d with %d messages, want %d with %d", resp.status, len(w.Messages(general)), tc.status, tc.said)
			}
			if tc.check != nil && !tc.check(resp) {
				t.Errorf("answer = %+v", resp)
			}
			if again := w.post(t); again.status != http.StatusOK {
				t.Errorf("after the fault: %v", again)
			}
			if calls := w.Calls(route); len(calls) != 2 || calls[0].Status != tc.status {
				t.Errorf("calls = %+v", calls)
			}
		})
	}
}

func holds(r reply, part string) bool { return strings.Contains(r.body, part) }

func TestHangEndsAtMend(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.Fail("", discordsim.Fault{Hang: true})
	done := make(chan reply, 1)
	go func() { done <- w.post(t) }()
	w.until(t, "the call", func(v *discordsim.View) bool { return len(v.Requests()) == 1 })
	w.Mend()
	if resp := w.post(t); resp.status != http.StatusOK {
		t.Errorf("after Mend: %v", resp)
	}
	w.Close()
	if resp := <-done; resp.status != 0 {
		t.Errorf("the call that hung was answered: %v", resp.status)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := setup(t, func(c *discordsim.Config) { c.Limits, c.Now = true, func() time.Time { return now } })
	for i := range 5 {
		resp := w.post(t)
		left := []string{"4", "3", "2", "1", "0"}[i]
		if resp.status != http.StatusOK || resp.header.Get("X-RateLimit-Remaining") != left || resp.header.Get("X-RateLimit-Limit") != "5" || resp.header.Get("X-RateLimit-Bucket") == "" {
			t.Errorf("call %d: %d %v", i, resp.status, resp.header)
		}
	}
	resp := w.post(t)
	if resp.status != http.StatusTooManyRequests || resp.header.Get("Retry-After") != "5" || resp.header.Get("X-RateLimit-Reset-After") != "5.000" {
		t.Errorf("sixth call: %d %v", resp.status, resp.header)
	}
	if status, _ := w.raw(t, "POST", "/channels/"+news+"/messages", obj{"content": "x"}); status != 200 {
		t.Errorf("another channel: %d", status)
	}
	w.Limit(false)
	if resp := w.post(t); resp.status != http.StatusOK || resp.header.Get("X-RateLimit-Remaining") == "0" {
		t.Errorf("without limits: %d %v", resp.status, resp.header)
	}
}
