package discordsim_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"
	"go.uber.org/goleak"

	"github.com/roost-im/roost/bridges/discord/discordsim"
)

const (
	ada      = "200000000000000001"
	bob      = "200000000000000002"
	home     = "300000000000000001"
	general  = "400000000000000001"
	support  = "400000000000000002"
	news     = "400000000000000003"
	deadline = 10 * time.Second
)

func TestMain(m *testing.M) {
	// disgo leaves this one behind when it is closed.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/disgoorg/disgo/rest.(*rateLimiterImpl).cleanup"))
}

// world is one simulated Discord with two people, a guild, a text channel, a forum and an announcement channel.
type world struct {
	*discordsim.Sim
}

func setup(t *testing.T, change ...func(*discordsim.Config)) world {
	t.Helper()
	cfg := discordsim.Config{}
	for _, c := range change {
		c(&cfg)
	}
	sim := discordsim.New(cfg)
	sim.AddUser(discordsim.User{ID: ada, Name: "ada", GlobalName: "Ada Lovelace"})
	sim.AddUser(discordsim.User{ID: bob, Name: "bob"})
	sim.AddGuild(discordsim.Guild{ID: home, Name: "Home"})
	sim.AddChannel(discordsim.Channel{ID: general, Guild: home, Name: "general", Topic: "talk"})
	sim.AddChannel(discordsim.Channel{ID: support, Guild: home, Name: "support", Type: discordsim.ChannelForum, Tags: []string{"open", "closed"}})
	sim.AddChannel(discordsim.Channel{ID: news, Guild: home, Name: "news", Type: discordsim.ChannelAnnouncement})
	if err := sim.Start("127.0.0.1:0"); err != nil {
		t.Fatalf("Start: %v", err)
	}
	t.Cleanup(sim.Close)
	return world{sim}
}

// until waits for a state, ten seconds at most.
func (w world) until(t *testing.T, what string, ok func(*discordsim.View) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	if err := w.Wait(ctx, ok); err != nil {
		t.Fatalf("waiting for %s: %v", what, err)
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

// turned leads requests for discord.com to the simulator: discordgo's addresses are variables of its package.
type turned struct{ to *url.URL }

func (t turned) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host, r.Host = t.to.Scheme, t.to.Host, t.to.Host
	return http.DefaultTransport.RoundTrip(r)
}

// bot is a discordgo session that was not opened.
func (w world) bot(t *testing.T) *discordgo.Session {
	t.Helper()
	s := must(discordgo.New("Bot " + w.Token()))(t)
	base := must(url.Parse(w.URL()))(t)
	s.Client = &http.Client{Transport: turned{base}, Timeout: deadline}
	s.Identify.Intents = discordgo.IntentsAll
	s.SyncEvents = true
	return s
}

// open connects a discordgo session and waits until it was told READY.
func (w world) open(t *testing.T, s *discordgo.Session) {
	t.Helper()
	if err := s.Open(); err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
}

// next takes one event.
func next[T any](t *testing.T, events <-chan T) T {
	t.Helper()
	select {
	case ev := <-events:
		return ev
	case <-time.After(deadline):
		var none T
		t.Fatalf("no %T came", none)
		return none
	}
}
