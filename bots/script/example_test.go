package script_test

import (
	"fmt"

	"github.com/roost-im/roost/bots/script"
)

func ExampleLoad() {
	source := `
def echo(text):
    return text
command("echo <text...>", echo, help="repeat the text")
`
	s, err := script.Load("echo.star", []byte(source), script.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range s.Spec().Triggers {
		if t.Command != nil {
			fmt.Println(t.Command.Usage(), "-", t.Help)
		}
	}
	_, err = script.Load("echo.star", []byte(`command("echo <text...>", echoo)`), script.Options{})
	fmt.Println(err)
	// Output:
	// echo <text…> - repeat the text
	// echo.star:1:27: undefined: echoo
}
