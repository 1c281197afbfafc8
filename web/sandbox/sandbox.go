// Package sandbox is the page on which one person plays everyone: people on four simulated platforms write to each other and
// to a brand, a team answers at its desk on three of them at once, and the trip of every message through Roost is watched
// while it happens.
//
//	person ─ POST /act ─▶ Pane ─▶ simulator ─▶ Roost ─▶ simulator ─▶ Pane ─ /state ─▶ person
//	                  Control ─▶ the process ────┴─ Watch ─▶ trips ─ /events ─▶ person
//
// Each platform is a Pane: what is there, and what a person can do. The page knows no platform but by its pane, except in
// how it writes text (dialects.js). Everything is served from one place: a document, two modules, a stylesheet and what
// they ask for. The page is for the machine it runs on, so it answers only to the names of loopback and takes no writes
// from other sites; it asks for no login, because who reaches loopback may play here.
//
// We chose to send trips over the event stream and only a hint that the rest changed, not every change, because the rest
// is small and its simulators keep no history; it costs a request to loopback for each change.
package sandbox

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"net"
	"net/http"
	"strings"
)

// Page is the sandbox. It is an http.Handler, and Watch is a router.Config.Watch; both may be called from any goroutine.
type Page struct {
	panes   []Pane
	handler http.Handler
	assets  assets
	trips   *trips
	roost   *roost
}

// New makes the page over panes, shown in this order. It starts no goroutine. It panics when an embedded file is broken,
// which its tests would find.
func New(panes ...Pane) *Page {
	p := &Page{panes: panes, assets: loadAssets(), trips: newTrips(rand.Text()[:8]), roost: &roost{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.document)
	mux.HandleFunc("GET /assets/{name}", p.assets.serve)
	mux.HandleFunc("GET /state", p.state)
	mux.HandleFunc("GET /events", p.events)
	mux.HandleFunc("GET /files/{pane}/{id}", p.file)
	mux.HandleFunc("GET /held/{pane}", p.held)
	mux.HandleFunc("POST /act", p.act)
	mux.HandleFunc("POST /faults", p.fault)
	mux.HandleFunc("POST /roost", p.order)
	p.handler = http.NewCrossOriginProtection().Handler(mux)
	return p
}

// policy lets the page use what it was served with and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// ServeHTTP serves the page. It answers 421 to a Host that is no name of loopback, so that no site can reach the page by
// a name of its own that resolves here.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if !loopback(r.Host) {
		fail(w, http.StatusMisdirectedRequest, "this page is served under localhost, 127.0.0.1 and [::1] only")
		return
	}
	p.handler.ServeHTTP(w, r)
}

// loopback says whether a Host header names this machine.
func loopback(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// fail answers an error that the page shows to the person.
func fail(w http.ResponseWriter, status int, reason string) {
	answer(w, status, map[string]string{"error": cmp.Or(reason, http.StatusText(status))})
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever asked may be gone
}
