package slacksim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// file is a wireFile with its bytes.
type file struct {
	wireFile
	data    []byte
	arrived bool // the bytes were uploaded
	ready   bool // completeUploadExternal was called, or a person shared it
	deleted bool
}

// newFile registers a file without bytes.
func (w *world) newFile(user, name, title string) *file {
	id := w.newID("F")
	now := w.now().Unix()
	if title == "" {
		title = name
	}
	ext := strings.TrimPrefix(strings.ToLower(path.Ext(name)), ".")
	if ext == "" {
		ext = "binary"
	}
	escaped := strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
	base := fmt.Sprintf("%s/files-pri/%s-%s", w.base, w.cfg.Team.ID, id)
	link := fmt.Sprintf("https://%s.slack.com/files/%s/%s/%s", w.cfg.Team.Domain, user, id, escaped)
	f := &file{wireFile: wireFile{
		ID: id, Created: now, Timestamp: now, Name: name, Title: title, Filetype: ext, PrettyType: strings.ToUpper(ext), User: user,
		UserTeam: w.cfg.Team.ID, Mode: "hosted", FileAccess: "visible", MediaDisplayType: "unknown",
		URLPrivate: base + "/" + escaped, URLPrivateDownload: base + "/download/" + escaped, Permalink: link, PermalinkPublic: link,
		Channels: []string{}, Groups: []string{}, IMs: []string{},
	}}
	w.files[id] = f
	w.fileOrder = append(w.fileOrder, id)
	return f
}

// fill gives a file its bytes.
func (f *file) fill(data []byte, kind string) {
	if kind == "" || kind == "application/octet-stream" {
		kind = mime.TypeByExtension(path.Ext(f.Name))
	}
	if kind == "" {
		kind = http.DetectContentType(data)
	}
	if base, _, err := mime.ParseMediaType(kind); err == nil {
		kind = base
	}
	f.data, f.Size, f.Mimetype, f.arrived = data, len(data), kind, true
}

// keep stores what a person attaches.
func (w *world) keep(user string, up Upload) *file {
	f := w.newFile(user, up.Name, up.Title)
	f.fill(slices.Clone(up.Data), up.Type)
	f.AltText, f.ready = up.Alt, true
	return f
}

// inMessage is the shorter form that messages carry: it does not say where else the file is.
func (f *file) inMessage() *wireFile {
	c := f.wireFile
	c.Channels, c.Groups, c.IMs, c.Shares = nil, nil, nil, nil
	return &c
}

// share notes where a file is shown.
func (w *world) share(ch *channel, f *file, m *message) {
	where, list := "public", &f.Channels
	switch {
	case ch.IM:
		where, list = "private", &f.IMs
	case ch.Private:
		where, list = "private", &f.Groups
	}
	f.IsPublic = f.IsPublic || where == "public"
	*list = append(slices.Clone(*list), ch.ID)
	shares := map[string]map[string][]share{}
	maps.Copy(shares, f.Shares)
	byChannel := map[string][]share{}
	maps.Copy(byChannel, shares[where])
	s := share{ReplyUsers: []string{}, TS: m.TS, ChannelName: ch.Name, TeamID: w.cfg.Team.ID, ShareUserID: m.User, Source: "UNKNOWN"}
	if m.ThreadTS != "" && m.ThreadTS != m.TS {
		s.ThreadTS = m.ThreadTS
	}
	byChannel[ch.ID] = append(slices.Clone(byChannel[ch.ID]), s)
	shares[where] = byChannel
	f.Shares = shares
}

func filesGetUploadURL(w *world, c *call) (obj, error) {
	size, err := strconv.Atoi(c.str("length"))
	if c.str("filename") == "" || err != nil || size <= 0 {
		return nil, badView("missing required field: filename or length")
	}
	if int64(size) > w.cfg.MaxUpload {
		return nil, fail("file_upload_size_restricted")
	}
	f := w.newFile(w.cfg.BotUser.ID, c.str("filename"), "")
	f.AltText, f.Size = c.str("alt_txt"), size
	ticket := newUUID()
	w.uploads[ticket] = f.ID
	return obj{"upload_url": c.base + "/upload/" + ticket, "file_id": f.ID}, nil
}

