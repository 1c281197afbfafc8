package plugins_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/roost-im/roost/plugins"
)

// program is one side of the protocol, written by hand: what a stranger would write.
type program struct {
	in *bufio.Reader
	n  int
}

type line struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

// told is an event as the programs read it.
type told struct {
	ID      string          `json:"id"`
	Kind    string          `json:"kind"`
	Trigger string          `json:"trigger"`
	Text    string          `json:"text"`
	Attempt int             `json:"attempt"`
	Data    json.RawMessage `json:"data"`
	Answer  struct {
		Text string `json:"text"`
		Late bool   `json:"late"`
	} `json:"answer"`
	Args map[string]any `json:"args"`
	Slot string         `json:"slot"`
	Body string         `json:"body"`
}

// read reads a line; at the end of the input the program ends.
func (p *program) read() line {
	raw, err := p.in.ReadBytes('\n')
	if err != nil {
		os.Exit(0)
	}
	var l line
	if err := json.Unmarshal(raw, &l); err != nil {
		fmt.Fprintln(os.Stderr, "host wrote:", string(raw))
		os.Exit(9)
	}
	return l
}

func write(v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.Write(append(raw, '\n'))
}

func answer(id json.RawMessage, result any) {
	write(map[string]any{"jsonrpc": "2.0", "id": id, "result": result})
}

// call calls the host, and gives its answer as text.
func (p *program) call(method string, params any) string {
	p.n++
	write(map[string]any{"jsonrpc": "2.0", "id": p.n, "method": method, "params": params})
	l := p.read()
	if l.Error != nil {
		return string(l.Error)
	}
	return string(l.Result)
}

// serve answers initialize with what is declared, events with what hears says, and everything else with {}.
func serve(declared string, hears func(p *program, l line, ev told) any) int {
	p := &program{in: bufio.NewReader(os.Stdin)}
	for {
		l := p.read()
		switch l.Method {
		case "initialize":
			answer(l.ID, json.RawMessage(declared))
		case "event":
			var ev told
			if err := json.Unmarshal(l.Params, &ev); err != nil {
				panic(err)
			}
			if result := hears(p, l, ev); result != nil {
				answer(l.ID, result)
			}
		default:
			answer(l.ID, struct{}{})
		}
	}
}

func reply(words string) any { return map[string]any{"reply": words} }

// obey does what a message says: a method and its params.
func obey(p *program, _ line, ev told) any {
	method, params, _ := strings.Cut(ev.Text, " ")
	if ev.Kind != "message" {
		return reply(ev.Kind + " " + ev.Trigger + " " + ev.Text + string(ev.Data))
	}
	switch method {
	case "reply":
		return map[string]any{"reply": json.RawMessage(params)}
	case "result":
		return json.RawMessage(params)
	case "error":
		write(map[string]any{"id": json.RawMessage(params), "error": map[string]any{"message": "the shop is closed"}})
		return nil
	case "shop":
		var secret struct{ Handle string }
		if err := json.Unmarshal([]byte(p.call("secret.use", map[string]any{"name": "TOKEN"})), &secret); err != nil {
			panic(err)
		}
		return reply(p.call("http.fetch", map[string]any{
			"method": "POST", "url": params, "body": "hi", "header": map[string]any{"Authorization": "Bearer " + secret.Handle},
		}))
	}
	var v any
	if err := json.Unmarshal([]byte(params), &v); err != nil {
		return reply(err.Error())
	}
	got := p.call(method, v)
	if got == "{}" {
		return struct{}{}
	}
	return reply(got)
}

