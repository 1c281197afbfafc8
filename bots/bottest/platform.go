package bottest

import (
	"maps"
	"slices"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// anywhere is the platform of a transcript that names none: it can do everything.
const anywhere = "chat"

// both is an ability that works in both directions.
func both() chat.Ability { return chat.Ability{In: true, Out: true} }

// platforms are the abilities of the platforms that a transcript can be on, by the names of their accounts. They are what
// their connectors say of themselves, as far as a bot could tell.
func platforms() map[string]chat.Traits {
	full := chat.Traits{
		Platform: "Chat", Files: chat.FileTraits{Count: 10}, Edit: both(), Delete: both(), React: both(), Pin: both(),
		Reply: true, Threads: true, Types: true, Cards: true, Whisper: true,
	}
	telegram, discord, slack := full, full, full
	telegram.Platform, telegram.Text, telegram.Whisper = "Telegram", text.Limit{Max: 4096, Unit: text.UTF16}, false
	discord.Platform, discord.Text, discord.Whisper = "Discord", text.Limit{Max: 2000, Unit: text.Cautious}, false
	slack.Platform, slack.Text = "Slack", text.Limit{Max: 12_000, Unit: text.Cautious}
	slack.Reply, slack.Types = false, false
	x := chat.Traits{Platform: "X", Text: text.Limit{Max: 10_000, Unit: text.Cautious}, Files: chat.FileTraits{Count: 1}}
	return map[string]chat.Traits{anywhere: full, "telegram": telegram, "discord": discord, "slack": slack, "x": x}
}

// Platforms lists the platforms that a transcript can be on.
func Platforms() []string { return slices.Sorted(maps.Keys(platforms())) }

// Traits are the abilities that a platform has in transcripts; ok is false when there is none of that name.
func Traits(platform string) (t chat.Traits, ok bool) {
	t, ok = platforms()[platform]
	return t, ok
}

// abilities are what @can and @cannot name.
func abilities() map[string]func(t *chat.Traits, can bool) {
	return map[string]func(t *chat.Traits, can bool){
		"cards":   func(t *chat.Traits, can bool) { t.Cards = can },
		"edit":    func(t *chat.Traits, can bool) { t.Edit.Out = can },
		"delete":  func(t *chat.Traits, can bool) { t.Delete.Out = can },
		"react":   func(t *chat.Traits, can bool) { t.React.Out = can },
		"reply":   func(t *chat.Traits, can bool) { t.Reply = can },
		"threads": func(t *chat.Traits, can bool) { t.Threads = can },
		"typing":  func(t *chat.Traits, can bool) { t.Types = can },
		"whisper": func(t *chat.Traits, can bool) { t.Whisper = can },
		"files": func(t *chat.Traits, can bool) {
			if t.Files.Count = 0; can {
				t.Files.Count = 10
			}
		},
	}
}
