package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/roost-im/roost/bots/bottest"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/store"
)

func (c *common) recordCmd() *cobra.Command {
	var bot string
	cmd := &cobra.Command{
		Use:        "record CONVERSATION",
		SuggestFor: []string{"export", "transcript"},
		Short:      "Write a chat with a bot down as a transcript",
		Long: `Record prints what was said between people and a bot in a conversation as a transcript, which "roost test" plays.
People are called alice, bob and so on, IDs are left out, and pauses are moves of the clock. It knows what the store
still has (store.keep.deliveries), and of people only what the bot was told. Read it before you share it: what people
wrote is in it as they wrote it, but for their names.

It asks the Roost that runs with this configuration, or reads its database when none does.`,
		Example: `  roost record telegram/bot#4711 > bots/order-life.chat`,
		Args:    wants("CONVERSATION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			conv, err := chat.ParseConversation(args[0])
			if err != nil {
				return usage(fmt.Errorf("%q is no conversation; one is written like slack/team#C024BE91L", args[0]))
			}
			o, err := c.office(cmd.Context())
			if err != nil {
				return err
			}
			words, err := o.record(cmd.Context(), recording{Conversation: conv, Bot: bot})
			if err := errors.Join(err, o.Close()); err != nil {
				return err
			}
			_, err = io.WriteString(c.out, words)
			return err
		},
	}
	cmd.Flags().StringVar(&bot, "bot", "", "the `NAME` of the bot, where several answer")
	return cmd
}

// recording is what "roost record" asks for.
type recording struct {
	Conversation chat.Conversation `json:"conversation"`
	Bot          string            `json:"bot,omitempty"`
}

// mostRecorded is how many deliveries are looked through.
const mostRecorded = 100_000

func (h *house) record(ctx context.Context, q recording) (string, error) {
	var told, made []chat.Delivery
	err := h.store.Read(ctx, func(v store.Reader) error {
		var err error
		if told, err = v.Deliveries(store.DeliveryFilter{States: []chat.State{chat.Sent}, Limit: mostRecorded}); err != nil {
			return err
		}
		told = slices.DeleteFunc(told, func(d chat.Delivery) bool {
			hear, ok := d.Action.(chat.Hear)
			return !ok || hear.Event.Conversation != q.Conversation
		})
		made, err = v.Deliveries(store.DeliveryFilter{Account: q.Conversation.Account, Limit: mostRecorded})
		return err
	})
	if err != nil {
		return "", err
	}
	bot, err := recorded(told, q)
	if err != nil {
		return "", err
	}
	all := slices.DeleteFunc(told, func(d chat.Delivery) bool { return d.Action.Target().Account != bot })
	all = append(all, slices.DeleteFunc(made, func(d chat.Delivery) bool { return madeBy(d, bot, q.Conversation) == nil })...)
	slices.SortFunc(all, func(a, b chat.Delivery) int { return int(a.ID - b.ID) })
	return writeDown(all, bot, q.Conversation)
}

// recorded is the bot that is to be recorded.
func recorded(told []chat.Delivery, q recording) (chat.Account, error) {
	var bots []chat.Account
	for _, d := range told {
		if a := d.Action.Target().Account; !slices.Contains(bots, a) {
			bots = append(bots, a)
		}
	}
	slices.Sort(bots)
	switch {
	case q.Bot != "" && slices.Contains(bots, chat.BotAccount(q.Bot)):
		return chat.BotAccount(q.Bot), nil
	case len(bots) == 0:
		return "", &exit{exitFindings, fmt.Errorf("no bot was told of anything in %s, or it was too long ago", q.Conversation)}
	case len(bots) == 1 && q.Bot == "":
		return bots[0], nil
	}
	names := make([]string, 0, len(bots))
	for _, b := range bots {
		names = append(names, b.Name())
	}
	return "", usage(fmt.Errorf("say --bot; in %s these were told: %s", q.Conversation, strings.Join(names, ", ")))
}

// madeBy is what a bot did by a delivery; nil when it did not.
func madeBy(d chat.Delivery, bot chat.Account, at chat.Conversation) chat.Act {
	if d.Action.Target() != at {
		return nil
	}
	switch a := d.Action.(type) {
	case chat.Post:
		if d.Source.SaidBy() == bot {
			return chat.Say{Ref: d.Source, Post: a}
		}
	case chat.Edit:
		if d.Of.SaidBy() == bot {
			return chat.Reword{Ref: d.Of, Edit: a}
		}
	case chat.Delete:
		if d.Of.SaidBy() == bot || d.Purpose == "bot" {
			return chat.Unsay{Ref: d.Of}
		}
	case chat.React:
		if d.Purpose == "bot" {
			return chat.Sign{React: a}
		}
	case chat.Pin, chat.Open, chat.Hear:
	}
	return nil
}

func writeDown(all []chat.Delivery, bot chat.Account, at chat.Conversation) (string, error) {
	r, err := bottest.NewRecorder(at)
	if err != nil {
		return "", err
	}
	for _, d := range all {
		if h, ok := d.Action.(chat.Hear); ok {
			r.Heard(h)
		} else {
			r.Did(madeBy(d, bot, at))
		}
	}
	return "# Recorded from the bot " + bot.Name() + ".\n" + r.Transcript(), nil
}
