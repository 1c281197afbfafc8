package encrypted

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/roost-im/roost/bridges/x/internal/api"
	"github.com/roost-im/roost/bridges/x/internal/dm"
	"github.com/roost-im/roost/bridges/x/xchat"
	"github.com/roost-im/roost/router/chat"
)

const namedSealed = "encrypted messages"

// checkup is a look at an account's encrypted messages.
type checkup struct {
	dm.Findings

	a Account
}

// Check finds out whether people can write encrypted messages to the account, whose user ID is self, and whether those are received,
// which sealed says.
func (a Account) Check(ctx context.Context, self string) (found []chat.Finding, sealed bool) {
	d := &checkup{a: a}
	sealed = d.look(ctx, self)
	return d.Found, sealed
}

func (d *checkup) look(ctx context.Context, self string) (sealed bool) {
	listed, err := listedKeys(ctx, d.a.API, self)
	if err != nil {
		d.Add(chat.Warning, namedSealed, "it is not known whether people write encrypted messages to the account: "+chat.Reason(err), "")
		return false
	}
	own, err := d.a.own(ctx)
	switch {
	case err != nil:
		d.Failed(chat.Broken, namedSealed, err)
	case own == nil:
		d.unsealed(listed)
	default:
		newest := d.keys(*own, listed)
		d.conversations(ctx, newest)
		d.waiting(ctx, newest)
		return true
	}
	return false
}

// unsealed tells of an account that does not take encrypted messages here.
func (d *checkup) unsealed(listed []xchat.PublicKeys) {
	login := "run roost login " + string(d.a.Name) + " --chat"
	switch {
	case len(listed) > 0 && d.a.Off:
		d.Add(chat.Warning, namedSealed, "people can write encrypted messages to the account; those are missed, because chat is off", "take chat: off out, and "+login)
	case len(listed) > 0:
		d.Add(chat.Warning, namedSealed, "people can write encrypted messages to the account; those are missed, because its keys are not here", login)
	case d.a.Off:
		d.Add(chat.Fine, namedSealed, "the account has no keys, so people write to it in the clear", "")
	default:
		d.Add(chat.Fine, namedSealed, "the account has no keys, so people write to it in the clear; whoever takes encrypted messages only can't be answered", login)
	}
}

// keys tells under which keys people write, and whether those here are the newest.
func (d *checkup) keys(own ownKeys, listed []xchat.PublicKeys) (newest bool) {
	newer := newerThan(own.version, listed)
	if newer == "" {
		d.Add(chat.Fine, "keys", fmt.Sprintf("X lists the account's keys (version %s, fingerprint %s)", own.version, own.fingerprint()), "")
		return true
	}
	mend := "import them: roost login " + string(d.a.Name) + " --chat --keys FILE"
	if !d.a.Fixed.IsZero() {
		mend = "put them into chat_keys of the settings"
	}
	d.Add(chat.Warning, "keys", fmt.Sprintf("X lists newer keys (version %s) than those here (version %s): what people write for them can't be read", newer, own.version), mend)
	return false
}

// conversations sees whether encrypted messages can be read.
func (d *checkup) conversations(ctx context.Context, newest bool) {
	if err := d.a.Purse.Read(ctx); err != nil {
		d.Failed(chat.Warning, namedSealed, err)
		return
	}
	var got struct {
		Meta struct {
			HasRequests bool `json:"has_message_requests"`
		} `json:"meta"`
	}
	r := api.Request{Op: "x: look up conversations", Method: http.MethodGet, Path: "/2/chat/conversations", Query: url.Values{"max_results": {"1"}}}
	if _, err := d.a.API.Call(ctx, r, &got); err != nil {
		d.Failed(chat.Broken, namedSealed, err)
		return
	}
	said := "can be read and written"
	if !newest {
		said = "those for the keys here can be read and written"
	}
	d.Add(chat.Fine, namedSealed, said, "")
	if got.Meta.HasRequests {
		d.Add(chat.Warning, "message requests", "people whom the account has not accepted have written; X does not give those messages", "accept them in X's own app")
	}
}

// waiting tells of messages whose keys have not come.
func (d *checkup) waiting(ctx context.Context, newest bool) {
	t := talks{keep: d.a.Keep, log: d.a.Log}
	n, err := t.locked(ctx)
	if err != nil {
		d.Failed(chat.Warning, "waiting", err)
		return
	}
	if n == 0 {
		return
	}
	where := "one conversation"
	if n > 1 {
		where = fmt.Sprintf("%d conversations", n)
	}
	why, mend := "X has not given their keys", "ask those people to write again"
	if !newest { // they would write for the newer ones again
		why, mend = "they may be for the newer keys", "import those; what waits is read then"
	}
	d.Add(chat.Warning, "waiting", "in "+where+" there are messages that can't be read, because "+why, mend)
}
