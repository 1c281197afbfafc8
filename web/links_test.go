package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"github.com/roost-im/roost/router/blob"
	"github.com/roost-im/roost/web"
)

// shelf is a Server with links to what is in a folder, at a time that can be set.
type shelf struct {
	*web.Server
	links *web.Links
	now   time.Time
	blobs *blob.Store
}

const public = "https://roost.example.org"

func newShelf(t *testing.T) *shelf {
	t.Helper()
	blobs, err := blob.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{Server: web.New(well, prometheus.NewRegistry()), now: time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC), blobs: blobs}
	s.links, err = web.NewLinks(public, time.Hour, []byte("a secret"), blobs.Open, func() time.Time { return s.now })
	if err != nil {
		t.Fatal(err)
	}
	s.Link(s.links)
	return s
}

func (s *shelf) put(t *testing.T, bytes string) blob.Sum {
	t.Helper()
	sum, _, err := s.blobs.Put(t.Context(), strings.NewReader(bytes), 1000)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// path is the part of a link that the Server is asked for.
func path(t *testing.T, link string) string {
	t.Helper()
	p, ok := strings.CutPrefix(link, public)
	if !ok {
		t.Fatalf("the link is %q, want one below %s", link, public)
	}
	return p
}

func TestALinkGivesTheFileToBeStored(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	rec := asked(t, s, "GET", path(t, s.links.URL(s.put(t, "<script>alert(1)</script>"), "größe \"1\".html")))
	if rec.Code != http.StatusOK || rec.Body.String() != "<script>alert(1)</script>" {
		t.Fatalf("%d %q, want the file", rec.Code, rec.Body)
	}
	for header, want := range map[string]string{
		"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
		"Content-Disposition": "attachment; filename*=utf-8''gr%C3%B6%C3%9Fe%20_1_.html", "Referrer-Policy": "no-referrer",
	} {
		if got := rec.Header().Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
}

func TestAPartOfAFileCanBeAskedFor(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	r := httptest.NewRequestWithContext(t.Context(), "GET", path(t, s.links.URL(s.put(t, "0123456789"), "a")), http.NoBody)
	r.Header.Set("Range", "bytes=2-4")
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, r)
	if rec.Code != http.StatusPartialContent || rec.Body.String() != "234" {
		t.Errorf("%d %q, want the part", rec.Code, rec.Body)
	}
}

func TestOnlyOurLinksLeadAnywhere(t *testing.T) {
	t.Parallel()
	s, other := newShelf(t), newShelf(t)
	good := path(t, s.links.URL(s.put(t, "bytes"), "a.txt"))
	token := strings.Split(good, "/")[2]
	flip := map[byte]string{'A': "B"}[token[20]]
	if flip == "" {
		flip = "A"
	}
	stranger, err := web.NewLinks(public, time.Hour, []byte("another secret"), other.blobs.Open, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]string{
		"another name":        strings.Replace(good, "a.txt", "a.exe", 1),
		"a changed token":     strings.Replace(good, token, token[:20]+flip+token[21:], 1),
		"a short token":       strings.Replace(good, token, token[:40], 1),
		"no token":            web.FilesAt + "x/a.txt",
		"no name":             web.FilesAt + token + "/",
		"another key":         path(t, stranger.URL(s.put(t, "bytes"), "a.txt")),
		"what is not there":   path(t, s.links.URL(blob.Sum(strings.Repeat("0", 64)), "a.txt")),
		"a folder below":      good + "/more",
		"nothing but a place": web.FilesAt,
	} {
		if rec := asked(t, s, "GET", p); rec.Code != http.StatusNotFound || strings.Contains(rec.Body.String(), "bytes") {
			t.Errorf("%s: %d %q, want 404", name, rec.Code, rec.Body)
		}
	}
	if rec := asked(t, s, "POST", good); rec.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d, want 405", rec.Code)
	}
	if got := s.links.URL("../../etc/passwd", "a"); got != "" {
		t.Errorf("a link to what is no blob: %q", got)
	}
}

func TestALinkEnds(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	link := path(t, s.links.URL(s.put(t, "bytes"), "a.txt"))
	for _, tc := range []struct {
		after time.Duration
		want  int
	}{{time.Hour, http.StatusOK}, {time.Second, http.StatusGone}, {time.Hour, http.StatusGone}} {
		s.now = s.now.Add(tc.after)
		if rec := asked(t, s, "GET", link); rec.Code != tc.want {
			t.Errorf("at %v: %d, want %d", s.now, rec.Code, tc.want)
		}
	}
}

// Whatever a file is called, its link works and says no more than a file's name.
func TestAnyNameMakesALink(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	sum := s.put(t, "bytes")
	rapid.Check(t, func(rt *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"", ".", "..", "../../a", "a/b", `a\b`, "a\r\nSet-Cookie: x", "a\u202etxt.exe", "?", "#", "%2F", strings.Repeat("長", 200) + ".png",
		})).Draw(rt, "name")
		rec := asked(t, s, "GET", path(t, s.links.URL(sum, name)))
		if rec.Code != http.StatusOK || rec.Body.String() != "bytes" {
			rt.Fatalf("%q: %d, want the file", name, rec.Code)
		}
		if d := rec.Header().Get("Content-Disposition"); !strings.HasPrefix(d, "attachment; filename") || strings.ContainsAny(d, "\r\n/\\") {
			rt.Fatalf("%q is disposed as %q", name, d)
		}
	})
}
