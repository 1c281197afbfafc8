package rpc_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"

	"github.com/roost-im/roost/plugins/internal/rpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// all reads lines until there are no more.
func all(r io.Reader, most int) (lines []string, err error) {
	l := rpc.NewLines(r, most)
	for {
		line, err := l.Next()
		if err != nil {
			return lines, err
		}
		lines = append(lines, string(line))
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100_000)
	for _, tc := range []struct {
		name, in string
		want     []string
		err      error
	}{
		{"none", "", nil, io.EOF},
		{"some", "a\nb\r\n\nc", []string{"a", "b", "", "c"}, io.EOF},
		{"long", long + "\nb\n", []string{long, "b"}, io.EOF},
		{"too long", "a\n" + long + "x\n", []string{"a"}, rpc.ErrLong},
		{"too long without an end", long + "x", nil, rpc.ErrLong},
		{"as long as can be, without an end", long, []string{long}, io.EOF},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, r := range []io.Reader{strings.NewReader(tc.in), iotest.HalfReader(strings.NewReader(tc.in)), iotest.DataErrReader(strings.NewReader(tc.in))} {
				got, err := all(r, len(long))
				if strings.Join(got, "|") != strings.Join(tc.want, "|") || len(got) != len(tc.want) || !errors.Is(err, tc.err) {
					t.Errorf("read %d lines and %v, want %d and %v", len(got), err, len(tc.want), tc.err)
				}
			}
		})
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb\r\n\nc"), 10)
	f.Add(bytes.Repeat([]byte("x"), 40_000), 36_000)
	f.Fuzz(func(t *testing.T, in []byte, most int) {
		if most < 1 || most > 1<<20 {
			return
		}
		got, err := all(bytes.NewReader(in), most)
		whole, err2 := all(iotest.HalfReader(bytes.NewReader(in)), most)
		if strings.Join(got, "\n") != strings.Join(whole, "\n") || !errors.Is(err, errors.Unwrap(err2)) && err.Error() != err2.Error() {
			t.Errorf("read %q and %v, by halves %q and %v", got, err, whole, err2)
		}
		for _, line := range got {
			if len(line) > most || strings.Contains(line, "\n") {
				t.Errorf("a line is %q", line)
			}
		}
	})
}

// FuzzPeer has a far side write anything: nothing of it may end in a panic, or be called twice.
func FuzzPeer(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":1,"result":{}}` + "\n" + `{"id":1,"result":{}}` + "\nhello\n"))
	f.Add([]byte(`{"id":"x","method":"send","params":{"text":1}}` + "\n" + `{"method":"log"}` + "\n[1,2]\n"))
	f.Add([]byte(`{"id":1,"error":{"code":1,"message":"no","data":{}}}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		var mu sync.Mutex
		answers, asked, strays := 0, 0, 0
		var p *rpc.Peer
		p = rpc.New(rpc.Config{
			In: bytes.NewReader(in), Out: &locked{w: &out, mu: &mu},
			Call: func(c rpc.Call) {
				asked++
				p.Answer(c, nil, c.Read(&struct{ Text string }{}))
			},
			Stray: func([]byte, string) { strays++ },
		})
		if err := p.Go("event", struct{}{}, func(rpc.Answer) { answers++ }); err != nil {
			t.Fatal(err)
		}
		if err := p.Run(); err == nil {
			t.Error("Run ended without a reason")
		}
		if answers != 1 {
			t.Errorf("a call was answered %d times", answers)
		}
	})
}

type locked struct {
	w  io.Writer
	mu *sync.Mutex
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}
