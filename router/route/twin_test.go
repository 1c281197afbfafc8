package route_test

import (
	"strings"
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/text"
)

// said is an event in a thread of the first place.
func said(words string) chat.Event {
	ev := event(thread(0, "t"), posted(words))
	ev.Root = "root"
	return ev
}

func TestAThreadOpensItsTwinOnce(t *testing.T) {
	t.Parallel()
	mem := newPast()
	m := mirror(0, 1)
	first := plan(t, mem, said("hello, all of you"), m)
	follows(t, first.Deliveries,
		`p1/a#c1: open "hello, all of you", source p0/a#c0/t|thread:t, of p0/a#c0|root, loose`,
		`p1/a#c1: post as Ada "hello, all of you", source p0/a#c0/t|m, answers p0/a#c0|root, within p0/a#c0/t|thread:t, loose`)
	if o, _ := first.Deliveries[0].Action.(chat.Open); !o.Bare {
		t.Errorf("%+v, want it bare", o)
	}
	again := `p1/a#c1: post as Ada "again", source p0/a#c0/t|m, answers p0/a#c0|root, within p0/a#c0/t|thread:t, loose`
	follows(t, plan(t, mem, said("again"), m).Deliveries, again)
	mem.performs(t, first.Deliveries)
	if len(mem.kept) > 0 {
		t.Errorf("%q is kept though the twin is open", mem.kept)
	}
	follows(t, plan(t, mem, said("again"), m).Deliveries, again)
}

// What is said in a twin is said in the thread, and in its other twins.
func TestATwinIsItsThread(t *testing.T) {
	t.Parallel()
	mem := newPast()
	mem.copies = []chat.Copy{
		{Source: ref(place(0), "root"), Dest: ref(place(1), "copy")},
		{Source: thread(0, "t").ThreadRef(), Dest: thread(1, "twin").ThreadRef()},
	}
	ev := event(thread(1, "twin"), posted("hi"))
	ev.Root, ev.Topic = "copy", "Plans\nfor @all"
	follows(t, plan(t, mem, ev, mirror(0, 1, 2)).Deliveries,
		`p0/a#c0: post as Ada "hi", source p1/a#c1/twin|m, answers p0/a#c0|root, within p0/a#c0/t|thread:t, loose`,
		`p2/a#c2: open "Plans for all", source p0/a#c0/t|thread:t, of p0/a#c0|root, loose`,
		`p2/a#c2: post as Ada "hi", source p1/a#c1/twin|m, answers p0/a#c0|root, within p0/a#c0/t|thread:t, loose`)
	ev.What = chat.Posted{Text: text.Plain("yes"), ReplyTo: "asked"}
	res := plan(t, mem, ev, mirror(1, 0))
	follows(t, res.Deliveries, `p0/a#c0: post as Ada "yes", source p1/a#c1/twin|m, answers p1/a#c1/twin|asked, within p0/a#c0/t|thread:t, loose`)
	ev.What = chat.Edited{Text: text.Plain("no")}
	follows(t, plan(t, mem, ev, mirror(1, 0)).Deliveries,
		`p0/a#c0: edit as Ada "no" or "(edited) no", of p1/a#c1/twin|m, answers p0/a#c0|root, within p0/a#c0/t|thread:t, loose`)
}

