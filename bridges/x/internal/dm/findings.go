package dm

import "github.com/roost-im/roost/router/chat"

// Findings is what a look at an account comes to.
type Findings struct{ Found []chat.Finding }

// Add adds one.
func (f *Findings) Add(g chat.Grade, name, text, mend string) {
	f.Found = append(f.Found, chat.Finding{Grade: g, Name: name, Text: text, Mend: mend})
}

// Failed adds what an error says.
func (f *Findings) Failed(g chat.Grade, name string, err error) {
	mend := ""
	switch chat.KindOf(err) {
	case chat.Unfunded:
		mend = "buy credit at https://console.x.com"
	case chat.Throttled:
		g, mend = chat.Warning, "try again later"
	case chat.LoggedOut, chat.Refused, chat.Gone, chat.Transient, chat.Uncertain:
	}
	f.Add(g, name, chat.Reason(err), mend)
}
