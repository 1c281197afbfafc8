package browser_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed hands.js
var hands string

// spot names what is on the page: the first shown element with a data-test, or for a selector, with attributes and words.
type spot struct {
	Test   string            `json:"test,omitempty"`
	CSS    string            `json:"css,omitempty"`
	Attrs  map[string]string `json:"attrs,omitempty"`
	Words  []string          `json:"words,omitempty"`
	Within *spot             `json:"within,omitempty"`
}

func at(test string, words ...string) spot { return spot{Test: test, Words: words} }

func (s spot) with(attr, value string) spot {
	attrs := map[string]string{attr: value}
	maps.Copy(attrs, s.Attrs)
	s.Attrs = attrs
	return s
}

func (s spot) in(outer spot) spot {
	s.Within = &outer
	return s
}

// String is the spot as the hands take it.
func (s spot) String() string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // it is text only
	}
	return string(b)
}

// visit is the page of a sandbox of its own, open in the browser.
type visit struct {
	tab     context.Context                 //nolint:containedctx // it is the tab: chromedp finds the browser by it
	ask     func(js string) (string, error) // what an expression gives, within patience()
	do      func(steps ...chromedp.Action[chromedp.Void]) error
	console *console
}

// open starts a sandbox and opens its page. When the test ends, the console must be empty.
func open(t *testing.T, flags ...string) *visit {
	t.Helper()
	shared.start.Do(shared.run)
	needs(t, shared.err)
	address := sandbox(t, flags...)
	tab, leave := shared.tab()
	t.Cleanup(leave)
	if err := chromedp.Do(tab); err != nil { // the tab lives as long as the context it starts with
		t.Fatal(err)
	}
	v := &visit{tab: tab, console: &console{}}
	v.do = func(steps ...chromedp.Action[chromedp.Void]) error {
		ctx, cancel := context.WithTimeout(tab, patience())
		defer cancel()
		return chromedp.Do(ctx, steps...)
	}
	v.ask = func(js string) (string, error) {
		ctx, cancel := context.WithTimeout(tab, patience())
		defer cancel()
		return chromedp.Run(ctx, chromedp.Evaluate[string](js, chromedp.EvalAwaitPromise))
	}
	if err := chromedp.Listen(tab, v.console.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	if err := v.do(window(1500, 1000), chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
	if _, err := v.ask(hands); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.quiet(t) })
	v.until(t, "a live page", `document.querySelector('#live[data-state=on]')`)
	return v
}

// window gives the page a size. chromedp's EmulateViewport would take the mouse away, and what is shown under it.
func window(width, height int64) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1})
		return chromedp.Void{}, err
	}
}

// quiet fails the test when the browser had to complain.
func (v *visit) quiet(t *testing.T) {
	t.Helper()
	if _, err := v.ask(`""`); err != nil { // what was said before the answer is heard by then
		t.Error(err)
	}
	for _, complaint := range v.console.all() {
		t.Errorf("the console says %s", complaint)
	}
}

// until waits until an expression gives something. It is asked at every change of the page, and never again after that:
// some expressions press. chromedp's Poll by mutation can ask once more before it has seen the answer.
func (v *visit) until(t *testing.T, what, js string) {
	t.Helper()
	_, err := v.ask("hands.until(() => " + js + ")")
	if err == nil {
		return
	}
	shows, _ := v.ask("document.body.innerText")
	t.Fatalf("no %s within %v: %v; the page shows:\n%s", what, patience(), err, shows)
}

// sees waits until a spot is shown.
func (v *visit) sees(t *testing.T, s spot) {
	t.Helper()
	v.until(t, s.String(), fmt.Sprintf("hands.find(%s)", s))
}

// misses waits until a spot is not shown any more.
func (v *visit) misses(t *testing.T, s spot) {
	t.Helper()
	v.until(t, "end of "+s.String(), fmt.Sprintf("!hands.find(%s)", s))
}

