package telegramsim_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/test/specs"
)

// description is the machine readable description of the Bot API.
type description struct {
	Methods map[string]struct {
		Returns []string `json:"returns"`
	} `json:"methods"`
	Types map[string]struct {
		Fields []struct {
			Name     string   `json:"name"`
			Types    []string `json:"types"`
			Required bool     `json:"required"`
		} `json:"fields"`
		Subtypes []string `json:"subtypes"`
	} `json:"types"`
}

func described(t *testing.T) *description {
	t.Helper()
	dir, err := specs.Find("telegram")
	if err != nil {
		t.Skip(specs.Absent)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "api.json"))
	if err != nil {
		t.Fatal(err)
	}
	d := new(description)
	if err := json.Unmarshal(raw, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// faults lists where a value is not of any of the types: for each type what is wrong with it, and of these the shortest list.
func (d *description) faults(at string, v any, types []string) []string {
	var best []string
	for i, name := range types {
		if bad := d.faultsOf(at, v, name); i == 0 || len(bad) < len(best) {
			best = bad
		}
	}
	return best
}

func (d *description) faultsOf(at string, v any, name string) []string {
	wrong := []string{fmt.Sprintf("%s is %T (%v), want %s", at, v, v, name)}
	if of, isArray := strings.CutPrefix(name, "Array of "); isArray {
		list, ok := v.([]any)
		if !ok {
			return wrong
		}
		var out []string
		for i, item := range list {
			out = append(out, d.faultsOf(fmt.Sprintf("%s[%d]", at, i), item, of)...)
		}
		return out
	}
	var fits bool
	switch name {
	case "Integer":
		n, isNumber := v.(float64)
		fits = isNumber && n == math.Trunc(n)
	case "Float":
		_, fits = v.(float64)
	case "String":
		_, fits = v.(string)
	case "Boolean", "True", "False":
		_, fits = v.(bool)
	default:
		return d.faultsInObject(at, v, name)
	}
	if fits {
		return nil
	}
	return wrong
}

func (d *description) faultsInObject(at string, v any, name string) []string {
	typ, known := d.Types[name]
	if !known {
		return []string{at + ": the description has no type " + name}
	}
	if len(typ.Subtypes) > 0 {
		return d.faults(at, v, typ.Subtypes)
	}
	o, ok := v.(map[string]any)
	if !ok {
		return []string{fmt.Sprintf("%s is %T, want %s", at, v, name)}
	}
	var out []string
	left := len(o)
	for _, f := range typ.Fields {
		value, has := o[f.Name]
		switch {
		case has:
			left--
			out = append(out, d.faults(at+"."+f.Name, value, f.Types)...)
		case f.Required:
			out = append(out, at+"."+f.Name+" is missing in "+name)
		}
	}
	if left > 0 {
		for k := range o {
			if !slices.ContainsFunc(typ.Fields, func(f struct {
				Name     string   `json:"name"`
				Types    []string `json:"types"`
				Required bool     `json:"required"`
			},
			) bool {
				return f.Name == k
			}) {
				out = append(out, at+"."+k+" is unknown in "+name)
			}
		}
	}
	return out
}

// hold checks an answer that must be good and gives it decoded.
func (d *description) hold(t *testing.T, w world, method string, a args) any {
	t.Helper()
	v := ok[any](t, w, method, a)
	for _, f := range d.faults(method, v, d.Methods[method].Returns) {
		t.Error(f)
	}
	return v
}

// holdUpdates checks all updates that wait, and that they are of these kinds.
func (d *description) holdUpdates(t *testing.T, w world, kinds ...string) {
	t.Helper()
	var got []string
	for _, u := range w.updates(t) {
		for _, f := range d.faults("update", u, []string{"Update"}) {
			t.Error(f)
		}
		for k := range u {
			if k != "update_id" {
				got = append(got, k)
			}
		}
	}
	if !slices.Equal(got, kinds) {
		t.Errorf("updates = %v, want %v", got, kinds)
	}
}

func message(v any) int { return int(v.(map[string]any)["message_id"].(float64)) }

func TestAnswersAreAsDescribed(t *testing.T) {
	t.Parallel()
	d := described(t)
	w := setup(t)
	d.hold(t, w, "getMe", nil)
	text := message(d.hold(t, w, "sendMessage", args{
		"chat_id": ada, "text": "a <b>b</b> @ada_l https://example.org", "parse_mode": "HTML", "link_preview_options": args{"is_disabled": true},
		"reply_markup": args{"inline_keyboard": [][]args{{{"text": "x", "callback_data": "y"}, {"text": "z", "url": "https://example.org"}}}},
	}))
	photo := d.hold(t, w, "sendPhoto", args{"chat_id": ada, "photo": w.picture(t), "caption": "c", "has_spoiler": true})
	d.hold(t, w, "sendMessage", args{"chat_id": ada, "text": "r", "reply_parameters": args{"message_id": text, "quote": "b"}})
	d.hold(t, w, "sendLocation", args{"chat_id": ada, "latitude": 52.5, "longitude": 13.4})
	d.hold(t, w, "sendVenue", args{"chat_id": ada, "latitude": 52.5, "longitude": 13.4, "title": "Zoo", "address": "here"})
	d.hold(t, w, "sendContact", args{"chat_id": ada, "phone_number": "+491", "first_name": "F"})
	d.hold(t, w, "sendDice", args{"chat_id": ada})
	poll := d.hold(t, w, "sendPoll", args{"chat_id": ada, "question": "?", "options": []any{"old form", args{"text": "new form"}}})
	d.hold(t, w, "stopPoll", args{"chat_id": ada, "message_id": message(poll)})
	d.hold(t, w, "sendChatAction", args{"chat_id": ada, "action": "typing"})
	d.hold(t, w, "copyMessage", args{"chat_id": news, "from_chat_id": ada, "message_id": message(photo), "caption": "new"})
	d.hold(t, w, "forwardMessage", args{"chat_id": small, "from_chat_id": ada, "message_id": text})
	d.hold(t, w, "copyMessages", args{"chat_id": small, "from_chat_id": ada, "message_ids": []int{text, message(photo)}})
	d.hold(t, w, "editMessageText", args{"chat_id": ada, "message_id": text, "text": "edited"})
	d.hold(t, w, "editMessageCaption", args{"chat_id": ada, "message_id": message(photo), "caption": "edited"})
	d.hold(t, w, "editMessageMedia", args{"chat_id": ada, "message_id": message(photo), "media": args{"type": "photo", "media": w.picture(t)}})
	d.hold(t, w, "setMessageReaction", args{"chat_id": ada, "message_id": text, "reaction": []args{{"type": "emoji", "emoji": "❤️"}}})
	d.hold(t, w, "pinChatMessage", args{"chat_id": forum, "message_id": message(d.hold(t, w, "sendMessage", args{"chat_id": forum, "text": "p"}))})
	topic := d.hold(t, w, "createForumTopic", args{"chat_id": forum, "name": "T", "icon_color": 0xFFD67E, "icon_custom_emoji_id": "5312536423851630001"})
	in := topic.(map[string]any)["message_thread_id"]
	d.hold(t, w, "sendMessage", args{"chat_id": forum, "message_thread_id": in, "text": "in it"})
	d.hold(t, w, "closeForumTopic", args{"chat_id": forum, "message_thread_id": in})
	d.hold(t, w, "hideGeneralForumTopic", args{"chat_id": forum})
	d.hold(t, w, "getForumTopicIconStickers", nil)
	d.hold(t, w, "getCustomEmojiStickers", args{"custom_emoji_ids": []string{"123"}})
	for _, chat := range []int64{ada, forum, small, news} {
		d.hold(t, w, "getChat", args{"chat_id": chat})
		d.hold(t, w, "getChatMemberCount", args{"chat_id": chat})
		d.hold(t, w, "getChatMember", args{"chat_id": chat, "user_id": ada})
		d.hold(t, w, "getChatMember", args{"chat_id": chat, "user_id": w.Bot().ID})
	}
	d.hold(t, w, "getChatMember", args{"chat_id": forum, "user_id": eve})
	d.hold(t, w, "getChatAdministrators", args{"chat_id": forum})
	d.hold(t, w, "setMyCommands", args{"commands": []args{{"command": "help", "description": "Helps"}}})
	d.hold(t, w, "getMyCommands", nil)
	d.hold(t, w, "deleteMyCommands", nil)
	d.hold(t, w, "getUserProfilePhotos", args{"user_id": ada})
	w.AddUser(telegramsim.User{ID: bob, First: "Bob", Photo: picture()})
	if got := d.hold(t, w, "getUserProfilePhotos", args{"user_id": bob}); got.(map[string]any)["total_count"] != 1.0 {
		t.Errorf("Bob's photos = %v", got)
	}
	d.hold(t, w, "getWebhookInfo", nil)
	connection := w.Connect(bob)
	w.BusinessSay(ada, bob, telegramsim.Draft{Text: "for sale?"})
	d.hold(t, w, "getBusinessConnection", args{"business_connection_id": connection})
	d.hold(t, w, "sendMessage", args{"business_connection_id": connection, "chat_id": ada, "text": "yes"})
	d.hold(t, w, "deleteMessages", args{"chat_id": ada, "message_ids": []int{text, 99}})
	d.hold(t, w, "leaveChat", args{"chat_id": small})
}

func TestUpdatesAreAsDescribed(t *testing.T) {
	t.Parallel()
	d := described(t)
	w := setup(t)
	ok[[]any](t, w, "getUpdates", args{"allowed_updates": allKinds()})
	said := w.Say(ada, ada, telegramsim.Draft{Text: "<b>bold</b> 🙂 <code>x</code>", HTML: true})
	w.Say(ada, ada, telegramsim.Draft{Text: "r", ReplyTo: said, Quote: "bold"})
	w.Say(ada, ada, telegramsim.Draft{Text: "f", Forward: &telegramsim.Origin{Chat: news, Message: 7}})
	w.Say(ada, ada, telegramsim.Draft{Text: "f", Forward: &telegramsim.Origin{User: bob}})
	w.Say(ada, ada, telegramsim.Draft{Text: "f", Forward: &telegramsim.Origin{Name: "Hidden"}})
	w.Say(ada, ada, telegramsim.Draft{Text: "f", Forward: &telegramsim.Origin{Chat: small}})
	d.holdUpdates(t, w, slices.Repeat([]string{"message"}, 6)...)
	w.Say(ada, ada, telegramsim.Draft{Text: "album", Album: true, Files: []telegramsim.Upload{
		{Name: "a.png", Data: picture(), Spoiler: true}, {Name: "b.mp4", Type: "video/mp4", Data: []byte("v")},
	}})
	for _, kind := range []string{"photo", "document", "video", "audio", "voice", "animation", "sticker", "video_note"} {
		w.Say(ada, ada, telegramsim.Draft{Files: []telegramsim.Upload{{Name: "f", Data: picture(), Kind: kind}}})
	}
	w.Say(ada, ada, telegramsim.Draft{Sticker: "🙂"})
	w.Say(ada, ada, telegramsim.Draft{Voice: []byte("OggS")})
	w.Say(ada, ada, telegramsim.Draft{Poll: &telegramsim.Poll{Question: "?", Options: []string{"a", "b"}}})
	d.holdUpdates(t, w, slices.Repeat([]string{"message"}, 13)...)
	must(t, w.Edit(ada, ada, said, "new"), w.React(ada, ada, said, "🔥"), w.Unreact(ada, ada, said, "🔥"), w.Pin(ada, ada, said), w.Block(ada), w.Unblock(ada))
	d.holdUpdates(t, w, "edited_message", "message_reaction", "message_reaction", "message", "my_chat_member", "my_chat_member")
	topic := w.CreateTopic(ada, forum, "T")
	w.Say(ada, forum, telegramsim.Draft{Text: "x", Thread: topic, Anonymous: true})
	w.Say(bob, forum, telegramsim.Draft{Text: "x", Thread: topic, ReplyTo: w.Say(bob, forum, telegramsim.Draft{Text: "general"})})
	must(t, w.RenameTopic(ada, forum, topic, "U"), w.CloseTopic(ada, forum, topic), w.ReopenTopic(ada, forum, topic), w.Leave(bob, forum), w.Join(bob, forum))
	d.holdUpdates(t, w, "message", "message", "message", "message", "message", "message", "message", "message", "chat_member", "chat_member", "message")
	post := w.Say(ada, news, telegramsim.Draft{Text: "post"})
	must(t, w.Edit(ada, news, post, "new"), w.React(bob, news, post, "👍"), w.Pin(ada, news, post))
	d.holdUpdates(t, w, "channel_post", "edited_channel_post", "message_reaction_count", "channel_post")
	w.Migrate(small)
	must(t, w.RemoveBot(news), w.AddBot(news, false), w.DeleteChat(forum))
	d.holdUpdates(t, w, "message", "message", "my_chat_member", "my_chat_member", "my_chat_member")
	w.Connect(bob)
	in := w.BusinessSay(ada, bob, telegramsim.Draft{Text: "hi"})
	must(t, w.Edit(ada, ada, in, "hi!"), w.Delete(ada, ada, in))
	w.BusinessReply(bob, ada, telegramsim.Draft{Text: "hello"})
	must(t, w.Disconnect(bob))
	d.holdUpdates(t, w, "business_connection", "business_message", "edited_business_message", "deleted_business_messages", "business_message", "business_connection")
	poll := ok[id](t, w, "sendPoll", args{"chat_id": ada, "question": "?", "options": []string{"a", "b"}, "is_anonymous": false})
	pressed := ok[id](t, w, "sendMessage", args{"chat_id": ada, "text": "k", "reply_markup": args{"inline_keyboard": [][]args{{{"text": "x", "callback_data": "y"}}}}})
	must(t, w.Vote(ada, ada, poll.ID, 1), w.Press(ada, ada, pressed.ID, "y"))
	d.holdUpdates(t, w, "poll", "poll_answer", "callback_query")
	ok[any](t, w, "stopPoll", args{"chat_id": ada, "message_id": poll.ID})
	d.holdUpdates(t, w, "poll")
}
