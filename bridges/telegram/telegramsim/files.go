package telegramsim

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // sizes of what is sent
	"image/jpeg"
	_ "image/png" // sizes of what is sent
	"io"
	"maps"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxPhoto  = 10 << 20
	maxPixels = 50_000_000 // of a picture that is decoded
	smallSide = 320
)

// Upload is a file that a person sends.
type Upload struct {
	Name    string
	Type    string // MIME type; default found from name and content
	Data    []byte
	Kind    string // "photo", "document", "video", "audio", "voice", "animation", "sticker" or "video_note"; default by Type
	Spoiler bool
}

// file is one file that the server keeps.
type file struct {
	id, unique    string
	kind          string
	name, mime    string
	data          []byte
	width, height int
	path          string
	until         time.Time // the path is good so long
	thumb         *file
	meta          obj // further fields that the sender gave: duration, performer, title, emoji
}

// keep stores a file.
func (w *world) keep(up Upload, meta obj) *file {
	f := &file{name: up.Name, mime: cmp.Or(up.Type, mime.TypeByExtension(path.Ext(up.Name)), http.DetectContentType(up.Data)), data: up.Data, meta: meta}
	f.mime, _, _ = strings.Cut(f.mime, ";")
	f.kind = cmp.Or(up.Kind, kindOf(f.mime))
	f.width, f.height = 512, 512
	img := decoded(up.Data)
	if img != nil {
		f.width, f.height = img.Bounds().Dx(), img.Bounds().Dy()
	}
	w.register(f)
	if f.kind == "photo" && img != nil && max(f.width, f.height) > smallSide {
		f.thumb = w.shrunk(img)
	}
	return f
}

func kindOf(mimeType string) string {
	switch {
	case mimeType == "image/gif":
		return "animation"
	case mimeType == "image/jpeg", mimeType == "image/png":
		return "photo"
	case mimeType == "video/mp4":
		return "video"
	case strings.HasPrefix(mimeType, "audio/") && mimeType != "audio/ogg":
		return "audio"
	case mimeType == "audio/ogg":
		return "voice"
	default:
		return "document"
	}
}

// decoded is a picture, nil when the bytes are none or it is too large.
func decoded(data []byte) image.Image {
	size, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || size.Width*size.Height > maxPixels {
		return nil
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil
	}
	return img
}

// shrunk is a smaller picture as the server makes one of each photo.
func (w *world) shrunk(img image.Image) *file {
	b := img.Bounds()
	long := max(b.Dx(), b.Dy())
	small := image.NewRGBA(image.Rect(0, 0, max(1, b.Dx()*smallSide/long), max(1, b.Dy()*smallSide/long)))
	for y := range small.Bounds().Dy() {
		for x := range small.Bounds().Dx() {
			small.Set(x, y, img.At(b.Min.X+x*long/smallSide, b.Min.Y+y*long/smallSide))
		}
	}
	var buf bytes.Buffer
	if jpeg.Encode(&buf, small, nil) != nil {
		return nil
	}
	f := &file{kind: "photo", mime: "image/jpeg", data: buf.Bytes(), width: small.Bounds().Dx(), height: small.Bounds().Dy()}
	w.register(f)
	return f
}

func (w *world) register(f *file) {
	sum := sha256.Sum256(f.data)
	f.unique = "AQAD" + base64.RawURLEncoding.EncodeToString(sum[:8])
	f.id = w.newKey("AgACAgIAAxkB_") + f.unique
	w.files[f.id] = f
}

// wire is a file as it stands in a message of its kind.
func (f *file) wire() any {
	base := obj{"file_id": f.id, "file_unique_id": f.unique, "file_size": len(f.data)}
	if f.kind == "photo" {
		base["width"], base["height"] = f.width, f.height
		if f.thumb != nil {
			return append(f.thumb.wire().([]any), base)
		}
		return []any{base}
	}
	switch f.kind {
	case "video", "animation":
		base["width"], base["height"], base["duration"] = f.width, f.height, 1
	case "audio", "voice":
		base["duration"] = 1
	case "video_note":
		base["length"], base["duration"] = 240, 1
	case "sticker":
		base["type"], base["width"], base["height"] = "regular", f.width, f.height
		base["is_animated"], base["is_video"] = f.mime == "application/x-tgsticker", f.mime == "video/webm"
	}
	if f.kind != "sticker" && f.kind != "video_note" {
		base["mime_type"] = f.mime
	}
	if f.name != "" && slices.Contains([]string{"document", "audio", "video", "animation"}, f.kind) {
		base["file_name"] = f.name
	}
	maps.Copy(base, f.meta)
	return base
}

// documentOf is an animation as older clients see it.
func documentOf(f *file) obj {
	o := obj{"file_id": f.id, "file_unique_id": f.unique, "file_size": len(f.data), "mime_type": f.mime}
	if f.name != "" {
		o["file_name"] = f.name
	}
	return o
}

