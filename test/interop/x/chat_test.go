package interop_test

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/bridges/x/xchat/wire"
)

// TestChats lets X's SDK make the calls of encrypted chats with what the bot has sealed, and holds it to what alice's
// telephone shows.
func TestChats(t *testing.T) {
	t.Parallel()
	w := setup(t)
	alices := w.Phone(alice)
	w.Phone(carol)
	const version = "5"
	keys, err := xchat.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	registration, err := keys.Registration(version)
	if err != nil {
		t.Fatal(err)
	}
	registration.GenerateVersion = false
	w.run("chat.mjs", "VERSION="+version, "REGISTRATION="+text(t, registration)).Finish(t)
	heard, err := alices.Say(bot, "from a telephone")
	if err != nil {
		t.Fatal(err)
	}
	own := keys.Public()
	own.User, own.Version = bot, version
	author := xchat.Author{Keys: keys, User: bot, Version: version}
	newest := strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli(), 10)
	rotation, err := author.Rotate("rotation", alice, newest, []xchat.PublicKeys{own, alices.Public()})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := author.Write(xchat.Draft{ID: "message", Conversation: alice, Content: wire.Message{Text: "by X's SDK"}}, rotation.Key)
	if err != nil {
		t.Fatal(err)
	}
	erasure, err := author.Delete("erasure", alice, []wire.Sequence{heard.Sequence}, false)
	if err != nil {
		t.Fatal(err)
	}
	w.run("chat.mjs",
		"HEARD="+heard.Sequence.String(),
		"ROTATION="+text(t, rotation), "MESSAGE="+text(t, payload), "ERASURE="+text(t, map[string]any{
			"sequence_ids": []string{heard.Sequence.String()}, "delete_message_action": "delete_for_self",
			"action_signatures": []xchat.Action{erasure},
		})).Finish(t)
	all := alices.Talk(bot)
	if len(all) != 2 || all[1].Text != "by X's SDK" || all[1].Sender != bot || all[1].Unreadable != "" {
		t.Errorf("alice sees %+v", all)
	}
	if s := alices.Signals(bot); s.Read[bot] != heard.Sequence || s.Typing[bot] != 1 {
		t.Errorf("alice sees %+v", s)
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
