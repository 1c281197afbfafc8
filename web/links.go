package web

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/roost-im/roost/router/blob"
)

// FilesAt is where attachments are served.
const FilesAt = "/files/"

// Links are web addresses under which people can fetch attachments for a while. An address can't be guessed: it bears a
// signature over the attachment, its name and the end of the while, so nothing has to be remembered of it. Links are safe
// for concurrent use.
type Links struct {
	public string
	life   time.Duration
	key    []byte
	open   func(ctx context.Context, sum blob.Sum) (io.ReadSeekCloser, int64, error)
	now    func() time.Time
}

// NewLinks makes links below public, the address under which the world reaches the Server, that hold for life. Their key is
// derived from secret. open opens an attachment; now may be nil.
func NewLinks(
	public string, life time.Duration, secret []byte, open func(context.Context, blob.Sum) (io.ReadSeekCloser, int64, error), now func() time.Time,
) (*Links, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "roost: links to files", sha256.Size)
	if err != nil {
		return nil, err
	}
	if now == nil {
		now = time.Now
	}
	return &Links{public: public, life: life, key: key, open: open, now: now}, nil
}

// What a token is made of, in bytes: when the link ends, which attachment it is, and the signature.
const (
	endSize = 8
	sumSize = sha256.Size
	macSize = 16
	// mostName is how long an attachment's name may be, in bytes.
	mostName = 120
)

// URL is the address of an attachment, or empty when sum is none.
func (l *Links) URL(sum blob.Sum, name string) string {
	raw, err := hex.DecodeString(string(sum))
	if err != nil || len(raw) != sumSize {
		return ""
	}
	name = fileName(name)
	token := binary.BigEndian.AppendUint64(nil, uint64(l.now().Add(l.life).Unix())) //nolint:gosec // after 1970
	token = append(token, raw...)
	token = append(token, l.sign(token, name)...)
	return l.public + FilesAt + base64.RawURLEncoding.EncodeToString(token) + "/" + url.PathEscape(name)
}

// fileName is name as a file can be called everywhere: on one line, without folders, and never empty.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	if cut := len(name) - mostName; cut > 0 { // from the front, because the end says what kind of file it is
		for !utf8.RuneStart(name[cut]) {
			cut++
		}
		name = name[cut:]
	}
	name = strings.TrimLeft(strings.TrimSpace(name), ".")
	if name == "" {
		return "file"
	}
	return name
}

func (l *Links) sign(head []byte, name string) []byte {
	mac := hmac.New(sha256.New, l.key)
	mac.Write(head)
	mac.Write([]byte(name))
	return mac.Sum(nil)[:macSize]
}

// ServeHTTP serves the attachment that {token} names as {name}, to be stored and never to be shown: 404 when the link is
// not one of ours, or what it leads to is not kept any more, and 410 when its time is over.
func (l *Links) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	token, err := base64.RawURLEncoding.DecodeString(r.PathValue("token"))
	if err != nil || len(token) != endSize+sumSize+macSize {
		http.NotFound(w, r)
		return
	}
	head, mac := token[:endSize+sumSize], token[endSize+sumSize:]
	if !hmac.Equal(mac, l.sign(head, name)) {
		http.NotFound(w, r)
		return
	}
	if end := time.Unix(int64(binary.BigEndian.Uint64(head)), 0); l.now().After(end) { //nolint:gosec // it is signed
		http.Error(w, "This link has ended.", http.StatusGone)
		return
	}
	file, _, err := l.open(r.Context(), blob.Sum(hex.EncodeToString(head[endSize:])))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer func() { _ = file.Close() }()
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, max-age=3600")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex")
	http.ServeContent(w, r, "", time.Time{}, file)
}

// Link serves the attachments that l leads to. It is called before the Server serves.
func (s *Server) Link(l *Links) { s.mux.Handle("GET "+FilesAt+"{token}/{name}", l) }
