package bottest

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// The parts of a JUnit report that tools agree on: https://github.com/testmoapp/junitxml
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the report as JUnit XML, a suite for each file.
func (r Report) WriteJUnit(w io.Writer) error {
	out := junitSuites{Tests: len(r.Results), Failures: r.Failed, Time: seconds(r.Took)}
	took := map[string]time.Duration{}
	for _, res := range r.Results {
		if n := len(out.Suites); n == 0 || out.Suites[n-1].Name != res.File {
			out.Suites = append(out.Suites, junitSuite{Name: res.File})
		}
		s := &out.Suites[len(out.Suites)-1]
		c := junitCase{Name: res.Name, Class: strings.TrimSuffix(res.File, suffix), File: res.File, Time: seconds(res.Took)}
		if res.Failure != "" {
			first, _, _ := strings.Cut(res.Failure, "\n")
			c.Failure = &junitFailure{Message: first, Text: colourless(res.Failure)}
			s.Failures++
		}
		took[res.File] += res.Took
		s.Tests++
		s.Time = seconds(took[res.File])
		s.Cases = append(s.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }

// colourless takes off what colours a terminal, which XML can't hold.
func colourless(s string) string {
	for _, code := range []string{"\x1b[31m", "\x1b[32m", "\x1b[0m"} {
		s = strings.ReplaceAll(s, code, "")
	}
	return s
}