func TestWhereThereAreNoThreadsTheRootIsAnswered(t *testing.T) {
	t.Parallel()
	const flat = `p1/a#c1: post as Ada "hi", source p0/a#c0/t|m, answers p0/a#c0|root`
	for _, tc := range []struct {
		name string
		with func(*past, *route.Mirror)
		want string
	}{
		{"on the platform", func(p *past, _ *route.Mirror) { p.traits["p1/a"] = chat.Traits{} }, flat},
		{"in the mirror", func(_ *past, m *route.Mirror) { m.Without.Threads = true }, flat},
		{"because it was refused", func(p *past, _ *route.Mirror) {
			p.kept[route.TwinKey(thread(0, "t").ThreadRef(), place(1))] = route.TwinRefused
		}, flat},
		{"in a thread", func(_ *past, m *route.Mirror) { m.Legs[1].At = thread(1, "leg") }, strings.Replace(flat, "c1", "c1/leg", 1)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			mem, m := newPast(), mirror(0, 1)
			tc.with(mem, &m)
			res := plan(t, mem, said("hi"), m)
			follows(t, res.Deliveries, tc.want)
			if res.Keep != nil {
				t.Errorf("%q is kept, want nothing", res.Keep)
			}
		})
	}
}

// A thread with a mirror of its own is not brought along with its place.
func TestAThreadThatIsALegIsNoThread(t *testing.T) {
	t.Parallel()
	own, around := mirror(1), mirror(0, 2)
	own.Legs = append(own.Legs, route.Leg{At: thread(0, "t")})
	follows(t, plan(t, newPast(), said("hi"), around, own).Deliveries, `p1/a#c1: post as Ada "hi", source p0/a#c0/t|m`)
}

func TestATitleIsNeverEmpty(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ topic, said, want string }{
		{"Plans", "hi", "Plans"},
		{"", "hi", "hi"},
		{"", "", "Thread"},
		{"", strings.Repeat("word ", 40), strings.TrimSpace(strings.Repeat("word ", 16)) + "…"},
	} {
		ev := said(tc.said)
		ev.Topic = tc.topic
		if o, _ := plan(t, newPast(), ev, mirror(0, 1)).Deliveries[0].Action.(chat.Open); o.Title != tc.want {
			t.Errorf("%q %q is titled %q, want %q", tc.topic, tc.said, o.Title, tc.want)
		}
	}
}

// opening is the first delivery of a thread: its twin's.
func opening(t *testing.T, mem *past) chat.Delivery {
	t.Helper()
	return plan(t, mem, said("hi"), mirror(0, 1)).Deliveries[0]
}

func TestHowAnOpeningEndedIsRemembered(t *testing.T) {
	t.Parallel()
	for state, want := range map[chat.State]string{
		chat.Sent: "", chat.Dead: "", chat.Cancelled: "", chat.Rejected: route.TwinRefused, chat.Held: route.TwinRefused,
	} {
		mem := newPast()
		d := opening(t, mem)
		d.State = state
		res, mine, err := route.Ended(d, true, false, mem)
		if err != nil || !mine || res.Deliveries != nil {
			t.Fatalf("%s: %+v, %v, %v", state, res, mine, err)
		}
		mem.keeps(res)
		if got := mem.kept[route.TwinKey(d.Source, place(1))]; got != want || want == "" && len(mem.kept) > 0 {
			t.Errorf("%s: %q is kept, want %q", state, mem.kept, want)
		}
	}
	mem := newPast()
	d := opening(t, mem)
	d.State = chat.Sent
	res, _, _ := route.Ended(d, false, false, mem)
	if mem.keeps(res); mem.kept[route.TwinKey(d.Source, place(1))] != route.TwinRefused {
		t.Errorf("%q is kept of a place that has no threads, want %q", mem.kept, route.TwinRefused)
	}
	card := chat.Delivery{Source: ref(place(0), "m"), State: chat.Rejected, Action: chat.Open{To: place(1)}}
	if _, mine, _ := route.Ended(card, true, false, newPast()); mine {
		t.Error("a desk's card is taken for a twin")
	}
}

// lost is a post that was meant for a twin which is gone.
func lost(t *testing.T, mem *past, words string) chat.Delivery {
	t.Helper()
	d := plan(t, mem, said(words), mirror(0, 1)).Deliveries[0]
	p, _ := d.Action.(chat.Post)
	p.To.Thread, p.Key, p.ReplyTo = "gone", "key", "m1"
	d.Action, d.State = p, chat.Rejected
	return d
}

