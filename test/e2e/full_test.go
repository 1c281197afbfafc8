//go:build linux

package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xsim"
)

// TestFullDisk fills the disk under a running Roost. What comes in then is not taken as long as it can't be stored, and
// comes in when there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	disk := filepath.Join(s.dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("no small disk can be made here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	s.configure(t, s.accounts(s.xAccount(""), s.slackAccount("signing_secret: "+s.slack.SigningSecret())), s.desk(), "store: {path: disk/roost.db}")
	d := s.start(t)
	s.hook(t, d)
	thread := s.asks(t, "before")
	fill(t, filepath.Join(disk, "ballast"))
	// Larger than what is left in the last page of any file.
	large := strings.Repeat("There is no room for this. ", 300)
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: large})
	s.x.Say(s.alice, s.brand, xsim.Draft{Text: "after"})
	d.says(t, "the disk is full; what comes in is not taken until there is room")
	event := fmt.Appendf(nil, `{"type":"event_callback","team_id":%q,"event_id":"Ev1","event":{"type":"message","channel":%q,"channel_type":"channel","user":%q,"ts":"1799999999.000100","thread_ts":%q,"text":"Full, too."}}`,
		s.slack.TeamID(), s.channel, s.dana, thread)
	if code, body := do(t, s.signedSlack(t, d.web+"/hooks/slack/team/events", time.Now(), event)); code != http.StatusInternalServerError || !strings.Contains(body, "send it again") {
		t.Errorf("an event that can't be stored is answered %d %q, want 500", code, body)
	}
	if code, body := d.get(t, "/healthz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "no space is left") {
		t.Errorf("healthz = %d %s, want 503 and why", code, body)
	}
	if err := os.Remove(filepath.Join(disk, "ballast")); err != nil {
		t.Fatal(err)
	}
	s.thread(t, "after")
	s.thread(t, strings.TrimSpace(large))
	s.answers(thread, "All here.")
	s.arrived(t, "All here.")
	if code, body := do(t, s.signedSlack(t, d.web+"/hooks/slack/team/events", time.Now(), event)); code != http.StatusOK {
		t.Errorf("the event that comes again is answered %d %q, want 200", code, body)
	}
	s.arrived(t, "Full, too.")
	d.says(t, "there is room on the disk again")
	if code, body := d.get(t, "/healthz"); code != http.StatusOK {
		t.Errorf("healthz = %d %s, want 200 when there is room again", code, body)
	}
	for _, text := range []string{"before", "after", strings.TrimSpace(large)} {
		n := 0
		for _, m := range s.slack.Thread(s.channel, thread) {
			if m.BotID != "" && m.TS != thread && strings.TrimSpace(m.Text) == text {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%.20q is %d times in Slack, want once", text, n)
		}
	}
	d.stop(t)
}

// fill writes until the disk is full.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(f, zeros{})
	if err == nil {
		t.Fatal("the disk is never full")
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

type zeros struct{}

// Read gives zeros for ever.
func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
