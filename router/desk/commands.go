package desk

import "github.com/roost-im/roost/router/chat"

// Command is what a member can do to a case by a word, where the platform takes words for that. In the case's thread it
// is a chat.Pressed: Name is the button, and the fields are those of Form.
type Command struct {
	Name string     // letters a to z
	Help string     // what it does, in one line
	Form *chat.Form // its options; nil: it has none
}

// Commands are all that there are; they are the same at every desk. What the card has a button for does what that does.
func Commands() []Command {
	return []Command{
		{Name: buttonClaim, Help: "Make this case yours"},
		{Name: buttonReply, Help: "Write to the contact", Form: textForm("Reply", "Send", "What the contact shall read")},
		{Name: buttonLater, Help: "Write to the contact at a later time", Form: laterCommand()},
		{Name: buttonNote, Help: "Write something down that stays in the team", Form: textForm("Note", "Keep", "What the team shall read")},
		{Name: buttonSnooze, Help: "Put this case away until later", Form: snoozeButton().Form},
		{Name: buttonBot, Help: "Let the bots answer the contact again"},
		{Name: buttonClose, Help: "Close this case"},
		{Name: buttonReopen, Help: "Open this case again"},
		{Name: buttonBlock, Help: "Show nothing more of this contact, and send them nothing"},
		{Name: buttonUnblock, Help: "Show again what this contact writes"},
	}
}

// laterCommand is a form that asks for a time and a text.
func laterCommand() *chat.Form {
	form := textForm("Send later", "Schedule", "What the contact shall read then")
	form.Fields = append([]chat.Field{{ID: fieldFor, Label: "In how long: 30m, 2h, 1d12h, 1w", Initial: "2h"}}, form.Fields...)
	return form
}

// textForm is a form that asks for a text.
func textForm(title, submit, label string) *chat.Form {
	return &chat.Form{Title: title, Submit: submit, Fields: []chat.Field{{ID: fieldText, Label: label, Long: true}}}
}
