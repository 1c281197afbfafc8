package router_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/roost-im/roost/router"
	"github.com/roost-im/roost/router/chat"
)

// wishes is what a bot wants that is called by a command, answers what is said to nobody else, and may wait for an answer.
func wishes(command string, all bool) func(chat.Event) chat.Wish {
	return func(ev chat.Event) chat.Wish {
		said, ok := ev.What.(chat.Posted)
		named := ok && strings.HasPrefix(said.Text.Body, command)
		return chat.Wish{Now: ok, Named: named, Idle: !named && !all, Kept: "waits" + command}
	}
}

// Where several bots listen, one is meant: the one that is called, otherwise the one that waits for an answer, otherwise all.
// What hears everything hears everything.
func TestOneBotIsMeant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, order, faq, filter := newTown("telegram/bot"), newBot("order", nil), newBot("faq", nil), newBot("filter", nil)
		order.wants, faq.wants, filter.wants = wishes("/order", false), wishes("/faq", false), wishes("/filter", true)
		listen := router.Bot{Accounts: []chat.Account{m.account}}
		w := newBotWorld(t, router.Setup{Bots: []router.Bot{order.in(listen), faq.in(listen), filter.in(listen)}}, []*bot{order, faq, filter}, m)
		dm := m.place("dm-ann")
		w.says(t, m, "Ann", dm, "hi")
		w.says(t, m, "Ann", dm, "/order")
		w.keep(t, "waits/order", []byte("x"))
		w.says(t, m, "Ann", dm, "M")
		w.says(t, m, "Ann", dm, "/faq")
		w.keep(t, "waits/order", nil)
		w.says(t, m, "Ann", dm, "thanks")
		hears(t, order, "hi", "/order", "M", "thanks")
		hears(t, faq, "hi", "/faq", "thanks")
		hears(t, filter, "hi", "/order", "M", "/faq", "thanks")
	})
}
