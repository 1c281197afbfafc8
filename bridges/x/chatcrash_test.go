package x_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/router/chat"
)

var errDead = errors.New("the process is dead")

// fate ends a process at one of its steps. Each write to disk and each call has two: one before it takes effect, and one
// between that and the moment when the process hears of it.
type fate struct {
	left int // steps to live; -1: it lives on
	dead bool
}

// step says whether the process is still alive.
func (f *fate) step() bool {
	if f.left == 0 {
		f.dead = true
	}
	if f.left > 0 {
		f.left--
	}
	return !f.dead
}

// doomed is a disk and a network of such a process.
type doomed struct {
	*fate
	bridges.Keeper
	http.RoundTripper
}

// Keep keeps, while there is life.
func (d doomed) Keep(ctx context.Context, key string, value []byte) error {
	if !d.step() {
		return errDead
	}
	if err := d.Keeper.Keep(ctx, key, value); err != nil {
		return err
	}
	if !d.step() {
		return errDead
	}
	return nil
}

// RoundTrip calls, while there is life.
func (d doomed) RoundTrip(r *http.Request) (*http.Response, error) {
	if !d.step() {
		return nil, errDead
	}
	resp, err := d.RoundTripper.RoundTrip(r)
	if err == nil && !d.step() {
		_ = resp.Body.Close()
		return nil, errDead
	}
	return resp, err
}

// TestChatLoginIsMendedWhereverItEnds ends the process at each of its steps, and runs it again: there is always a next run
// that comes through, X has registered one pair of keys and no more, and at no time has the account lost the keys that work.
func TestChatLoginIsMendedWhereverItEnds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		former bool // the account has keys
		given  bool
		first  bool // the second run is told what the first one was told
		opt    x.ChatLoginOptions
	}{
		"new keys":                      {},
		"given keys":                    {given: true, first: true},
		"given keys, then none":         {given: true},
		"other keys":                    {former: true, first: true, opt: x.ChatLoginOptions{Replace: true}},
		"other keys, if there are none": {first: true, opt: x.ChatLoginOptions{Replace: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for steps := 0; ; steps++ {
				s := newKeyScene(t)
				var former, mine *xchat.Keys
				opt, rows := tc.opt, 0
				if tc.former {
					former, rows = s.makes(t), 1
					s.lists(former, "99")
					s.keeps(t, entry{Blob: blob(former), User: acmeID, Version: "99"})
				}
				if tc.given {
					mine = s.makes(t)
					opt.Keys = bridges.NewSecret(blob(mine))
				}
				lived := s.until(t, steps, opt)
				s.works(t, former)
				if !tc.first {
					opt = x.ChatLoginOptions{}
				}
				begun := s.kept(t)
				if begun.Version != "" && begun.Version != "99" {
					opt.Replace = false // all was done; to be told so again would make others again
				}
				done, err := s.login(t, opt)
				if err != nil {
					t.Fatalf("after %d steps: %v", steps, err)
				}
				if got, tries := s.state(); got != rows+1 || tries != 1 {
					t.Errorf("after %d steps: X lists %d keys after %d registrations, want one more", steps, got-rows, tries)
				}
				if e := s.kept(t); e != (entry{Blob: done.Keys.Reveal(), User: acmeID, Version: done.Version}) {
					t.Errorf("after %d steps: kept is version %q of user %q, next %v", steps, e.Version, e.User, e.Next != nil)
				}
				if mine != nil && (tc.first || begun != entry{}) && done.Fingerprint != mine.Public().Fingerprint() {
					t.Errorf("after %d steps the account has other keys than it was given", steps)
				}
				if version, mark, err := s.own(t); err != nil || version != done.Version || mark != done.Fingerprint {
					t.Errorf("after %d steps the connector has %q %q (%v), want those of the login", steps, version, mark, err)
				}
				if lived {
					if least := 8; steps < least {
						t.Errorf("it came through after %d steps, want %d at least", steps, least)
					}
					return
				}
			}
		})
	}
}

// until runs a login that ends after some steps, and says whether it came through.
func (s *keyScene) until(t *testing.T, steps int, opt x.ChatLoginOptions) (lived bool) {
	t.Helper()
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	d := doomed{&fate{left: steps}, s.keep, tr}
	c, err := x.New(s.cfg, bridges.Deps{Account: account, Keep: d, Client: &http.Client{Transport: d}})
	if err != nil {
		t.Fatal(err)
	}
	done, err := c.LoginChat(t.Context(), opt)
	s.hears(done, err)
	if err == nil && d.dead {
		t.Error("a dead process gave an answer")
	}
	return !d.dead
}

// works checks that the connector has keys that X lists, if the account had some.
func (s *keyScene) works(t *testing.T, former *xchat.Keys) {
	t.Helper()
	version, _, err := s.own(t)
	if err != nil || former != nil && version == "" {
		t.Errorf("after the end the connector has %q (%v)", version, err)
	}
}

