package discord

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/roost-im/roost/router/chat"
)

const (
	maxTags    = 20 // of a forum: https://docs.discord.com/developers/resources/channel#channel-object
	maxApplied = 5  // of a post
)

func marks() []chat.Mark {
	return []chat.Mark{chat.MarkOpen, chat.MarkClaimed, chat.MarkSnoozed, chat.MarkClosed}
}

// mark gives a thread the tag of a state, where it is a forum's post, and archives it when the matter is closed.
func (c *Connector) mark(ctx context.Context, to chat.Conversation, state chat.Mark) error {
	thread, err := c.places.ask(ctx, string(to.Thread))
	if err != nil {
		return err
	}
	parent, err := c.places.of(ctx, string(to.ID))
	if err != nil {
		return err
	}
	change := map[string]any{}
	if parent.forum() {
		applied, err := c.tagged(ctx, parent, thread.applied, state)
		if err != nil {
			return err
		}
		if !slices.Equal(applied, thread.applied) {
			change["applied_tags"] = applied
		}
	}
	archive := state == chat.MarkClosed
	if thread.archived && len(change) > 0 { // nothing else can be changed of an archived thread
		if err := c.unarchive(ctx, thread.id); err != nil {
			return err
		}
		thread.archived = false
	}
	if archive != thread.archived {
		change["archived"] = archive
	}
	if len(change) == 0 {
		return nil
	}
	return c.patchThread(ctx, thread.id, change)
}

// tagged is which tags a post has with that of a state, and without those of the others. A forum without the tags is given
// them, where the bot may; otherwise the post goes without.
func (c *Connector) tagged(ctx context.Context, forum place, had []string, state chat.Mark) ([]string, error) {
	if state == "" {
		return had, nil
	}
	if len(missing(forum.tags)) > 0 {
		var err error
		if forum, err = c.makeTags(ctx, forum.id); err != nil {
			return nil, err
		}
	}
	applied := []string{}
	for _, id := range had {
		ours := slices.ContainsFunc(forum.tags, func(t tag) bool { return t.ID == id && slices.Contains(marks(), markOf(t)) })
		if !ours {
			applied = append(applied, id)
		}
	}
	i := slices.IndexFunc(forum.tags, func(t tag) bool { return markOf(t) == state })
	if i >= 0 && len(applied) < maxApplied {
		applied = append(applied, forum.tags[i].ID)
	}
	return applied, nil
}

func markOf(t tag) chat.Mark { return chat.Mark(strings.ToLower(t.Name)) }

// missing are the marks that a forum has no tag for.
func missing(tags []tag) []chat.Mark {
	return slices.DeleteFunc(marks(), func(m chat.Mark) bool {
		return slices.ContainsFunc(tags, func(t tag) bool { return markOf(t) == m })
	})
}

// makeTags gives a forum the tags that it lacks. One that the bot may not change is left as it is, and not tried again for a
// while.
func (c *Connector) makeTags(ctx context.Context, id string) (place, error) {
	forum, err := c.places.ask(ctx, id)
	if err != nil {
		return place{}, err
	}
	lacking := missing(forum.tags)
	const key = "tags/"
	if _, barred := c.hooks.barred.Get(key + id); barred || len(lacking) == 0 || len(forum.tags)+len(lacking) > maxTags {
		return forum, nil
	}
	tags := slices.Clone(forum.tags)
	for _, m := range lacking {
		tags = append(tags, tag{Name: string(m)})
	}
	err = c.patchThread(ctx, id, map[string]any{"available_tags": tags})
	if chat.KindOf(err) == chat.Refused && err != nil {
		c.hooks.barred.Put(key+id, true)
		return forum, nil
	}
	if err != nil {
		return place{}, err
	}
	return c.places.of(ctx, id)
}

// Pin pins a message or takes its pin off; done already counts as done.
func (c *Connector) Pin(ctx context.Context, p chat.Pin) error {
	if slashed(p.Message) {
		return nil
	}
	home, err := c.home(ctx, p.To, p.Message)
	if err != nil {
		return err
	}
	method := http.MethodPut
	if p.Remove {
		method = http.MethodDelete
		// Discord does not say who takes a pin off. What is not among the pins that we know is not missed there.
		if err := c.unpinning(ctx, home, string(p.Message)); err != nil {
			return err
		}
	}
	_, err = c.call(ctx, request{op: "discord: pin", method: method, path: route("channels", home, "messages", "pins", string(p.Message))}, nil)
	return err
}
