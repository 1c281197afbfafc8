package browser_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// fill has the page show one of everything that lasts: cases, pictures, marks, a note, what only Dana sees, a list of emoji,
// a reply, a thread, a delivery that is refused and one that waits.
func fill(t *testing.T, v *visit) {
	t.Helper()
	path, _ := picture(t, "a-rather-long-name-of-a-picture-that-somebody-took-of-a-cup.png", 640, 480)
	v.scene(t, channel)
	v.says(t, onDiscord, endless)
	for _, to := range but(onDiscord) {
		v.sees(t, told(to, endless))
	}
	v.carried(t, onDiscord, "Donaudampf")
	v.uses(t, "answer", said(onTelegram, endless))
	v.says(t, onTelegram, "I see")
	v.carried(t, onTelegram, "I see")
	v.uses(t, "start", said(onSlack, endless))
	v.says(t, onSlack, "In a thread")
	v.sees(t, at("open").in(said(onDiscord, endless)))
	v.reacts(t, said(onDiscord, "I see"), "❤️")
	v.scene(t, desk)
	asks(t, v, onX, "Bruno Silva", endless)
	v.plays(t, onX, "Alice Moreau")
	v.sends(t, onX, path, "Look what came")
	v.opens(t, onSlack, "Alice Moreau")
	v.sees(t, filed(onSlack, "Look what came"))
	v.until(t, "picture", fmt.Sprintf("hands.picture(%s)", filed(onSlack, "Look what came")))
	v.says(t, onSlack, "// "+endless)
	v.sees(t, said(onSlack, endless))
	v.says(t, onSlack, "I am sorry.")
	arrives(t, v, "I am sorry.")
	v.breaks(t, onX, "down")
	v.says(t, onSlack, "A new one is on its way.")
	v.sees(t, trip("A new one is on its way.", "waiting"))
	v.says(t, onSlack, "Forget it")
	v.deletes(t, onSlack, "Forget it")
	v.sees(t, told(onSlack, "taken back"))
	v.uses(t, "pick", filed(onSlack, "Look what came"))
	v.sees(t, at("emoji").in(pane(onSlack)))
	v.presses(t, at("add").in(pane(onX)))
	v.sees(t, at("joiner").in(pane(onX)))
}

// endless has no place to break at.
const endless = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen_without_any_place_to_break_https://example.com/a/very/long/path/that/goes/on?and=on&and=on"

// wide fails the test for what a phone would have to scroll to.
func (v *visit) wide(t *testing.T, when string) {
	t.Helper()
	found, err := v.ask("hands.wide()")
	if err != nil {
		t.Fatal(err)
	}
	if found != "" {
		t.Errorf("%s, these stick out of the page: %s", when, found)
	}
}

func TestPageFitsAPhone(t *testing.T) {
	t.Parallel()
	v := open(t, longHold)
	phone := chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch) // without a mouse
	if err := v.do(phone); err != nil {
		t.Fatal(err)
	}
	v.wide(t, "empty")
	fill(t, v)
	v.wide(t, "filled")
	v.scene(t, channel)
	v.wide(t, "with the channel")
	v.scene(t, desk)
	v.presses(t, pressable(onSlack, snooze))
	v.sees(t, at("modal"))
	v.wide(t, "with a form")
}

const axeFile = "node_modules/axe-core/axe.min.js"

var installAxe = sync.OnceValue(func() error {
	if _, err := os.Stat(filepath.FromSlash(axeFile)); err == nil {
		return nil
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return fmt.Errorf("npm is not installed: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "npm", "ci").CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
})

// violation is what axe-core says about a rule that the page breaks.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML, FailureSummary string
	}
}

// axe asks axe-core about the page as it is shown now.
func (v *visit) axe() ([]violation, error) {
	got, err := v.ask(`axe.run(document, {resultTypes: ["violations"]}).then((r) => JSON.stringify({rules: r.passes.length, violations: r.violations}))`)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Rules      int
		Violations []violation
	}
	if err := json.Unmarshal([]byte(got), &answer); err != nil {
		return nil, err
	}
	if answer.Rules == 0 {
		return nil, errors.New("axe-core has looked at nothing")
	}
	return answer.Violations, nil
}

// accessible fails the test for what axe-core finds, in light and in dark.
func (v *visit) accessible(t *testing.T, when string) {
	t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		if err := v.do(emulate(scheme)); err != nil {
			t.Fatal(err)
		}
		found, err := v.axe()
		if err != nil {
			t.Fatalf("%s, in %s: %v", when, scheme, err)
		}
		for _, broken := range found {
			t.Errorf("%s, in %s: %s (%s): %s", when, scheme, broken.ID, broken.Impact, broken.Help)
			for _, n := range broken.Nodes {
				t.Logf("%s\n%s", n.HTML, n.FailureSummary)
			}
		}
	}
}

// emulate has the browser prefer a color scheme, and no motion: a color that is on its way to another can't be judged.
func emulate(scheme string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme},
			{Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return chromedp.Void{}, err
	}
}

func TestPageIsAccessible(t *testing.T) {
	t.Parallel()
	needs(t, installAxe())
	v := open(t, longHold)
	script, err := os.ReadFile(filepath.FromSlash(axeFile))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.ask(string(script) + `; ""`); err != nil {
		t.Fatal(err)
	}
	v.accessible(t, "empty")
	fill(t, v)
	v.accessible(t, "filled")
	v.scene(t, channel)
	v.accessible(t, "with the channel")
	v.scene(t, desk)
	v.presses(t, pressable(onSlack, snooze))
	v.sees(t, at("modal"))
	v.accessible(t, "with a form")
}

// A person without a mouse gets everywhere, sees where they are, and can do what others can.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	v := open(t)
	want := []string{"scene-desk", "scene-channel"}
	for _, p := range everywhere() {
		want = append(want, p+" tab", p+" person", p+" add")
	}
	walked := v.walks(t, 60)
	for _, stop := range want {
		if !slices.Contains(walked, stop) {
			t.Errorf("the Tab key does not get to %q; it goes by %q", stop, walked)
		}
	}
	v.until(t, "input", fmt.Sprintf("hands.begin(%s)", at("hello").in(pane(onX))))
	v.hits(t, " ")
	v.sees(t, relayed(onSlack, "order 1042"))
	v.until(t, "the input of X in focus", `hands.focused().startsWith("x input")`)
	v.until(t, "case", fmt.Sprintf("hands.begin(%s)", told(onSlack, "order 1042")))
	for _, k := range []string{"End", "Home", "ArrowDown", "ArrowUp", "Tab", "Enter"} { // to the first button of the card
		v.hits(t, k)
	}
	v.sees(t, told(onSlack, "Dana Weiss has claimed this"))
}

// walks presses Tab from the top of the page, and says where it got to.
func (v *visit) walks(t *testing.T, steps int) []string {
	t.Helper()
	var stops []string
	for range steps {
		v.hits(t, "Tab")
		stop, err := v.ask("hands.focused()")
		if err != nil {
			t.Fatal(err)
		}
		if outlined, err := v.ask("String(hands.outlined())"); err != nil || outlined != "true" {
			t.Errorf("nothing shows that %q has the focus (%v)", stop, err)
		}
		stops = append(stops, stop)
	}
	return stops
}
