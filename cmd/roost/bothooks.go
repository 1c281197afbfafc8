package main

import (
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// hookMost is how many bytes the call of a webhook may have.
const hookMost = 256 << 10

// mount serves the webhooks of a bot. A caller shows the token in the header, as in "Authorization: Bearer TOKEN".
func (p *player) mount(h *house) {
	if h.hooks == nil {
		return
	}
	var unmounts []func()
	for _, t := range p.host.Spec().Triggers {
		if t.Hook == "" {
			continue
		}
		unmount, err := h.hooks.Mount("bot/"+p.name+"/"+t.Hook, p.hook(t.Hook))
		if err == nil {
			unmounts = append(unmounts, unmount)
		}
	}
	p.unmount = func() {
		for _, f := range unmounts {
			f()
		}
	}
}

func (p *player) hook(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || subtle.ConstantTimeCompare([]byte(token), []byte(p.settled.Hook.Reveal())) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "the token is missing or wrong", http.StatusUnauthorized)
			return
		}
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "only POST", http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, hookMost))
		if err != nil {
			http.Error(w, fmt.Sprintf("a call has %d bytes at most", hookMost), http.StatusRequestEntityTooLarge)
			return
		}
		if err := p.host.Hook(r.Context(), name, r.Header.Get("Idempotency-Key"), body); err != nil {
			http.Error(w, "not stored; call again", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
}