// misbehave does what a message asks for, once in a life or always.
func misbehave(p *program, l line, ev told) any {
	switch ev.Text {
	case "die once":
		p.call("send", map[string]any{"text": "before"})
		if ev.Attempt == 1 {
			fmt.Fprintln(os.Stderr, "out of coffee")
			os.Exit(3)
		}
		return reply("attempt " + strconv.Itoa(ev.Attempt))
	case "die":
		fmt.Fprintln(os.Stderr, "out of coffee")
		os.Exit(3)
	case "hang":
		select {}
	case "long":
		_, _ = os.Stdout.WriteString(strings.Repeat("x", 2<<20))
		select {}
	case "print":
		_, _ = os.Stdout.WriteString("hello from print\n42\n{\"half\": \n\n[1]\n")
	case "twice":
		answer(l.ID, reply("once"))
		return reply("twice")
	case "unknown":
		answer(json.RawMessage("4711"), struct{}{})
		answer(json.RawMessage(`"x"`), struct{}{})
		answer(json.RawMessage("null"), struct{}{})
	case "close":
		_ = os.Stdout.Close()
		select {}
	case "flood":
		for {
			_, _ = os.Stdout.WriteString("la la la\n")
		}
	case "calls":
		for {
			write(map[string]any{"id": 1, "method": "log", "params": map[string]any{"text": "la"}})
		}
	case "deaf":
		long, slowly := strings.Repeat("k", 99), time.NewTicker(time.Millisecond) // it is slow, not a flood
		for i := 0; ; i++ {
			write(map[string]any{"id": strings.Repeat("i", 1<<16), "method": "state.get", "params": map[string]any{"key": long}})
			<-slowly.C
		}
	case "eat":
		var all [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			all = append(all, b)
			if len(all) > 4096 {
				return reply("full")
			}
		}
	case "environment":
		return reply(strings.Join(os.Environ(), " "))
	}
	return reply("fine")
}

// beProgram makes the test's own program another one.
func beProgram(name string) int {
	switch name {
	case "echo":
		return serve(`{}`, func(_ *program, _ line, ev told) any { return reply(ev.Text) })
	case "obey":
		return serve(`{}`, obey)
	case "declares":
		return serve(os.Getenv("DECLARES"), func(_ *program, _ line, ev told) any {
			args, _ := json.Marshal(ev.Args)
			return reply(strings.TrimSpace(fmt.Sprintf("%s/%s %s %s %s%s", ev.Kind, ev.Trigger, ev.Text, args, ev.Slot, ev.Body)))
		})
	case "misbehave":
		return serve(`{}`, misbehave)
	case "stillborn":
		fmt.Fprintln(os.Stderr, "no such module: coffee")
		return 1
	case "mute":
		select {}
	case "unbidden":
		return serve(`{}`, unbidden)
	case "aloof":
		return aloof()
	case "family":
		return family()
	case "host":
		return host()
	case "orphan":
		signal.Ignore()
		_, _ = fmt.Fprintln(os.Stderr, "orphan", os.Getpid())
		select {}
	case "relay":
		return relay()
	case "nameless":
		return serve(`{"traits": {"text": {"max": 10}}}`, nil)
	}
	fmt.Fprintln(os.Stderr, "there is no program", name)
	return 2
}

// unbidden writes somewhere else while it is told nothing.
func unbidden(p *program, l line, ev told) any {
	if ev.Text != "go" {
		return reply("?")
	}
	answer(l.ID, struct{}{})
	var v map[string]any
	raw := os.Getenv("UNBIDDEN")
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		panic(err)
	}
	got := p.call(v["method"].(string), v["params"])
	fmt.Fprintln(os.Stderr, "answered", got)
	return nil
}

// aloof answers initialize and one event, and no ping.
func aloof() int {
	p := &program{in: bufio.NewReader(os.Stdin)}
	for {
		l := p.read()
		if l.Method == "ping" {
			select {}
		}
		answer(l.ID, struct{}{})
	}
}

// family starts a child of its own that reads nothing and ignores all signals that can be ignored.
func family() int {
	child := exec.Command(os.Args[0]) //nolint:noctx // it is to outlive whatever it can
	child.Env = append(os.Environ(), asProgram+"=orphan")
	child.Stderr = os.Stderr
	if err := child.Start(); err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stderr, "family", os.Getpid())
	signal.Ignore()
	return serve(`{}`, func(*program, line, told) any { return reply("fine") })
}

// host is a host of its own, to be killed: it starts a family and says who they are.
func host() int {
	m := &plugins.Manifest{Name: "family", Exec: []string{os.Args[0]}, Env: map[string]string{asProgram: "family"}, Folder: "."}
	p, err := plugins.New(context.Background(), plugins.Config{Manifest: m, Log: linesTo(os.Stdout)})
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer func() { _ = p.Close() }()
	select {}
}
