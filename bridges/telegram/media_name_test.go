package telegram

import (
	"testing"

	"github.com/roost-im/roost/router/chat"
)

func TestFileNamesStayNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"tea.png": "tea.png", `a/b\c"d;e.txt`: "a_b_c_d_e.txt", "a\nb": "a_b", "": "file", "茶.pdf": "茶.pdf",
	} {
		if got := fileName(chat.File{Name: name}); got != want {
			t.Errorf("%q is sent as %q, want %q", name, got, want)
		}
	}
}
