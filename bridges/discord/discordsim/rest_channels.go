package discordsim

import (
	"slices"
	"strconv"
)

func channelRoutes() []route {
	return []route{
		{method: "GET", path: "/channels/{channel}", serve: readChannel},
		{method: "PATCH", path: "/channels/{channel}", serve: editChannel},
		{method: "DELETE", path: "/channels/{channel}", serve: deleteChannel},
	}
}

func readChannel(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermView)
	if err != nil {
		return nil, err
	}
	return w.wireChannel(ch), nil
}

// deleteChannel deletes a channel or thread; a DM is only closed.
func deleteChannel(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermView)
	if err != nil {
		return nil, err
	}
	need := PermManageChannels
	if ch.Type.thread() {
		need = PermManageThreads
	}
	if err := w.permit(ch, need); err != nil {
		return nil, err
	}
	out := w.wireChannel(ch)
	if ch.Guild != "" {
		w.drop(ch)
	}
	w.bump()
	return out, nil
}

// channelForm is what can be changed of a channel or a thread.
type channelForm struct {
	Name      *string      `json:"name"`
	Topic     *string      `json:"topic"`
	Slow      *int         `json:"rate_limit_per_user"`
	Tags      []tagForm    `json:"available_tags"`
	Flags     *int         `json:"flags"`
	Position  *int         `json:"position"`
	Parent    *snowflake   `json:"parent_id"`
	Archived  *bool        `json:"archived"`
	Locked    *bool        `json:"locked"`
	Keep      *int         `json:"auto_archive_duration"`
	Invitable *bool        `json:"invitable"`
	Applied   *[]snowflake `json:"applied_tags"`
}

// tagForm is a forum's tag in a request; one with a known id keeps it.
type tagForm struct {
	ID        snowflake `json:"id"`
	Name      string    `json:"name"`
	Moderated bool      `json:"moderated"`
	EmojiID   snowflake `json:"emoji_id"`
	EmojiName string    `json:"emoji_name"`
}

func (f tagForm) tag(w *world) tag {
	id := string(f.ID)
	if number(id) == 0 {
		id = w.newID()
	}
	return tag{ID: id, Name: f.Name, Moderated: f.Moderated, EmojiID: orNull(string(f.EmojiID)), EmojiName: orNull(f.EmojiName)}
}

const (
	maxTags    = 20
	maxApplied = 5
)

func editChannel(w *world, c *call) (any, error) {
	ch, err := w.reach(c, PermView)
	if err != nil {
		return nil, err
	}
	var in channelForm
	if err := c.into(&in); err != nil {
		return nil, err
	}
	if err := in.check(ch); err != nil {
		return nil, err
	}
	if ch.Type.thread() {
		return w.editThread(ch, &in)
	}
	if ch.Guild == "" {
		return nil, errInDM
	}
	if err := w.permit(ch, PermManageChannels); err != nil {
		return nil, err
	}
	set(&ch.Name, in.Name)
	set(&ch.Topic, in.Topic)
	set(&ch.Slow, in.Slow)
	set(&ch.flags, in.Flags)
	set(&ch.position, in.Position)
	if in.Parent != nil || c.has("parent_id") {
		ch.Parent = ""
		set(&ch.Parent, (*string)(in.Parent))
	}
	if c.has("available_tags") {
		w.retag(ch, in.Tags)
	}
	w.channelEvent("CHANNEL_UPDATE", ch)
	w.bump()
	return w.wireChannel(ch), nil
}

// set changes a field when there is something to change it to.
func set[T any](field, to *T) {
	if to != nil {
		*field = *to
	}
}

// check holds the fields against their limits.
func (in *channelForm) check(ch *channel) error {
	t := &tree{}
	if in.Name != nil {
		t.size("name", *in.Name, 1, 100)
	}
	if in.Topic != nil {
		most := 1024
		if ch.Type.forum() {
			most = 4096
		}
		t.size("topic", *in.Topic, 0, most)
	}
	if in.Slow != nil && (*in.Slow < 0 || *in.Slow > 21600) {
		t.add("rate_limit_per_user", "NUMBER_TYPE_MAX", "int value should be less than or equal to 21600.")
	}
	if in.Keep != nil && !slices.Contains([]int{60, 1440, 4320, 10080}, *in.Keep) {
		t.add("auto_archive_duration", "BASE_TYPE_CHOICES", "Value must be one of (60, 1440, 4320, 10080).")
	}
	t.most("available_tags", len(in.Tags), maxTags)
	for i, f := range in.Tags {
		t.size("available_tags."+strconv.Itoa(i)+".name", f.Name, 1, 50)
		if slices.ContainsFunc(in.Tags[:i], func(other tagForm) bool { return other.Name == f.Name }) {
			return fail(400, 40061, "Tag names must be unique")
		}
	}
	return t.fault()
}

// retag replaces the tags of a forum; posts lose those that are gone.
func (w *world) retag(ch *channel, in []tagForm) {
	ch.tags = nil
	for _, f := range in {
		ch.tags = append(ch.tags, f.tag(w))
	}
	for _, t := range w.threadsOf(ch.ID) {
		t.Applied = slices.DeleteFunc(t.Applied, func(id string) bool { return !ch.hasTag(id) })
	}
}

func (ch *channel) hasTag(id string) bool {
	return slices.ContainsFunc(ch.tags, func(t tag) bool { return t.ID == id })
}

// editThread asks for what each field needs. https://docs.discord.com/developers/topics/threads#editing--deleting-threads
func (w *world) editThread(t *channel, in *channelForm) (any, error) {
	if err := w.mayEditThread(t, in); err != nil {
		return nil, err
	}
	if in.Applied != nil {
		applied, err := w.applyTags(w.channels[t.Parent], *in.Applied)
		if err != nil {
			return nil, err
		}
		t.Applied = applied
	}
	set(&t.Name, in.Name)
	set(&t.Slow, in.Slow)
	set(&t.flags, in.Flags)
	set(&t.Locked, in.Locked)
	set(&t.invitable, in.Invitable)
	if in.Keep != nil && *in.Keep != t.keep || in.Archived != nil && *in.Archived != t.Archived {
		t.archive = w.now()
	}
	set(&t.keep, in.Keep)
	set(&t.Archived, in.Archived)
	w.threadChanged(t)
	return w.wireChannel(t), nil
}

// mayEditThread says whether the bot may change so much of a thread.
func (w *world) mayEditThread(t *channel, in *channelForm) error {
	waking := in.Archived != nil && !*in.Archived
	if w.allowed(t)&PermManageThreads == 0 {
		mayWake := waking && t.joined(w.bot())
		if t.Locked || in.Locked != nil || in.Slow != nil || t.Owner != w.bot() && !mayWake {
			return errNotAllowed
		}
	}
	if t.Archived && !waking && in.shapes() {
		return errArchived
	}
	return nil
}

// shapes says whether more is changed than whether a thread is archived or locked.
func (in *channelForm) shapes() bool {
	return in.Name != nil || in.Applied != nil || in.Keep != nil || in.Slow != nil
}

// applyTags checks the tags of a post.
func (w *world) applyTags(forum *channel, ids []snowflake) ([]string, error) {
	if len(ids) > maxApplied {
		return nil, invalid("applied_tags", "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.")
	}
	var out []string
	for _, id := range ids {
		if forum == nil || !forum.hasTag(string(id)) {
			return nil, fail(400, 10087, "Unknown tag")
		}
		out = append(out, string(id))
	}
	if forum != nil && forum.flags&flagRequireTag != 0 && len(out) == 0 {
		return nil, errNeedTag
	}
	return out, nil
}
