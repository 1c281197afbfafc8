package sandbox

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

func xFileURL(message string, index int) string {
	return "/files/x/" + url.PathEscape(message) + "/" + strconv.Itoa(index)
}

func slackFileURL(id string) string { return "/files/slack/" + url.PathEscape(id) }

// isImage says whether a browser may show a file of this type in the page. SVG is left out: it can hold more than a picture.
func isImage(kind string) bool {
	switch kind {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}

func (p *Page) xFile(w http.ResponseWriter, r *http.Request) {
	index, err := strconv.Atoi(r.PathValue("index"))
	for _, d := range p.cfg.X.Events() {
		if err == nil && d.ID == r.PathValue("message") && index >= 0 && index < len(d.Media) {
			m := d.Media[index]
			serveFile(w, r, m.Name, m.Type, m.Data)
			return
		}
	}
	fail(w, http.StatusNotFound, "this file is not there")
}

func (p *Page) slackFile(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	for _, m := range p.cfg.Slack.Messages(p.cfg.Channel) {
		for _, f := range m.Files {
			if f.ID != id {
				continue
			}
			if data, ok := p.cfg.Slack.FileBytes(id); ok {
				serveFile(w, r, f.Name, f.Type, data)
				return
			}
		}
	}
	fail(w, http.StatusNotFound, "this file is not there")
}

// serveFile serves what somebody sent: pictures to be shown, everything else to be saved, and nothing to be run.
func serveFile(w http.ResponseWriter, r *http.Request, name, kind string, data []byte) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if isImage(kind) {
		h.Set("Content-Type", kind)
		h.Set("Cache-Control", "private, max-age=3600")
	} else {
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(name)}))
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}
