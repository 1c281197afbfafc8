package main

import (
	"strings"
	"testing"
)

const (
	passes = `{"Action":"start","Package":"a"}
{"Action":"run","Package":"a","Test":"TestA"}
{"Action":"output","Package":"a","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"a","Test":"TestA","Output":"    a_test.go:1: only said\n"}
{"Action":"output","Package":"a","Test":"TestA","Output":"--- PASS: TestA (0.00s)\n"}
{"Action":"pass","Package":"a","Test":"TestA"}
{"Action":"output","Package":"a","Output":"PASS\n"}
{"Action":"output","Package":"a","Output":"ok  \ta\t0.1s\n"}
{"Action":"pass","Package":"a"}
`
	skips = `{"Action":"run","Package":"b","Test":"TestB"}
{"Action":"output","Package":"b","Test":"TestB","Output":"    b_test.go:7: no browser: none found\n"}
{"Action":"output","Package":"b","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
{"Action":"skip","Package":"b","Test":"TestB"}
{"Action":"output","Package":"b","Output":"ok  \tb\t0.1s\n"}
{"Action":"pass","Package":"b"}
`
	fails = `{"Action":"output","Package":"c","Test":"TestC","Output":"    c_test.go:9: got 1, want 2\n"}
{"Action":"output","Package":"c","Test":"TestC","Output":"--- FAIL: TestC (0.00s)\n"}
{"Action":"fail","Package":"c","Test":"TestC"}
{"Action":"output","Package":"c","Output":"FAIL\tc\t0.1s\n"}
{"Action":"fail","Package":"c"}
`
	dies = `{"Action":"output","Package":"d","Test":"TestD","Output":"panic: out of luck\n"}
{"Action":"output","Package":"d","Output":"FAIL\td\t0.1s\n"}
{"Action":"fail","Package":"d"}
`
	broken = `{"ImportPath":"e","Action":"build-output","Output":"e.go:1: undefined: x\n"}
{"ImportPath":"e","Action":"build-fail"}
{"Action":"output","Package":"e","Output":"FAIL\te [build failed]\n"}
{"Action":"fail","Package":"e","FailedBuild":"e"}
`
)

func TestJudge(t *testing.T) {
	t.Parallel()
	specs := strings.Replace(skips, "no browser: none found", "specs folder not present", 1)
	nearly := strings.Replace(skips, "no browser: none found", "the specs folder not present", 1)
	listed := "1 skipped:\n    b.TestB: b_test.go:7: no browser: none found\n"
	for _, tc := range []struct {
		name, in string
		strict   bool
		ok       bool
		want     string
	}{
		{"nothing", "", true, true, ""},
		{"passes", passes, true, true, "ok  \ta\t0.1s\n"},
		{"skips", skips + passes, false, true, "ok  \tb\t0.1s\n" + listed + "ok  \ta\t0.1s\n"},
		{"skips in CI", skips, true, false, strings.Replace(listed, "    ", "not in CI: ", 1) + "ok  \tb\t0.1s\n"},
		{"specs in CI", specs, true, true, "1 skipped:\n    b.TestB: b_test.go:7: specs folder not present\nok  \tb\t0.1s\n"},
		{"other words in CI", nearly, true, false, "1 skipped:\nnot in CI: b.TestB: b_test.go:7: the specs folder not present\nok  \tb\t0.1s\n"},
		{"fails", fails + passes, false, false, "    c_test.go:9: got 1, want 2\n--- FAIL: TestC (0.00s)\nFAIL\tc\t0.1s\nok  \ta\t0.1s\n"},
		{"dies", dies, false, false, "panic: out of luck\nFAIL\td\t0.1s\n"},
		{"does not build", broken, false, false, "e.go:1: undefined: x\nFAIL\te [build failed]\n"},
		{"never ends", strings.TrimSuffix(passes, "{\"Action\":\"pass\",\"Package\":\"a\"}\n"), false, false, "ok  \ta\t0.1s\n"},
		{"no JSON", "go: something\n", false, true, "go: something\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			ok, err := judge(strings.NewReader(tc.in), &out, tc.strict)
			if err != nil || ok != tc.ok {
				t.Errorf("judge = %v, %v, want %v", ok, err, tc.ok)
			}
			if out.String() != tc.want {
				t.Errorf("got\n%s\nwant\n%s", out.String(), tc.want)
			}
		})
	}
}
