package bridges_test

import (
	"testing"

	"github.com/roost-im/roost/bridges"
)

func TestWhatIsLeftOutOfDepsWorks(t *testing.T) {
	t.Parallel()
	d := bridges.Deps{}.Ready()
	defer d.Client.CloseIdleConnections()
	d.Log.InfoContext(t.Context(), "said to nobody")
	d.Skip("kind", nil)
	if d.Now().IsZero() || d.Mount != nil {
		t.Errorf("it is %v, mounted %v; want a time and no mount", d.Now(), d.Mount != nil)
	}
	value := []byte("value")
	keep := func(v []byte) {
		if err := d.Keep.Keep(t.Context(), "key", v); err != nil {
			t.Fatal(err)
		}
	}
	kept := func() string {
		b, err := d.Keep.Kept(t.Context(), "key")
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	keep(value)
	value[0] = 'V'
	if got := kept(); got != "value" {
		t.Errorf("kept %q, want value", got)
	}
	keep(nil)
	if b, err := d.Keep.Kept(t.Context(), "key"); b != nil || err != nil {
		t.Errorf("kept %q, %v after it was removed, want nothing", b, err)
	}
}
