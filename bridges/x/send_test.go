package x_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/bridges/x/xsim"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

func (s *scene) post(key chat.Key, words string) chat.Post {
	return chat.Post{Key: key, To: s.talk(), Text: text.Plain(words)}
}

func TestReceipt(t *testing.T) {
	t.Parallel()
	s := setup(t, xsim.Config{})
	c := s.open(t)
	r, err := c.Post(t.Context(), s.post("k", "hi"))
	if err != nil {
		t.Fatal(err)
	}
	all := s.sim.Conversation(s.brand, s.ann)
	if len(r.Messages) != 1 || string(r.Messages[0]) != all[0].ID || r.At.Sub(all[0].CreatedAt).Abs() > time.Millisecond {
		t.Errorf("receipt %+v of %+v", r, all)
	}
	if !r.Conversation.IsZero() {
		t.Errorf("the message went elsewhere: %v", r.Conversation)
	}
	if len(r.Left) != 2 || r.Left[0].Remaining != 14 || r.Left[1].Remaining != 1439 || r.Left[0].Scope != chat.ThisAccount || r.Left[0].Reset.Before(time.Now()) {
		t.Errorf("left %+v, want 14 in the window and 1439 in the day", r.Left)
	}
}

// TestOnlyTheTextSaysWhoAndWhat holds that X, which has neither replies nor names, shows what was put into the text and
// nothing twice.
func TestOnlyTheTextSaysWhoAndWhat(t *testing.T) {
	t.Parallel()
	s := setup(t, xsim.Config{})
	c := s.open(t)
	p := s.post("k", "Ada: so it is")
	p.As = &chat.Persona{Name: "Ada", Avatar: "https://example.com/a.png"}
	p.ReplyTo, p.Quote = "1", &chat.Quote{Name: "Bob", Text: text.Plain("is it so?")}
	r, err := c.Post(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	all := s.sim.Conversation(s.brand, s.ann)
	if want := "> Bob: is it so?\nAda: so it is"; all[0].Text != want {
		t.Errorf("the person reads %q, want %q", all[0].Text, want)
	}
	traits := c.Traits()
	if traits.Persona || traits.Reply || traits.React.Out || traits.Edit.Out || traits.Delete.Out || traits.Pin.Out || traits.Threads {
		t.Errorf("traits are %+v, want none of what X lacks", traits)
	}
	again, found, _, err := chat.Find(t.Context(), c, p, time.Now().Add(-time.Minute))
	if err != nil || !found || again.Messages[0] != r.Messages[0] {
		t.Errorf("find = %v, %v, %v; want the message", again, found, err)
	}
}

func TestThrottledByTheWindow(t *testing.T) {
	t.Parallel()
	s := setup(t, xsim.Config{})
	c := s.open(t)
	for i := range 15 {
		if _, err := c.Post(t.Context(), s.post("", strings.Repeat("x", i+1))); err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.Post(t.Context(), s.post("", "one too many"))
	if wait := waitOf(err); chat.KindOf(err) != chat.Throttled || wait < 14*time.Minute || wait > 15*time.Minute+5*time.Second {
		t.Errorf("post = %v, wait %v, want Throttled for a window", err, wait)
	}
}

func TestWhoTakesOnlyEncryptedMessagesIsToldOfInPlainWords(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.sim.Encrypted(s.ann, true)
	c := s.open(t)
	_, err := c.Post(t.Context(), s.post("k1", "hi"))
	if want := "this person only takes encrypted messages"; chat.KindOf(err) != chat.Refused || chat.Reason(err) != want {
		t.Errorf("post = %v, reason %q; want Refused and %q", err, chat.Reason(err), want)
	}
	s.sim.Encrypted(s.ann, false)
	if _, err := c.Post(t.Context(), s.post("k2", "hi")); err != nil {
		t.Errorf("post to the same person without encryption = %v", err)
	}
	if n := len(s.sim.Conversation(s.brand, s.ann)); n != 1 {
		t.Errorf("%d messages arrived, want one", n)
	}
}

func TestPostsThatAreNeverTaken(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.sim.Block(s.bob, s.brand, true)
	closed := s.sim.AddUser(xsim.User{Username: "closed", ClosedDMs: true}).ID
	c := s.open(t)
	to := func(id string) chat.Conversation {
		return chat.Conversation{Account: account, ID: chat.ConversationID(id)}
	}
	for _, tc := range []struct {
		name   string
		post   chat.Post
		reason string
		calls  int
	}{
		{"empty", chat.Post{To: s.talk(), Text: text.Plain(" ")}, "empty", 0},
		{"too long", s.post("", strings.Repeat("x", 10_001)), "10,000", 0},
		{"too long in UTF-16", s.post("", strings.Repeat("😀", 5_001)), "10,000", 0},
		{"no conversation", chat.Post{To: to("C024BE91L"), Text: text.Plain("hi")}, "no conversation", 0},
		{"a thread", chat.Post{To: chat.Conversation{Account: account, ID: "1", Thread: "2"}, Text: text.Plain("hi")}, "no conversation", 0},
		{"for one person of a group", chat.Post{To: s.talk(), Only: "77", Text: text.Plain("hi")}, "one person", 0},
		{"two files", chat.Post{To: s.talk(), Files: make([]chat.File, 2)}, "one attachment", 0},
		{"blocked", chat.Post{To: to(s.bob), Text: text.Plain("hi")}, "does not allow", 1},
		{"closed", chat.Post{To: to(closed), Text: text.Plain("hi")}, "does not allow", 1},
	} {
		before := s.sim.Calls(xsim.SendToParticipant)
		_, err := c.Post(t.Context(), tc.post)
		if chat.KindOf(err) != chat.Refused || !strings.Contains(chat.Reason(err), tc.reason) {
			t.Errorf("%s: %v, reason %q, want Refused with %q", tc.name, err, chat.Reason(err), tc.reason)
		}
		if n := s.sim.Calls(xsim.SendToParticipant) - before; n != tc.calls {
			t.Errorf("%s: X was asked %d times, want %d", tc.name, n, tc.calls)
		}
	}
	if _, err := c.Post(t.Context(), s.post("", strings.Repeat("é", 10_000))); err != nil {
		t.Errorf("10,000 characters: %v", err)
	}
	if _, err := c.Post(t.Context(), chat.Post{To: s.talk(), Only: chat.PersonID(s.ann), Text: text.Plain("hi")}); err != nil {
		t.Errorf("for the only other person: %v", err)
	}
}

// TestEqualTextsFindTheirOwn is about two deliveries that say the same: the second is uncertain, and only its own message
// may count as its own.
func TestEqualTextsFindTheirOwn(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	c := s.open(t)
	since := time.Now()
	first, err := c.Post(t.Context(), s.post("k-1", "ok"))
	if err != nil {
		t.Fatal(err)
	}
	// It did not arrive: the first one's message is not its own.
	s.sim.Fail(xsim.SendToParticipant, xsim.Fault{Status: 503})
	if _, err := c.Post(t.Context(), s.post("k-2", "ok")); chat.KindOf(err) != chat.Uncertain {
		t.Fatalf("post = %v, want Uncertain", err)
	}
	if r, ok, err := c.Find(t.Context(), s.post("k-2", "ok"), since); ok || err != nil {
		t.Errorf("find = %v, %v, %v, want nothing", r, ok, err)
	}
	// It arrived and nobody read the answer: its message is the second one, also for the next connector.
	s.sim.Fail(xsim.SendToParticipant, xsim.Fault{AcceptThenDrop: true})
	if _, err := c.Post(t.Context(), s.post("k-2", "ok")); chat.KindOf(err) != chat.Uncertain {
		t.Fatalf("post = %v, want Uncertain", err)
	}
	c = s.open(t)
	all := s.sim.Conversation(s.brand, s.ann)
	for key, want := range map[chat.Key]string{"k-2": all[1].ID, "k-1": string(first.Messages[0])} {
		r, ok, err := c.Find(t.Context(), s.post(key, "ok"), since)
		if err != nil || !ok || string(r.Messages[0]) != want {
			t.Errorf("find %s = %v, %v, %v, want %s", key, r, ok, err, want)
		}
	}
	if r, ok, err := c.Find(t.Context(), s.post("k-3", "ok"), since); ok || err != nil {
		t.Errorf("find of a third = %v, %v, %v, want nothing", r, ok, err)
	}
}

func TestFindKnowsLinksFilesAndAuthors(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	c := s.open(t)
	since := time.Now()
	s.sim.Say(s.ann, s.brand, xsim.Draft{Text: "see https://example.com/a"}) // says the same, and is not ours
	file := chat.File{Name: "a.png", Type: "image/png", Size: 3, Content: content("png")}
	posts := []chat.Post{s.post("k-1", "see https://example.com/a"), s.post("k-2", "see https://example.com/a"), s.post("k-3", "")}
	posts[1].Files, posts[2].Files = []chat.File{file}, []chat.File{file}
	for _, p := range posts {
		if _, ok, err := c.Find(t.Context(), p, since); ok || err != nil {
			t.Errorf("%s was found before it was sent: %v", p.Key, err)
		}
		s.sim.Fail(xsim.SendToParticipant, xsim.Fault{AcceptThenDrop: true})
		if _, err := c.Post(t.Context(), p); chat.KindOf(err) != chat.Uncertain {
			t.Fatalf("post = %v, want Uncertain", err)
		}
		all := s.sim.Conversation(s.brand, s.ann)
		r, ok, err := c.Find(t.Context(), p, since)
		if err != nil || !ok || string(r.Messages[0]) != all[len(all)-1].ID {
			t.Errorf("find %s = %v, %v, %v, want %s", p.Key, r, ok, err, all[len(all)-1].ID)
		}
	}
	if _, ok, err := c.Find(t.Context(), s.post("k-9", "see https://example.com/a"), time.Now().Add(time.Hour)); ok || err != nil {
		t.Errorf("a message from before the first try was found: %v", err)
	}
	if _, _, err := c.Find(t.Context(), chat.React{}, since); !chat.IsUnsupported(err) {
		t.Errorf("find of a reaction = %v, want unsupported", err)
	}
}

func TestSigningAccountPosts(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.signing()
	c := s.open(t)
	if _, err := c.Post(t.Context(), s.post("k", "signed & sealed: 100 % ünïcode")); err != nil {
		t.Fatal(err)
	}
	if all := s.sim.Conversation(s.brand, s.ann); len(all) != 1 || all[0].Text != "signed & sealed: 100 % ünïcode" {
		t.Errorf("X has %+v", all)
	}
}

func TestWhatIsNotKnownAboutAPost(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	c := s.open(t)
	for _, tc := range []struct {
		name  string
		fault xsim.Fault
		want  chat.Kind
	}{
		{"half an answer", xsim.Fault{Status: 201, Body: `{"data":`}, chat.Uncertain},
		{"an answer without an ID", xsim.Fault{Status: 201, Body: `{"data":{}}`}, chat.Uncertain},
		{"server error", xsim.Fault{Status: 500}, chat.Uncertain},
		{"cut off", xsim.Fault{AcceptThenDrop: true}, chat.Uncertain},
		{"bad request", xsim.Fault{Status: 400}, chat.Refused},
	} {
		s.sim.Fail(xsim.SendToParticipant, tc.fault)
		if _, err := c.Post(t.Context(), chat.Post{To: chat.Conversation{Account: account, ID: chat.ConversationID("12345")}, Text: text.Plain("hi")}); chat.KindOf(err) != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
		s.sim.ClearFaults()
	}
	s.sim.Close()
	s.deps.Client.CloseIdleConnections() // on an old connection, nobody knows how far it came
	if _, err := c.Post(t.Context(), s.post("", "hi")); chat.KindOf(err) != chat.Transient {
		t.Errorf("nobody answers the door: %v, want Transient", err)
	}
	ctx, cancel := contextWithCancel(t)
	cancel()
	if _, err := c.Post(ctx, s.post("", "hi")); chat.KindOf(err) != chat.Transient {
		t.Errorf("cancelled before it began: %v, want Transient", err)
	}
}

// TestADiskThatFailsBesideASend: a message that X took is a message that was sent, whatever the disk says about it.
func TestADiskThatFailsBesideASend(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	since := time.Now()
	c := s.open(t)
	if _, err := c.Post(t.Context(), s.post("k-1", "ok")); err != nil {
		t.Fatal(err)
	}
	c = s.open(t)
	s.keep.Refuse(lost("claims"))
	second, err := c.Post(t.Context(), s.post("k-2", "ok"))
	if err != nil {
		t.Fatalf("with claims that can't be kept: %v", err)
	}
	if _, _, err := c.Find(t.Context(), s.post("k-3", "ok"), since); err == nil {
		t.Error("what can't be told apart was told apart")
	}
	s.keep.Refuse(nil)
	if r, ok, err := c.Find(t.Context(), s.post("k-2", "ok"), since); err != nil || !ok || r.Messages[0] != second.Messages[0] {
		t.Errorf("find = %v, %v, %v, want %v", r, ok, err, second.Messages)
	}
	if r, ok, err := c.Find(t.Context(), s.post("k-3", "ok"), since); ok || err != nil {
		t.Errorf("find of a third = %v, %v, %v, want nothing", r, ok, err)
	}
	s.keep.Refuse(unwritable("spent"))
	before := len(s.sim.Conversation(s.brand, s.ann))
	if _, err := c.Post(t.Context(), s.post("k-4", "hi")); chat.KindOf(err) != chat.Transient {
		t.Errorf("with a budget that can't be kept: %v, want Transient", err)
	}
	if n := len(s.sim.Conversation(s.brand, s.ann)); n != before {
		t.Error("a message was sent that nobody counted")
	}
}

func TestBudgets(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		budget x.Budget
		posts  int // that are taken
	}{
		{"messages", x.Budget{Sends: 2}, 2},
		{"money", x.Budget{USD: 0.05}, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := fast(t, xsim.Config{})
			now := time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC)
			s.deps.Now = func() time.Time { return now }
			keepTokens(t, s.keep, s.tokens, now.Add(48*time.Hour))
			s.cfg.Budget = tc.budget
			for range tc.posts {
				if _, err := s.open(t).Post(t.Context(), s.post("", "hi")); err != nil { // a new connector goes on counting
					t.Fatal(err)
				}
			}
			c := s.open(t)
			_, err := c.Post(t.Context(), s.post("", "hi"))
			if chat.KindOf(err) != chat.Throttled || waitOf(err) != 2*time.Hour || !strings.Contains(chat.Reason(err), "budget") {
				t.Errorf("post = %v, wait %v, want Throttled until midnight UTC", err, waitOf(err))
			}
			if n := len(s.sim.Conversation(s.brand, s.ann)); n != tc.posts {
				t.Errorf("%d messages were sent, want %d", n, tc.posts)
			}
			now = now.Add(2 * time.Hour)
			if _, err := c.Post(t.Context(), s.post("", "hi")); err != nil {
				t.Errorf("the next day: %v", err)
			}
		})
	}
}

