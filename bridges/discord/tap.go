package discord

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	maxFrame  = 32 << 20 // a large server's GUILD_CREATE has some megabytes
	maxHead   = 64 << 10 // of the answer to the upgrade
	firstTime = 20 * time.Second
)

var (
	errReconnect = errors.New("discord wants us to reconnect")
	errInvalid   = errors.New("discord does not know the session any more")
)

// tap is a gateway connection on its way to discordgo. It keeps from discordgo what would lock it up or bring it down (op 7
// while it opens, op 9, a frame that is no object), makes silence an error long before discordgo does, and remembers what
// discordgo does not tell: why Discord closed the connection. It reports no failed write: what is broken shows when it is read
// next, by the one goroutine that may close the session then.
type tap struct {
	net.Conn
	in   *bufio.Reader
	odd  func(raw []byte) // told of frames that are kept from discordgo
	left bytes.Buffer     // read, and not yet asked for
	raw  bool             // the upgrade was refused: what follows are no frames
	open bool             // the answer to the upgrade was read
	quit error            // what every further Read returns

	quiet  time.Duration // without a frame for so long the connection is dead
	code   atomic.Int32  // with which Discord closed; 0: it did not
	stale  atomic.Bool   // the session can't be resumed
	broken atomic.Bool   // a write failed, or the connection was closed
	once   sync.Once
}

func newTap(conn net.Conn, odd func([]byte)) *tap {
	return &tap{Conn: conn, in: bufio.NewReader(conn), odd: odd, quiet: firstTime}
}

// Read gives whole frames, one after another.
func (t *tap) Read(p []byte) (int, error) {
	for t.left.Len() == 0 {
		if t.raw {
			return t.in.Read(p)
		}
		if t.quit == nil {
			t.quit = t.next()
		}
		if t.quit != nil && t.left.Len() == 0 {
			return 0, t.quit
		}
	}
	return t.left.Read(p)
}

// Write sends p, or claims that it did.
func (t *tap) Write(p []byte) (int, error) {
	if t.broken.Load() {
		return len(p), nil
	}
	err := t.SetWriteDeadline(time.Now().Add(firstTime))
	if err == nil {
		_, err = t.Conn.Write(p)
	}
	if err != nil {
		t.broken.Store(true)
	}
	return len(p), nil
}

// Close ends the connection; Read fails from then on.
func (t *tap) Close() (err error) {
	t.broken.Store(true)
	t.once.Do(func() { err = t.Conn.Close() })
	return err
}

// next reads the answer to the upgrade, or one frame.
func (t *tap) next() error {
	_ = t.SetReadDeadline(time.Now().Add(t.quiet)) // what is broken shows when it is read
	if !t.open {
		return t.head()
	}
	head, size, err := t.frameHead()
	if err != nil {
		return err
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(t.in, body); err != nil {
		return err
	}
	pass, err := t.look(head[0], body)
	if pass {
		t.left.Write(head)
		t.left.Write(body)
	}
	return err
}

// head reads the answer to the upgrade up to its empty line.
func (t *tap) head() error {
	status := ""
	for n := 0; n < maxHead; {
		line, err := t.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if n == 0 {
			status = string(line)
		}
		n += len(line)
		t.left.Write(line)
		if len(bytes.TrimSpace(line)) == 0 {
			t.open = true
			t.raw = !strings.Contains(status, " 101 ")
			return nil
		}
	}
	return errors.New("the answer to the upgrade has no end")
}

// frameHead reads the head of a frame and the size of its body. https://www.rfc-editor.org/rfc/rfc6455#section-5.2
func (t *tap) frameHead() ([]byte, int, error) {
	head := make([]byte, 2, 10)
	if _, err := io.ReadFull(t.in, head); err != nil {
		return nil, 0, err
	}
	size := uint64(head[1] & 0x7f)
	more := map[uint64]int{126: 2, 127: 8}[size]
	if more > 0 {
		head = head[:2+more]
		if _, err := io.ReadFull(t.in, head[2:]); err != nil {
			return nil, 0, err
		}
		var wide [8]byte
		copy(wide[8-more:], head[2:])
		size = binary.BigEndian.Uint64(wide[:])
	}
	if head[1]&0x80 != 0 {
		return nil, 0, errors.New("a masked frame from a server")
	}
	if size > maxFrame {
		return nil, 0, fmt.Errorf("a frame of %d bytes", size)
	}
	return head, int(size), nil
}

// Opcodes of the gateway. https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-opcodes
const (
	opReconnect = 7
	opInvalid   = 9
	opHello     = 10
)

// look says whether discordgo may see a frame, and what ends the connection.
func (t *tap) look(first byte, body []byte) (pass bool, err error) {
	const whole, textFrame, closeFrame = 0x80, 1, 8
	switch first {
	case whole | closeFrame:
		if len(body) >= 2 {
			t.code.Store(int32(binary.BigEndian.Uint16(body)))
		}
		return true, nil
	case whole | textFrame:
	default:
		return true, nil
	}
	var f struct {
		Op *int            `json:"op"`
		D  json.RawMessage `json:"d"`
	}
	if json.Unmarshal(body, &f) != nil || f.Op == nil {
		t.odd(body)
		return false, nil
	}
	switch *f.Op {
	case opReconnect:
		return false, errReconnect
	case opInvalid:
		t.stale.Store(string(f.D) != "true")
		return false, errInvalid
	case opHello:
		t.quiet = quietTime(f.D)
	}
	return true, nil
}

// quietTime is how long a connection may say nothing: every heartbeat is answered. discordgo gives up after five.
func quietTime(hello json.RawMessage) time.Duration {
	var d struct {
		Interval int64 `json:"heartbeat_interval"`
	}
	if json.Unmarshal(hello, &d) != nil || d.Interval <= 0 || d.Interval > 600_000 {
		return 2 * time.Minute
	}
	beat := time.Duration(d.Interval) * time.Millisecond
	return 2*beat + min(beat, 5*time.Second)
}
