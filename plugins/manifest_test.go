package plugins_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/plugins"
	"github.com/roost-im/roost/router/chat"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	dir := folder(t, `
api: 1
name: orders
run: {exec: [python3, bot.py, "-v"], env: {LANG: C.UTF-8}}
config: {schema: schema.json}
may: [send:slack/team#C1, http:api.shop.example, secret:SHOP_TOKEN, moderate]
limits: {time: 2s, memory: 64MiB, sends: 30/1m, line: 64KiB, idle: never}
`, map[string]string{"schema.json": `{"type": "object", "required": ["shop"]}`})
	m, err := plugins.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := plugins.Limits{Time: 2 * time.Second, Memory: 64 << 20, Line: 64 << 10, Idle: -1}
	want.Sends.N, want.Sends.Per = 30, time.Minute
	if m.Limits != want {
		t.Errorf("limits are %+v, want %+v", m.Limits, want)
	}
	if m.Name != "orders" || !slices.Equal(m.Exec, []string{"python3", "bot.py", "-v"}) || m.Env["LANG"] != "C.UTF-8" || m.Connector {
		t.Errorf("it is %+v", m)
	}
	if !m.May.Send(place("C1")) || m.May.Send(place("C2")) || !m.May.Moderate || !slices.Equal(m.May.Secrets, []string{"SHOP_TOKEN"}) {
		t.Errorf("it may %+v", m.May)
	}
	if _, err := m.Settings(map[string]any{}); err == nil || !strings.Contains(err.Error(), "config: missing property 'shop'") {
		t.Errorf("Settings says %v, want that shop is missing", err)
	}
}

