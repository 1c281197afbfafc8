package webhook_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/roost-im/roost/bridges"
	"github.com/roost-im/roost/bridges/webhook"
	"github.com/roost-im/roost/router/chat"
)

func fetcher(t *testing.T, private bool) *webhook.Connector {
	t.Helper()
	c, err := webhook.New(webhook.Config{Secret: bridges.NewSecret(secret), URL: "http://127.0.0.1:1", AllowPrivate: private}, still())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { chat.Close(c) })
	return c
}

func TestAddressesOfTheHouseAreNotPublic(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"93.184.215.14:443": true, "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:443": true,
		"127.0.0.1:80": false, "[::1]:80": false, "10.1.2.3:80": false, "172.16.0.1:80": false, "192.168.1.1:80": false,
		"169.254.169.254:80": false, "[fe80::1%eth0]:80": false, "[fd00::1]:80": false, "[::ffff:10.0.0.1]:80": false, "0.0.0.0:80": false,
		"[::]:80": false, "100.64.0.1:80": false, "224.0.0.1:80": false, "255.255.255.255:80": false, "[64:ff9b::a00:1]:80": false,
		"[::a00:1]:80": false, "[2002:a00:1::]:80": false, "240.0.0.1:80": false, "0.1.2.3:80": false, "example.org:80": false, "": false,
	} {
		if got := webhook.Public(address); got != want {
			t.Errorf("Public(%q) = %v, want %v", address, got, want)
		}
	}
}

func TestFilesAreNotFetchedFromTheHouse(t *testing.T) {
	t.Parallel()
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	c := fetcher(t, false)
	for _, source := range []string{server.URL, strings.Replace(server.URL, "127.0.0.1", "localhost", 1), "file:///etc/passwd", "ftp://example.org/x", "relative"} {
		_, err := c.Fetch(t.Context(), chat.File{Source: source})
		if chat.KindOf(err) != chat.Refused {
			t.Errorf("fetch %s = %v, want Refused", source, err)
		}
	}
	if asked {
		t.Error("a private address was called")
	}
}

func TestFetching(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/there", func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["Authorization"])+len(r.Header["Roost-Signature"])+len(r.Header["Referer"]) > 0 {
			t.Errorf("headers are %v, want no credential", r.Header)
		}
		_, _ = io.WriteString(w, "the bytes")
	})
	mux.Handle("/moved", http.RedirectHandler("/there", http.StatusFound))
	mux.Handle("/round", http.RedirectHandler("/round", http.StatusFound))
	mux.Handle("/inside", http.RedirectHandler("file:///etc/passwd", http.StatusFound))
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "104857601") })
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	mux.HandleFunc("/secret", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	mux.HandleFunc("/busy", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
	server := httptest.NewServer(mux)
	defer server.Close()
	c := fetcher(t, true)
	for source, want := range map[string]string{"data:dGhlIGJ5dGVz": "the bytes", server.URL + "/there": "the bytes", server.URL + "/moved": "the bytes"} {
		r, err := c.Fetch(t.Context(), chat.File{Source: source})
		if err != nil {
			t.Errorf("fetch %s = %v", source, err)
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil || string(b) != want {
			t.Errorf("%s gave %q, %v; want %q", source, b, err, want)
		}
		if err := r.Close(); err != nil {
			t.Errorf("close %s = %v", source, err)
		}
	}
	for path, kind := range map[string]chat.Kind{
		"/round": chat.Transient, "/inside": chat.Transient, "/large": chat.Refused, "/broken": chat.Transient,
		"/secret": chat.Refused, "/busy": chat.Throttled, "/nowhere": chat.Gone,
	} {
		if _, err := c.Fetch(t.Context(), chat.File{Source: server.URL + path}); err == nil || chat.KindOf(err) != kind {
			t.Errorf("fetch %s = %v, want %v", path, err, kind)
		}
	}
}
