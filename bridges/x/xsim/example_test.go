package xsim_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/roost-im/roost/bridges/x/xsim"
)

// A person writes to a bot, and the bot answers through the API.
func ExampleSim() {
	sim := xsim.New(xsim.Config{})
	defer sim.Close()
	if err := sim.Start("127.0.0.1:0"); err != nil {
		fmt.Println(err)
		return
	}
	alice := sim.AddUser(xsim.User{Username: "alice"})
	bot := sim.AddUser(xsim.User{Username: "bot"})
	sim.Say(alice.ID, bot.ID, xsim.Draft{Text: "are you there?"})

	call, err := http.NewRequestWithContext(context.Background(), http.MethodPost, sim.URL()+"/2/dm_conversations/with/"+alice.ID+"/messages", strings.NewReader(`{"text":"yes"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	call.Header.Set("Content-Type", "application/json")
	call.Header.Set("Authorization", "Bearer "+sim.Tokens(bot.ID).Access)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(call)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer.Body.Close()
	fmt.Println(answer.StatusCode, "left in this window:", answer.Header.Get("X-Rate-Limit-Remaining"))
	for _, dm := range sim.Conversation(alice.ID, bot.ID) {
		fmt.Println(dm.Text)
	}
	// Output:
	// 201 left in this window: 14
	// are you there?
	// yes
}

func ExamplePhone() {
	sim := xsim.New(xsim.Config{})
	defer sim.Close()
	alice, bob := sim.AddUser(xsim.User{ID: "1", Username: "alice"}), sim.AddUser(xsim.User{ID: "2", Username: "bob"})
	mine, theirs := sim.Phone(alice.ID), sim.Phone(bob.ID)
	said, err := mine.Say(bob.ID, "helo")
	if err != nil {
		fmt.Println(err)
	}
	if _, err := mine.Edit(bob.ID, said.Sequence, "hello"); err != nil {
		fmt.Println(err)
	}
	if _, err := theirs.Reply(alice.ID, said.Sequence, "hi!"); err != nil {
		fmt.Println(err)
	}
	for _, h := range mine.Talk(bob.ID) {
		if h.Reply != nil {
			fmt.Printf("%s, to %q: ", h.Sender, h.Reply.Text)
		}
		fmt.Println(h.Text)
	}
	// Output:
	// hello
	// 2, to "hello": hi!
}
