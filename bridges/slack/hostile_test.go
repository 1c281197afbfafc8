package slack_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/bridges/slack"
)

func TestHostileMarkupIsReadInTime(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"*a ", "<", "<a", ":", ":a", "`", "``", "```", "&gt;", "&gt;\n", "\n", "*_~`", "<@U1>", "<http://a|b>", ":wave:", "a*", "*a* "} {
		began := time.Now()
		got := slack.ReadMrkdwn(strings.Repeat(s, 40_000/len(s)))
		read := time.Since(began)
		_, _, err := slack.WriteMessage(got)
		must(t, err)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("40,000 bytes of %q took %v, of them %v to read; want less than 5 s", s, took, read)
		}
	}
}
