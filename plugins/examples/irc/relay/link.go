package relay

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/roost-im/roost/plugins/examples/irc/irc"
)

// link is one connection to the server, from its registration to its end. Its serve owns what stands above mu.
type link struct {
	r     *Relay
	nc    net.Conn
	in    *bufio.Reader
	ended chan struct{} // closed when nothing more comes
	stop  chan struct{} // closed when it is to end
	name  string        // of this connection, for IDs
	count int           // of the IDs made for it

	since    time.Time         // from when on everything shall be read back; zero: nothing
	newest   time.Time         // the newest of what was heard
	catching map[string]*catch // what is being read back, by conversation
	batches  map[string]*catch // the same by the batches that are open
	targets  []string          // the conversations that the server has listed so far

	greeted                time.Time // by the server's clock
	heard, pinged, renamed time.Time

	writing sync.Mutex

	mu      sync.Mutex
	nick    string // what we are called
	prefix  int    // bytes that the server puts before what we say; 0: not known
	caps    map[string]bool
	support map[string]string // what the server says in 005
	rooms   map[string]*room  // by the folded name
	await   *await            // nil: nobody waits
	wrote   int               // messages
}

// What a connection is given.
const (
	lineMax   = 16 << 10         // bytes of a line, with its tags
	writeTime = 10 * time.Second // to write a line
	silence   = 90 * time.Second // after which the server is pinged
	deadAfter = 2 * time.Minute  // of silence
	tickEvery = 2 * time.Second
)

// connect dials the server and registers.
func (r *Relay) connect(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, r.set.Connect)
	defer cancel()
	secure, err := r.set.secure()
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", r.set.Server)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.Close() })
	defer stop()
	if secure != nil {
		over := tls.Client(nc, secure)
		if err := over.HandshakeContext(ctx); err != nil {
			_ = nc.Close()
			return nil, fmt.Errorf("tls: %w", err)
		}
		nc = over
	}
	l := &link{
		r: r, nc: nc, in: bufio.NewReaderSize(nc, lineMax), ended: make(chan struct{}), stop: make(chan struct{}),
		name:     strconv.FormatInt(time.Now().UnixNano(), 36),
		catching: map[string]*catch{}, batches: map[string]*catch{}, heard: time.Now(), renamed: time.Now(),
		caps: map[string]bool{}, support: map[string]string{}, rooms: map[string]*room{}, nick: r.set.Nick,
	}
	if err := l.register(); err != nil {
		_ = nc.Close()
		if ctx.Err() != nil {
			err = fmt.Errorf("it did not let us in within %v", r.set.Connect)
		}
		return nil, err
	}
	l.furnish()
	return l, nil
}

// write writes one line. It may have arrived in part when that gives an error.
func (l *link) write(verb string, params ...string) error {
	return l.send(irc.Message{Verb: verb, Params: params})
}

// errNotWritten says that nothing of what was to be written has been.
var errNotWritten = errors.New("the connection was closed")

// send writes lines. Unless its error is errNotWritten they may have arrived in part.
func (l *link) send(all ...irc.Message) error {
	var b strings.Builder
	for _, m := range all {
		b.WriteString(m.String() + "\r\n")
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.nc.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return errNotWritten
	}
	_, err := l.nc.Write([]byte(b.String()))
	return err
}

// read reads one line. Lines that are too long or say nothing are skipped.
func (l *link) read() (irc.Message, error) {
	for {
		raw, err := l.in.ReadSlice('\n')
		long := false
		for errors.Is(err, bufio.ErrBufferFull) {
			long = true
			_, err = l.in.ReadSlice('\n')
		}
		if err != nil {
			return irc.Message{}, err
		}
		if m, err := irc.Parse(irc.Decode(raw)); err == nil && !long {
			return m, nil
		}
	}
}

