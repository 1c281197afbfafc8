package telegramsim

import (
	"encoding/json"
	"slices"
	"strconv"
)

// inputMedia is https://core.telegram.org/bots/api#inputmedia
type inputMedia struct {
	Type      string          `json:"type"`
	Media     string          `json:"media"`
	Caption   string          `json:"caption"`
	Mode      string          `json:"parse_mode"`
	Entities  json.RawMessage `json:"caption_entities"`
	Spoiler   bool            `json:"has_spoiler"`
	Duration  int             `json:"duration"`
	Width     int             `json:"width"`
	Height    int             `json:"height"`
	Performer string          `json:"performer"`
	Title     string          `json:"title"`
}

// meta are the fields that a sender may give for a file.
func (in inputMedia) meta() obj {
	all := map[string]any{"duration": in.Duration, "width": in.Width, "height": in.Height, "performer": in.Performer, "title": in.Title}
	o := obj{}
	for _, name := range metaOf(in.Type) {
		if v := all[name]; v != 0 && v != "" {
			o[name] = v
		}
	}
	return o
}

// metaOf are the fields of a kind of file that its sender may give.
func metaOf(kind string) []string {
	switch kind {
	case "video", "animation":
		return []string{"duration", "width", "height"}
	case "audio":
		return []string{"duration", "performer", "title"}
	case "voice", "video_note":
		return []string{"duration"}
	default:
		return nil
	}
}

// sendFile serves sendPhoto and its sisters.
func (w *world) sendFile(c *call, kind string) (any, error) {
	m, err := w.prepared(c)
	if err != nil {
		return nil, err
	}
	media := inputMedia{
		Type: kind, Media: c.str(kind), Caption: c.str("caption"), Mode: c.str("parse_mode"), Spoiler: c.boolean("has_spoiler"),
		Duration: c.number("duration"), Width: c.number("width"), Height: c.number("height"),
		Performer: c.str("performer"), Title: c.str("title"),
	}
	if list := c.str("caption_entities"); list != "" {
		media.Entities = json.RawMessage(list)
	}
	if err := w.fill(c, m, media); err != nil {
		return nil, err
	}
	if kind == "sticker" || kind == "video_note" {
		m.text, m.entities = "", nil
	}
	return w.sent(m)
}

// fill puts a file with its caption into a message.
func (w *world) fill(c *call, m *message, in inputMedia) error {
	if !slices.Contains([]string{"photo", "document", "video", "audio", "voice", "animation", "sticker", "video_note"}, in.Type) {
		return bad("can't parse InputMedia: type \"" + in.Type + "\" is unsupported")
	}
	f, err := w.fileIn(c, in.Type, in.Media, in.Type, in.meta())
	if err != nil {
		return err
	}
	if f.kind != in.Type { // a file_id of another kind
		return bad("can't use file of type " + f.kind + " as " + in.Type)
	}
	if m.text, m.entities, err = w.captionOf(in.Caption, in.Mode, string(in.Entities)); err != nil {
		return err
	}
	w.attach(m, f, in.Spoiler && (in.Type == "photo" || in.Type == "video" || in.Type == "animation"))
	m.poll = nil
	return nil
}

func (w *world) newAlbum() string {
	w.serial++
	return strconv.FormatInt(13_500_000_000_000_000+w.serial, 10)
}

// sendMediaGroup is https://core.telegram.org/bots/api#sendmediagroup
func (w *world) sendMediaGroup(c *call) (any, error) {
	var list []inputMedia
	if !c.has("media") {
		return nil, bad("can't parse media JSON object")
	}
	if err := c.object("media", "media", &list); err != nil {
		return nil, err
	}
	switch {
	case len(list) < 2:
		return nil, bad("there are not enough messages to send as an album")
	case len(list) > 10:
		return nil, bad("too many messages to send as an album")
	}
	if err := sameSort(list); err != nil {
		return nil, err
	}
	album := w.newAlbum()
	var all []*message
	for _, in := range list {
		m, err := w.prepared(c)
		if err != nil {
			return nil, err
		}
		if err := w.fill(c, m, in); err != nil {
			return nil, err
		}
		m.album = album
		all = append(all, m)
	}
	out := []any{}
	for _, m := range all {
		wire, err := w.sent(m)
		if err != nil {
			return nil, err
		}
		out = append(out, wire)
	}
	return out, nil
}

// sameSort checks that documents and audio files are among themselves in an album.
func sameSort(list []inputMedia) error {
	sort := func(kind string) string {
		switch kind {
		case "photo", "video":
			return "visual"
		default:
			return kind
		}
	}
	for _, in := range list {
		if sort(in.Type) != sort(list[0].Type) || !slices.Contains([]string{"visual", "document", "audio"}, sort(in.Type)) {
			return bad("Can't use the media of the specified type in the album")
		}
	}
	return nil
}

func (w *world) sendLocation(c *call) (any, error) {
	m, err := w.prepared(c)
	if err != nil {
		return nil, err
	}
	m.kind = "location"
	if m.media, err = locationOf(c); err != nil {
		return nil, err
	}
	return w.sent(m)
}

