package bots

// What the names of a bot's own calls (chat.Called) begin with.
const (
	scheduleCall = "schedule:" // a slot of a schedule is due
	wakeCall     = "wake:"     // a Turn.Wake is due
	lateCall     = "late:"     // a question was not answered in time
	hookCall     = "hook:"     // somebody called a webhook
	ownCall      = "own:"      // the bot's own program
)
