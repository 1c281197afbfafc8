package telegram

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/text"
)

// The forms in which Telegram shows files; each has a method, and a field with the same name.
const (
	asPhoto     = "photo"
	asVideo     = "video"
	asAnimation = "animation"
	asAudio     = "audio"
	asVoice     = "voice"
	asDocument  = "document"
)

// parcel is a file on its way out.
type parcel struct {
	file chat.File
	form string
}

// share posts files. What Telegram can't show beside them goes behind them, so that a repeat after a failure between the
// two posts nothing twice: what went is kept until all has gone.
func (c *Connector) share(ctx context.Context, at place, p chat.Post, d draft, answers *replyTo) (chat.Receipt, error) {
	beside, behind := d, draft{}
	if size(d.text) > maxCaption || (d.keyboard != nil && len(p.Files) > 1) {
		beside, behind = draft{}, d
	}
	var sent []written
	if err := c.unfinished(ctx, p.Key, &sent); err != nil {
		return chat.Receipt{}, err
	}
	if len(sent) == 0 {
		var err error
		if sent, err = c.upload(ctx, at, p.Files, beside, answers); err != nil {
			return chat.Receipt{}, err
		}
	}
	if behind.text.Empty() {
		return c.receipt(ctx, at, sent, 0)
	}
	w, err := c.writeBehind(ctx, at, p.Key, sent, behind)
	if err != nil {
		return chat.Receipt{}, err
	}
	return c.receipt(ctx, at, append(sent, w), w.ID)
}

const unfinishedKey = "sent/"

// unfinished reads what went of a post before it failed.
func (c *Connector) unfinished(ctx context.Context, key chat.Key, sent *[]written) error {
	if key == "" {
		return nil
	}
	return recall(ctx, c.deps.Keep, unfinishedKey+string(key), sent)
}

// writeBehind writes the text behind files that have gone.
func (c *Connector) writeBehind(ctx context.Context, at place, key chat.Key, sent []written, d draft) (written, error) {
	if key != "" {
		if err := store(ctx, c.deps.Keep, unfinishedKey+string(key), sent); err != nil {
			return written{}, &chat.Error{Op: "telegram: post", Kind: chat.Uncertain, Reason: "the files went, and could not be noted", Err: err}
		}
	}
	if err := c.budget.take(at.chat, 1); err != nil {
		return written{}, err
	}
	w, err := c.write(ctx, at, d, nil)
	if err == nil && key != "" {
		_ = c.deps.Keep.Keep(ctx, unfinishedKey+string(key), nil) // what is left over does no harm: the post is there
	}
	return w, err
}

