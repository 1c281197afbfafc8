package discordsim

import (
	"slices"
	"strconv"
	"time"
)

func messageRoutes() []route {
	const one = "/channels/{channel}/messages/{message}"
	return []route{
		{method: "GET", path: "/channels/{channel}/messages", serve: listMessages},
		{method: "POST", path: "/channels/{channel}/messages", serve: createMessage},
		{method: "POST", path: "/channels/{channel}/messages/bulk-delete", serve: bulkDelete},
		{method: "GET", path: one, serve: readMessage},
		{method: "PATCH", path: one, serve: editMessage},
		{method: "DELETE", path: one, serve: deleteMessage},
		{method: "POST", path: one + "/crosspost", serve: crosspost},
		{method: "POST", path: "/channels/{channel}/typing", serve: typing},
		{method: "GET", path: "/channels/{channel}/pins", serve: listPinsOld},
		{method: "PUT", path: "/channels/{channel}/pins/{message}", serve: pin},
		{method: "DELETE", path: "/channels/{channel}/pins/{message}", serve: unpin},
		{method: "GET", path: "/channels/{channel}/messages/pins", serve: listPins},
		{method: "PUT", path: "/channels/{channel}/messages/pins/{message}", serve: pin},
		{method: "DELETE", path: "/channels/{channel}/messages/pins/{message}", serve: unpin},
		{method: "GET", path: "/channels/{channel}/polls/{message}/answers/{answer}", serve: listVoters},
		{method: "POST", path: "/channels/{channel}/polls/{message}/expire", serve: expirePoll},
		{method: "POST", path: "/attachments/refresh-urls", serve: refreshURLs},
	}
}

// reach finds the channel that a call names and asks for permissions in it.
func (w *world) reach(c *call, need Permission) (*channel, error) {
	ch := w.channels[c.args["channel"]]
	if ch == nil {
		if w.badID(c.args["channel"]) {
			return nil, invalid("channel_id", "NUMBER_TYPE_COERCE", "Value \""+c.args["channel"]+"\" is not snowflake.")
		}
		return nil, errUnknownChannel
	}
	return ch, w.permit(ch, need)
}

// badID says whether a path holds something that is no snowflake.
func (w *world) badID(id string) bool { return number(id) == 0 && id != "0" }

// permit asks for permissions in a channel; in a DM the bot has them all.
func (w *world) permit(ch *channel, need Permission) error {
	switch {
	case ch.Guild == "":
		return nil
	case !w.sees(ch):
		return errNoAccess
	case w.allowed(ch)&need != need:
		return errNotAllowed
	default:
		return nil
	}
}

// message finds the channel and the message that a call names.
func (w *world) message(c *call, need Permission) (*channel, *message, error) {
	ch, err := w.reach(c, need)
	if err != nil {
		return nil, nil, err
	}
	m := ch.find(c.args["message"])
	if m == nil || m.only != "" {
		return nil, nil, errUnknownMessage
	}
	return ch, m, nil
}

// seen is a message as the bot's REST answers show it.
func (w *world) seen(m *message) obj { return w.wireMessage(m, w.legible(m, w.intents)) }

func readMessage(w *world, c *call) (any, error) {
	_, m, err := w.message(c, PermView|PermReadHistory)
	if err != nil {
		return nil, err
	}
	return w.seen(m), nil
}

// listMessages gives the newest first. https://docs.discord.com/developers/resources/message#get-channel-messages
func listMessages(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermView)
	if err != nil {
		return nil, err
	}
	if !ch.Type.texty() {
		return nil, errNotText
	}
	limit, err := c.limit(50, 100)
	if err != nil {
		return nil, err
	}
	out := []obj{}
	if ch.Guild != "" && w.allowed(ch)&PermReadHistory == 0 {
		return out, nil // Discord gives no error here
	}
	for _, m := range page(ch.latest(), c, limit) {
		out = append(out, w.seen(m))
	}
	return out, nil
}

