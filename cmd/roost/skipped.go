package main

import (
	"sync"

	"github.com/roost-im/roost/router/chat"
)

// skipped counts the wire events that no connector understood, and keeps the last of each kind for roost doctor.
type skipped struct {
	mu    sync.Mutex
	kinds map[chat.Account]map[string]*oddKind
}

type oddKind struct {
	Count int    `json:"count"`
	Last  string `json:"last"`
}

const (
	mostKinds = 32      // per account; the rest is counted together
	mostRaw   = 4 << 10 // bytes of one event
)

func newSkipped() *skipped { return &skipped{kinds: map[chat.Account]map[string]*oddKind{}} }

func (s *skipped) add(a chat.Account, kind string, raw []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kinds := s.kinds[a]
	if kinds == nil {
		kinds = map[string]*oddKind{}
		s.kinds[a] = kinds
	}
	if len(kinds) >= mostKinds && kinds[kind] == nil {
		kind = "others"
	}
	if kinds[kind] == nil {
		kinds[kind] = &oddKind{}
	}
	kinds[kind].Count++
	kinds[kind].Last = string(raw[:min(len(raw), mostRaw)])
}

// of lists what an account's connector did not understand, by kind.
func (s *skipped) of(a chat.Account) map[string]oddKind {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]oddKind{}
	for kind, k := range s.kinds[a] {
		all[kind] = *k
	}
	return all
}
