package lifetest

import (
	"bytes"
	"sync"
)

// Logbook keeps what a process writes, and tells who waits for something in it. Make it with NewLogbook.
type Logbook struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // closed at the next write
}

// NewLogbook makes an empty one.
func NewLogbook() *Logbook { return &Logbook{changed: make(chan struct{})} }

// Write keeps b.
func (l *Logbook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.changed)
	l.changed = make(chan struct{})
	return l.text.Write(b)
}

// Now is everything so far, and a channel that is closed at the next write.
func (l *Logbook) Now() (text string, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String(), l.changed
}

// String is everything so far.
func (l *Logbook) String() string {
	text, _ := l.Now()
	return text
}
