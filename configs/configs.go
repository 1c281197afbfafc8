// Package configs reads one YAML file and gives checked values out.
//
//	bytes → tokens (bounded) → tree → decode (strict, ${ENV}, file:) → check → File
//
// Reading is strict: an unknown key, a key written twice or a value of the wrong kind is a fault, and every fault of the
// file is reported at once, each with its place. A fault never shows a value that came from the environment, from
// another file or stands where a secret belongs.
//
// The settings of an account belong to its platform. Platforms are handed in with a decoder, so this package knows
// none of them; it offers theirs the same strictness. What a settings struct may be made of is said at Platform.
//
// We chose a decoder of our own over the tree of package strict, not go-yaml's, because that one stops at the first fault
// and prints the source around it, secrets included; it costs a file of reflection.
package configs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/roost-im/roost/configs/strict"
	"github.com/roost-im/roost/router/chat"
)

// File is one configuration, checked: every account that a route names is there, and every value is in its range.
type File struct {
	Accounts map[chat.Account]Account
	Routes   map[string]Route
	Bots     map[string]Bot
	Roles    map[string][]Who // who has which role with the bots
	// Operators is where people are told what goes wrong with bots; zero: nowhere.
	Operators chat.Conversation
	Delivery  Delivery
	Store     Store
	Web       Web
	Files     Files
	Log       Log
	Warnings  []*Fault // what works but should be seen to, by line
}

// Account is one login on one platform.
type Account struct {
	Platform  string
	Settings  any       // what the platform's decoder returned
	Uncertain Uncertain // what happens to a post that may have arrived; default Hold
	// Pace replaces what the platform's documents say about how fast the account may post; nil: they hold.
	Pace *chat.Pace
	Line int // where it stands in the file
}

// Uncertain says what happens to a post of which nobody can say whether it arrived.
type Uncertain string

// The ways with an uncertain post.
const (
	Hold   Uncertain = "hold"   // a person decides
	Repeat Uncertain = "repeat" // it is posted again and may be doubled
)

// Choices lists what an Uncertain can be.
func (Uncertain) Choices() []string { return []string{string(Hold), string(Repeat)} }

// Delivery says how long Roost goes on trying when a platform fails.
type Delivery struct {
	Tries   int           // after how many a delivery is dead, 1 to 1000; default 12
	Longest time.Duration // longest pause between two tries, 1 s to 24 h; default 10 minutes
}

// Store says where what must not be forgotten is kept.
type Store struct {
	Path    string // the database; default roost.db beside the file
	KeyFile string // the key that encrypts stored tokens; default roost.key beside the file
	Keep    Keep
}

// Keep says how long things are kept. 0 keeps them for ever; otherwise it is 24 hours at least.
type Keep struct {
	Deliveries time.Duration // settled ones, and the attachments; default 30 days
	Events     time.Duration // default 30 days
	Copies     time.Duration // for so long are edits and deletes carried; default 90 days
	Cases      time.Duration // closed ones, with their lines; default 0
}

// Web is the address of the pages and webhooks.
type Web struct {
	Listen string // host:port; default 127.0.0.1:8080
	Public string // the URL under which the world reaches Listen, without a slash at its end; empty: it does not
}

// Files says where the bytes of attachments are kept.
type Files struct {
	Path string // a folder; default files beside the file
	Max  int64  // bytes that one attachment may have; default 100 MB
	// Link is for how long links to attachments hold that a platform does not take; 0: there are none. Default 30 days, or
	// as long as attachments are kept.
	Link time.Duration
}

// Log says what is logged and how.
type Log struct {
	Level  Level  // default Info
	Format Format // default Text
}

// Level is the least grave record that is logged.
type Level string

// The levels, least grave first.
const (
	Debug Level = "debug"
	Info  Level = "info"
	Warn  Level = "warn"
	Error Level = "error"
)

// Choices lists what a Level can be.
func (Level) Choices() []string {
	return []string{string(Debug), string(Info), string(Warn), string(Error)}
}

// Format is how records are written.
type Format string

// The formats of the log.
const (
	Text Format = "text" // for people
	JSON Format = "json" // for programs
)

// Choices lists what a Format can be.
func (Format) Choices() []string { return []string{string(Text), string(JSON)} }

// Platform is what this package must know of a platform to read its accounts.
type Platform struct {
	Name string // the part of an account before the slash: slack
	// Decode calls decode with a pointer to the platform's settings struct, defaults filled in, and returns the struct
	// with decode's error. The struct's fields are strings, booleans, numbers, time.Duration, bridges.Secret, anything
	// that is an encoding.TextUnmarshaler, and structs, pointers, slices and string-keyed maps of these; their keys come
	// from the yaml tag, or are the names in lower case. A string type with a method Choices() []string takes nothing
	// else. A secret may be read from another file: file:/run/secrets/token.
	//
	// If what Decode returns has a method Validate() error, it is called when nothing was wrong before, and every error
	// that is joined in its result is one fault. An error that begins with a key is placed at that key.
	Decode func(decode func(into any) error) (any, error)
	// Direct says whether an ID is that of a direct conversation. nil: the ID does not tell.
	Direct func(id chat.ConversationID) bool
}

// wordsMax is how many tokens of YAML the largest file has.
const wordsMax = 40_000

// MaxSize is the size of the largest file that is read, in bytes.
const MaxSize = 1 << 20

// Load reads the file at path; see Parse. errors.Is with fs.ErrNotExist tells a missing file.
func Load(path string, env func(string) (string, bool), platforms []Platform) (*File, error) {
	src, err := readRegular(path, MaxSize)
	if err != nil {
		return nil, &Fault{File: path, Text: plainReason(err), Err: err}
	}
	return Parse(path, src, env, platforms)
}

// Parse reads src, the contents of the file called name. Relative paths in it start at name's folder. env looks up a
// variable, as os.LookupEnv does. Secrets that are written as file:path are read from there. When anything is wrong
// there is no File, and the error joins a *Fault for each thing, by line.
func Parse(name string, src []byte, env func(string) (string, bool), platforms []Platform) (*File, error) {
	d := &decoder{
		File:     &strict.File{Name: name, Bytes: MaxSize, Words: wordsMax, Secrets: true},
		env:      env,
		warnings: &strict.File{Name: name},
	}
	root, ok := d.Parse(src)
	if !ok {
		return nil, d.Err()
	}
	raw := rawDefaults()
	d.value(root, reflect.ValueOf(&raw).Elem())
	f := d.checked(&raw, platforms)
	if err := d.Err(); err != nil {
		return nil, err
	}
	f.Warnings = d.warnings.Faults()
	return f, nil
}

var (
	errTooLarge   = errors.New("is too large")
	errNotRegular = errors.New("is no regular file")
)

// readRegular reads a file of limit bytes at most. It never waits for a pipe or a device.
func readRegular(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	err = errors.Join(err, f.Close())
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("%w: more than %d bytes", errTooLarge, limit)
	}
	return b, err
}

// plainReason says why a file can't be read, without its path.
func plainReason(err error) string {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "it may not be read by this user"
	}
	return "it can't be read: " + err.Error()
}

// beside makes a relative path start at the folder of the configuration file.
func (d *decoder) beside(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(d.Name), path)
}
