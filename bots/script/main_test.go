package script_test

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/bots/script"
)

// What this program is when it is called with one argument.
const (
	asWorker = "worker"  // a worker's process
	asHost   = "host"    // something that starts a worker and waits to be killed
	asNoise  = "noise"   // a process that says what no worker says
	asFlood  = "flood"   // one that writes a line without end
	asDeaf   = "silence" // one that does not answer
)

func TestMain(m *testing.M) {
	switch os.Args[len(os.Args)-1] {
	case asWorker:
		os.Exit(script.WorkerMain(os.Stdin, os.Stdout))
	case asHost:
		os.Exit(hostMain())
	case asNoise:
		_, _ = os.Stdout.WriteString("hello\n")
		select {}
	case asFlood:
		for {
			_, _ = os.Stdout.Write(bytes.Repeat([]byte{'x'}, 1<<20))
		}
	case asDeaf:
		_, _ = os.Stdin.Read(make([]byte, 1))
		_, _ = os.Stdout.WriteString(`{"n":0,"loaded":{"decls":[{"kind":"command","of":"f","line":1}]}}` + "\n")
		for {
			_, _ = os.Stdin.Read(make([]byte, 1<<20))
		}
	}
	goleak.VerifyTestMain(m)
}

// hostMain starts a worker, says its process's number and never ends.
func hostMain() int {
	_, err := script.NewWorker(command(asWorker), "bot.star", []byte(`
def pid(): pass
command("pid", pid)
`), script.Options{})
	if err != nil {
		_, _ = os.Stdout.WriteString(err.Error())
		return 1
	}
	children, _ := os.ReadFile("/proc/self/task/" + strconv.Itoa(os.Getpid()) + "/children")
	if len(children) == 0 { // it was started by another thread
		tasks, _ := os.ReadDir("/proc/self/task")
		for _, task := range tasks {
			more, _ := os.ReadFile("/proc/self/task/" + task.Name() + "/children")
			children = append(children, more...)
		}
	}
	_, _ = os.Stdout.WriteString(strings.TrimSpace(string(children)) + "\n")
	select {}
}
