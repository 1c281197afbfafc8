package plugins_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/plugins"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// sink is a store that may fail.
type sink struct {
	mu     sync.Mutex
	heard  []string
	cursor []byte
	fails  int // how often Accept still fails
	got    chan struct{}
}

func newSink(fails int) *sink { return &sink{fails: fails, got: make(chan struct{}, 100)} }

func (s *sink) Accept(_ context.Context, b chat.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails > 0 {
		s.fails--
		return errors.New("the disk is full")
	}
	for _, e := range b.Events {
		s.heard = append(s.heard, string(e.ID)+" "+e.Conversation.String()+" "+e.Author.Name+": "+e.What.(chat.Posted).Text.Body)
	}
	s.cursor = b.Cursor
	s.got <- struct{}{}
	return nil
}

func (s *sink) Cursor(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cursor, nil
}

func (s *sink) texts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard)
}

// connect has a connector, made of the relay.
func connect(t *testing.T, more ...string) (*plugins.Connector, *journal) {
	t.Helper()
	log := &journal{}
	cfg := plugins.Config{Manifest: own(t, "relay", append(more, "connector: true")...), Log: linesTo(log)}
	c, err := plugins.NewConnector(t.Context(), "relay/test", cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, log
}

// run runs a connector until the test ends; the error comes on the channel.
func run(t *testing.T, c chat.Connector, s chat.Sink) (stop func(), ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	over := make(chan struct{})
	go func() {
		defer close(over)
		ran <- c.Run(ctx, s)
	}()
	t.Cleanup(func() {
		cancel()
		<-over
	})
	return cancel, ran
}

var five = []string{
	"e1 relay/test#%23c Alice: line 1", "e2 relay/test#%23c Alice: line 2", "e3 relay/test#%23c Alice: line 3",
	"e4 relay/test#%23c Alice: line 4", "e5 relay/test#%23c Alice: line 5",
}

func TestEventsAreConfirmedWhenTheyAreStored(t *testing.T) {
	t.Parallel()
	c, _ := connect(t)
	s := newSink(3)
	stop, ended := run(t, c, s)
	for range five {
		<-s.got
	}
	if got := s.texts(); !slices.Equal(got, five) {
		t.Errorf("heard %q, want %q", got, five)
	}
	began := time.Now()
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Run ended with %v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("Run took %v to end", took)
	}
}

func TestAConnectorThatDiesIsRunAgainFromItsCursor(t *testing.T) {
	t.Parallel()
	c, _ := connect(t)
	s := newSink(0)
	_, ended := run(t, c, s)
	for range five {
		<-s.got
	}
	s.mu.Lock()
	s.cursor, s.heard = []byte("2"), nil
	s.mu.Unlock()
	_, err := c.Post(t.Context(), chat.Post{To: channel(), Text: text.Plain("die")})
	if chat.KindOf(err) != chat.Uncertain {
		t.Errorf("a post during which it dies is %v (%v), want uncertain", chat.KindOf(err), err)
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "plugin bot ended with status 4") {
		t.Errorf("Run ended with %v, want how the program ended", err)
	}
	if _, err := c.Post(t.Context(), chat.Post{To: channel(), Text: text.Plain("ok")}); chat.KindOf(err) != chat.Transient {
		t.Errorf("a post while it does not run is %v (%v), want transient", chat.KindOf(err), err)
	}
	_, _ = run(t, c, s)
	for range five[2:] {
		<-s.got
	}
	if got := s.texts(); !slices.Equal(got, five[2:]) {
		t.Errorf("heard %q, want %q", got, five[2:])
	}
}

func channel() chat.Conversation {
	return chat.Conversation{Account: "relay/test", ID: "#c"}
}

func TestErrorsOfAConnectorHaveTheirKind(t *testing.T) {
	t.Parallel()
	c, _ := connect(t, "limits: {time: 300ms}")
	s := newSink(0)
	_, _ = run(t, c, s)
	<-s.got
	for _, tc := range []struct {
		text   string
		kind   chat.Kind
		reason string
	}{
		{`error {"kind": "transient"}`, chat.Transient, "the platform could not be reached"},
		{`error {"kind": "refused", "reason": "nobody is there"}`, chat.Refused, "nobody is there"},
		{`error {"kind": "uncertain"}`, chat.Uncertain, "the platform did not answer, so it may or may not have arrived"},
		{`error {"kind": "gone"}`, chat.Gone, "the conversation or message is no longer there"},
		{`error {"kind": "logged_out"}`, chat.LoggedOut, "the account is logged out"},
		{`error {"kind": "unfunded"}`, chat.Unfunded, "the account has no credit left"},
		{`error {"kind": "odd"}`, chat.Transient, "the platform could not be reached"},
		{`error null`, chat.Transient, "the platform could not be reached"},
		{`bare`, chat.Uncertain, "the platform did not answer, so it may or may not have arrived"},
		{`hang`, chat.Uncertain, "the platform did not answer, so it may or may not have arrived"},
	} {
		_, err := c.Post(t.Context(), chat.Post{To: channel(), Text: text.Plain(tc.text)})
		if chat.KindOf(err) != tc.kind || chat.Reason(err) != tc.reason {
			t.Errorf("%s: %v: %q (%v), want %v: %q", tc.text, chat.KindOf(err), chat.Reason(err), err, tc.kind, tc.reason)
		}
	}
	_, err := c.Post(t.Context(), chat.Post{To: channel(), Text: text.Plain(`error {"kind": "throttled", "wait": 1.5, "scope": "account"}`)})
	if e, ok := errors.AsType[*chat.Error](err); !ok || e.Kind != chat.Throttled || e.Wait != 1500*time.Millisecond || e.Scope != chat.ThisAccount {
		t.Errorf("throttled: %v", err)
	}
}