// upload sends files as one message or one album.
func (c *Connector) upload(ctx context.Context, at place, files []chat.File, d draft, answers *replyTo) ([]written, error) {
	var all []parcel
	for _, f := range files {
		one, err := c.parcel(ctx, f)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	if err := c.budget.take(at.chat, len(all)); err != nil {
		return nil, err
	}
	if len(all) == 1 {
		w, err := c.uploadOne(ctx, at, all[0], d, answers)
		if all[0].form != asDocument && unfit(err) {
			all[0].form = asDocument
			w, err = c.uploadOne(ctx, at, all[0], d, answers)
		}
		return []written{w}, err
	}
	sent, err := c.uploadAlbum(ctx, at, alike(all), d, answers)
	if unfit(err) {
		sent, err = c.uploadAlbum(ctx, at, documents(all), d, answers)
	}
	return sent, err
}

// unfit says whether Telegram can't show a file in its form: a picture may be too wide, a video may be none.
func unfit(err error) bool {
	return said(err).has("photo_invalid_dimensions", "image_process_failed", "photo_save_file_invalid", "photo_ext_invalid",
		"video_content_type_invalid", "wrong type", "can't use file of type")
}

// parcel decides how Telegram shows a file. Its bytes stay as they are but for photos, which Telegram makes smaller.
func (c *Connector) parcel(ctx context.Context, f chat.File) (parcel, error) {
	n, err := c.fileSize(ctx, f)
	if err != nil {
		return parcel{}, err
	}
	p := parcel{file: f, form: asDocument}
	switch mime, _, _ := strings.Cut(strings.ToLower(f.Type), ";"); mime {
	case "image/jpeg", "image/png", "image/webp":
		if n <= maxPhoto {
			p.form = asPhoto
		}
	case "image/gif":
		p.form = asAnimation
	case "video/mp4":
		p.form = asVideo
	case "audio/mpeg", "audio/mp4", "audio/x-m4a":
		p.form = asAudio
	case "audio/ogg":
		p.form = asVoice
	}
	return p, nil
}

// alike is the files in forms that an album can mix: photos and videos, or only audio, or only documents.
// https://core.telegram.org/bots/api#sendmediagroup
func alike(all []parcel) []parcel {
	only := func(forms ...string) bool {
		return !slices.ContainsFunc(all, func(p parcel) bool { return !slices.Contains(forms, p.form) })
	}
	if only(asPhoto, asVideo) || only(asAudio) {
		return all
	}
	return documents(all)
}

func documents(all []parcel) []parcel {
	out := slices.Clone(all)
	for i := range out {
		out[i].form = asDocument
	}
	return out
}

func (c *Connector) uploadOne(ctx context.Context, at place, p parcel, d draft, answers *replyTo) (written, error) {
	params := tgbotapi.Params{}
	d.into(params, "caption", "caption_entities")
	if answers != nil {
		encode(params, "reply_parameters", answers)
	}
	if p.file.Spoiler && slices.Contains([]string{asPhoto, asVideo, asAnimation}, p.form) {
		params["has_spoiler"] = "true"
	}
	var w written
	method := "send" + strings.ToUpper(p.form[:1]) + p.form[1:]
	return w, c.carry(ctx, at, cargo{method, params, map[string]chat.File{p.form: p.file}}, &w)
}

// item is one file of an album. https://core.telegram.org/bots/api#inputmediaphoto
type item struct {
	Type     string   `json:"type"`
	Media    string   `json:"media"`
	Caption  string   `json:"caption,omitempty"`
	Entities []entity `json:"caption_entities,omitempty"`
	Spoiler  bool     `json:"has_spoiler,omitempty"`
}

func (c *Connector) uploadAlbum(ctx context.Context, at place, all []parcel, d draft, answers *replyTo) ([]written, error) {
	var items []item
	files := map[string]chat.File{}
	for i, p := range all {
		field := fmt.Sprintf("file%d", i)
		files[field] = p.file
		items = append(items, item{
			Type: p.form, Media: "attach://" + field, Spoiler: p.file.Spoiler && (p.form == asPhoto || p.form == asVideo),
		})
	}
	// The caption of the only file that has one is shown for all; below documents the last one reads best.
	of := &items[0]
	if all[0].form == asDocument {
		of = &items[len(items)-1]
	}
	of.Caption, of.Entities = d.text.Body, entitiesOf(d.text)
	params := tgbotapi.Params{}
	encode(params, "media", items)
	if answers != nil {
		encode(params, "reply_parameters", answers)
	}
	var sent []written
	err := c.carry(ctx, at, cargo{"sendMediaGroup", params, files}, &sent)
	if err == nil && len(sent) == 0 {
		err = &chat.Error{Op: "telegram: sendMediaGroup", Kind: chat.Uncertain, Reason: "Telegram took the files and did not say where they are"}
	}
	return sent, err
}

// cargo is a request with files, by the names of their fields.
type cargo struct {
	method string
	params tgbotapi.Params
	files  map[string]chat.File
}

// carry sends a request with files, streamed as they are read. Every reader is closed when it returns: the library leaves
// those open whose request broke off.
func (c *Connector) carry(ctx context.Context, at place, what cargo, to any) error {
	var fields []tgbotapi.RequestFile
	var opened []*upload
	for name, f := range what.files {
		u := &upload{file: f, open: func() (io.ReadCloser, error) { return f.Content.Open(ctx) }}
		opened = append(opened, u)
		fields = append(fields, tgbotapi.RequestFile{Name: name, Data: u})
	}
	defer func() {
		for _, u := range opened {
			u.end()
		}
	}()
	return c.sendFormatted(ctx, at, call{method: what.method, once: true, within: uploadTime, files: fields}, what.params, to)
}

// upload is a file as the library takes it.
type upload struct {
	file chat.File
	open func() (io.ReadCloser, error)

	mu    sync.Mutex
	body  io.ReadCloser
	ended bool
}

// NeedsUpload says that the bytes are sent.
func (u *upload) NeedsUpload() bool { return true }

// SendData is not asked for.
func (u *upload) SendData() string { return "" }

// UploadData opens the file.
func (u *upload) UploadData() (string, io.Reader, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended {
		return "", nil, io.ErrClosedPipe
	}
	u.close()
	body, err := u.open()
	if err != nil {
		return "", nil, fmt.Errorf("open %q: %w", u.file.Name, err)
	}
	u.body = body
	return fileName(u.file), &kept{of: u}, nil
}

// close closes what was opened. The caller holds the lock.
func (u *upload) close() {
	if u.body != nil {
		_ = u.body.Close() // it was only read
		u.body = nil
	}
}

// end closes the file for good.
func (u *upload) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ended = true
	u.close()
}

// kept reads an upload until that is closed.
type kept struct{ of *upload }

// Read reads on.
func (k *kept) Read(p []byte) (int, error) {
	k.of.mu.Lock()
	defer k.of.mu.Unlock()
	if k.of.body == nil {
		return 0, io.ErrClosedPipe
	}
	return k.of.body.Read(p)
}

// fileSize is how many bytes f has; it reads them when nobody said.
func (c *Connector) fileSize(ctx context.Context, f chat.File) (int64, error) {
	if f.Content == nil {
		return 0, refused("post", fmt.Sprintf("the bytes of %q are not there any more", f.Name))
	}
	n, most := f.Size, c.cfg.upload()
	if n <= 0 {
		body, err := f.Content.Open(ctx)
		if err != nil {
			return 0, fmt.Errorf("telegram: open %q: %w", f.Name, err)
		}
		defer func() { _ = body.Close() }() // it was only read
		if n, err = io.Copy(io.Discard, io.LimitReader(body, most+1)); err != nil {
			return 0, fmt.Errorf("telegram: read %q: %w", f.Name, err)
		}
	}
	switch {
	case n == 0:
		return 0, refused("post", fmt.Sprintf("Telegram takes no empty file, and %q is one", f.Name))
	case n > most:
		return 0, refused("post", fmt.Sprintf("%q is larger than the %s that Telegram takes", f.Name, sizeInWords(most)))
	}
	return n, nil
}

func sizeInWords(n int64) string { return fmt.Sprintf("%d MB", n>>20) }

// fileName is a name that stays one: no folder, no line, and no semicolon, at which Telegram's server cuts names off.
func fileName(f chat.File) string {
	return clip(firstOf(strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune("/\\\";", r) {
			return '_'
		}
		return r
	}, text.Clean(f.Name)), "file"), 100)
}