func TestFaultsOfAManifestHaveTheirPlace(t *testing.T) {
	t.Parallel()
	const head = "api: 1\nname: bot\n"
	const run = head + "run: {exec: [x]}\n"
	for _, tc := range []struct{ manifest, want string }{
		{"", "plugin.yaml:1:1: is empty"},
		{"name: bot\nrun: {exec: [x]}\n", "plugin.yaml:1:1: api is missing; write api: 1"},
		{"api: 2\nname: bot\nrun: {exec: [x]}\n", "plugin.yaml:1:6: api: there is no api 2"},
		{"api: one\nname: bot\nrun: {exec: [x]}\n", "plugin.yaml:1:6: api: wants a number"},
		{"api: 1\nname: My Bot\nrun: {exec: [x]}\n", `plugin.yaml:2:7: name: "My Bot" is no name`},
		{head, "run is missing; write run: {exec: [python3, bot.py]}"},
		{head + "run: x\n", "plugin.yaml:3:6: run: wants keys and values: exec, env"},
		{head + "run: {exec: x}\n", "plugin.yaml:3:13: run.exec: wants a list"},
		{head + "run: {exec: []}\n", "run.exec: names no program"},
		{head + "run: {exce: [x]}\n", "plugin.yaml:3:7: run: unknown key exce; did you mean exec?"},
		{run + "limit: {}\n", "plugin.yaml:4:1: unknown key limit; did you mean limits?"},
		{run + "colour: red\n", "unknown key colour; it can be api, name, run, config, may, limits, connector"},
		{run + "name: other\n", "plugin.yaml:4:1: name: written twice, first in line 2"},
		{run + "may: [fly]\n", `plugin.yaml:4:7: may[0]: "fly" grants nothing; it can be`},
		{run + "limits:\n  time: soon\n", "plugin.yaml:5:9: limits.time: wants a time from 1ms to 1h0m0s"},
		{run + "limits:\n  memory: 64MB\n", `plugin.yaml:5:11: limits.memory: "64MB" is no size; it is written like 64MiB`},
		{run + "limits:\n  memory: 1KiB\n", "limits.memory: is 1024 bytes; it can be"},
		{run + "limits:\n  sends: often\n", `limits.sends: "often" is no cooldown`},
		{run + "connector: maybe\n", "plugin.yaml:4:12: connector: wants true or false"},
		{run + "config: {schema: ../x.json}\n", `config.schema: "../x.json" is not in the plugin's folder`},
		{run + "config: {schema: x.json}\n", "config.schema:"},
		{run + "config: {schema: {type: thing}}\n", "config.schema: is no JSON Schema: schema"},
		{run + "config: {schema: {$ref: \"https://example.org/s\"}}\n", "refers to https://example.org/s"},
		{run + "x: &a b\n", "plugin.yaml:4:4: anchors, aliases and merge keys are not taken; write the value out, or put it in quotes"},
		{run + "---\na: b\n", "a second document"},
		{"a:\n\t- b\n", "is no YAML"},
		{strings.Repeat("[", 40), "too much: more than 32 levels"},
		{strings.Repeat("a", 70000), "plugin.yaml:1:1: is too large: more than 65536 bytes"},
		{"a\x00b", "plugin.yaml:1:2: is no text: it has the character U+0000"},
	} {
		t.Run(fmt.Sprintf("%.60q", tc.manifest), func(t *testing.T) {
			t.Parallel()
			_, err := plugins.Open(folder(t, tc.manifest, nil))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("Open says %v, want %s", err, tc.want)
			}
		})
	}
	if _, err := plugins.Open(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open of an empty folder says %v", err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	m, err := plugins.Open(folder(t, `{api: 1, name: bot, run: {exec: [x]}, config: {schema: {type: object, additionalProperties: false, properties: {
		shop: {type: object, properties: {url: {type: string, pattern: "^https://"}, ports: {type: array, items: {type: integer}}}}}}}}`, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		config any
		want   string
	}{
		{nil, ""},
		{map[string]any{"shop": map[string]any{"url": "https://x", "ports": []int{1}}}, ""},
		{map[string]any{"shop": map[string]any{"url": 7}}, "config.shop.url: got number, want string"},
		{map[string]any{"shop": map[string]any{"ports": []any{1, "x"}}}, "config.shop.ports.1: got string, want integer"},
		{map[string]any{"shop": map[string]any{"url": "hunter2"}}, "config.shop.url: does not match"},
		{map[string]any{"sop": 1}, "config: additional properties 'sop' not allowed"},
		{map[string]any{"shop": func() {}}, "config: json: unsupported type"},
	} {
		_, err := m.Settings(tc.config)
		if got := fmt.Sprint(err); tc.want == "" && err != nil || !strings.Contains(got, tc.want) || strings.Contains(got, "hunter2") {
			t.Errorf("%v: Settings says %v, want %s", tc.config, err, tc.want)
		}
	}
}

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "plugin")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	manifest := "api: 1\nname: echo\nrun: {exec: [python3, echo.py]}\nlimits: {tme: 2s}\n"
	if err := os.WriteFile(filepath.Join(dir, plugins.ManifestName), []byte(manifest), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	_, err = plugins.Open(dir)
	fmt.Println(strings.ReplaceAll(err.Error(), dir, "echo"))
	// Output:
	// echo/plugin.yaml:4:10: limits: unknown key tme; did you mean time?
}

func FuzzManifest(f *testing.F) {
	for _, s := range []string{
		"api: 1\nname: bot\nrun: {exec: [x]}\n", "api: 1\nname: b\nrun: {exec: [a], env: {A: b}}\nconfig: {schema: {type: object}}\nmay: [moderate]\n",
		"limits: {time: 1s, memory: 1GiB, sends: 1/1m, line: 1KiB, idle: never}", "- a\n- b", "a: [b, {c: d}]", "? x\n: y", "a: |\n  b\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		m, err := plugins.Parse(filepath.Join(t.TempDir(), plugins.ManifestName), src)
		if (m == nil) == (err == nil) {
			t.Errorf("%q: %v and %v", src, m, err)
		}
		if m != nil && (m.Name == "" || len(m.Exec) == 0) {
			t.Errorf("%q: it is %+v without a fault", src, m)
		}
		if m != nil && m.May.Send(chat.Conversation{}) != m.May.Anywhere {
			t.Errorf("%q: it may send nowhere", src)
		}
	})
}
