package sandbox

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
)

// holder is a platform that holds messages which it can't read.
type holder interface {
	held() [][]byte // every byte string that it has of them
}

// held shows what a platform has of encrypted messages: one byte string on a line, quoted as in Go, so that what it could
// read is there to be read.
func (p *Page) held(w http.ResponseWriter, r *http.Request) {
	pane, _ := p.pane(r.PathValue("pane"))
	from, ok := pane.(holder)
	if !ok {
		fail(w, http.StatusNotFound, "there is no such platform, or it can read everything")
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	all := from.held()
	out := bufio.NewWriter(w)
	_, _ = fmt.Fprintf(out, "# All that %s has of encrypted messages: who writes to whom and when, public keys, signatures, and what it can't read.\n",
		platformName(pane.id()))
	for _, b := range all {
		_, _ = fmt.Fprintln(out, strconv.QuoteToASCII(string(b)))
	}
	_ = out.Flush() // whoever asked may be gone
}
