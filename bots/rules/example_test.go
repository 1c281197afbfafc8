package rules_test

import (
	"fmt"

	"github.com/roost-im/roost/bots/rules"
)

func ExampleLoad() {
	b, err := rules.Load("hello.yaml", []byte(`
rules:
  - when: {pattern: '(?i)^(hi|hello)\b'}
    reply: 'Hello {user}!'
  - when: {command: 'echo <text...>', help: repeat the text}
    reply: '{text}'
`), rules.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range b.Spec().Triggers {
		if t.Command != nil {
			fmt.Println(t.Command.Usage())
		}
	}
	// Output: echo <text…>
}

func ExampleFaults() {
	_, err := rules.Load("hello.yaml", []byte(`
rules:
  - when: {comand: 'echo <text...>'}
    reply: '{txt}'
  - when: {pattern: '(hi'}
    reply: Hello
`), rules.Options{})
	for _, f := range rules.Faults(err) {
		fmt.Printf("line %d, column %d: %s\n", f.Line, f.Column, f.Text)
	}
	// Output:
	// line 3, column 12: unknown key
	// line 5, column 22: is no pattern: missing closing ): `(hi`
}