// TestChatLoginWithoutAnAnswer finds out by itself what became of a registration.
func TestChatLoginWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	cut := func(http.ResponseWriter) { panic(http.ErrAbortHandler) }
	status := func(code int) func(http.ResponseWriter) { return func(w http.ResponseWriter) { w.WriteHeader(code) } }
	say := func(body string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { _, _ = w.Write([]byte(body)) }
	}
	for name, tc := range map[string]struct {
		answer func(http.ResponseWriter)
		taken  bool
		kind   chat.Kind // when it was not taken, or when X lists nothing
		reason string
	}{
		"cut":                 {cut, true, chat.Uncertain, "may or may not be registered; run this again"},
		"not taken and cut":   {cut, false, chat.Uncertain, "may or may not be registered; run this again"},
		"500":                 {status(http.StatusInternalServerError), true, chat.Uncertain, "may or may not be registered; run this again"},
		"conflict":            {status(http.StatusConflict), true, chat.Refused, "X did not accept the request"},
		"forbidden":           {status(http.StatusForbidden), false, chat.Refused, "X does not allow it"},
		"no version":          {say(`{"data":{}}`), true, chat.Uncertain, "does not say yet under which version"},
		"a version in words":  {say(`{"data":{"public_key_version":"v2"}}`), true, chat.Uncertain, "does not say yet under which version"},
		"nothing of the kind": {say(`<html>`), true, chat.Uncertain, "may or may not be registered; run this again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, blind := range []bool{false, true} {
				s := newKeyScene(t)
				s.fault = func(w http.ResponseWriter, take func() string) {
					if tc.taken {
						take()
					}
					s.blind = blind
					tc.answer(w)
				}
				done, err := s.login(t, x.ChatLoginOptions{})
				if known := tc.taken && !blind; known != (err == nil) {
					t.Fatalf("LoginChat = %+v, %v; want that it knows: %v", done, err, known)
				}
				if err != nil && (chat.KindOf(err) != tc.kind || !strings.Contains(chat.Reason(err), tc.reason)) {
					t.Errorf("LoginChat = %v, want %v with %q", err, tc.kind, tc.reason)
				}
				made := s.kept(t)
				if made.Next != nil {
					made = *made.Next
				}
				s.mu.Lock()
				s.blind = false
				s.mu.Unlock()
				done, err = s.login(t, x.ChatLoginOptions{})
				if rows, _ := s.state(); err != nil || rows != 1 || done.Keys.Reveal() != made.Blob {
					t.Errorf("again: %+v, %v; X lists %d keys, want the one pair that was made", done, err, rows)
				}
			}
		})
	}
}

// TestChatLoginWithAFullDisk registers nothing that could be lost.
func TestChatLoginWithAFullDisk(t *testing.T) {
	t.Parallel()
	s := newKeyScene(t)
	s.keep.Refuse(unwritable(keptKeys))
	_, err := s.login(t, x.ChatLoginOptions{})
	if want := "the keys can't be kept here, so they were not registered"; chat.Reason(err) != want || !errors.Is(err, bridgetest.ErrFull) {
		t.Errorf("LoginChat = %v, want %q", err, want)
	}
	if _, tries := s.state(); tries != 0 {
		t.Error("keys were registered that nobody has")
	}
	s.keep.Refuse(nil)
	s.fault = func(w http.ResponseWriter, take func() string) {
		s.keep.Refuse(unwritable(keptKeys))
		fmt.Fprintf(w, `{"data":{"public_key_version":%q}}`, take())
	}
	_, err = s.login(t, x.ChatLoginOptions{})
	if want := "X has the keys, but that can't be kept here; run this again"; chat.Reason(err) != want {
		t.Errorf("LoginChat = %v, want %q", err, want)
	}
	s.keep.Refuse(nil)
	if done, err := s.login(t, x.ChatLoginOptions{}); err != nil || done.Version == "" {
		t.Errorf("with room: %+v, %v", done, err)
	}
	if rows, tries := s.state(); rows != 1 || tries != 1 {
		t.Errorf("X lists %d keys after %d tries, want one", rows, tries)
	}
}

// hasty is a disk of somebody who gives up when the registered keys are about to be noted.
type hasty struct {
	bridges.Keeper

	giveUp func()
}

// Keep keeps what is still wanted.
func (h hasty) Keep(ctx context.Context, key string, value []byte) error {
	if key == keptKeys && strings.Contains(string(value), `"version"`) {
		h.giveUp()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return h.Keeper.Keep(ctx, key, value)
}

// TestChatLoginNotesWhatNobodyWaitsFor notes what X registered although somebody gave up.
func TestChatLoginNotesWhatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	s := newKeyScene(t)
	ctx, cancel := contextWithCancel(t)
	c, err := x.New(s.cfg, bridges.Deps{Account: account, Keep: hasty{s.keep, cancel}, Client: s.client})
	if err != nil {
		t.Fatal(err)
	}
	done, err := c.LoginChat(ctx, x.ChatLoginOptions{})
	s.hears(done, err)
	if e := s.kept(t); err != nil || ctx.Err() == nil || e.Version != done.Version || e.Next != nil {
		t.Errorf("LoginChat = %+v, %v; kept is version %q, next %v", done, err, e.Version, e.Next != nil)
	}
}

// TestChatLoginThatIsGivenUp keeps what X registered in the moment in which somebody gave up.
func TestChatLoginThatIsGivenUp(t *testing.T) {
	t.Parallel()
	s := newKeyScene(t)
	ctx, cancel := contextWithCancel(t)
	s.fault = func(w http.ResponseWriter, take func() string) {
		fmt.Fprintf(w, `{"data":{"public_key_version":%q}}`, take())
		_ = http.NewResponseController(w).Flush()
		cancel()
	}
	_, err := s.open(t).LoginChat(ctx, x.ChatLoginOptions{})
	s.hears(err)
	done, err := s.login(t, x.ChatLoginOptions{})
	if rows, tries := s.state(); err != nil || done.Version == "" || rows != 1 || tries != 1 {
		t.Errorf("again: %+v, %v; X lists %d keys after %d tries, want one", done, err, rows, tries)
	}
}
