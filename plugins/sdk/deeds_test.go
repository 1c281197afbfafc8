package sdk_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/roost-im/roost/plugins/sdk"
)

// doing is a bot that does everything else that a Ctx can.
func doing() *sdk.Bot {
	b := sdk.New("bot")
	b.Machines()
	b.Command("where", "", func(c *sdk.Ctx) error {
		if c.Context() == nil || c.Message() == "" {
			return errors.New("it says too little")
		}
		return c.Reply(fmt.Sprintf("%s direct=%v desk=%q edit=%v", c.Conversation(), c.Direct(), c.Desk(), c.Can().Edit))
	})
	b.Command("undo", "", func(c *sdk.Ctx) error {
		name, err := c.Send(sdk.Message{Text: "oops"})
		return errors.Join(err, c.Typing(), c.Delete(name), c.React("👀"), c.Unreact("👀"), c.Log("undone"))
	})
	b.Command("moderate", "", (*sdk.Ctx).Remove)
	b.Command("tea", "", func(c *sdk.Ctx) error {
		return errors.Join(c.Wake("tea", time.Hour, "Tea!"), c.Unwake("tea"), c.Wake("cake", time.Hour, "Cake!"))
	})
	b.Woken("tea", func(c *sdk.Ctx) error { return c.Reply("tea") })
	b.Woken("cake", func(c *sdk.Ctx) error { return c.Reply("cake") })
	b.Command("price", "", func(c *sdk.Ctx) error {
		token, err := c.Secret("TOKEN")
		if err != nil {
			return err
		}
		got, err := c.Fetch(sdk.Request{URL: "https://api.example.org/price", Header: map[string]string{"Authorization": "Bearer " + token}})
		if err != nil {
			return err
		}
		return c.Reply(fmt.Sprint(got.Status, " ", got.Body))
	})
	b.Command("person", "", func(c *sdk.Ctx) error { return errors.Join(c.Reply("a moment"), c.HandOff("asks for a person")) })
	b.Every("0 10 * * *", "", "", func(c *sdk.Ctx) error { return c.Reply("due " + c.Slot()) })
	return b
}

const deeds = `@at 2026-03-27 08:00
@desk support
@home #lounge
@secret TOKEN=s3cret
@may secret:TOKEN http:api.example.org moderate
@http GET https://api.example.org/price -> 200 7

alice: /where
bot: /direct=true desk="support" edit=true/
alice: /undo
bot: oops
bot deletes
bot reacts 👀
bot unreacts 👀
alice: /moderate
bot removes
alice: /price
bot: 200 7
alice: /tea
@ 2026-03-27 09:30
bot@alice: cake
@ 2026-03-27 10:00
bot@#lounge: /due 2026-03-27T10:00:00Z/
alice: /person
bot: a moment
bot hands off: asks for a person
alice: /where
nothing
@handback
alice: /where
bot: /direct=true/
`

func TestDeeds(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "bot.chat")
	if err := os.WriteFile(file, []byte(deeds), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := doing().Test(t.Context(), []string{file}, &out); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
}