func locationOf(c *call) (obj, error) {
	o := obj{}
	for _, name := range []string{"latitude", "longitude"} {
		if !c.has(name) {
			return nil, bad(name + " is empty")
		}
		f, err := strconv.ParseFloat(c.str(name), 64)
		if err != nil || !(f >= -180 && f <= 180) {
			return nil, bad("wrong " + name + " specified")
		}
		o[name] = f
	}
	return o, nil
}

func (w *world) sendVenue(c *call) (any, error) {
	m, err := w.prepared(c)
	if err != nil {
		return nil, err
	}
	place, err := locationOf(c)
	if err != nil {
		return nil, err
	}
	if !c.has("title") {
		return nil, bad("venue title must be non-empty")
	}
	m.kind, m.media, m.extra = "venue", obj{"location": place, "title": c.str("title"), "address": c.str("address")}, obj{"location": place}
	return w.sent(m)
}

func (w *world) sendContact(c *call) (any, error) {
	m, err := w.prepared(c)
	if err != nil {
		return nil, err
	}
	if !c.has("phone_number") || !c.has("first_name") {
		return nil, bad("contact phone number and first name must be non-empty")
	}
	o := obj{"phone_number": c.str("phone_number"), "first_name": c.str("first_name")}
	for _, name := range []string{"last_name", "vcard"} {
		if c.has(name) {
			o[name] = c.str(name)
		}
	}
	m.kind, m.media = "contact", o
	return w.sent(m)
}

// sendDice always throws three.
func (w *world) sendDice(c *call) (any, error) {
	m, err := w.prepared(c)
	if err != nil {
		return nil, err
	}
	emoji := "🎲"
	if c.has("emoji") {
		emoji = c.str("emoji")
	}
	if !slices.Contains([]string{"🎲", "🎯", "🏀", "⚽", "🎳", "🎰"}, emoji) {
		return nil, bad("wrong dice emoji specified")
	}
	m.kind, m.media = "dice", obj{"emoji": emoji, "value": 3}
	return w.sent(m)
}

func (w *world) sendChatAction(c *call) (any, error) {
	m, err := w.target(c)
	if err != nil {
		return nil, err
	}
	known := []string{
		"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document", "choose_sticker",
		"find_location", "record_video_note", "upload_video_note",
	}
	if !slices.Contains(known, c.str("action")) {
		return nil, bad("wrong parameter action in request")
	}
	w.actions = last(w.actions, Action{Chat: m.chat.id, Thread: m.thread, Name: c.str("action"), At: w.now()})
	return true, nil
}

// copied makes a message for a copy or a forward.
func (w *world) copied(c *call, id int, what string) (m, from *message, err error) {
	source, err := w.readable(c.str("from_chat_id"))
	if err != nil {
		return nil, nil, err
	}
	if from = source.find(id); from == nil {
		return nil, nil, bad("message to " + what + " not found")
	}
	if from.service || from.protect {
		return nil, nil, bad("message can't be " + map[string]string{"copy": "copied", "forward": "forwarded"}[what])
	}
	if m, err = w.prepared(c); err != nil {
		return nil, nil, err
	}
	m.kind, m.media, m.files, m.text, m.entities = from.kind, from.media, from.files, from.text, from.entities
	m.spoiler, m.extra, m.preview, m.poll = from.spoiler, from.extra, from.preview, from.poll
	return m, from, nil
}

func (w *world) copyMessage(c *call) (any, error) {
	m, _, err := w.copied(c, c.number("message_id"), "copy")
	if err != nil {
		return nil, err
	}
	if _, given := c.args["caption"]; given && m.captioned() {
		if m.text, m.entities, err = w.captionOf(c.str("caption"), c.str("parse_mode"), c.str("caption_entities")); err != nil {
			return nil, err
		}
	}
	w.store(m.chat, m)
	return obj{"message_id": m.id}, nil
}

func (w *world) forwardMessage(c *call) (any, error) {
	m, from, err := w.copied(c, c.number("message_id"), "forward")
	if err != nil {
		return nil, err
	}
	m.origin = w.originOf(from)
	return w.sent(m)
}

func (w *world) copyMessages(c *call) (any, error) {
	return w.several(c, "copy", func(m, _ *message) {
		if c.boolean("remove_caption") && m.captioned() {
			m.text, m.entities = "", nil
		}
	})
}

func (w *world) forwardMessages(c *call) (any, error) {
	return w.several(c, "forward", func(m, from *message) { m.origin = w.originOf(from) })
}

// several copies or forwards messages and leaves out those that cannot be.
func (w *world) several(c *call, what string, change func(m, from *message)) (any, error) {
	ids, err := c.messageIDs()
	if err != nil {
		return nil, err
	}
	if _, err := w.prepared(c); err != nil {
		return nil, err
	}
	out := []obj{}
	for _, id := range ids {
		m, from, err := w.copied(c, id, what)
		if err != nil {
			continue
		}
		change(m, from)
		w.store(m.chat, m)
		out = append(out, obj{"message_id": m.id})
	}
	if len(out) == 0 {
		return nil, bad("there are no messages to " + what)
	}
	return out, nil
}