func TestWhatAConnectorDoes(t *testing.T) {
	t.Parallel()
	c, log := connect(t)
	s := newSink(0)
	_, _ = run(t, c, s)
	<-s.got
	ctx := t.Context()
	bold := text.Text{Body: "one two", Spans: []text.Span{{Start: 0, End: 3, Kind: text.Bold}, {Start: 4, End: 7, Kind: text.Italic}}}
	for i, tc := range []struct {
		do   chat.Action
		want string
	}{
		{
			chat.Post{Key: "k1", To: channel(), Text: bold},
			`post {"key":"k1","conversation":{"id":"#c"},"text":"one two","spans":[{"s":0,"e":3,"k":"bold"}]}`,
		},
		{
			chat.Post{To: channel(), Card: &chat.Card{Title: "Case", Body: "new", Buttons: []chat.Button{{Label: "Yes"}}, Numbered: true}},
			`post {"conversation":{"id":"#c"},"text":"Case\nnew\n1. Yes","spans":[{"s":0,"e":4,"k":"bold"}]}`,
		},
		{
			chat.Post{To: channel(), Text: text.Plain("hi"), ReplyTo: "m1", Quote: &chat.Quote{Name: "Alice", Text: text.Plain("line 1")}},
			`post {"conversation":{"id":"#c"},"text":"\u003e Alice: line 1\nhi","spans":[{"s":2,"e":7,"k":"bold"}]}`,
		},
		{chat.Edit{To: channel(), Messages: []chat.MessageID{"p1"}, Text: text.Plain("x")}, `edit {"conversation":{"id":"#c"},"message":"p1","text":"x"}`},
		{chat.Delete{To: channel(), Messages: []chat.MessageID{"p1", "p2"}}, `delete {"conversation":{"id":"#c"},"messages":["p1","p2"],"text":""}`},
		{chat.React{To: channel(), Message: "m1", Emoji: "👍"}, `react {"conversation":{"id":"#c"},"message":"m1","text":"","emoji":"👍"}`},
	} {
		if _, err := chat.Do(ctx, c, tc.do); err != nil {
			t.Errorf("%T: %v", tc.do, err)
		}
		want := strings.ReplaceAll(tc.want, `"`, `\"`)
		want = strings.NewReplacer(`\n`, `\\n`, `\u`, `\\u`).Replace(want)
		w := &world{t: t}
		w.until(func() bool { return strings.Count(log.String(), "plugin says") == i+1 })
		if got := log.String(); !strings.Contains(got, want) {
			t.Errorf("%T: it was told %s, want %s", tc.do, got, want)
		}
	}
	if _, err := chat.Do(ctx, c, chat.Pin{To: channel(), Message: "m1"}); !chat.IsUnsupported(err) {
		t.Errorf("pin, which it does not declare: %v", err)
	}
	r, err := chat.Do(ctx, c, chat.Open{To: channel(), Title: "T", Card: chat.Card{Title: "Case"}})
	if want := (chat.Conversation{Account: "relay/test", ID: "#c", Thread: "t1"}); err != nil || r.Conversation != want {
		t.Errorf("open: %v, %v, want %v", r, err, want)
	}
	r, found, known, err := chat.Find(ctx, c, chat.Post{To: channel()}, time.Now())
	if !found || !known || err != nil || r.Messages[0] != "found" {
		t.Errorf("find: %v %v %v %v", r, found, known, err)
	}
	findings, err := chat.Check(ctx, c)
	if err != nil || len(findings) != 2 || findings[1].Grade != chat.Warning {
		t.Errorf("check: %v, %v", findings, err)
	}
	if err := chat.Type(ctx, c, channel()); err != nil {
		t.Errorf("type: %v", err)
	}
	if pace := c.Traits().Pace.Conversation; pace != (chat.Rate{Every: 500 * time.Millisecond, Burst: 3}) {
		t.Errorf("its pace is %v", pace)
	}
}

func TestConnectorsDeclareTheirTraits(t *testing.T) {
	t.Parallel()
	for program, want := range map[string]string{
		"echo": "a connector declares its traits", "nameless": "traits: platform is missing",
	} {
		_, err := plugins.NewConnector(t.Context(), "relay/test", plugins.Config{Manifest: own(t, program, "connector: true")})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: NewConnector says %v, want %s", program, err, want)
		}
	}
	_, err := plugins.NewConnector(t.Context(), "relay/test", plugins.Config{Manifest: own(t, "echo")})
	if err == nil || !strings.Contains(err.Error(), "lacks connector: true") {
		t.Errorf("NewConnector of a bot says %v", err)
	}
	_, err = plugins.New(t.Context(), plugins.Config{Manifest: own(t, "relay", "connector: true")})
	if err == nil || !strings.Contains(err.Error(), "it is a connector, not a bot") {
		t.Errorf("New of a connector says %v", err)
	}
}

// TestAConnectorThatCannotStart is there all the same: what is to be done waits, and a Run says why.
func TestAConnectorThatCannotStart(t *testing.T) {
	t.Parallel()
	m := own(t, "talk")
	m.Connector, m.Exec = true, []string{"./not-built-yet"}
	c, err := plugins.NewConnector(t.Context(), "irc/a", plugins.Config{Manifest: m})
	if err != nil {
		t.Fatalf("NewConnector = %v, want a connector", err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := chat.Do(t.Context(), c, chat.Edit{To: place("C1"), Messages: []chat.MessageID{"m"}}); chat.KindOf(err) != chat.Transient {
		t.Errorf("an edit is %v, want that it waits", err)
	}
	if err := c.Run(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "not-built-yet") {
		t.Errorf("Run = %v, want which program is not there", err)
	}
}
