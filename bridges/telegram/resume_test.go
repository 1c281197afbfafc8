package telegram_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/bridgetest"
	"github.com/roost-im/roost/bridges/telegram/telegramsim"
	"github.com/roost-im/roost/router/chat"
)

func TestTheOffsetMovesOnlyWithWhatIsStored(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	tried := make(chan struct{}, 100)
	r.Refuse(func(chat.Batch) error {
		tried <- struct{}{}
		return bridgetest.ErrFull
	})
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "keep me"})
	<-tried
	<-tried
	if n := r.Pending(); n != 1 {
		t.Errorf("%d updates wait at Telegram, want the one that was not stored", n)
	}
	must(t, r.Stop())
	r.Refuse(nil)
	r.again(t)
	r.Hears(t, "keep me")
	r.sees(t, "the offset", func(v *telegramsim.View) bool { return v.Pending() == 0 })
}

func TestUpdatesThatAreCountedAnewAreTaken(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "before"})
	r.Hears(t, "before")
	must(t, r.Stop())
	r.ForgetOffsets()
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "counted anew"})
	r.again(t)
	r.Hears(t, "counted anew")
	r.ForgetOffsets()
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "and while it runs"})
	r.Hears(t, "and while it runs")
	r.sees(t, "the offset", func(v *telegramsim.View) bool { return v.Pending() == 0 })
}

func TestAnOldOffsetIsNotSent(t *testing.T) {
	t.Parallel()
	r := prepare(t, telegramsim.Config{})
	old, err := json.Marshal(map[string]any{"next": 1 << 30, "at": time.Now().Add(-8 * 24 * time.Hour)})
	must(t, err)
	r.Rewind(old)
	r.again(t)
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "after a week"})
	r.Hears(t, "after a week")
	if p := r.Calls("getUpdates")[0].Params; p["offset"] != "" || !strings.Contains(p["allowed_updates"], "message_reaction") {
		t.Errorf("the first poll is %v, want no offset and all kinds named", p)
	}
	must(t, r.Stop())
	r.Rewind([]byte("{"))
	r.launch(t)
	if err := r.Over(t); err == nil || !strings.Contains(err.Error(), "cursor") {
		t.Errorf("Run with a broken cursor = %v", err)
	}
}

func TestAWebhookThatIsLeftOverIsRemoved(t *testing.T) {
	t.Parallel()
	r := prepare(t, telegramsim.Config{})
	r.call(t, "setWebhook", `{"url":"https://left.over.example/"}`)
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "waits"})
	c := connect(t, r.cfg, r.deps)
	found, err := chat.Check(t.Context(), c)
	must(t, err)
	if f := findings(found)["receive"]; f.Grade != chat.Warning {
		t.Errorf("check says %+v, want a warning", f)
	}
	r.launch(t)
	r.Hears(t, "waits")
	must(t, r.Stop())
	r.again(t)
	if n := len(r.Calls("deleteWebhook")); n != 1 {
		t.Errorf("deleteWebhook was called %d times, want once: only when there is one", n)
	}
}

func TestAnotherReaderIsTold(t *testing.T) {
	t.Parallel()
	r := prepare(t, telegramsim.Config{})
	r.Sim.Fail("getUpdates", telegramsim.Fault{Status: 409, Error: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"})
	r.launch(t)
	err := r.Over(t)
	if chat.KindOf(err) != chat.Transient || !strings.HasPrefix(chat.Reason(err), "another program reads this bot's messages") {
		t.Errorf("Run = %v: %s", chat.KindOf(err), chat.Reason(err))
	}
}

func TestATokenThatNobodyKnowsEndsTheRun(t *testing.T) {
	t.Parallel()
	r := prepare(t, telegramsim.Config{})
	r.Sim.Fail("", telegramsim.Fault{Status: 404, Error: "Not Found"})
	r.launch(t)
	if err := r.Over(t); chat.KindOf(err) != chat.LoggedOut {
		t.Errorf("Run = %v, want LoggedOut", err)
	}
	found, err := chat.Check(t.Context(), r.conn)
	must(t, err)
	if len(found) != 1 || found[0].Grade != chat.Broken || found[0].Mend == "" {
		t.Errorf("check says %+v, want one that is broken", found)
	}
}

func TestOddUpdatesAreCountedOneByOne(t *testing.T) {
	t.Parallel()
	r := start(t, telegramsim.Config{})
	r.HoldEvents(true)
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "one"})
	r.Odd(t)
	r.says(t, r.ada, r.ada, telegramsim.Draft{Text: "two"})
	r.HoldEvents(false)
	r.Hears(t, "one")
	r.Hears(t, "two")
	r.seen.Lock()
	defer r.seen.Unlock()
	if len(r.skipped) == 0 || r.skipped[0] == "message" {
		t.Errorf("skipped %q, want the update of an unknown kind by its name", r.skipped)
	}
}
