package desk

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/roost-im/roost/router/chat"
)

// holdMost is the longest hold that makes sense: it is for a slip, not for a schedule.
const holdMost = time.Hour

// Validate reports every fault of d, joined, or nil.
func (d Desk) Validate() error {
	var faults []error
	fault := func(format string, a ...any) { faults = append(faults, fmt.Errorf(format, a...)) }
	if d.Name == "" {
		fault("a desk needs a name")
	}
	if len(d.Surfaces) == 0 {
		fault("a desk needs a surface")
	}
	for i, on := range d.Surfaces {
		if slices.ContainsFunc(d.Surfaces[:i], func(o Surface) bool { return o.At == on.At }) {
			fault("surface %s is there twice", on.At)
		}
		faults = append(faults, on.faults()...)
	}
	for _, mark := range []string{d.NoteMark, d.SendMark} {
		if strings.TrimSpace(mark) != mark {
			fault("mark %q: a mark has no spaces at its ends", mark)
		}
	}
	if strings.HasPrefix(d.sendMark(), d.noteMark()) {
		fault("send mark %q begins like the note mark %q, so nothing would ever be sent with it", d.sendMark(), d.noteMark())
	}
	if d.Hold < 0 || d.Hold > holdMost {
		fault("hold %s: it is between 0 and %s", d.Hold, holdMost)
	}
	if d.Remind.After < 0 {
		fault("remind after %s: it can't be negative", d.Remind.After)
	}
	if d.Revive < 0 {
		fault("revive %s: it can't be negative", d.Revive)
	}
	return errors.Join(faults...)
}

func (on Surface) faults() []error {
	var faults []error
	if on.At.IsZero() {
		faults = append(faults, errors.New("a surface needs a place"))
	}
	if on.At.Thread != "" {
		faults = append(faults, fmt.Errorf("surface %s: it is a channel, group or forum, not a thread", on.At))
	}
	switch on.Reply {
	case Send, Ask, Note, Alerts:
	default:
		faults = append(faults, fmt.Errorf("surface %s: reply mode %q is none of send, ask, note and alerts", on.At, on.Reply))
	}
	if slices.Contains(on.Members, chat.PersonID("")) {
		faults = append(faults, fmt.Errorf("surface %s: a member has no ID", on.At))
	}
	return faults
}