// serveUpload takes the bytes of a file, raw or as a multipart form.
func (w *world) serveUpload(rw http.ResponseWriter, r *http.Request) {
	c := &call{method: "upload", base: "http://" + r.Host}
	fault := w.planned("upload")
	if fault.before(w, rw, r, c) {
		return
	}
	r.Body = http.MaxBytesReader(rw, r.Body, w.cfg.MaxUpload+1<<20)
	data, err := uploaded(r)
	if err != nil {
		w.log(c, http.StatusBadRequest, "bad_upload")
		http.Error(rw, "bad upload", http.StatusBadRequest)
		return
	}
	status := w.receive(r.PathValue("ticket"), data)
	if fault.AcceptThenDrop {
		panic(http.ErrAbortHandler)
	}
	w.log(c, status, "")
	if status != http.StatusOK {
		http.Error(rw, http.StatusText(status), status)
		return
	}
	rw.Header().Set("Content-Type", "text/plain")
	_, _ = io.WriteString(rw, "OK - "+strconv.Itoa(len(data)))
}

// uploaded reads the bytes of an upload: the first file of a form, or the whole body.
func uploaded(r *http.Request) ([]byte, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		return io.ReadAll(r.Body)
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" {
			return io.ReadAll(part)
		}
	}
}

func (w *world) receive(ticket string, data []byte) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.files[w.uploads[ticket]]
	switch {
	case f == nil:
		return http.StatusNotFound
	case int64(len(data)) > w.cfg.MaxUpload:
		return http.StatusRequestEntityTooLarge
	}
	delete(w.uploads, ticket)
	f.fill(data, "")
	return http.StatusOK
}

// filesCompleteUpload answers at once; the message with the files comes a little later, as in Slack, and its ts is in no answer.
func filesCompleteUpload(w *world, c *call) (obj, error) {
	files, err := w.uploadsOf(c)
	if err != nil {
		return nil, err
	}
	places := c.list("channels")
	if one := c.str("channel_id"); one != "" {
		places = []string{one}
	}
	for _, id := range places {
		if w.channels[id] == nil {
			return nil, fail("channel_not_found")
		}
		if !w.channels[id].has(w.cfg.BotUser.ID) {
			return nil, fail("not_in_channel")
		}
	}
	blocks, err := w.blocksOf(c)
	if err != nil {
		return nil, err
	}
	out := []wireFile{}
	for _, f := range files {
		f.ready = true
		out = append(out, f.wireFile)
	}
	parent, comment := c.str("thread_ts"), c.args.Get("initial_comment")
	for _, id := range places {
		w.later(w.cfg.Timing.ShareDelay, func() { w.shareUpload(id, parent, comment, blocks, files) })
	}
	w.bump()
	return obj{"files": out}, nil
}

// uploadsOf finds the uploaded files that a call names, and gives them their titles.
func (w *world) uploadsOf(c *call) ([]*file, error) {
	var wanted []struct {
		ID, Title string
	}
	if json.Unmarshal([]byte(c.str("files")), &wanted) != nil || len(wanted) == 0 {
		return nil, badView("missing required field: files")
	}
	files := make([]*file, 0, len(wanted))
	for _, want := range wanted {
		f := w.files[want.ID]
		if f == nil || !f.arrived || f.deleted {
			return nil, fail("file_not_found")
		}
		if want.Title != "" {
			f.Title = want.Title
		}
		files = append(files, f)
	}
	return files, nil
}

// shareUpload posts the message that shows uploaded files.
func (w *world) shareUpload(channel, parent, comment string, blocks json.RawMessage, files []*file) {
	ch := w.channels[channel]
	if ch == nil || ch.Archived {
		return
	}
	m := w.botMessage()
	m.Subtype, m.Upload, m.DisplayAsBot = subFileShare, new(false), new(false)
	m.Text, m.Blocks = postedText(comment), blocks
	if len(m.Blocks) == 0 && m.Text != "" {
		m.Blocks = mustJSON([]any{richText(m.Text, w.blockID())})
	}
	for _, f := range files {
		m.Files = append(m.Files, f.inMessage())
	}
	w.thread(ch, m, parent, false)
	w.post(ch, m)
	w.bump()
}

