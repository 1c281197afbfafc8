package bots

// The texts that every bot has, and may have in its own words.
const (
	TextFailed  = "failed"    // something went wrong
	TextUsage   = "usage"     // {reason} {usage}
	TextDenied  = "denied"    // the person may not do that
	TextSlow    = "slow"      // too often; {wait}
	TextChoose  = "choose"    // the answer is none of {choices}
	TextMisfit  = "misfit"    // the answer does not fit; {reason}
	TextLate    = "late"      // the dialog has ended because nobody answered
	TextChanged = "changed"   // the bot has changed, so the dialog begins anew
	TextCancel  = "cancelled" // the dialog was cancelled
	TextHelp    = "help"      // the heading of /help
	TextNoHelp  = "no_help"   // there is nothing to list
)

// ours are the texts as they read when the bot has none of its own.
var ours = Texts{ //nolint:gochecknoglobals // a table
	"en": {
		TextFailed:  "Sorry, that did not work. The people who look after me know about it.",
		TextUsage:   "{reason}. Usage: {usage}",
		TextDenied:  "Sorry, you may not do that.",
		TextSlow:    "That was a bit fast; please try again in {wait}.",
		TextChoose:  "Please answer with one of: {choices}",
		TextMisfit:  "{reason}. Please try again.",
		TextLate:    "I have not heard from you, so I have put this away. Just begin again.",
		TextChanged: "I have been changed meanwhile, so we begin anew.",
		TextCancel:  "All right, I have put that away.",
		TextHelp:    "What I can do:",
		TextNoHelp:  "I have no commands.",
	},
	"de": {
		TextFailed:  "Das hat leider nicht geklappt. Wer sich um mich kümmert, weiß davon.",
		TextUsage:   "{reason}. So geht es: {usage}",
		TextDenied:  "Das dürfen Sie leider nicht.",
		TextSlow:    "Das war etwas schnell; bitte in {wait} noch einmal.",
		TextChoose:  "Bitte antworten Sie mit einem von: {choices}",
		TextMisfit:  "{reason}. Bitte noch einmal.",
		TextLate:    "Ich habe nichts mehr gehört und die Sache weggelegt. Beginnen Sie einfach von vorn.",
		TextChanged: "Ich wurde inzwischen geändert; wir beginnen von vorn.",
		TextCancel:  "In Ordnung, das ist weggelegt.",
		TextHelp:    "Was ich kann:",
		TextNoHelp:  "Ich kenne keine Befehle.",
	},
}

// words is the text for key: the bot's own in its locale, ours in its locale, the bot's and ours in English, the key.
func (s *Spec) words(key string) string {
	locale := s.Locale
	if locale == "" {
		locale = "en"
	}
	for _, l := range []string{locale, "en"} {
		for _, texts := range []Texts{s.Texts, ours} {
			if w, ok := texts[l][key]; ok {
				return w
			}
		}
	}
	return key
}
