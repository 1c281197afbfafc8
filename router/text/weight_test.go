package text_test

import (
	"os"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/roost-im/roost/router/text"
)

// vectors reads a file of twitter-text's conformance suite.
func vectors[V any](t *testing.T, file string) map[string][]V {
	t.Helper()
	raw, err := os.ReadFile("testdata/twitter-text/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var suite struct{ Tests map[string]any }
	if err := yaml.Unmarshal(raw, &suite); err != nil {
		t.Fatal(err)
	}
	all := map[string][]V{}
	for group, cases := range suite.Tests {
		raw, err := yaml.Marshal(cases)
		if err != nil {
			t.Fatal(err)
		}
		var out []V
		if yaml.Unmarshal(raw, &out) == nil { // groups of another shape belong to other tests
			all[group] = out
		}
	}
	return all
}

func TestWeightedCountsAsTwitterTextDoes(t *testing.T) {
	t.Parallel()
	type vector struct {
		Description, Text string
		Expected          struct {
			WeightedLength int `yaml:"weightedLength"`
		}
	}
	all := vectors[vector](t, "validate.yml")
	count := 0
	// The third group, WeightedTweetsCounterTest, is for configuration 2, which counts each part of an emoji.
	for _, group := range []string{"WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest"} {
		for _, v := range all[group] {
			count++
			if got := text.Weighted.Len(v.Text); got != v.Expected.WeightedLength {
				t.Errorf("%s: weighs %d, want %d", v.Description, got, v.Expected.WeightedLength)
			}
		}
	}
	if count < 15 {
		t.Errorf("only %d vectors were read", count)
	}
}

func TestURLsAreThoseOfTwitterText(t *testing.T) {
	t.Parallel()
	type vector struct {
		Description, Text string
		Expected          []string
	}
	all := vectors[vector](t, "extract.yml")
	count := 0
	for _, group := range []string{"urls", "tco_urls_with_params"} {
		for _, v := range all[group] {
			count++
			if diff := cmp.Diff(v.Expected, text.URLs(v.Text), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s %q (-want +got):\n%s", v.Description, v.Text, diff)
			}
		}
	}
	if count < 80 {
		t.Errorf("only %d vectors were read", count)
	}
}
