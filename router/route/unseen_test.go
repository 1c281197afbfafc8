package route_test

import (
	"errors"
	"testing"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/route"
	"github.com/roost-im/roost/router/text"
)

// edited is the end of what a mirror made of the edit of a message in a place: its copy is not there.
func edited(t *testing.T, mem *past, at chat.Conversation) (res route.Result, mine bool) {
	t.Helper()
	ev := event(at, chat.Edited{Text: text.Plain("tea?"), ReplyTo: "asked"})
	ev.Root = "root"
	ds := plan(t, mem, ev, mirror(0, 1)).Deliveries
	if len(ds) != 1 {
		t.Fatalf("%d deliveries, want an edit", len(ds))
	}
	d := ds[0]
	d.State, d.Within = chat.Rejected, chat.Ref{} // it goes where its message is
	res, mine, err := route.Ended(d, false, true, mem)
	if err != nil {
		t.Fatal(err)
	}
	return res, mine
}

func TestAnEditOfWhatNeverWasThereIsAMessage(t *testing.T) {
	t.Parallel()
	mem := newPast()
	res, mine := edited(t, mem, place(0))
	if !mine {
		t.Error("it is told as a failure")
	}
	follows(t, res.Deliveries, `p1/a#c1: post as Ada "(edited) tea?", source p0/a#c0|m, answers p0/a#c0|asked, loose`)
	mem.performs(t, res.Deliveries)
	if res, mine = edited(t, mem, place(0)); mine || res.Deliveries != nil {
		t.Errorf("of a copy that somebody took away there follows %+v, want nothing", res.Deliveries)
	}
}

func TestAnEditOfWhatNeverWasThereBelongsInItsTwin(t *testing.T) {
	t.Parallel()
	const flat = `p1/a#c1: post as Ada "(edited) tea?", source p0/a#c0/t|m, answers p0/a#c0/t|asked`
	twin := chat.Copy{Source: thread(0, "t").ThreadRef(), Dest: thread(1, "twin").ThreadRef()}
	for name, tc := range map[string]struct {
		with func(*past)
		want string
	}{
		"open":        {func(p *past) { p.copies = append(p.copies, twin) }, flat + ", within p0/a#c0/t|thread:t, loose"},
		"asked for":   {func(p *past) { p.kept[route.TwinKey(twin.Source, place(1))] = route.TwinAsked }, flat + ", within p0/a#c0/t|thread:t, loose"},
		"refused":     {func(p *past) { p.kept[route.TwinKey(twin.Source, place(1))] = route.TwinRefused }, flat + ", loose"},
		"never asked": {func(*past) {}, flat + ", loose"},
		"its thread": {func(p *past) {
			p.copies = append(p.copies, chat.Copy{Source: twin.Dest, Dest: twin.Source})
		}, flat + ", within p1/a#c1/twin|thread:twin, loose"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mem := newPast()
			tc.with(mem)
			res, _ := edited(t, mem, thread(0, "t"))
			follows(t, res.Deliveries, tc.want)
		})
	}
}

func TestOtherEditsAreLeftToFail(t *testing.T) {
	t.Parallel()
	stands := &chat.Post{To: place(1), Text: text.Plain("(edited) tea?")}
	edit := chat.Delivery{Lane: chat.LaneTo(place(1)), Of: ref(place(0), "m"), Action: chat.Edit{To: place(1), Else: stands}}
	alone, own, none := edit, edit, edit
	alone.Action = chat.Edit{To: place(1)}
	own.Of = ref(place(1), "m")
	none.Of = chat.Ref{}
	for name, d := range map[string]chat.Delivery{"nothing stands for it": alone, "of a message in its own place": own, "of no message": none} {
		if res, mine, err := route.Ended(d, false, true, newPast()); mine || err != nil || res.Deliveries != nil {
			t.Errorf("%s: %+v, %v, %v; want nothing", name, res, mine, err)
		}
	}
	if res, mine, err := route.Ended(edit, false, false, newPast()); mine || err != nil || res.Deliveries != nil {
		t.Errorf("one that was refused: %+v, %v, %v; want nothing", res, mine, err)
	}
	mem := newPast()
	mem.err = errors.New("the disk is gone")
	if _, _, err := route.Ended(edit, false, true, mem); !errors.Is(err, mem.err) {
		t.Errorf("without a memory: %v, want its error", err)
	}
}
