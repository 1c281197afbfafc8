package discordsim_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

func Example() {
	sim := discordsim.New(discordsim.Config{})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		fmt.Println(err)
		return
	}
	defer sim.Close()
	ada := sim.AddUser(discordsim.User{Name: "ada"})
	general := sim.AddChannel(discordsim.Channel{Name: "general"})
	question := sim.Say(ada, general, discordsim.Draft{Text: "anyone here?"})

	// The bot under test would do this.
	body := `{"content":"here","message_reference":{"message_id":"` + question + `"}}`
	url := sim.URL() + "/api/v10/channels/" + general + "/messages"
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewBufferString(body))
	if err != nil {
		fmt.Println(err)
		return
	}
	req.Header.Set("Authorization", "Bot "+sim.Token())
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = resp.Body.Close()
	for _, m := range sim.Messages(general) {
		fmt.Println(m.AuthorName+":", m.Content, m.ReplyTo == question)
	}
	// Output:
	// ada: anyone here? false
	// simbot: here true
}
