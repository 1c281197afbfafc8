package telegramsim_test

import (
	"fmt"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
)

func Example() {
	sim := telegramsim.New(telegramsim.Config{})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		fmt.Println(err)
		return
	}
	defer sim.Close()
	ada := sim.AddUser(telegramsim.User{First: "Ada"})
	sim.Say(ada, ada, telegramsim.Draft{Text: "anyone here?"})

	// The bot under test would do this.
	bot, err := tgbotapi.NewBotAPIWithAPIEndpoint(sim.Token(), sim.URL()+"/bot%s/%s")
	if err != nil {
		fmt.Println(err)
		return
	}
	updates, err := bot.GetUpdates(tgbotapi.NewUpdate(0))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, u := range updates {
		if _, err := bot.Send(tgbotapi.NewMessage(u.Message.Chat.ID, "I am")); err != nil {
			fmt.Println(err)
		}
	}
	for _, m := range sim.Messages(ada) {
		fmt.Println(m.FromName+":", m.Text)
	}
	// Output:
	// Ada: anyone here?
	// Sim Bot: I am
}