// serve takes what the server says until the connection breaks or ctx ends. Its error says why it ended.
func (l *link) serve(ctx context.Context) error {
	lines := make(chan irc.Message)
	broken := make(chan error, 1)
	var reads sync.WaitGroup
	reads.Go(func() { broken <- l.readAll(lines) })
	defer reads.Wait()
	defer func() {
		close(l.ended)
		_ = l.nc.Close()
	}()
	halt := context.AfterFunc(ctx, func() { close(l.stop) })
	defer halt()
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	if err := l.begin(); err != nil {
		return err
	}
	for {
		select {
		case m := <-lines:
			l.heard = time.Now()
			if m.Verb == "ERROR" {
				return fmt.Errorf("the server says: %s", irc.Read(m.Last()).Body)
			}
			if err := l.take(m); err != nil {
				return err
			}
		case now := <-tick.C:
			if err := l.mind(now); err != nil {
				return err
			}
		case err := <-broken:
			return fmt.Errorf("the connection broke: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (l *link) readAll(lines chan<- irc.Message) error {
	for {
		m, err := l.read()
		if err != nil {
			return err
		}
		select {
		case lines <- m:
		case <-l.ended:
			return nil
		}
	}
}

// begin does what is to be done on a new connection.
func (l *link) begin() error {
	if mode := l.isupport("BOT"); mode != "" { // https://ircv3.net/specs/extensions/bot-mode
		if err := l.write("MODE", l.self(), "+"+mode); err != nil {
			return err
		}
	}
	if err := l.beginCatching(); err != nil {
		return err
	}
	return l.joinAll(time.Now())
}

// takers are what is done about each kind of line.
func takers() map[string]func(*link, irc.Message) error {
	all := map[string]func(*link, irc.Message) error{
		"PING":    func(l *link, m irc.Message) error { return l.write("PONG", m.Params...) },
		"PRIVMSG": (*link).said, "NOTICE": (*link).said,
		"JOIN": (*link).joined, "PART": (*link).parted, "KICK": (*link).kicked, "QUIT": (*link).quitted, "NICK": (*link).isNow,
		"353": (*link).names, "005": (*link).supports, "BATCH": (*link).batch, "CHATHISTORY": (*link).lists, "FAIL": (*link).failed,
		"396": func(l *link, _ irc.Message) error { l.learn(0); return nil },
		"470": (*link).forwarded,
	}
	for _, code := range []string{"403", "405", "437", "471", "473", "474", "475", "476", "477", "480", "489", "520"} {
		all[code] = (*link).notIn
	}
	return all
}

// take takes one line.
func (l *link) take(m irc.Message) error {
	if l.resolves(m) {
		return nil
	}
	if c := l.batches[m.Tags["batch"]]; c != nil && m.Verb != "BATCH" {
		return l.past(c, m)
	}
	if do := takers()[m.Verb]; do != nil {
		return do(l, m)
	}
	return nil
}

// mind does what time asks for.
func (l *link) mind(now time.Time) error {
	switch {
	case now.Sub(l.heard) > deadAfter:
		return fmt.Errorf("the server has said nothing for %v", deadAfter)
	case now.Sub(l.heard) > silence && now.Sub(l.pinged) > silence:
		l.pinged = now
		if err := l.write("PING", "alive"); err != nil {
			return err
		}
	}
	if l.self() != l.r.set.Nick && now.Sub(l.renamed) > renameEvery {
		l.renamed = now
		if err := l.write("NICK", l.r.set.Nick); err != nil {
			return err
		}
	}
	l.lateHistory(now)
	return l.joinAll(now)
}

// renameEvery is how often the wanted nick is asked for while somebody else has it.
const renameEvery = 30 * time.Second

// leave ends the connection with a goodbye.
func (l *link) leave() {
	_ = l.write("QUIT", "Roost stops") // it ends either way
	_ = l.nc.Close()
}

// self is what we are called.
func (l *link) self() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.nick
}

// learn notes how many bytes the server puts before what we say; 0: nobody knows.
func (l *link) learn(prefix int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.prefix = prefix
}

func (l *link) isupport(key string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.support[key]
}

func (l *link) can(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.caps[name]
}

func (l *link) fold(name string) string { return irc.Fold(l.isupport("CASEMAPPING"), name) }

// mine says whether a nick is ours.
func (l *link) mine(nick string) bool { return l.fold(nick) == l.fold(l.self()) }

// isChannel says whether a name is that of a channel.
func (l *link) isChannel(name string) bool {
	types := l.isupport("CHANTYPES")
	if types == "" {
		types = "#&+!"
	}
	return name != "" && strings.ContainsRune(types, rune(name[0]))
}

// supports takes a line of RPL_ISUPPORT.
func (l *link) supports(m irc.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := 1; i < len(m.Params)-1; i++ {
		key, value, _ := strings.Cut(m.Params[i], "=")
		l.support[key] = value
	}
	return nil
}
