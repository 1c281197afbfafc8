package bridges

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// BotCommand is what people can tell bots by a word, and where a bot listens for it: /order large. However it is given, it
// is a chat.Posted whose text is those words.
type BotCommand struct {
	Name       string // lower-case letters, digits, - and _, 32 at most
	Help       string // what it does, in one line
	Params     []Param
	In         []chat.Conversation // places of the account, with their threads, and threads
	Direct     bool                // in every direct conversation
	Everywhere bool                // in every conversation, direct or not
}

// Param is what a BotCommand wants to know. Those that may be left out come last.
type Param struct {
	Name     string // lower-case letters, digits and _, 32 at most
	Kind     ParamKind
	Choices  []string // of kind ChoiceParam
	Optional bool
}

// ParamKind is what a Param must be.
type ParamKind string

// The kinds of Param.
const (
	TextParam     ParamKind = "text"
	NumberParam   ParamKind = "number"
	DurationParam ParamKind = "duration" // 90s, 2h30m, 3d
	UserParam     ParamKind = "user"     // somebody, as a mention
	ChoiceParam   ParamKind = "choice"
	RestParam     ParamKind = "rest" // all that is left; it comes last
)

// Heard says whether a bot listens for the command in a conversation.
func (c BotCommand) Heard(at chat.Conversation, direct bool) bool {
	return c.Everywhere || c.Direct && direct || slices.Contains(c.In, at) || slices.Contains(c.In, at.Place())
}

// Words are the command as people write it, with a value for each of those parameters that were given: bots read the same
// values from them. A parameter that was left out in front of one that was given is a pair of quotes. unsaid names a
// parameter whose value can't be written, because it has spaces and every kind of quotation mark; empty: all can.
func (c BotCommand) Words(given map[string]text.Text) (words text.Text, unsaid string) {
	var b text.Builder
	b.Write("/" + c.Name)
	last := -1
	for i, p := range c.Params {
		if v, ok := given[p.Name]; ok && !v.Empty() {
			last = i
		}
	}
	for _, p := range c.Params[:last+1] {
		b.Write(" ")
		v, ok := given[p.Name]
		switch {
		case !ok || v.Empty():
			b.Write(`""`)
		case p.Kind == RestParam || plainWord(v):
			b.Add(v)
		default:
			before, after, ok := quotes(v.Body)
			if !ok {
				return text.Text{}, p.Name
			}
			b.Write(before)
			b.Add(v)
			b.Write(after)
		}
	}
	return b.Text(), ""
}

// plainWord says whether a value is read as it stands: it is one word, or one mention.
func plainWord(v text.Text) bool {
	if len(v.Spans) > 0 && v.Spans[0].Kind == text.Mention && v.Spans[0].Start == 0 {
		return v.Spans[0].End == len(v.Body)
	}
	first, _ := utf8.DecodeRuneInString(v.Body)
	return !strings.ContainsRune(`"“„«`, first) && !strings.ContainsFunc(v.Body, unicode.IsSpace)
}

// quotes are a pair between which a value can stand.
func quotes(value string) (before, after string, ok bool) {
	for _, q := range [][2]string{{`"`, `"`}, {"“", "”"}, {"«", "»"}, {"„", "“"}} {
		if !strings.Contains(value, q[1]) {
			return q[0], q[1], true
		}
	}
	return "", "", false
}

// Menu is the bots' commands of one account, which may change at any time. nil has none for ever. It is safe for concurrent
// use.
type Menu struct {
	mu      sync.Mutex
	all     []BotCommand
	changed chan struct{}
}

// Set makes all the commands that there are, those first that matter most. Nobody may change them afterwards.
func (m *Menu) Set(all []BotCommand) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(all) == len(m.all) && (len(all) == 0 || reflect.DeepEqual(all, m.all)) {
		return
	}
	m.all = all
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
}

// Now gives the commands that there are, and a channel that is closed when there are others.
func (m *Menu) Now() (all []BotCommand, changed <-chan struct{}) {
	if m == nil {
		return nil, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.changed == nil {
		m.changed = make(chan struct{})
	}
	return m.all, m.changed
}

// Find gives the command of a name that a bot listens for in a conversation; known says whether one listens for it anywhere.
func (m *Menu) Find(name string, at chat.Conversation, direct bool) (c BotCommand, here, known bool) {
	all, _ := m.Now()
	for _, c := range all {
		if c.Name != name {
			continue
		}
		known = true
		if c.Heard(at, direct) {
			return c, true, true
		}
	}
	return BotCommand{}, false, known
}
