package plugins_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/roost-im/roost/plugins"
)

// need finds a program of the machine; without it the test is skipped, and in CI it fails.
func need(tb testing.TB, name string) {
	tb.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		tb.Fatalf("%s is not on this machine", name)
	}
	tb.Skipf("%s is not on this machine", name)
}

// sixLines is the shortest bot there is.
const sixLines = `import sys, json
for line in sys.stdin:
    m = json.loads(line)
    t = m["params"]["text"]
    r = {"reply": t[6:]} if t.startswith("!echo ") else {}
    print(json.dumps({"jsonrpc": "2.0", "id": m["id"], "result": r}), flush=True)
`

func TestSixLinesOfPythonAreABot(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	m, err := plugins.Open(folder(t, "api: 1\nname: echo\nrun: {exec: [python3, echo.py]}\n", map[string]string{"echo.py": sixLines}))
	if err != nil {
		t.Fatal(err)
	}
	w := setup(t, plugins.Config{Manifest: m})
	if got := w.say("!echo one two"); got != "one two" {
		t.Errorf("it says %q, want one two", got)
	}
	if got := w.say("hello"); got != "" {
		t.Errorf("it says %q, want nothing", got)
	}
	if err := w.Program.Close(); err != nil {
		t.Error(err)
	}
	if got := w.Log.String(); got != "" {
		t.Errorf("its log says: %s", got)
	}
}
