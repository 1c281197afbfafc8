package xchat

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

const (
	mostVersions = 100    // of one person's keys that are held
	mostUsers    = 20_000 // people whose keys are held
)

// Directory is everybody's public keys, as X listed them. It holds a bounded number of people, so somebody whom it knew may be
// asked for again. The zero value is empty and ready. It is safe for concurrent use.
type Directory struct {
	mu    sync.RWMutex
	known map[string][]PublicKeys
}

// Learn replaces what is known of a person. Keys that are not Bound are left out; refused says how many.
func (d *Directory) Learn(user string, all []PublicKeys) (refused int) {
	var good []PublicKeys
	for _, p := range all {
		if p.Bound() != nil || !digits(p.Version) {
			refused++
			continue
		}
		p.User = user
		good = append(good, p)
	}
	if n := len(good) - mostVersions; n > 0 { // the newest stay
		slices.SortStableFunc(good, func(a, b PublicKeys) int { return compareNumbers(a.Version, b.Version) })
		good = good[n:]
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil {
		d.known = map[string][]PublicKeys{}
	}
	delete(d.known, user)
	for other := range d.known {
		if len(d.known) < mostUsers {
			break
		}
		delete(d.known, other)
	}
	d.known[user] = good
	return refused
}

// Keys is a person's keys of a version.
func (d *Directory) Keys(user, version string) (PublicKeys, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, p := range d.known[user] {
		if p.Version == version {
			return p, true
		}
	}
	return PublicKeys{}, false
}

// Latest is a person's newest keys: those that something new is sealed for.
func (d *Directory) Latest(user string) (PublicKeys, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var best PublicKeys
	for _, p := range d.known[user] {
		if best.Version == "" || newer(p.Version, best.Version) {
			best = p
		}
	}
	return best, best.Version != ""
}

// Knows says whether the person's keys have been learned, even if there were none.
func (d *Directory) Knows(user string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	_, ok := d.known[user]
	return ok
}

// newer says whether a version is a larger number than another.
func newer(a, b string) bool { return compareNumbers(a, b) > 0 }

// compareNumbers compares two versions as the numbers that they are.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// compareVersions is compareNumbers, and tells two spellings of one number apart.
func compareVersions(a, b string) int { return cmp.Or(compareNumbers(a, b), cmp.Compare(a, b)) }

// digits says whether s is a number, as versions and user IDs are.
func digits(s string) bool {
	return s != "" && len(s) <= 20 && strings.Trim(s, "0123456789") == ""
}
