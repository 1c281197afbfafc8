package plugins

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/roost-im/roost/bots"
	"github.com/roost-im/roost/configs/strict"
	"github.com/roost-im/roost/plugins/internal/rpc"
)

// ManifestName is the file that makes a folder a plugin.
const ManifestName = "plugin.yaml"

// API is the version of the protocol that is spoken.
const API = 1

// Manifest is what a plugin says about itself, and what its operator lets it do.
type Manifest struct {
	Folder    string // where it is; its program runs there
	File      string // its path, as faults name it
	Name      string
	Exec      []string          // the program and its arguments; a program with a slash is relative to Folder
	Env       map[string]string // what the program gets besides PATH
	May       bots.May
	Limits    Limits
	Connector bool // it speaks for an account; otherwise it is a bot

	schema *jsonschema.Schema // of its settings; nil: it has none
}

// Limits are what a program may use. The zero value of each field is the default that it names.
type Limits struct {
	Time   time.Duration // for one event; default 10 s
	Memory uint64        // bytes of address space, on Linux; default: no limit
	Sends  bots.Cooldown // messages; default 60 a minute
	Line   int           // bytes of a line that it writes; default 1 MiB
	Idle   time.Duration // after which it is stopped until it is needed; default 10 min; negative: never
}

// The defaults of Limits.
const (
	DefaultTime = 10 * time.Second
	DefaultIdle = 10 * time.Minute
)

var pluginName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,31}$`)

// Open reads the manifest of the plugin in a folder. Its error lists all faults, each with its file, line and column.
func Open(dir string) (*Manifest, error) {
	file := filepath.Join(dir, ManifestName)
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("open plugin: %w", err)
	}
	return Parse(file, src)
}

// Parse reads a manifest, as Open does, from src; file is where it is. The file of its schema, if it names one, is read from
// beside it.
func Parse(file string, src []byte) (*Manifest, error) {
	m := &Manifest{File: file, Folder: filepath.Dir(file)}
	f := &strict.File{Name: file, Bytes: manifestMax, Words: tokensMax}
	if root, ok := f.Parse(src); ok {
		m.read(root)
	}
	if err := wrong(f); err != nil {
		return nil, err
	}
	return m, nil
}

// read takes the manifest out of a tree.
func (m *Manifest) read(root strict.Value) {
	known(root, "api", "name", "run", "config", "may", "limits", "connector")
	m.readHead(root)
	m.readRun(root)
	if c := root.Key("config"); !c.IsZero() {
		known(c, "schema")
		if s := c.Key("schema"); !s.IsZero() {
			m.readSchema(s)
		}
	}
	if c := root.Key("connector"); !c.IsZero() {
		m.Connector = truth(c)
	}
	if may := root.Key("may"); !may.IsZero() {
		m.readMay(may)
	}
	if l := root.Key("limits"); !l.IsZero() {
		m.Limits.read(l)
	}
}

func (m *Manifest) readHead(root strict.Value) {
	if api := root.Key("api"); api.IsZero() {
		root.Fault("", "api is missing; write api: %d", API)
	} else if n, ok := number(api); ok && n != API {
		api.Fault("", "there is no api %v; this version of Roost speaks api: %d", n, API)
	}
	if name := root.Key("name"); name.IsZero() {
		root.Fault("", "name is missing")
	} else if m.Name = textOf(name); m.Name != "" && !pluginName.MatchString(m.Name) {
		name.Fault("", "%q is no name: lower-case letters, digits, - and _", m.Name)
	}
}

func (m *Manifest) readMay(may strict.Value) {
	for _, grant := range items(may) {
		one, err := bots.ParseMay([]string{textOf(grant)})
		if err != nil {
			grant.Fault("", "%v", err)
		}
		m.May.Sends = append(m.May.Sends, one.Sends...)
		m.May.Hosts = append(m.May.Hosts, one.Hosts...)
		m.May.Secrets = append(m.May.Secrets, one.Secrets...)
		m.May.Moderate = m.May.Moderate || one.Moderate
		m.May.Anywhere = m.May.Anywhere || one.Anywhere
	}
}

func (m *Manifest) readRun(root strict.Value) {
	run := root.Key("run")
	if run.IsZero() {
		root.Fault("", "run is missing; write run: {exec: [python3, bot.py]}")
		return
	}
	known(run, "exec", "env")
	exec := run.Key("exec")
	if exec.IsZero() {
		run.Fault("", "exec is missing; write exec: [python3, bot.py]")
	} else {
		for _, word := range items(exec) {
			m.Exec = append(m.Exec, textOf(word))
		}
		if len(m.Exec) == 0 || m.Exec[0] == "" {
			exec.Fault("", "names no program; write exec: [python3, bot.py]")
		}
	}
	if env := run.Key("env"); !env.IsZero() {
		m.Env = map[string]string{}
		for _, e := range env.Entries() {
			m.Env[e.Key] = textOf(e.Value)
		}
	}
}

func (l *Limits) read(b strict.Value) {
	known(b, "time", "memory", "sends", "line", "idle")
	if t := b.Key("time"); !t.IsZero() {
		l.Time = duration(t, time.Millisecond, time.Hour)
	}
	if i := b.Key("idle"); !i.IsZero() {
		if i.Word() == "never" {
			l.Idle = -1
		} else {
			l.Idle = duration(i, time.Second, 24*time.Hour)
		}
	}
	if s := b.Key("sends"); !s.IsZero() {
		var err error
		if l.Sends, err = bots.ParseCooldown(textOf(s)); err != nil {
			s.Fault("", "%v", err)
		}
	}
	if s := b.Key("memory"); !s.IsZero() {
		l.Memory = size(s, 16<<20, 1<<50)
	}
	if s := b.Key("line"); !s.IsZero() {
		l.Line = int(size(s, 1<<10, rpc.LineMax)) //nolint:gosec // it is LineMax at most, or a fault
	}
}

func (l Limits) time() time.Duration {
	if l.Time <= 0 {
		return DefaultTime
	}
	return l.Time
}

func (l Limits) idle() time.Duration {
	if l.Idle == 0 {
		return DefaultIdle
	}
	return l.Idle
}

var errSize = errors.New("is no size; it is written like 64MiB, 512KiB or 1GiB")

// parseSize reads a number of bytes.
func parseSize(s string) (uint64, error) {
	for unit, is := range map[string]uint64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if n, ok := strings.CutSuffix(s, unit); ok {
			f, err := strconv.ParseUint(strings.TrimSpace(n), 10, 20)
			if err != nil {
				return 0, errSize
			}
			return f * is, nil
		}
	}
	return 0, errSize
}
