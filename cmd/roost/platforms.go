package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/discord"
	"github.com/roost-im/roost/bridges/slack"
	"github.com/roost-im/roost/bridges/telegram"
	"github.com/roost-im/roost/bridges/webhook"
	"github.com/roost-im/roost/bridges/x"
	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router/chat"
)

// platform is what the command must know of a platform: how its settings are read, how its connector is made, and how
// one logs in where that takes more than a token.
type platform struct {
	name   string
	decode func(decode func(into any) error) (any, error)
	open   func(settings any, deps bridges.Deps) (chat.Connector, error)
	direct func(id chat.ConversationID) bool                                                                    // whether an ID is that of a direct conversation; nil: it does not tell
	fixed  func(settings any) bool                                                                              // whether these settings need no login; nil: all need one
	login  func(ctx context.Context, settings any, deps bridges.Deps, opt loginOptions) (who string, err error) // nil: not needed
	// loginKeys gets an account its keys for encrypted messages; nil: there are none on the platform.
	loginKeys func(ctx context.Context, conn chat.Connector, q keyQuestion) (keyAnswer, error)
	// commands says whether people can give a desk commands in its threads, for which the connector must know where those are.
	commands bool
}

// platforms are all there are.
var platforms = []platform{
	{name: "x", decode: decode[x.Config], open: open(x.New), fixed: fixedX, login: loginX, loginKeys: loginKeysX},
	{name: "slack", decode: decode[slack.Config], open: open(slack.New), direct: slack.Direct},
	{name: "discord", decode: decode[discord.Config], open: open(discord.New), commands: true},
	{name: "telegram", decode: decode[telegram.Config], open: open(telegram.New), direct: telegram.Direct, commands: true},
	{name: "webhook", decode: decode[webhook.Config], open: open(webhook.New)},
}

func decode[T any](decode func(into any) error) (any, error) {
	var settings T
	err := decode(&settings)
	return settings, err
}

func open[T any, C chat.Connector](connect func(T, bridges.Deps) (C, error)) func(any, bridges.Deps) (chat.Connector, error) {
	return func(settings any, deps bridges.Deps) (chat.Connector, error) {
		s, ok := settings.(T)
		if !ok {
			return nil, fmt.Errorf("%s: settings are %T", deps.Account, settings)
		}
		return connect(s, deps)
	}
}

func platformOf(a chat.Account) (platform, bool) {
	for _, p := range platforms {
		if p.name == a.Platform() {
			return p, true
		}
	}
	return platform{}, false
}

// knownPlatforms are the platforms as the configuration knows them.
func knownPlatforms() []configs.Platform {
	known := make([]configs.Platform, 0, len(platforms))
	for _, p := range platforms {
		known = append(known, configs.Platform{Name: p.name, Decode: p.decode, Direct: p.direct})
	}
	return known
}

// load reads the configuration file. Whatever is wrong with it is a usage error.
func (c *common) load() (*configs.File, error) {
	f, err := configs.Load(c.config, c.env, knownPlatforms())
	if err != nil {
		for _, fault := range configs.Faults(err) {
			if fault.Line == 0 && errors.Is(fault, fs.ErrNotExist) {
				fault.Hint = "-c FILE names another"
			}
		}
		return nil, usage(err)
	}
	return f, nil
}
