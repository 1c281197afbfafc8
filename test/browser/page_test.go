package browser_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// fill has the page show one of everything that lasts: two cases, pictures, marks, a note, what only Dana sees, a list of
// emoji, a delivery that is refused and one that waits.
func fill(t *testing.T, v *visit) {
	t.Helper()
	path, _ := picture(t, "a-rather-long-name-of-a-picture-that-somebody-took-of-a-cup.png", 640, 480)
	v.presses(t, at("x-person").with("data-name", "Bruno Silva"))
	asking := "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen_without_any_place_to_break_https://example.com/a/very/long/path/that/goes/on?and=on&and=on"
	v.writes(t, "x-input", asking)
	v.sees(t, at("slack-card", "Bruno Silva"))
	v.presses(t, at("x-person").with("data-name", "Alice Moreau"))
	v.attaches(t, "x-file", path)
	v.writes(t, "x-input", "Look what came")
	v.presses(t, at("slack-open").in(at("slack-card", "Alice Moreau")))
	v.sees(t, said("Look what came"))
	v.until(t, "picture", fmt.Sprintf("hands.picture(%s)", said("Look what came")))
	v.presses(t, at("slack-pick").in(said("Look what came")))
	v.presses(t, at("slack-emoji").with("data-name", "tada"))
	v.sees(t, step("reacted with", "failed", "no reactions"))
	v.writes(t, "slack-input", "// "+asking)
	v.sees(t, said(asking))
	v.writes(t, "slack-input", "I am sorry.")
	arrives(t, v, "I am sorry.")
	v.presses(t, at("fault-x-down"))
	v.writes(t, "slack-input", "A new one is on its way.")
	v.sees(t, trip("A new one is on its way.", "waiting"))
	v.writes(t, "slack-input", "Forget it")
	v.presses(t, at("slack-delete").in(said("Forget it")))
	v.presses(t, at("confirm-yes"))
	v.sees(t, at("slack-ephemeral", "taken back"))
	v.presses(t, at("slack-pick").in(said("Look what came")))
	v.sees(t, at("slack-emoji"))
}

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
	v := open(t)
	phone := chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch)
	if err := v.do(phone); err != nil {
		t.Fatal(err)
	}
	v.wide(t, "empty")
	fill(t, v)
	v.wide(t, "filled")
	v.presses(t, button(snooze).in(at("slack-card", "Alice Moreau")))
	v.sees(t, at("slack-modal"))
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
	v := open(t)
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
	v.presses(t, button(snooze).in(at("slack-card", "Alice Moreau")))
	v.sees(t, at("slack-modal"))
	v.accessible(t, "with a form")
}