// page picks messages before, after or around an id, the newest first.
func page(all []*message, c *call, limit int) []*message {
	at := func(id string) int {
		n := number(id)
		i, _ := slices.BinarySearchFunc(all, n, func(m *message, n uint64) int {
			switch own := number(m.id); {
			case own < n:
				return -1
			case own > n:
				return 1
			default:
				return 0
			}
		})
		return i
	}
	from, to := max(0, len(all)-limit), len(all)
	switch {
	case c.query.Get("around") != "":
		mid := at(c.query.Get("around"))
		from = max(0, mid-limit/2)
		to = min(len(all), from+limit)
	case c.query.Get("before") != "":
		to = at(c.query.Get("before"))
		from = max(0, to-limit)
	case c.query.Get("after") != "":
		after := number(c.query.Get("after"))
		from = at(strconv.FormatUint(after+1, 10))
		to = min(len(all), from+limit)
	}
	out := slices.Clone(all[from:to])
	slices.Reverse(out)
	return out
}

// createMessage posts as the bot. https://docs.discord.com/developers/resources/message#create-message
func createMessage(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermView)
	if err != nil {
		return nil, err
	}
	if !ch.Type.texty() {
		return nil, errNotText
	}
	p, err := w.readPost(c)
	if err != nil {
		return nil, err
	}
	if err := w.maySend(ch, p); err != nil {
		return nil, err
	}
	if m := w.earlier(ch, p); m != nil {
		return w.seen(m), nil
	}
	m := w.newMessage(ch, w.bot())
	if err := w.refer(ch, m, p); err != nil {
		return nil, err
	}
	if err := w.fill(ch, m, p); err != nil {
		return nil, err
	}
	w.post(ch, m)
	return w.seen(m), nil
}

func deleteMessage(w *world, c *call) (any, error) {
	ch, m, err := w.message(c, PermView)
	if err != nil {
		return nil, err
	}
	if m.author != w.bot() {
		if ch.Guild == "" {
			return nil, errInDM
		}
		if err := w.permit(ch, PermManageMessages); err != nil {
			return nil, err
		}
	}
	w.erase(ch, m)
	return nil, nil //nolint:nilnil // no body
}

// bulkDelete deletes 2 to 100 messages of the last two weeks.
func bulkDelete(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermManageMessages)
	if err != nil {
		return nil, err
	}
	var in struct {
		Messages []snowflake `json:"messages"`
	}
	if err := c.into(&in); err != nil {
		return nil, err
	}
	switch {
	case ch.Guild == "":
		return nil, errInDM
	case len(in.Messages) < 2 || len(in.Messages) > 100:
		return nil, errBulk
	}
	var ids []string
	for _, id := range in.Messages {
		if w.now().Sub(born(string(id))) > 14*24*time.Hour {
			return nil, errTooOld
		}
		ids = append(ids, string(id))
	}
	w.eraseAll(ch, ids)
	return nil, nil //nolint:nilnil // no body
}

// eraseAll deletes messages with one event.
func (w *world) eraseAll(ch *channel, ids []string) {
	var gone []string
	for _, id := range ids {
		if m := ch.find(id); m != nil {
			m.deleted = true
			gone = append(gone, id)
		}
	}
	w.dispatch(event{name: "MESSAGE_DELETE_BULK", need: ch.heardBy(IntentMessages), guild: ch.Guild, channel: ch, build: func(*session) any {
		return ch.place(obj{"ids": list(gone)})
	}})
	w.bump()
}

func crosspost(w *world, c *call) (any, error) {
	ch, m, err := w.message(c, PermSend)
	switch {
	case err != nil:
		return nil, err
	case ch.Type != ChannelAnnouncement:
		return nil, errChannelType
	case m.flags&flagCrossposted != 0:
		return nil, errNotOriginal
	}
	m.flags |= flagCrossposted
	w.messageEvent("MESSAGE_UPDATE", ch, m)
	w.bump()
	return w.seen(m), nil
}

func typing(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermSend)
	if err != nil {
		return nil, err
	}
	if !ch.Type.texty() {
		return nil, errNotText
	}
	w.typings = append(w.typings[max(0, len(w.typings)+1-maxRequests):], Typing{Channel: ch.ID, At: w.now()})
	w.typed(ch, w.bot())
	w.bump()
	return nil, nil //nolint:nilnil // no body
}

// typed tells that someone types.
func (w *world) typed(ch *channel, user string) {
	w.dispatch(event{name: "TYPING_START", need: ch.heardBy(IntentTyping), guild: ch.Guild, channel: ch, build: func(*session) any {
		out := ch.place(obj{"user_id": user, "timestamp": w.now().Unix()})
		if g := w.guilds[ch.Guild]; g != nil {
			out["member"] = w.wireMember(g, user)
		}
		return out
	}})
}
