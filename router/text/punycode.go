package text

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxLabel is the longest label of a host name, as it is sent.
const maxLabel = 63

// encodedLen is the length of a host label in its ASCII form, 0 if it has none. It stops counting beyond maxLabel.
// https://www.rfc-editor.org/rfc/rfc3492#section-6.3
func encodedLen(label string) int {
	rest := []rune(label)
	rest = slices.DeleteFunc(rest, func(r rune) bool { return r < utf8.RuneSelf })
	if len(rest) == 0 {
		return len(label)
	}
	if strings.HasPrefix(strings.ToLower(label), "xn--") {
		return 0
	}
	slices.Sort(rest)
	p := puny{runes: []rune(label), n: utf8.RuneSelf, bias: 72, first: true}
	p.done = len(p.runes) - len(rest)
	length := len("xn--") + p.done + min(p.done, 1)
	for _, r := range slices.Compact(rest) {
		if length > maxLabel {
			break
		}
		length += p.lenOf(r)
	}
	return length
}

// puny is the state of the encoder.
type puny struct {
	runes []rune
	n     rune
	delta int
	bias  int
	done  int // how many characters are encoded
	first bool
}

// lenOf counts the digits that encode all places of r, the next larger character.
func (p *puny) lenOf(r rune) int {
	digits := 0
	p.delta += int(r-p.n) * (p.done + 1)
	p.n = r
	for _, c := range p.runes {
		if c < p.n {
			p.delta++
		}
		if c == p.n {
			digits += p.digits()
			p.adapt()
		}
	}
	p.delta++
	p.n++
	return digits
}

// The parameters of punycode.
const (
	punyBase = 36
	punyMin  = 1
	punyMax  = 26
	punySkew = 38
	punyDamp = 700
)

// digits counts the digits of delta.
func (p *puny) digits() int {
	q, count := p.delta, 1
	for k := punyBase; ; k += punyBase {
		t := min(max(k-p.bias, punyMin), punyMax)
		if q < t {
			return count
		}
		q = (q - t) / (punyBase - t)
		count++
	}
}

// adapt sets the bias for the next delta.
func (p *puny) adapt() {
	p.delta /= 2
	if p.first {
		p.delta = p.delta * 2 / punyDamp
	}
	p.first = false
	p.done++
	p.delta += p.delta / p.done
	k := 0
	for ; p.delta > (punyBase-punyMin)*punyMax/2; k += punyBase {
		p.delta /= punyBase - punyMin
	}
	p.bias = k + (punyBase-punyMin+1)*p.delta/(p.delta+punySkew)
	p.delta = 0
}
