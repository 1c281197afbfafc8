package specs_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/roost-im/roost/test/specs"
)

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"named/x", "work/shared/specs/x", "work/deep/down"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(filepath.Join(dir, "work", "deep", "down"))
	t.Setenv("ROOST_SPECS", "")
	if got, err := specs.Find("x"); err != nil || filepath.Base(filepath.Dir(got)) != "specs" {
		t.Errorf("Find above = %q, %v", got, err)
	}
	if got, err := specs.Find("y-that-nobody-has"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Find of nothing = %q, %v, want ErrNotExist", got, err)
	}
	t.Setenv("ROOST_SPECS", filepath.Join(dir, "named"))
	if got, err := specs.Find("x"); err != nil || got != filepath.Join(dir, "named", "x") {
		t.Errorf("Find where it is named = %q, %v", got, err)
	}
	if _, err := specs.Find("y"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Find of what is not there = %v, want ErrNotExist", err)
	}
}
