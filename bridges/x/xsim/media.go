package xsim

import (
	"bytes"
	"image"
	_ "image/gif"  // sizes of GIFs
	_ "image/jpeg" // sizes of JPEGs
	_ "image/png"  // sizes of PNGs
	"net/http"
	"path"
	"strings"
	"time"
)

// media is an attachment, from the first byte of its upload on.
type media struct {
	id, key, owner string
	name, resource string
	category, mime string
	total          int64
	segments       map[int][]byte
	received       int64
	data           []byte // when finalized
	width, height  int
	expires        time.Time
	state          string // of processing: "", pending, in_progress, succeeded or failed
	polls          int
	finalized      bool
	fails          bool
}

// ready says whether the media can be sent.
func (m *media) ready() bool { return m.finalized && (m.state == "" || m.state == "succeeded") }

// sort is how lookups call the kind of media.
func (m *media) sort() string {
	switch {
	case strings.HasSuffix(m.category, "_gif"):
		return "animated_gif"
	case strings.HasSuffix(m.category, "_video"):
		return "video"
	}
	return "photo"
}

// path is where the bytes of the media are, as part of an event.
func (m *media) path(eventID string) string {
	return "/2/dm_conversations/media/" + eventID + "/" + m.id + "/" + m.resource
}

// categoryOf is the kind of upload that fits a media type, "" when there is none.
func categoryOf(mime string) string {
	switch {
	case mime == "image/gif":
		return "dm_gif"
	case strings.HasPrefix(mime, "image/"):
		return "dm_image"
	case strings.HasPrefix(mime, "video/"):
		return "dm_video"
	}
	return ""
}

// sizeLimit is the most bytes of a category.
func sizeLimit(category string) int64 {
	switch category[strings.IndexByte(category, '_')+1:] {
	case "image":
		return 5 << 20
	case "gif":
		return 15 << 20
	}
	return 512 << 20
}

// newMedia opens an upload; mu is held.
func (s *Sim) newMedia(owner, category, mime string) *media {
	id := s.nextID()
	key := map[string]string{"photo": "3_", "animated_gif": "16_", "video": "13_"}
	m := &media{
		id: id, owner: owner, category: category, mime: mime, segments: map[int][]byte{},
		expires: s.cfg.Now().Add(s.cfg.MediaTTL),
	}
	m.key = key[m.sort()] + id
	m.resource = secret(6) + extension(mime)
	s.uploads[id] = m
	return m
}

// extension is the ending of a file name that X gives a media type.
func extension(mime string) string {
	_, sub, _ := strings.Cut(mime, "/")
	switch sub {
	case "jpeg", "pjpeg":
		return ".jpg"
	case "quicktime":
		return ".mov"
	case "png", "gif", "webp", "mp4", "webm":
		return "." + sub
	}
	return ""
}

// keep takes a person's file as it is; mu is held.
func (s *Sim) keep(owner string, f File) *media {
	kind := f.Type
	if kind == "" {
		kind = http.DetectContentType(f.Data)
	}
	category := categoryOf(kind)
	if category == "" {
		category = "dm_video" // X knows no other files
	}
	m := s.newMedia(owner, category, kind)
	m.name = f.Name
	if e := path.Ext(f.Name); e != "" && extension(kind) == "" {
		m.resource += e
	}
	m.finish(f.Data)
	return m
}

// finish takes the whole content.
func (m *media) finish(content []byte) {
	m.data, m.segments, m.finalized = content, nil, true
	if m.sort() != "video" {
		if size, _, err := image.DecodeConfig(bytes.NewReader(content)); err == nil {
			m.width, m.height = size.Width, size.Height
		}
	}
}

func downloadDMMedia(c *call) (reply, error) {
	if _, err := c.query(); err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[c.r.PathValue("dm_id")]
	if e == nil || !e.visible(c.who.user, c.cfg.Now().Add(-c.cfg.History)) {
		return reply{}, notFound("dm_event", "dm_id", c.r.PathValue("dm_id"))
	}
	for _, m := range e.media {
		if m.id == c.r.PathValue("media_id") && m.resource == c.r.PathValue("resource_id") {
			c.w.Header().Set("X-Content-Type-Options", "nosniff")
			return reply{status: http.StatusOK, kind: "application/octet-stream", body: m.data}, nil
		}
	}
	return reply{}, notFound("media", "media_id", c.r.PathValue("media_id"))
}
