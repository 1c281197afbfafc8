package interop_test

import (
	"testing"

	"github.com/roost-im/roost/test/interop/clienttest"
)

func TestDiscordJS(t *testing.T) {
	t.Parallel()
	node := clienttest.Node(t, "discord.js")
	sim := setup(t)
	c := clienttest.Start(t, environment(sim), node, "discordjs-bot.mjs")
	c.Line(t, "READY")
	converse(t, sim)
	resumes(t, sim)
	c.Finish(t)
}

func TestDiscordJSCalls(t *testing.T) {
	t.Parallel()
	node := clienttest.Node(t, "discord.js")
	sim := forCalls(t)
	done := clienttest.Start(t, environment(sim), node, "discordjs-calls.mjs").Finish(t)
	called(t, sim, done[1:], "the first")
}
