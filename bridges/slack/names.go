package slack

import (
	"context"
	"time"

	slackapi "github.com/slack-go/slack"
	"golang.org/x/sync/singleflight"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/router/chat"
)

const (
	nameLife = time.Hour
	nameWait = 2 * time.Second // an event does not wait longer for a name
	maxNames = 5000
)

// person is how Slack shows somebody.
type person struct {
	name, handle, avatar string
	bot                  bool
	botID                string // B… of a bot
}

// names remembers people and channels for an hour, so that a busy channel asks for each once.
type names struct {
	person  func(ctx context.Context, id string) (person, error)
	channel func(ctx context.Context, id string) (person, error)
	bot     func(ctx context.Context, id string) (person, error)
	asking  singleflight.Group
	known   *bridges.Cache[person]
}

func newNames(now func() time.Time, ofPerson, ofChannel, ofBot func(context.Context, string) (person, error)) *names {
	return &names{person: ofPerson, channel: ofChannel, bot: ofBot, known: bridges.NewCache[person](maxNames, nameLife, now)}
}

// of gives what is known of a user. It gives an empty person when Slack does not answer in time: an event is worth more
// than its author's name.
func (n *names) of(ctx context.Context, id string) person { return n.get(ctx, id, n.person) }

// ofChannel is of, for a channel's name.
func (n *names) ofChannel(ctx context.Context, id string) person { return n.get(ctx, id, n.channel) }

// ofBot is of, for a bot by its B… ID.
func (n *names) ofBot(ctx context.Context, id string) person { return n.get(ctx, id, n.bot) }

func (n *names) get(ctx context.Context, id string, ask func(context.Context, string) (person, error)) person {
	if id == "" {
		return person{}
	}
	old, fresh := n.known.Get(id)
	if fresh {
		return old
	}
	got, err, _ := n.asking.Do(id, func() (any, error) {
		ctx, cancel := context.WithTimeout(ctx, nameWait)
		defer cancel()
		p, err := ask(ctx, id)
		if err == nil || closed(err) { // asking again for who can't be seen helps nobody
			n.known.Put(id, p)
		}
		return p, err
	})
	if p, is := got.(person); is && err == nil {
		return p
	}
	return old
}

func (c *Connector) askPerson(ctx context.Context, id string) (person, error) {
	u, err := c.api.GetUserInfoContext(ctx, id)
	if err != nil {
		return person{}, c.fail(call{op: "slack: users.info", scope: chat.ThisAccount}, err)
	}
	return personOf(u), nil
}

func personOf(u *slackapi.User) person {
	return person{
		name:   firstOf(u.Profile.DisplayName, u.Profile.RealName, u.RealName, u.Name),
		handle: u.Name, avatar: firstOf(u.Profile.Image192, u.Profile.Image72, u.Profile.Image48),
		bot: u.IsBot || u.ID == slackbot, botID: u.Profile.BotID,
	}
}

func (c *Connector) askChannel(ctx context.Context, id string) (person, error) {
	ch, err := c.api.GetConversationInfoContext(ctx, &slackapi.GetConversationInfoInput{ChannelID: id})
	if err != nil {
		return person{}, c.fail(call{op: "slack: conversations.info", scope: chat.ThisAccount}, err)
	}
	return person{name: ch.Name}, nil
}

func (c *Connector) askBot(ctx context.Context, id string) (person, error) {
	b, err := c.api.GetBotInfoContext(ctx, slackapi.GetBotInfoParameters{Bot: id})
	if err != nil {
		return person{}, c.fail(call{op: "slack: bots.info", scope: chat.ThisAccount}, err)
	}
	return person{name: b.Name, avatar: firstOf(b.Icons.Image72, b.Icons.Image48), bot: true, botID: id}, nil
}

func firstOf(choices ...string) string {
	for _, s := range choices {
		if s != "" {
			return s
		}
	}
	return ""
}
