package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-im/roost/configs"
	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
)

func TestAMirrorIsTakenAsItIsWritten(t *testing.T) {
	t.Parallel()
	at := func(id chat.ConversationID) chat.Conversation {
		return chat.Conversation{Account: "slack/team", ID: id}
	}
	pattern := regexp.MustCompile("^!")
	got := mirror("lounge", &configs.Mirror{
		Legs: []configs.Leg{
			{At: at("a"), Direction: configs.In}, {At: at("b"), Direction: configs.Out, Bots: []string{}}, {At: at("c"), Direction: configs.Both},
		},
		Name: "{name}!", Prefix: "{name}> ", Bots: []string{"all"}, Joins: true, Edits: true, Reactions: true,
		Skip: configs.Filter{Authors: []string{"U1"}, Kinds: []configs.Kind{"image"}}, Only: configs.Filter{Text: []*regexp.Regexp{pattern}},
	})
	want := route.Mirror{
		Name: "lounge", Names: route.Names{Name: "{name}!", Prefix: "{name}> "}, Bots: []string{"all"}, Joins: true,
		Legs:    []route.Leg{{At: at("a"), Deaf: true}, {At: at("b"), Silent: true, Bots: []string{}}, {At: at("c")}},
		Skip:    route.Filter{Authors: []string{"U1"}, Kinds: []route.Kind{route.KindImage}},
		Only:    route.Filter{Text: []*regexp.Regexp{pattern}},
		Without: route.Without{Deletes: true, Threads: true, Pins: true},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b *regexp.Regexp) bool { return a.String() == b.String() })); diff != "" {
		t.Errorf("it differs (-want +got):\n%s", diff)
	}
}

func TestRoutesAreTakenInTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	routes := map[string]configs.Route{"a": {Line: 9}, "b": {Line: 3}, "c": {Line: 6}, "d": {Line: 3}}
	if got, want := inOrder(routes), []string{"b", "d", "c", "a"}; !slices.Equal(got, want) {
		t.Errorf("in order %q, want %q", got, want)
	}
}

// What the configuration lets people write the router must know.
func TestTheRouterKnowsTheWordsOfAMirror(t *testing.T) {
	t.Parallel()
	kinds := []string{
		string(route.KindText), string(route.KindImage), string(route.KindVideo), string(route.KindAudio), string(route.KindFile), string(route.KindReply),
	}
	if got := configs.Kind("").Choices(); !slices.Equal(got, kinds) {
		t.Errorf("kinds %q can be written, and %q are known", got, kinds)
	}
	config := write(t, strings.Replace(offline, "{mirror: [slack/team#C0HERE, slack/team#C0THERE]}",
		`{mirror: {between: [slack/team#C0HERE, slack/team#C0THERE], name: "{name} {handle} {platform} {account} {place}"}}`, 1))
	f, err := (&common{config: config, world: world{env: func(string) (string, bool) { return "", false }}}).load()
	if err != nil {
		t.Fatal(err)
	}
	ev := chat.Event{
		ID: "e", Conversation: chat.Conversation{Account: "slack/team", ID: "C0HERE"}, Message: "m", Author: chat.Author{ID: "1", Name: "Ann", Handle: "ann"},
		What: chat.Posted{},
	}
	table := route.NewTable([]route.Mirror{mirror("lounge", f.Routes["lounge"].Mirror)})
	res, err := table.Plan(ev, noMemory{})
	if err != nil || len(res.Deliveries) != 1 {
		t.Fatalf("%+v, %v, want one delivery", res, err)
	}
	if p, _ := res.Deliveries[0].Action.(chat.Post); p.As == nil || p.As.Name != "Ann ann slack team C0HERE" {
		t.Errorf("it is shown as %+v, want every variable filled in", p.As)
	}
}

// noMemory is the memory of a Roost that nothing has happened to.
type noMemory struct{ route.Memory }

func (noMemory) Traits(chat.Account) (chat.Traits, bool) { return chat.Traits{}, false }
