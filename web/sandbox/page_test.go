package sandbox_test

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestPageRunsOnlyWhatItWasServedWith(t *testing.T) {
	t.Parallel()
	w := setup(t)
	status, head, page := w.get("/")
	if status != http.StatusOK || head.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("GET / = %d %s", status, head.Get("Content-Type"))
	}
	policy := head.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %s", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("policy %q lets others in", policy)
	}
	for _, bad := range []string{`(?i)<style`, `(?i)\sstyle\s*=`, `(?i)\son[a-z]+\s*=`, `(?i)<script[^>]*>[^<]`, `(?i)"javascript:`, `(?:src|href)="(?:https?:)?//`} {
		if found := regexp.MustCompile(bad).FindString(page); found != "" {
			t.Errorf("the page has %q", found)
		}
	}
	if !strings.Contains(page, "Support desk") || !strings.Contains(page, "Mirrored channel") {
		t.Error("the page does not say what there is to try")
	}
}

func TestAssetsAreKeptForGood(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, _, page := w.get("/")
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`/assets/[a-z]+\.[0-9a-f]{12}\.(js|css|svg)`).FindAllString(page, -1) {
		seen[m] = true
	}
	if len(seen) != 4 {
		t.Fatalf("the page names the assets %v, want two modules, a stylesheet and an icon", seen)
	}
	for path := range seen {
		status, head, body := w.get(path)
		if status != http.StatusOK || body == "" || !strings.Contains(head.Get("Cache-Control"), "immutable") || head.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("GET %s = %d %v", path, status, head)
		}
	}
	for _, path := range []string{"/assets/app.js", "/assets/page.html", "/assets/..%2fsandbox.go", "/none"} {
		if status, _, _ := w.get(path); status != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", path, status)
		}
	}
}

func TestModuleMakesNoMarkupOfStrings(t *testing.T) {
	t.Parallel()
	module := modules(t)
	for _, bad := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc", "DOMParser", "createContextualFragment"} {
		if strings.Contains(module, bad) {
			t.Errorf("the module uses %s", bad)
		}
	}
	css, err := os.ReadFile("assets/app.css")
	must(t, err)
	for _, want := range []string{"prefers-color-scheme: dark", "prefers-reduced-motion", ":focus-visible"} {
		if !strings.Contains(string(css), want) {
			t.Errorf("the stylesheet lacks %s", want)
		}
	}
}

// Browser journeys find their way by these.
func TestPageKeepsItsNames(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, _, page := w.get("/")
	for _, id := range []string{"panes", "trips", "live", "modal", "confirm", "roost"} {
		if !strings.Contains(page, `id="`+id+`"`) {
			t.Errorf("the page has no element %s", id)
		}
	}
	for _, name := range []string{"pane", "tab", "person", "input", "send", "message", "reply", "button", "reaction", "thread-name", "field", "trip-step"} {
		if !strings.Contains(modules(t), `test: "`+name+`"`) {
			t.Errorf("the module names nothing %s", name)
		}
	}
}

// modules is what the page runs.
func modules(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, name := range []string{"app.js", "dialects.js"} {
		module, err := os.ReadFile("assets/" + name)
		must(t, err)
		all.Write(module)
	}
	return all.String()
}

func TestOtherSitesMayNotWrite(t *testing.T) {
	t.Parallel()
	w := setup(t)
	body := `{"pane":"x","do":"say","person":"` + w.first[onX].person + `","place":"` + w.first[onX].place + `","text":"x"}`
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for _, tc := range []struct {
		name string
		edit func(*http.Request)
		want int
	}{
		{"same origin", header("Sec-Fetch-Site", "same-origin"), http.StatusOK},
		{"no browser", func(*http.Request) {}, http.StatusOK},
		{"other site", header("Sec-Fetch-Site", "cross-site"), http.StatusForbidden},
		{"other port", header("Sec-Fetch-Site", "same-site"), http.StatusForbidden},
		{"old browser, other site", header("Origin", "https://evil.example"), http.StatusForbidden},
		{"no origin", header("Origin", "null"), http.StatusForbidden},
	} {
		if status, answer := w.send("/act", "application/json", strings.NewReader(body), tc.edit); status != tc.want {
			t.Errorf("%s: %d %s, want %d", tc.name, status, answer, tc.want)
		}
	}
	if got := len(w.place(onX, w.first[onX].place).Messages); got != 2 {
		t.Errorf("%d messages were said, want 2", got)
	}
}

func TestOnlyNamesOfLoopbackAreServed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for host, want := range map[string]int{
		"localhost:8080": 200, "LOCALHOST": 200, "127.0.0.1": 200, "127.8.8.8:1": 200, "[::1]:8080": 200, "[::1]": 200, "roost.localhost:80": 200,
		"evil.example": 421, "evil.example:8080": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example": 421, "192.168.0.7:8080": 421, "0.0.0.0": 421,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.srv.URL+"/state", http.NoBody)
		must(t, err)
		r.Host = host
		if status, _, _ := w.do(r); status != want {
			t.Errorf("Host %s: %d, want %d", host, status, want)
		}
	}
}

func TestMethodsAreKept(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, path := range []string{"/act", "/faults"} {
		if status, _, _ := w.get(path); status != http.StatusMethodNotAllowed {
			t.Errorf("GET %s = %d, want 405", path, status)
		}
	}
	if status, _ := w.post("/state", nil); status != http.StatusMethodNotAllowed {
		t.Errorf("POST /state = %d, want 405", status)
	}
}
