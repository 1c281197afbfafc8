package xspec

import (
	"errors"
	"os"
	"testing"
)

func TestWithoutTheDescription(t *testing.T) {
	t.Setenv("ROOST_SPECS", t.TempDir())
	if _, err := find(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("found something: %v", err)
	}
	t.Setenv("ROOST_SPECS", "")
	t.Chdir("/")
	if _, err := find(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("found something above /: %v", err)
	}
}
