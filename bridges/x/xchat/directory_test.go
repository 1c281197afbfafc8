package xchat_test

import (
	"strconv"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat"
)

// TestDirectoryIsBounded holds that a directory does not grow with everybody who ever wrote.
func TestDirectoryIsBounded(t *testing.T) {
	t.Parallel()
	const most, more = 20_000, 500
	var d xchat.Directory
	for i := range most + more {
		user := strconv.Itoa(i)
		d.Learn(user, nil)
		if !d.Knows(user) {
			t.Fatalf("user %s was learned and is not known", user)
		}
	}
	known := 0
	for i := range most + more {
		if d.Knows(strconv.Itoa(i)) {
			known++
		}
	}
	if known != most {
		t.Errorf("%d people are known, want %d", known, most)
	}
}
