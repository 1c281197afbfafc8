package discordsim

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	_ "image/gif"  // to learn the size of pictures
	_ "image/jpeg" // to learn the size of pictures
	"image/png"
	"mime"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// attachment is a file of a message.
type attachment struct {
	id, channel       string
	name, title, kind string
	alt               string
	data              []byte
	width, height     int
	duration          float64
	waveform          string
	ephemeral         bool
}

const (
	spoilerMark = "SPOILER_"
	flagSpoiler = 1 << 3
)

var unsafeName = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// newFile keeps a file. Its name loses what Discord takes out of names; the title keeps the original then.
func (w *world) newFile(u upload, d described) *attachment {
	name := filepath.Base(strings.ReplaceAll(u.name, `\`, "/"))
	if d.Name != "" {
		name = d.Name
	}
	f := &attachment{id: w.newID(), kind: u.kind, data: u.data, title: d.Title, duration: d.Duration, waveform: d.Waveform}
	f.name = strings.Trim(unsafeName.ReplaceAllString(strings.ReplaceAll(name, " ", "_"), ""), ".")
	if f.name == "" {
		f.name = "unknown"
	}
	if d.Spoiler && !strings.HasPrefix(f.name, spoilerMark) {
		f.name = spoilerMark + f.name
	}
	if f.name != name && f.title == "" {
		f.title = strings.TrimSuffix(name, filepath.Ext(name))
	}
	if d.Alt != nil {
		f.alt = *d.Alt
	}
	if f.kind == "" || f.kind == "application/octet-stream" {
		f.kind = mime.TypeByExtension(filepath.Ext(f.name))
	}
	if f.kind == "" {
		f.kind = http.DetectContentType(f.data)
	}
	if size, _, err := image.DecodeConfig(bytes.NewReader(f.data)); err == nil {
		f.width, f.height = size.Width, size.Height
	}
	w.files[f.id] = f
	return f
}

func (w *world) wireFile(f *attachment) obj {
	link := w.link(f)
	out := obj{
		"id": f.id, "filename": f.name, "size": len(f.data), "url": link, "proxy_url": link, "content_type": f.kind, "flags": 0,
		"content_scan_version": 0,
	}
	if strings.HasPrefix(f.name, spoilerMark) {
		out["flags"] = flagSpoiler
	}
	if f.title != "" {
		out["title"] = f.title
	}
	if f.alt != "" {
		out["description"] = f.alt
	}
	if f.width > 0 {
		out["width"], out["height"] = f.width, f.height
	}
	if f.waveform != "" {
		out["duration_secs"], out["waveform"] = f.duration, f.waveform
	}
	if f.ephemeral {
		out["ephemeral"] = true
	}
	return out
}

// link is a file's address, signed and good for Timing.Link.
// https://docs.discord.com/developers/reference#signed-attachment-cdn-urls
func (w *world) link(f *attachment) string {
	path := "/attachments/" + f.channel + "/" + f.id + "/" + f.name
	is := w.now()
	return w.base + path + "?" + w.sign(path, is.Add(w.cfg.Timing.Link), is)
}

func (w *world) sign(path string, ex, is time.Time) string {
	from, to := strconv.FormatInt(is.Unix(), 16), strconv.FormatInt(ex.Unix(), 16)
	return "ex=" + to + "&is=" + from + "&hm=" + w.seal(path, to, from) + "&"
}

// seal is the hm of an address.
func (w *world) seal(path, ex, is string) string {
	mac := hmac.New(sha256.New, []byte(w.cfg.Token))
	_, _ = mac.Write([]byte(path + "|" + ex + "|" + is))
	return hex.EncodeToString(mac.Sum(nil))
}

// serveAttachment gives a file to whoever has an address that is still good.
func (w *world) serveAttachment(rw http.ResponseWriter, r *http.Request) {
	c := &call{method: r.Method, route: "cdn", path: r.URL.Path, query: r.URL.Query()}
	fault := w.planned(c.route)
	if fault.before(w, rw, r, c) {
		return
	}
	f := w.download(r)
	if f == nil {
		w.log(c, http.StatusNotFound, 0)
		http.Error(rw, "This content is no longer available.", http.StatusNotFound)
		return
	}
	w.log(c, http.StatusOK, 0)
	rw.Header().Set("Content-Type", f.kind)
	if fault.AcceptThenDrop {
		rw.Header().Set("Content-Length", strconv.Itoa(len(f.data)))
		_, _ = rw.Write(f.data[:len(f.data)/2])
		panic(http.ErrAbortHandler) // half a file, then nothing
	}
	http.ServeContent(rw, r, f.name, time.Time{}, bytes.NewReader(f.data))
}

// download finds the file of an address that is signed and has not expired, nil otherwise.
func (w *world) download(r *http.Request) *attachment {
	w.mu.Lock()
	defer w.mu.Unlock()
	f, q := w.files[r.PathValue("id")], r.URL.Query()
	ex, err := strconv.ParseInt(q.Get("ex"), 16, 64)
	path := "/attachments/" + r.PathValue("channel") + "/" + r.PathValue("id") + "/" + r.PathValue("name")
	if f == nil || err != nil || f.channel != r.PathValue("channel") || w.now().Unix() >= ex || !same(q.Get("hm"), w.seal(path, q.Get("ex"), q.Get("is"))) {
		return nil
	}
	return f
}

// refreshURLs signs addresses of attachments again.
// https://docs.discord.com/developers/reference#signed-attachment-cdn-urls
func refreshURLs(w *world, c *call) (any, error) {
	var in struct {
		URLs []string `json:"attachment_urls"`
	}
	if err := c.into(&in); err != nil {
		return nil, err
	}
	t := &tree{}
	t.most("attachment_urls", len(in.URLs), 50)
	if len(in.URLs) == 0 {
		t.add("attachment_urls", "BASE_TYPE_REQUIRED", "This field is required")
	}
	if err := t.fault(); err != nil {
		return nil, err
	}
	out := []obj{}
	for _, old := range in.URLs {
		fresh := any(nil)
		if u, err := url.Parse(old); err == nil {
			if parts := strings.Split(u.Path, "/"); len(parts) == 5 && w.files[parts[3]] != nil {
				fresh = w.link(w.files[parts[3]])
			}
		}
		out = append(out, obj{"original": old, "refreshed": fresh})
	}
	return obj{"refreshed_urls": out}, nil
}

// servePicture draws an avatar, emoji or icon that differs from address to address.
func (w *world) servePicture(rw http.ResponseWriter, r *http.Request) {
	sum := sha256.Sum256([]byte(r.URL.Path))
	img := image.NewPaletted(image.Rect(0, 0, 64, 64), color.Palette{color.RGBA{R: sum[0], G: sum[1], B: sum[2], A: 255}})
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "image/png")
	_, _ = rw.Write(buf.Bytes())
}

// spoiler says whether a file is hidden behind a click.
func (f *attachment) spoiler() bool { return strings.HasPrefix(f.name, spoilerMark) }
