package desk_test

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/desk"
)

// commands gives a command in the Slack thread: it is about no message, and names no case.
func (w *world) commands(who chat.PersonID, name string, fields ...string) {
	w.t.Helper()
	p := chat.Pressed{Button: name, Fields: map[string]string{}}
	for i := 0; i+1 < len(fields); i += 2 {
		p.Fields[fields[i]] = fields[i+1]
	}
	w.member(who, "", p)
}

// options are fields for every option of a command.
func options(c desk.Command) (fields []string) {
	if c.Form == nil {
		return nil
	}
	for _, f := range c.Form.Fields {
		value := cmp.Or(f.Initial, "hello")
		if len(f.Choices) > 0 {
			value = f.Choices[0].Value
		}
		fields = append(fields, f.ID, value)
	}
	return fields
}

// TestACommandDoesWhatItsButtonDoes takes each command and each button in every state of a case.
func TestACommandDoesWhatItsButtonDoes(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"", "claim", "close", "snooze", "block"} {
		for _, c := range desk.Commands() {
			worlds := []*world{begun(twoSurfaces(t, desk.Note)), begun(twoSurfaces(t, desk.Note))}
			for _, w := range worlds {
				w.desk.Bots = true
				w.press("bob", before, "for", "72h")
			}
			worlds[0].press("ann", c.Name, options(c)...)
			worlds[1].commands("ann", c.Name, options(c)...)
			if diff := gocmp.Diff(worlds[0].trace(), worlds[1].trace()); diff != "" {
				t.Errorf("%s after %q differs (-button +command):\n%s", c.Name, before, diff)
			}
			if diff := gocmp.Diff(worlds[0].c, worlds[1].c); diff != "" {
				t.Errorf("%s after %q leaves another case (-button +command):\n%s", c.Name, before, diff)
			}
		}
	}
}

// TestEveryCommandDoesSomething finds for each command a state in which something follows from it.
func TestEveryCommandDoesSomething(t *testing.T) {
	t.Parallel()
	for _, c := range desk.Commands() {
		does := slices.ContainsFunc([]string{"", "claim", "close", "block"}, func(before string) bool {
			w := begun(oneSurface(t, desk.Send))
			w.desk.Bots = true
			w.press("bob", before)
			w.commands("ann", c.Name, options(c)...)
			return len(w.trace()) > 0 && !strings.HasPrefix(w.trace()[0], "slack whisper")
		})
		if !does {
			t.Errorf("nothing follows from %s", c.Name)
		}
	}
}

func TestCommandsAreNotForGuests(t *testing.T) {
	t.Parallel()
	for _, c := range desk.Commands() {
		w := begun(oneSurface(t, desk.Send))
		was := w.c
		w.commands("eve", c.Name, options(c)...)
		w.expect("slack whisper to eve: you're not a member of this desk, so this changes nothing")
		w.wrote()
		if diff := gocmp.Diff(was, w.c); diff != "" {
			t.Errorf("%s of a guest changed the case:\n%s", c.Name, diff)
		}
	}
}

// TestPlatformsTakeTheCommands holds them to what Discord and Telegram take.
func TestPlatformsTakeTheCommands(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z]{1,32}$`)
	var seen []string
	for _, c := range desk.Commands() {
		if !name.MatchString(c.Name) || slices.Contains(seen, c.Name) || c.Help == "" || len(c.Help) > 100 {
			t.Errorf("command %+v", c)
		}
		seen = append(seen, c.Name)
		if c.Form == nil {
			continue
		}
		for _, f := range c.Form.Fields {
			if !name.MatchString(f.ID) || f.Label == "" || len(f.Label) > 100 || len(f.Choices) > 25 {
				t.Errorf("option %+v of %s", f, c.Name)
			}
		}
	}
	for _, want := range []string{"claim", "close", "snooze", "reopen", "block", "unblock", "note", "reply", "bot", "later"} {
		if !slices.Contains(seen, want) {
			t.Errorf("there is no %s among %v", want, seen)
		}
	}
}

func TestNoteByCommand(t *testing.T) {
	t.Parallel()
	w := begun(twoSurfaces(t, desk.Send))
	for _, words := range []string{" dented twice ", "// dented twice"} {
		w.commands("ann", "note", "text", words)
		w.expect("slack post: 📝 Ann: dented twice", "telegram post: 📝 Ann: dented twice")
		w.wrote("note Ann: dented twice")
	}
	w.commands("ann", "note", "text", " // ")
	w.expect()
	w.wrote()
}

func TestSnoozeByCommandTakesAnyTime(t *testing.T) {
	t.Parallel()
	w := begun(oneSurface(t, desk.Send))
	w.commands("ann", "snooze", "for", "2h30m")
	if want := w.now.Add(150 * time.Minute); w.c.State != desk.Snoozed || !w.c.Until.Equal(want) {
		t.Errorf("it is %s until %v, want snoozed until %v", w.c.State, w.c.Until, want)
	}
	w.commands("ann", "snooze", "for", "a while")
	w.expect("slack whisper to ann: that is no time to snooze for: between a minute and a year, please")
}