func TestRefusedMessagesCostNothing(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.cfg.Budget.Sends = 1
	c := s.open(t)
	s.sim.Fail(xsim.SendToParticipant, xsim.Fault{Status: 403, Times: 3})
	for range 3 {
		if _, err := c.Post(t.Context(), s.post("", "hi")); chat.KindOf(err) != chat.Refused {
			t.Fatalf("post = %v, want Refused", err)
		}
	}
	if _, err := c.Post(t.Context(), s.post("", "hi")); err != nil {
		t.Errorf("the budget was used up by messages that X refused: %v", err)
	}
}

func TestReadBudgetSlowsPollsDown(t *testing.T) {
	t.Parallel()
	s := fast(t, xsim.Config{})
	s.cfg.Budget.Reads = 4
	s.run(t)
	err := s.sim.Wait(t.Context(), func(v *xsim.View) bool { return v.Calls(xsim.DMEvents) >= 1 })
	if err != nil {
		t.Fatal(err)
	}
	// The next poll is hours away, so a message is not seen; what reads for another reason still has some calls.
	s.say("later")
	if s.sink.Within(300*time.Millisecond, func(all []chat.Event) bool { return len(all) > 0 }) {
		t.Error("the polls did not become rarer")
	}
	for range 3 {
		_, _, _ = s.conn.Find(t.Context(), s.post("k", "x"), time.Now())
	}
	if _, _, err := s.conn.Find(t.Context(), s.post("k", "x"), time.Now()); chat.KindOf(err) != chat.Throttled {
		t.Errorf("a read over budget = %v, want Throttled", err)
	}
}
