package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/roost-im/roost/configs"
)

func TestALinkLeadsToTheSite(t *testing.T) {
	t.Parallel()
	const public = "https://roost.example.org"
	h := opened(t, configs.Web{Public: public}, configs.Files{Link: time.Hour})
	sum, _, err := h.blobs.Put(t.Context(), strings.NewReader("bytes"), 100)
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(h.links.URL(sum, "a.txt"), public)
	rec := httptest.NewRecorder()
	h.site(prometheus.NewRegistry()).ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
	if rec.Code != http.StatusOK || rec.Body.String() != "bytes" {
		t.Errorf("%s: %d %q, want the file", path, rec.Code, rec.Body)
	}
}

func TestLinksNeedAPublicAddress(t *testing.T) {
	t.Parallel()
	public := configs.Web{Public: "https://roost.example.org"}
	for _, tc := range []struct {
		name  string
		web   configs.Web
		files configs.Files
		want  bool
	}{
		{"with both", public, configs.Files{Link: time.Hour}, true},
		{"without an address", configs.Web{}, configs.Files{Link: time.Hour}, false},
		{"switched off", public, configs.Files{}, false},
	} {
		if got := opened(t, tc.web, tc.files).links != nil; got != tc.want {
			t.Errorf("%s: links %v, want %v", tc.name, got, tc.want)
		}
	}
}