// getFile is https://core.telegram.org/bots/api#getfile
func (w *world) getFile(c *call) (any, error) {
	if !c.has("file_id") {
		return nil, bad("file_id not specified")
	}
	f := w.files[c.str("file_id")]
	if f == nil {
		return nil, bad("wrong file_id or the file is temporarily unavailable")
	}
	if int64(len(f.data)) > w.cfg.MaxDownload {
		return nil, bad("file is too big")
	}
	if f.path == "" {
		w.serial++
		f.path = fmt.Sprintf("%s/file_%d%s", folderOf(f.kind), w.serial, extensionOf(f))
	}
	f.until = w.now().Add(w.cfg.Timing.Link)
	return obj{"file_id": f.id, "file_unique_id": f.unique, "file_size": len(f.data), "file_path": f.path}, nil
}

func folderOf(kind string) string {
	switch kind {
	case "audio":
		return "music"
	case "video_note":
		return "video_notes"
	case "voice":
		return "voice"
	default:
		return kind + "s"
	}
}

func extensionOf(f *file) string {
	switch {
	case path.Ext(f.name) != "":
		return path.Ext(f.name)
	case f.kind == "photo":
		return ".jpg"
	case f.kind == "voice":
		return ".oga"
	case f.kind == "sticker":
		return ".webp"
	default:
		return ""
	}
}

// serveFile answers /file/bot<token>/<file_path>. mu is not held.
func (w *world) serveFile(rw http.ResponseWriter, r *http.Request, token, name string) {
	c := &call{method: "download", args: map[string]string{"file_path": name}}
	if w.refuses() {
		panic(http.ErrAbortHandler)
	}
	fault := w.planned("download")
	if fault.before(w, rw, r, c) {
		return
	}
	data, err := w.download(token, name)
	if err != nil {
		w.reply(rw, c, nil, err)
		return
	}
	if fault.AcceptThenDrop { // half a file
		w.log(c, 0, "")
		rw.Header().Set("Content-Type", "application/octet-stream")
		rw.Header().Set("Content-Length", strconv.Itoa(len(data)))
		_, _ = io.Copy(rw, bytes.NewReader(data[:len(data)/2]))
		panic(http.ErrAbortHandler)
	}
	w.log(c, http.StatusOK, "")
	rw.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(rw, r, "", time.Time{}, bytes.NewReader(data))
}

// download finds a file's bytes by its path. mu is not held.
func (w *world) download(token, name string) ([]byte, error) {
	if err := w.authorize(token); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.files {
		if f.path != "" && f.path == name && w.now().Before(f.until) {
			return f.data, nil
		}
	}
	return nil, notFound()
}

// fileIn finds the file of an argument: a file_id, an upload of that name, or attach://name.
func (w *world) fileIn(c *call, arg, value, kind string, meta obj) (*file, error) {
	name := arg
	if rest, attached := strings.CutPrefix(value, "attach://"); attached {
		name = rest
	}
	if up, sent := c.files[name]; sent {
		return w.uploaded(up, kind, meta)
	}
	if known := w.files[value]; known != nil {
		return known, nil
	}
	if strings.HasPrefix(value, "http://") || strings.HasPrefix(value, "https://") {
		return w.fetchURL(value, kind, meta)
	}
	if value == "" {
		return nil, bad("there is no " + strings.ReplaceAll(kind, "_", " ") + " in the request")
	}
	return nil, bad("wrong file identifier/HTTP URL specified")
}

// uploaded keeps a file that came with a call.
func (w *world) uploaded(up upload, kind string, meta obj) (*file, error) {
	photo := kind == "photo"
	switch {
	case len(up.data) == 0:
		return nil, bad("file must be non-empty")
	case photo && len(up.data) > maxPhoto:
		return nil, bad(fmt.Sprintf("file of size %d bytes is too big for a photo; the maximum size is %d bytes", len(up.data), maxPhoto))
	case photo && decoded(up.data) == nil && http.DetectContentType(up.data) != "image/webp":
		return nil, bad("IMAGE_PROCESS_FAILED")
	}
	return w.keep(Upload{Name: up.name, Data: up.data, Kind: kind}, meta), nil
}

// fetchURL stands for the server's own download of a URL: the simulator reaches only what listens on loopback.
func (w *world) fetchURL(link, kind string, meta obj) (*file, error) {
	data, err := w.hook.get(w.life.Context(), link, w.cfg.MaxDownload)
	if err != nil {
		return nil, bad("failed to get HTTP URL content")
	}
	return w.keep(Upload{Name: path.Base(link), Data: data, Kind: kind}, meta), nil
}

// readAll reads at most limit bytes, and fails when there are more.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = errors.New("telegramsim: too long")
	}
	return data, err
}
