package sandbox

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var files embed.FS

// assets are the embedded files. All but the document are served under names that change with their content, so that a
// browser may keep them for good.
type assets struct {
	page   *template.Template
	named  map[string]string // the plain name to the one it is served under
	served map[string][]byte
}

func loadAssets() assets {
	a := assets{
		page:  template.Must(template.ParseFS(files, "assets/page.html")),
		named: map[string]string{}, served: map[string][]byte{},
	}
	for _, name := range []string{"app.js", "dialects.js", "app.css", "icon.svg"} {
		body, err := files.ReadFile("assets/" + name)
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(name)
		hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.named[name], a.served[hashed] = hashed, body
	}
	return a
}

func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	body, ok := a.served[name]
	if !ok {
		fail(w, http.StatusNotFound, "")
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Type", map[string]string{
		".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	}[path.Ext(name)])
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// document is the one page. What changes while it is open is not in it: the module asks for that.
func (p *Page) document(w http.ResponseWriter, _ *http.Request) {
	var page bytes.Buffer
	err := p.assets.page.Execute(&page, map[string]any{
		"Script": p.assets.named["app.js"], "Dialects": p.assets.named["dialects.js"], "Style": p.assets.named["app.css"],
		"Icon": p.assets.named["icon.svg"],
	})
	if err != nil {
		fail(w, http.StatusInternalServerError, "the page could not be made")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = page.WriteTo(w) // whoever asked may be gone
}
