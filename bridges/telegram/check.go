package telegram

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/roost-im/roost/router/chat"
)

// maxChecked is how many chats Check asks about.
const maxChecked = 20

// Check asks Telegram whether the token works, what the bot does not hear, how updates come, and which rights it lacks in
// the chats that it is known to be in. Its error is one of the way to Telegram; what Telegram says against the account is a
// finding.
func (c *Connector) Check(ctx context.Context) ([]chat.Finding, error) {
	c.mu.Lock()
	c.self = nil
	c.mu.Unlock()
	self, err := c.whoami(ctx)
	if chat.KindOf(err) == chat.LoggedOut {
		return []chat.Finding{{
			Grade: chat.Broken, Name: "token", Text: chat.Reason(err),
			Mend: "ask @BotFather for the token again (/token) and write it into the configuration",
		}}, nil
	}
	if err != nil {
		return nil, err
	}
	found := []chat.Finding{{Grade: chat.Fine, Name: "token", Text: "speaks as @" + self.Username}}
	found = append(found, checkSelf(self)...)
	way, err := c.checkWay(ctx)
	if err != nil {
		return nil, err
	}
	places, err := c.checkPlaces(ctx)
	if err != nil {
		return nil, err
	}
	return append(append(found, way...), places...), nil
}

func checkSelf(self user) []chat.Finding {
	var found []chat.Finding
	if self.ReadsAll {
		found = append(found, chat.Finding{Grade: chat.Fine, Name: "privacy mode", Text: "is off: everything in groups is heard"})
	} else {
		found = append(found, chat.Finding{
			Grade: chat.Warning, Name: "privacy mode",
			Text: "is on: in groups where the bot is no administrator it hears only commands, and replies to it",
			Mend: "switch it off at @BotFather (/setprivacy, Disable) and add the bot to its groups again, or make it an administrator",
		})
	}
	if !self.JoinsGroups {
		found = append(found, chat.Finding{
			Grade: chat.Warning, Name: "groups", Text: "the bot can't be added to groups",
			Mend: "allow it at @BotFather (/setjoingroups, Enable)",
		})
	}
	return found
}

// checkWay looks how updates come.
func (c *Connector) checkWay(ctx context.Context) ([]chat.Finding, error) {
	w, err := c.webhook(ctx)
	if err != nil {
		return nil, err
	}
	if c.cfg.Receive != Webhook {
		if w.URL == "" {
			return []chat.Finding{{Grade: chat.Fine, Name: "receive", Text: fmt.Sprintf("by polling; %d updates wait", w.Pending)}}, nil
		}
		return []chat.Finding{{
			Grade: chat.Warning, Name: "receive", Text: "a webhook is set, so nothing can be polled; roost run removes it",
			Mend: "if another program has set it, stop that, or make a bot for each; otherwise nothing needs to be done",
		}}, nil
	}
	switch {
	case w.URL != c.hookURL():
		return []chat.Finding{{
			Grade: chat.Warning, Name: "receive", Text: "the webhook is not set to " + c.hookURL() + " yet; roost run sets it",
			Mend: "if roost runs, another program changes the webhook; stop that, or make a bot for each",
		}}, nil
	case w.Error != "" && c.now().Sub(time.Unix(w.At, 0)) < time.Hour:
		return []chat.Finding{{
			Grade: chat.Warning, Name: "receive",
			Text: "Telegram could not reach the webhook within the last hour: " + clip(w.Error, maxToast),
			Mend: "see that " + c.hookURL() + " reaches roost from outside, by https with a valid certificate",
		}}, nil
	}
	return []chat.Finding{{
		Grade: chat.Fine, Name: "receive", Text: fmt.Sprintf("by webhook to %s; %d updates wait", c.hookURL(), w.Pending),
	}}, nil
}

// checkPlaces looks at the groups and channels that the bot is known to be in, and at those whose numbers changed.
func (c *Connector) checkPlaces(ctx context.Context) ([]chat.Finding, error) {
	var found []chat.Finding
	moved, err := c.moves.all(ctx)
	if err != nil {
		return nil, err
	}
	for _, was := range slices.Sorted(maps.Keys(moved)) {
		found = append(found, chat.Finding{
			Grade: chat.Warning, Name: "group " + decimal(was),
			Text: fmt.Sprintf("became a supergroup, whose number is %d; it is still served by the old one", moved[was]),
			Mend: fmt.Sprintf("write %d instead of %d into the routes, and into moved of this account", moved[was], was),
		})
	}
	seats, err := c.places.all(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range seats[:min(len(seats), maxChecked)] {
		one, err := c.checkPlace(ctx, s)
		if err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, nil
}

func (c *Connector) checkPlace(ctx context.Context, s seat) (chat.Finding, error) {
	f := chat.Finding{Grade: chat.Fine, Name: fmt.Sprintf("chat %d (%s)", s.Chat, clip(s.Title, maxLabel))}
	at := place{chat: s.Chat}
	var self member
	var about chatInfo
	err := c.inChat(ctx, at, call{method: "getChatMember", scope: chat.ThisAccount}, tgbotapi.Params{"user_id": decimal(c.selfID())}, &self)
	if err == nil {
		err = c.inChat(ctx, at, call{method: "getChat", scope: chat.ThisAccount}, tgbotapi.Params{}, &about)
	}
	switch chat.KindOf(err) {
	case chat.Refused, chat.Gone:
		f.Grade, f.Text = chat.Warning, chat.Reason(err)
		return f, nil
	case chat.Transient, chat.Throttled, chat.Uncertain, chat.LoggedOut, chat.Unfunded:
		if err != nil {
			return f, err
		}
	}
	lacks := self.lacks(about.Forum)
	if len(lacks) == 0 {
		f.Text = "the bot has all rights that it needs"
		return f, nil
	}
	f.Grade, f.Text = chat.Warning, strings.Join(lacks, "; ")
	f.Mend = "make the bot an administrator of the group, with the rights to delete and pin messages"
	if about.Forum {
		f.Mend += " and to manage topics"
	}
	return f, nil
}

// lacks says what does not work for want of a right.
func (m member) lacks(forum bool) []string {
	switch {
	case !m.here():
		return []string{"the bot is not there any more"}
	case m.Status == "creator":
		return nil
	case !m.admin():
		lacks := []string{"the bot is no administrator, so it hears no reactions"}
		if forum {
			lacks = append(lacks, "it can't open topics")
		}
		return lacks
	}
	var lacks []string
	if !m.MayDelete {
		lacks = append(lacks, "the bot may not delete messages, so those of /delete stay")
	}
	if !m.MayPin {
		lacks = append(lacks, "the bot may not pin messages")
	}
	if forum && !m.MayTopics {
		lacks = append(lacks, "the bot may not manage topics")
	}
	return lacks
}