func (w *world) fileOf(c *call) (*file, error) {
	f := w.files[c.str("file")]
	switch {
	case f == nil || !f.ready:
		return nil, fail("file_not_found")
	case f.deleted:
		return nil, fail("file_deleted")
	}
	return f, nil
}

func filesInfo(w *world, c *call) (obj, error) {
	f, err := w.fileOf(c)
	if err != nil {
		return nil, err
	}
	return obj{"file": f.wireFile, "comments": []any{}, "response_metadata": obj{"next_cursor": ""}}, nil
}

func filesList(w *world, c *call) (obj, error) {
	found := []wireFile{}
	for _, id := range slices.Backward(w.fileOrder) {
		f := w.files[id]
		in := append(append(slices.Clone(f.Channels), f.Groups...), f.IMs...)
		if f.deleted || !f.ready || c.str("user") != "" && f.User != c.str("user") || c.str("channel") != "" && !slices.Contains(in, c.str("channel")) {
			continue
		}
		found = append(found, f.wireFile)
	}
	count := c.number("count", 100, 1000)
	page := c.number("page", 1, 1<<20)
	total := len(found)
	from := min((page-1)*count, total)
	return obj{
		"files":  found[from:min(from+count, total)],
		"paging": obj{"count": count, "total": total, "page": page, "pages": (total + count - 1) / count},
	}, nil
}

func filesDelete(w *world, c *call) (obj, error) {
	f, err := w.fileOf(c)
	if err != nil {
		return nil, err
	}
	if f.User != w.cfg.BotUser.ID {
		return nil, fail("cant_delete_file")
	}
	w.bury(f)
	w.emit("", obj{"type": "file_deleted", "file_id": f.ID, "event_ts": w.stamp()})
	w.bump()
	return obj{}, nil
}

// serveDownload gives a file to whoever brings the bearer token. Anyone else is led to the sign-in page, which answers 200 with HTML.
func (w *world) serveDownload(rw http.ResponseWriter, r *http.Request) {
	c := &call{method: "download", base: "http://" + r.Host}
	fault := w.planned("download")
	if fault.before(w, rw, r, c) {
		return
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	f := w.download(r.PathValue("id"), token)
	if f == nil {
		w.log(c, http.StatusFound, "no_access")
		where := url.URL{Path: "/", RawQuery: url.Values{"redir": {r.URL.Path}}.Encode()}
		http.Redirect(rw, r, where.String(), http.StatusFound)
		return
	}
	w.log(c, http.StatusOK, "")
	rw.Header().Set("Content-Type", f.Mimetype)
	rw.Header().Set("Content-Length", strconv.Itoa(len(f.data)))
	if strings.Contains(r.URL.Path, "/download/") {
		rw.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	}
	_, _ = rw.Write(f.data)
}

func (w *world) download(id, token string) *file {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, id, _ = strings.Cut(id, "-")
	f := w.files[id]
	if f == nil || f.deleted || token != w.cfg.BotToken || w.rev != "" || !w.granted("files:read") {
		return nil
	}
	c := *f
	return &c
}

// serveLogin is the page that those without access get to see.
func (w *world) serveLogin(rw http.ResponseWriter, _ *http.Request) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(rw, "<!DOCTYPE html><html><head><title>Sign in | simulated workspace</title></head><body>Sign in</body></html>\n")
}

// serveAvatar draws a picture that differs from user to user.
func serveAvatar(rw http.ResponseWriter, r *http.Request) {
	sum := byte(0)
	for _, b := range []byte(r.PathValue("name")) {
		sum = sum*31 + b
	}
	img := image.NewPaletted(image.Rect(0, 0, 48, 48), color.Palette{color.RGBA{R: sum, G: 255 - sum, B: sum * 7, A: 255}})
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "image/png")
	_, _ = rw.Write(buf.Bytes())
}
