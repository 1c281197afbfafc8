package slacksim_test

import (
	"context"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"go.uber.org/goleak"

	"github.com/roost-im/roost/bridges/slack/slacksim"
)

const (
	ada     = "U0ADA000001"
	bob     = "U0BOB000001"
	general = "C0GENERAL01"
	support = "C0SUPPORT01"
	secret  = "C0SECRET001"
	private = "D0ADA000001"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// world is one simulated workspace with two people, two public channels, a private one and a direct message.
type world struct {
	*slacksim.Sim
	api *slack.Client
}

func setup(t *testing.T, change ...func(*slacksim.Config)) world {
	t.Helper()
	cfg := slacksim.Config{}
	for _, c := range change {
		c(&cfg)
	}
	sim := slacksim.New(cfg)
	sim.AddUser(slacksim.User{ID: ada, Name: "ada", RealName: "Ada Lovelace", Display: "Ada", Email: "ada@example.org"})
	sim.AddUser(slacksim.User{ID: bob, Name: "bob", RealName: "Bob"})
	sim.AddChannel(slacksim.Channel{ID: general, Name: "general"})
	sim.AddChannel(slacksim.Channel{ID: support, Name: "support"})
	sim.AddChannel(slacksim.Channel{ID: secret, Name: "secret", Private: true, Members: []string{ada}})
	sim.AddChannel(slacksim.Channel{ID: private, IM: true, Members: []string{ada}})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(sim.Close)
	return world{Sim: sim, api: client(sim, sim.BotToken())}
}

func client(sim *slacksim.Sim, token string, more ...slack.Option) *slack.Client {
	return slack.New(token, append([]slack.Option{slack.OptionAPIURL(sim.URL() + "/api/")}, more...)...)
}

// until waits for a state, ten seconds at most.
func (w world) until(t *testing.T, what string, ok func(*slacksim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := w.Wait(ctx, ok); err != nil {
		t.Fatalf("waiting for %s: %v; mail %+v", what, err, w.Mail())
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatalf("unexpected error: %v", err)
		}
		return v
	}
}
