package discord

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// cursor is where to go on reading, as it is stored. Everything up to All was taken in everywhere, and in each channel of In up
// to its mark. The numbers are snowflakes.
type cursor struct {
	All uint64            `json:"all"`
	In  map[string]uint64 `json:"in,omitempty"`
}

// overtaken is by how much a message may come after a later one of another channel.
const overtaken = 30 * time.Second

// tide knows up to which message each channel was taken in, and which of them may have a gap before what is heard live. The
// mark of a channel with a gap moves only as its history is read. One goroutine owns it.
type tide struct {
	marks   cursor
	gaps    map[string]uint64 // from where the channel is read
	queue   []string          // the gaps, in the order in which they are filled
	late    map[string]bool   // channels whose gap what is heard live does not wait for any more
	pending map[string]bool   // servers of which we have not been told yet
	live    uint64            // the last message heard live
}

func newTide(stored []byte, now uint64) (*tide, error) {
	t := &tide{gaps: map[string]uint64{}, late: map[string]bool{}, pending: map[string]bool{}}
	if len(stored) > 0 {
		if err := json.Unmarshal(stored, &t.marks); err != nil {
			return nil, fmt.Errorf("discord: read the cursor: %w", err)
		}
	}
	if t.marks.All == 0 {
		t.marks.All = now
	}
	if t.marks.In == nil {
		t.marks.In = map[string]uint64{}
	}
	return t, nil
}

// from is up to where a channel was taken in.
func (t *tide) from(channel string) uint64 { return max(t.marks.All, t.marks.In[channel]) }

// missed says that a channel has messages up to last, and that those before since don't matter.
func (t *tide) missed(channel string, last, since uint64) {
	if from := max(t.from(channel), since); last > from {
		t.open(channel, from)
	}
}

// open says that something may have been missed in a channel after from.
func (t *tide) open(channel string, from uint64) {
	if had, is := t.gaps[channel]; is {
		t.gaps[channel] = min(had, from)
		return
	}
	t.gaps[channel] = from
	t.queue = append(t.queue, channel)
}

// next gives a channel to fill. ok is false when there is none.
func (t *tide) next() (channel string, ok bool) {
	if len(t.queue) == 0 {
		return "", false
	}
	return t.queue[0], true
}

// again puts a channel that could not be read at the end of the queue.
func (t *tide) again(channel string) {
	if i := slices.Index(t.queue, channel); i >= 0 {
		t.queue = append(slices.Delete(t.queue, i, i+1), channel)
	}
	t.late[channel] = true
}

// filled ends the gap of a channel.
func (t *tide) filled(channel string) {
	delete(t.gaps, channel)
	delete(t.late, channel)
	if i := slices.Index(t.queue, channel); i >= 0 {
		t.queue = slices.Delete(t.queue, i, i+1)
	}
}

// waits says whether what is heard live in a channel should wait for what was missed in it.
func (t *tide) waits(channel string) bool {
	_, gap := t.gaps[channel]
	return gap && !t.late[channel]
}

// with is the cursor to store with these marks moved. It may fall behind, and never is ahead of what was accepted.
func (t *tide) with(marks map[string]uint64) []byte {
	c := cursor{All: t.marks.All, In: maps.Clone(t.marks.In)}
	for channel, id := range marks {
		c.In[channel] = max(c.In[channel], id)
	}
	if len(t.gaps) == 0 && len(t.pending) == 0 {
		live := t.live
		for _, id := range marks {
			live = max(live, id)
		}
		c = c.level(before(live))
	}
	raw, _ := json.Marshal(c) // numbers always encode
	return raw
}

// reached moves marks after their cursor was stored.
func (t *tide) reached(marks map[string]uint64) {
	for channel, id := range marks {
		t.marks.In[channel] = max(t.marks.In[channel], id)
		t.live = max(t.live, id)
	}
	if len(t.gaps) == 0 && len(t.pending) == 0 {
		t.marks = t.marks.level(before(t.live))
	}
}

// before is the snowflake that is by overtaken older.
func before(id uint64) uint64 {
	const back = uint64(overtaken/time.Millisecond) << 22
	if id < back {
		return 0
	}
	return id - back
}

// level is the cursor with everything up to id taken in, so that marks before it can go.
func (c cursor) level(id uint64) cursor {
	moved := cursor{All: max(c.All, id), In: map[string]uint64{}}
	for channel, at := range c.In {
		if at > moved.All {
			moved.In[channel] = at
		}
	}
	return moved
}
