package discord

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

const upgraded = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"

// frame is a text frame of a server.
func frame(s string) string {
	if len(s) < 126 {
		return "\x81" + string(rune(len(s))) + s
	}
	return "\x81\x7e" + string([]byte{byte(len(s) >> 8), byte(len(s))}) + s
}

// tapped is what comes through a tap of what a server sends, and how it ended.
func tapped(t *testing.T, sent string) (string, *tap, int, error) {
	t.Helper()
	ours, theirs := net.Pipe()
	odd := 0
	tp := newTap(ours, func([]byte) { odd++ })
	go func() {
		_, _ = io.WriteString(theirs, sent)
		_ = theirs.Close()
	}()
	got, err := io.ReadAll(tp)
	if err := tp.Close(); err != nil {
		t.Errorf("close = %v", err)
	}
	return string(got), tp, odd, err
}

func TestTheTapKeepsFromDiscordgoWhatHarmsIt(t *testing.T) {
	t.Parallel()
	hello := frame(`{"op":10,"d":{"heartbeat_interval":1000}}`)
	event := frame(`{"op":0,"t":"X","s":1,"d":{}}`)
	for _, tc := range []struct {
		name, sent, want string
		odd, code        int
		stale            bool
		err              error
	}{
		{"all well", upgraded + hello + event, upgraded + hello + event, 0, 0, false, nil},
		{"no object", upgraded + frame("null") + frame("[]") + frame("{}") + event, upgraded + event, 3, 0, false, nil},
		{"reconnect", upgraded + hello + frame(`{"op":7,"d":null}`) + event, upgraded + hello, 0, 0, false, errReconnect},
		{"invalid", upgraded + frame(`{"op":9,"d":false}`), upgraded, 0, 0, true, errInvalid},
		{"invalid for now", upgraded + frame(`{"op":9,"d":true}`), upgraded, 0, 0, false, errInvalid},
		{"closed", upgraded + "\x88\x02\x0f\xa4", upgraded + "\x88\x02\x0f\xa4", 0, 4004, false, nil},
		{"refused", "HTTP/1.1 403 Forbidden\r\n\r\nnot a frame", "HTTP/1.1 403 Forbidden\r\n\r\nnot a frame", 0, 0, false, nil},
		{"masked", upgraded + "\x81\x81abcd", upgraded, 0, 0, false, nil},
	} {
		got, tp, odd, err := tapped(t, tc.sent)
		if got != tc.want || odd != tc.odd || int(tp.code.Load()) != tc.code || tp.stale.Load() != tc.stale {
			t.Errorf("%s: %q came through, %d odd, code %d, stale %v", tc.name, got, odd, tp.code.Load(), tp.stale.Load())
		}
		if tc.err != nil && !errors.Is(err, tc.err) {
			t.Errorf("%s: it ended with %v, want %v", tc.name, err, tc.err)
		}
	}
}

func TestASilentConnectionIsDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer func() { _ = theirs.Close() }()
		tp := newTap(ours, func([]byte) {})
		defer func() { _ = tp.Close() }()
		go func() { _, _ = io.WriteString(theirs, upgraded+frame(`{"op":10,"d":{"heartbeat_interval":41250}}`)) }()
		began := time.Now()
		_, err := io.ReadAll(tp)
		if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took < 80*time.Second || took > 100*time.Second {
			t.Errorf("it ended after %v with %v, want some 90 s of silence", took, err)
		}
		if n, err := tp.Write([]byte("x")); n != 1 || err != nil || !tp.broken.Load() { // nobody reads it
			t.Errorf("write = %d, %v; want a claim that it was sent", n, err)
		}
	})
}

func FuzzTap(f *testing.F) {
	f.Add([]byte(upgraded + frame(`{"op":10,"d":{"heartbeat_interval":5}}`)))
	f.Add([]byte(upgraded + "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte(upgraded + frame("null") + "\x88\x00"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		got, _, _, _ := tapped(t, string(sent))
		if len(got) > len(sent) {
			t.Errorf("%d bytes came of %d", len(got), len(sent))
		}
	})
}
