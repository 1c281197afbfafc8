package slacksim_test

import (
	"context"
	"fmt"

	"github.com/slack-go/slack"

	"github.com/roost-im/roost/bridges/slack/slacksim"
)

func Example() {
	sim := slacksim.New(slacksim.Config{})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		fmt.Println(err)
		return
	}
	defer sim.Close()
	ada := sim.AddUser(slacksim.User{Name: "ada"})
	general := sim.AddChannel(slacksim.Channel{Name: "general"})
	question := sim.Say(ada, general, slacksim.Draft{Text: "anyone here?"})

	// The app under test would do this.
	app := slack.New(sim.BotToken(), slack.OptionAPIURL(sim.URL()+"/api/"))
	_, _, err := app.PostMessageContext(context.Background(), general, slack.MsgOptionText("here & now", false), slack.MsgOptionTS(question))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range sim.Thread(general, question) {
		fmt.Println(m.Text)
	}
	// Output:
	// anyone here?
	// here &amp; now
}
