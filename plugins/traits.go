package plugins

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/roost-im/roost/plugins/internal/rpc"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// traits are what a connector can do, as its program declares it. What is left out it can't.
type traits struct {
	Platform string `json:"platform"`
	Text     struct {
		Max  int    `json:"max"`  // 0: no limit
		Unit string `json:"unit"` // runes, utf16, graphemes or bytes; default: runes
	} `json:"text"`
	Spans   []text.Kind `json:"spans"`
	Edit    ability     `json:"edit"`
	Delete  ability     `json:"delete"`
	React   ability     `json:"react"`
	Pin     ability     `json:"pin"`
	Reply   bool        `json:"reply"`
	Threads bool        `json:"threads"` // and open
	Typing  bool        `json:"typing"`  // tells of it
	Types   bool        `json:"types"`   // shows it
	Reads   bool        `json:"reads"`
	Cards   bool        `json:"cards"`
	Persona bool        `json:"persona"`
	Whisper bool        `json:"whisper"`
	Repeat  string      `json:"repeat"`   // blind, keyed or read_back; default: blind
	CatchUp float64     `json:"catch_up"` // seconds
	Pace    struct {
		Conversation pacing `json:"conversation"`
		Account      pacing `json:"account"`
		Parallel     int    `json:"parallel"`
	} `json:"pace"`
	Check bool `json:"check"`
}

type ability struct {
	In  bool `json:"in"`
	Out bool `json:"out"`
}

// pacing is Burst posts at once, and one more every Every seconds.
type pacing struct {
	Every float64 `json:"every"`
	Burst int     `json:"burst"`
}

func (p pacing) rate() chat.Rate {
	return chat.Rate{Every: time.Duration(p.Every * float64(time.Second)), Burst: p.Burst}
}

func (p pacing) check(of string) error {
	if p.Every < 0 || p.Every > 3600 || p.Burst < 0 || p.Burst > 1000 {
		return fmt.Errorf("pace.%s: every can be 0 to 3600 seconds, and burst 0 to 1000", of)
	}
	return nil
}

// untold is what is taken for granted of a connector that could not be asked yet: everything, so that nothing is refused that
// can be done later.
func untold(platform string) *traits {
	all := ability{In: true, Out: true}
	return &traits{
		Platform: platform, Edit: all, Delete: all, React: all, Pin: all, Reply: true, Threads: true, Cards: true, Persona: true, Check: true,
	}
}

// parseTraits reads what a connector's program declares.
func parseTraits(raw json.RawMessage) (*traits, error) {
	if len(raw) == 0 {
		return nil, errors.New("a connector declares its traits")
	}
	t := &traits{}
	if err := rpc.Strictly(raw, t); err != nil {
		return nil, fmt.Errorf("traits: %w", err)
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("traits: %w", err)
	}
	return t, nil
}

// units are the units of text by their names.
func units() map[string]text.Unit {
	return map[string]text.Unit{
		"": text.Runes, "runes": text.Runes, "utf16": text.UTF16, "graphemes": text.Graphemes, "bytes": text.Bytes,
	}
}

// repeats are the ways in which a repeat is safe, by their names.
func repeats() map[string]chat.Repeat {
	return map[string]chat.Repeat{"": chat.Blind, "blind": chat.Blind, "keyed": chat.Keyed, "read_back": chat.ReadBack}
}

func (t *traits) check() error {
	if t.Platform == "" {
		return errors.New("platform is missing; it is what people call the platform")
	}
	if _, ok := units()[t.Text.Unit]; !ok || t.Text.Max < 0 {
		return fmt.Errorf("text.unit is %q; it can be runes, utf16, graphemes or bytes", t.Text.Unit)
	}
	if _, ok := repeats()[t.Repeat]; !ok {
		return fmt.Errorf("repeat is %q; it can be blind, keyed or read_back", t.Repeat)
	}
	for _, k := range t.Spans {
		if !slices.Contains(kinds(), k) {
			return fmt.Errorf("there is no span %q", k)
		}
	}
	if t.CatchUp < 0 || t.Pace.Parallel < 0 {
		return errors.New("catch_up and pace.parallel can't be below 0")
	}
	return errors.Join(t.Pace.Conversation.check("conversation"), t.Pace.Account.check("account"))
}

func kinds() []text.Kind {
	return []text.Kind{
		text.Bold, text.Italic, text.Underline, text.Strike, text.Code, text.Pre, text.Quote, text.ListItem, text.Link,
		text.Mention, text.Emoji, text.Spoiler, text.Heading,
	}
}

// traits are t as everybody else knows them. Connectors that are plugins carry no files.
func (t *traits) traits() chat.Traits {
	return chat.Traits{
		Platform: t.Platform, Text: text.Limit{Max: t.Text.Max, Unit: units()[t.Text.Unit]}, Spans: t.Spans,
		Edit: chat.Ability(t.Edit), Delete: chat.Ability(t.Delete), React: chat.Ability(t.React), Pin: chat.Ability(t.Pin),
		Reply: t.Reply, Threads: t.Threads, Typing: t.Typing, Types: t.Types, Reads: t.Reads, Cards: t.Cards,
		Persona: t.Persona, Whisper: t.Whisper, Repeat: repeats()[t.Repeat], CatchUp: seconds(t.CatchUp),
		Pace: chat.Pace{
			Conversation: t.Pace.Conversation.rate(), Account: t.Pace.Account.rate(), Parallel: t.Pace.Parallel,
		},
	}
}
