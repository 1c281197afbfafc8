package sandbox

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"time"
)

// fileURL is where a file of a pane is served; id is the pane's own word for it.
func fileURL(pane, id string) string { return "/files/" + pane + "/" + url.PathEscape(id) }

// isImage says whether a browser may show a file of this type in the page. SVG is left out: it can hold more than a picture.
func isImage(kind string) bool {
	switch kind {
	case "image/png", "image/jpeg", "image/gif", "image/webp":
		return true
	}
	return false
}

// file serves what somebody sent: pictures to be shown, everything else to be saved, and nothing to be run.
func (p *Page) file(w http.ResponseWriter, r *http.Request) {
	pane, ok := p.pane(r.PathValue("pane"))
	if !ok {
		fail(w, http.StatusNotFound, "there is no such platform")
		return
	}
	f, ok := pane.file(r.PathValue("id"))
	if !ok {
		fail(w, http.StatusNotFound, "this file is not there")
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if isImage(f.kind) {
		h.Set("Content-Type", f.kind)
		h.Set("Cache-Control", "private, max-age=3600")
	} else {
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(f.name)}))
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.data))
}
