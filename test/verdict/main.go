// Command verdict reads what go test -json writes and prints what go test would have printed, with the skipped tests
// listed before go test's last lines. With CI=true a skip is a failure, because a test that nobody runs holds nothing;
// only tests that say that the specs folder is not present may skip there.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	ok, err := judge(os.Stdin, os.Stdout, os.Getenv("CI") == "true")
	if err != nil {
		fmt.Fprintln(os.Stderr, "verdict:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// pardoned is the one reason for which a test may skip in CI.
const pardoned = "specs folder not present"

// event is what test2json and go build write; see go doc test2json and go help buildjson.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build-output
	Test       string
	Output     string
}

// name is a test's.
type name struct{ pkg, test string }

// verdict is what is known so far.
type verdict struct {
	out    *bufio.Writer
	strict bool
	tests  map[name]*strings.Builder // what each running test wrote
	lines  map[string][]string       // what go test said about each running package
	last   []string                  // what it said about the last one that ended
	skips  []string
	failed bool
}

// judge copies in to out and says whether all is well. A failed test makes it false, and so does a skip when strict.
func judge(in io.Reader, out io.Writer, strict bool) (bool, error) {
	v := &verdict{
		out: bufio.NewWriter(out), strict: strict,
		tests: map[name]*strings.Builder{}, lines: map[string][]string{},
	}
	r := bufio.NewReader(in)
	for {
		line, err := r.ReadString('\n')
		if line != "" {
			v.line(line)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return false, err
		}
	}
	for _, lines := range v.lines { // of a package that never ended
		v.failed = true
		v.write(lines...)
	}
	if len(v.skips) > 0 {
		v.write(fmt.Sprintf("%d skipped:\n", len(v.skips)))
		v.write(v.skips...)
	}
	v.write(v.last...)
	return !v.failed, v.out.Flush()
}

func (v *verdict) write(lines ...string) {
	for _, l := range lines {
		_, _ = v.out.WriteString(l) // Flush returns the first error
	}
}

func (v *verdict) line(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil || e.Action == "" {
		v.write(line)
		return
	}
	switch {
	case e.Action == "build-output":
		v.write(e.Output)
	case e.Action == "build-fail":
		v.failed = true
	case e.Package == "":
	case e.Test == "":
		v.pkg(e)
	default:
		v.test(e)
	}
}

// pkg takes an event of a whole package. What go test says about it is held until the next one ends, so that the last
// line is go test's.
func (v *verdict) pkg(e event) {
	switch e.Action {
	case "output":
		if e.Output != "PASS\n" {
			v.lines[e.Package] = append(v.lines[e.Package], e.Output)
		}
	case "pass", "skip", "fail":
		for k, b := range v.tests {
			if k.pkg == e.Package { // still running when the package ended
				v.write(b.String())
				delete(v.tests, k)
			}
		}
		v.failed = v.failed || e.Action == "fail"
		v.write(v.last...)
		v.last = v.lines[e.Package]
		delete(v.lines, e.Package)
	}
	_ = v.out.Flush() // so that it can be watched; judge returns its error
}

func (v *verdict) test(e event) {
	key := name{e.Package, e.Test}
	switch e.Action {
	case "output":
		if v.tests[key] == nil {
			v.tests[key] = &strings.Builder{}
		}
		if !strings.HasPrefix(e.Output, "=== ") {
			_, _ = v.tests[key].WriteString(e.Output)
		}
	case "pass", "fail", "skip":
		said := ""
		if b := v.tests[key]; b != nil {
			said = b.String()
		}
		delete(v.tests, key)
		if e.Action == "fail" {
			v.failed = true
			v.write(said)
		}
		if e.Action == "skip" {
			v.skip(key, said)
		}
	}
}

func (v *verdict) skip(key name, said string) {
	reason := "no reason given"
	for line := range strings.Lines(said) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--- SKIP") {
			reason = line
		}
	}
	mark := "    "
	if _, why, _ := strings.Cut(reason, ": "); v.strict && why != pardoned {
		v.failed = true
		mark = "not in CI: "
	}
	v.skips = append(v.skips, fmt.Sprintf("%s%s.%s: %s\n", mark, key.pkg, key.test, reason))
}