func TestALostTwinIsOpenedAnewOnce(t *testing.T) {
	t.Parallel()
	mem := newPast()
	mem.copies = []chat.Copy{{Source: thread(0, "t").ThreadRef(), Dest: thread(1, "gone").ThreadRef()}}
	ended := func(d chat.Delivery) []chat.Delivery {
		t.Helper()
		res, mine, err := route.Ended(d, true, true, mem)
		if err != nil || !mine {
			t.Fatalf("the end of %s: %v, %v", told(d), mine, err)
		}
		mem.keeps(res)
		return res.Deliveries
	}
	const behind = ", source p0/a#c0/t|m, answers p0/a#c0|root, within p0/a#c0/t|thread:t, loose"
	one, two := lost(t, mem, "one"), lost(t, mem, "two")
	anew := ended(one)
	follows(t, anew, `p1/a#c1: open "one", source p0/a#c0/t|thread:t, loose`, `p1/a#c1: post as Ada "one"`+behind)
	follows(t, ended(two), `p1/a#c1: post as Ada "two"`+behind)
	if p, _ := anew[1].Action.(chat.Post); p.Key != "" || p.ReplyTo != "" {
		t.Errorf("%+v, want what was looked up forgotten", p)
	}
	mem.performs(t, anew)
	// The new one is gone, too.
	again := anew[1]
	p, _ := again.Action.(chat.Post)
	p.To.Thread = "gone too"
	again.Action = p
	flat := ended(again)
	follows(t, flat, `p1/a#c1: post as Ada "one", source p0/a#c0/t|m, answers p0/a#c0|root`)
	if _, mine, err := route.Ended(flat[0], true, true, mem); mine || err != nil {
		t.Errorf("a place that is gone is taken for a twin: %v", err)
	}
}

// Nothing can stand for a thread in its own place.
func TestAThreadThatIsGoneItselfIsFlatFromThenOn(t *testing.T) {
	t.Parallel()
	mem := newPast()
	mem.copies = []chat.Copy{{Source: thread(0, "t").ThreadRef(), Dest: thread(1, "twin").ThreadRef()}}
	ev := event(thread(1, "twin"), posted("hi"))
	d := plan(t, mem, ev, mirror(0, 1)).Deliveries[0]
	p, _ := d.Action.(chat.Post)
	p.To = thread(0, "t")
	d.Action = p
	res, mine, err := route.Ended(d, true, true, mem)
	if err != nil || !mine {
		t.Fatalf("%+v, %v, %v", res, mine, err)
	}
	mem.keeps(res)
	follows(t, res.Deliveries, `p0/a#c0: post as Ada "hi", source p1/a#c1/twin|m`)
	follows(t, plan(t, mem, ev, mirror(0, 1)).Deliveries, `p0/a#c0: post as Ada "hi", source p1/a#c1/twin|m`)
}

func TestOtherEndsAreNoMatterOfTwins(t *testing.T) {
	t.Parallel()
	mem := newPast()
	opening(t, mem)
	d := lost(t, mem, "hi")
	inPlace, _ := d.Action.(chat.Post)
	inPlace.To.Thread = ""
	for name, d := range map[string]chat.Delivery{
		"it is in the place": {Lane: d.Lane, Within: d.Within, Action: inPlace},
		"within no twin":     {Lane: d.Lane, Within: ref(place(0), "card"), Action: d.Action},
		"an edit":            {Lane: d.Lane, Within: d.Within, Action: chat.Edit{To: thread(1, "gone")}},
	} {
		if res, mine, err := route.Ended(d, true, true, mem); mine || err != nil || res.Deliveries != nil {
			t.Errorf("%s: %+v, %v, %v; want nothing", name, res, mine, err)
		}
	}
	if _, mine, err := route.Ended(d, true, false, mem); mine || err != nil {
		t.Errorf("a refusal is taken for a loss: %v", err)
	}
}
