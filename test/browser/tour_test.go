package browser_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// screens is where pictures of the page go; sandbox.png is the one in docs:
//
//	go test ./test/browser -run TestTour -screens "$PWD/docs"
var screens = flag.String("screens", "", "a `FOLDER` to keep sandbox.png in, a picture of the page; with -sizes, pictures of all sizes and colors")

var sizes = flag.Bool("sizes", false, "with -screens: pictures of a laptop, a tablet and a phone too, light and dark")

// A visitor looks around: people talk in the channel, customers write, the team answers.
func TestTour(t *testing.T) {
	t.Parallel()
	v := open(t)
	if err := v.do(emulate("light")); err != nil {
		t.Fatal(err)
	}
	v.looks(t, "desk-empty")
	v.scene(t, channel)
	v.looks(t, "channel-empty")
	talk(t, v)
	v.looks(t, "channel")
	v.snaps(t, "sandbox", 1500, 1000)
	v.scene(t, desk)
	asks(t, v, onX, "Alice Moreau", "Hi! My order 1042 has not arrived yet. Can you help?")
	v.says(t, onSlack, "It left our house *this morning*, so it will be with you on Friday.")
	arrives(t, v, "It left our house this morning, so it will be with you on Friday.")
	v.says(t, onX, "Wonderful, thank you!")
	v.sees(t, told(onTelegram, "Wonderful"))
	v.looks(t, "desk")
}

// talk is a little of everything, as friends would say it.
func talk(t *testing.T, v *visit) {
	t.Helper()
	v.says(t, onTelegram, "__Finally__ a reason to wear the good hat")
	v.sees(t, said(onSlack, "good hat"))
	v.sends(t, onSlack, teapot(t), "We will use *this* pot")
	v.sees(t, filed(onX, "We will use"))
	v.says(t, onX, "The first flush is here 🌱 Who comes on Friday?")
	v.carried(t, onX, "first flush")
	v.uses(t, "answer", said(onDiscord, "first flush"))
	v.says(t, onDiscord, "Me! And **two friends**")
	v.carried(t, onDiscord, "And two friends")
	v.reacts(t, said(onTelegram, "And two friends"), "🎉")
	v.sees(t, mark(onSlack, "And two friends", "tada"))
	v.reacts(t, said(onSlack, "And two friends"), "heart")
	v.sees(t, mark(onDiscord, "And two friends", "❤️"))
	for _, in := range everywhere() {
		v.until(t, "picture on "+in, fmt.Sprintf("hands.picture(%s)", filed(in, "We will use")))
	}
	v.misses(t, at("trip").with("data-outcome", "going"))
	v.misses(t, at("trip").with("data-outcome", "waiting"))
}

// teapot is a picture of one, more or less.
func teapot(t *testing.T) string {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 132, 78))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.RGBA{R: 0xf4, G: 0xe4, B: 0xc8, A: 0xff}), image.Point{}, draw.Src)
	disc := func(x, y, rx, ry int, c color.Color) {
		const scale = 0.6
		x, y, rx, ry = int(scale*float64(x)), int(scale*float64(y)), int(scale*float64(rx)), int(scale*float64(ry))
		for py := y - ry; py <= y+ry; py++ {
			for px := x - rx; px <= x+rx; px++ {
				if dx, dy := px-x, py-y; dx*dx*ry*ry+dy*dy*rx*rx <= rx*rx*ry*ry {
					img.Set(px, py, c)
				}
			}
		}
	}
	pot, ground := color.RGBA{R: 0x2b, G: 0x67, B: 0x77, A: 0xff}, color.RGBA{R: 0xf4, G: 0xe4, B: 0xc8, A: 0xff}
	disc(162, 76, 26, 24, pot)
	disc(162, 76, 16, 14, ground)
	for i := range 44 { // the spout
		disc(70-i, 92-i, 10-i/8, 10-i/8, pot)
	}
	disc(110, 82, 52, 38, pot)
	disc(110, 42, 8, 8, color.RGBA{R: 0xf2, G: 0xb9, B: 0x5f, A: 0xff})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "teapot.png")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// looks keeps pictures of the page as it is, in all sizes and colors, when they are asked for.
func (v *visit) looks(t *testing.T, name string) {
	t.Helper()
	if !*sizes {
		return
	}
	for scheme, size := range map[string][2]int64{"light": {1500, 1000}, "dark": {1500, 1000}, "tablet": {1100, 900}, "phone": {390, 844}} {
		if scheme == "dark" {
			if err := v.do(emulate(scheme)); err != nil {
				t.Fatal(err)
			}
		}
		v.snaps(t, name+"-"+scheme, size[0], size[1])
		if err := v.do(emulate("light")); err != nil {
			t.Fatal(err)
		}
	}
}

// snaps keeps a picture of the page in a window of a size, the whole page where it is narrow.
func (v *visit) snaps(t *testing.T, name string, width, height int64) {
	t.Helper()
	if *screens == "" {
		return
	}
	if err := v.do(window(width, height)); err != nil {
		t.Fatal(err)
	}
	const toTheEnd = `for (const list of document.querySelectorAll(".panes .scroll")) list.scrollTop = list.scrollHeight; document.activeElement.blur(); ""`
	if _, err := v.ask(toTheEnd); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(v.tab, patience())
	defer cancel()
	shoot := chromedp.CaptureScreenshot()
	const narrow = 1200 // pixels, from which on all panes are in the window
	if width < narrow {
		shoot = chromedp.FullScreenshot(100)
	}
	data, err := chromedp.Run(ctx, shoot)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screens, name+".png"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := v.do(window(1500, 1000)); err != nil {
		t.Fatal(err)
	}
}
