package interop_test

import (
	"testing"

	"github.com/roost-im/roost/test/interop/clienttest"
)

func TestDiscordPy(t *testing.T) {
	t.Parallel()
	python := clienttest.Python(t, "discord")
	sim := setup(t)
	c := clienttest.Start(t, environment(sim), python, "-B", "discordpy-bot.py")
	c.Line(t, "READY")
	converse(t, sim)
	resumes(t, sim)
	c.Finish(t)
}

func TestDiscordPyCalls(t *testing.T) {
	t.Parallel()
	python := clienttest.Python(t, "discord")
	sim := forCalls(t)
	done := clienttest.Start(t, environment(sim), python, "-B", "discordpy-calls.py").Finish(t)
	called(t, sim, done[1:], "the first")
}
