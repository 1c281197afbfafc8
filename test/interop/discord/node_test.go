package interop_test

import (
	"testing"

	"github.com/roost-im/roost/bridges/discord/discordsim"
	"github.com/roost-im/roost/test/interop/clienttest"
)

func TestDiscordJS(t *testing.T) {
	t.Parallel()
	node := clienttest.Node(t, "discord.js")
	sim := setup(t)
	c := clienttest.Start(t, environment(sim), node, "discordjs-bot.mjs")
	c.Line(t, "READY")
	converse(t, sim)
	options(t, sim)
	resumes(t, sim)
	c.Finish(t)
}

// options gives a command a person, a number and a choice.
func options(t *testing.T, sim *discordsim.Sim) {
	t.Helper()
	must(t, sim.Slash(ada, general, "thank", map[string]string{"who": bob, "times": "2.5", "how": "very"}))
	hears(t, sim, general, "thanks bob bob 2.5 very")
	if err := sim.Slash(ada, general, "thank", map[string]string{"who": bob, "times": "10"}); err == nil {
		t.Error("a number beyond its bounds was taken")
	}
	if err := sim.Slash(ada, sim.DM(ada), "thank", map[string]string{"who": bob, "times": "1"}); err == nil {
		t.Error("a command of servers was offered in a direct message")
	}
}

func TestDiscordJSCalls(t *testing.T) {
	t.Parallel()
	node := clienttest.Node(t, "discord.js")
	sim := forCalls(t)
	done := clienttest.Start(t, environment(sim), node, "discordjs-calls.mjs").Finish(t)
	called(t, sim, done[1:], "the first")
}