// counts is how many of a spot are shown now.
func (v *visit) counts(t *testing.T, s spot) int {
	t.Helper()
	got, err := v.ask(fmt.Sprintf("String(hands.all(%s).length)", s))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(got)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// presses clicks a spot, once it is shown and nothing lies over it.
func (v *visit) presses(t *testing.T, s spot) {
	t.Helper()
	v.until(t, "button "+s.String(), fmt.Sprintf("hands.press(%s)", s))
}

// types types words, key by key, in place of what is in an input.
func (v *visit) types(t *testing.T, s spot, words string) {
	t.Helper()
	v.until(t, "input "+s.String(), fmt.Sprintf("hands.begin(%s, true)", s))
	steps := make([]chromedp.Action[chromedp.Void], 0, len(words))
	for _, r := range words {
		steps = append(steps, key(input.DispatchKeyEventParams{Key: string(r), Text: string(r)}))
	}
	if err := v.do(steps...); err != nil {
		t.Fatal(err)
	}
	s.Words = []string{words}
	v.sees(t, s)
}

// hits presses a key that writes nothing, or Enter.
func (v *visit) hits(t *testing.T, name string) {
	t.Helper()
	if err := v.do(key(named(name))); err != nil {
		t.Fatal(err)
	}
}

// named are the keys that the page knows, as a keyboard sends them.
func named(name string) input.DispatchKeyEventParams {
	codes := map[string]int64{"Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
	p := input.DispatchKeyEventParams{Key: name, Code: name, WindowsVirtualKeyCode: codes[name]}
	switch name {
	case "Enter":
		p.Text = "\r"
	case " ":
		p.Text, p.Code = " ", "Space"
	}
	return p
}

// key presses a key. A page that takes it for itself gets no text, as with a keyboard; chromedp's KeyEvent would send it
// nevertheless.
func key(down input.DispatchKeyEventParams) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		down.Type = input.DispatchKeyEventTypeKeyDown
		if _, err := chromedp.Call(ctx, input.DispatchKeyEvent, down); err != nil {
			return chromedp.Void{}, err
		}
		up := down
		up.Type, up.Text = input.DispatchKeyEventTypeKeyUp, ""
		_, err := chromedp.Call(ctx, input.DispatchKeyEvent, up)
		return chromedp.Void{}, err
	}
}

// chooses takes an option.
func (v *visit) chooses(t *testing.T, s spot, label string) {
	t.Helper()
	v.until(t, "option "+label, fmt.Sprintf("hands.choose(%s, %q)", s, label))
}

// attaches puts a file into the file input of a pane.
func (v *visit) attaches(t *testing.T, pane, path string) {
	t.Helper()
	if err := v.do(chromedp.SetUploadFiles(chromedp.CSS("#"+pane+"-file"), []string{path})); err != nil {
		t.Fatal(err)
	}
}

// console is what the browser complains about: errors, warnings, exceptions that nobody caught, refused resources.
type console struct {
	mu         sync.Mutex
	complaints []string
}

func (c *console) hear(ev any) {
	switch ev := ev.(type) {
	case *log.EventEntryAdded:
		if ev.Entry.Level == log.EntryLevelError || ev.Entry.Level == log.EntryLevelWarning {
			c.add(fmt.Sprintf("%s: %s %s", ev.Entry.Source, ev.Entry.Text, ev.Entry.URL))
		}
	case *runtime.EventExceptionThrown:
		words := ev.ExceptionDetails.Text
		if e := ev.ExceptionDetails.Exception; e != nil {
			words += " " + e.Description
		}
		c.add("exception: " + words)
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning || ev.Type == runtime.ConsoleAPICalledTypeAssert {
			var words []string
			for _, a := range ev.Args {
				words = append(words, string(a.Value)+a.Description)
			}
			c.add(strings.Join(words, " "))
		}
	}
}

func (c *console) add(complaint string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.complaints = append(c.complaints, complaint)
}

func (c *console) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.complaints
}
