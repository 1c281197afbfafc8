package lane_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-im/roost/router/chat"
	"github.com/roost-im/roost/router/lane"
	"github.com/roost-im/roost/router/store"
	"github.com/roost-im/roost/router/store/sqlite"
	"github.com/roost-im/roost/router/text"
)

// victim is the environment variable that makes the test binary send what waits in this folder until it is killed.
const victim = "ROOST_LANE_VICTIM"

// paper is a platform that writes what it takes into a file, and folds posts with the same key. Its file outlives a kill.
type paper struct {
	*platform
	file *os.File

	mu   sync.Mutex
	keys map[chat.Key]chat.MessageID
}

func openPaper(dir string) (*paper, error) {
	path := filepath.Join(dir, "paper")
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	p := &paper{platform: newPlatform(), keys: map[chat.Key]chat.MessageID{}}
	for _, l := range lines {
		key, _, _ := strings.Cut(l, " ")
		p.number(chat.Key(key))
	}
	p.file, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	return p, err
}

func readLines(path string) ([]string, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n"), err
}

func (p *paper) number(k chat.Key) chat.MessageID {
	if p.keys[k] == "" {
		p.keys[k] = chat.MessageID(fmt.Sprint("m", len(p.keys)+1))
	}
	return p.keys[k]
}

func (p *paper) Post(_ context.Context, post chat.Post) (chat.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := fmt.Fprintf(p.file, "%s %s %s\n", post.Key, post.To.ID, post.Text.Body); err != nil {
		return chat.Receipt{}, err
	}
	fmt.Println(post.Text.Body)
	return chat.Receipt{Messages: []chat.MessageID{p.number(post.Key)}}, nil
}

// send runs lanes over a folder until nothing waits there.
func send(dir string) error {
	p, err := openPaper(dir)
	if err != nil {
		return err
	}
	st, err := sqlite.Open(context.Background(), filepath.Join(dir, "roost.db"), sqlite.Options{})
	if err != nil {
		return err
	}
	left := 0
	err = st.Read(context.Background(), func(r store.Reader) error {
		n, err := r.Count()
		left = n[chat.Waiting]
		return err
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var mu sync.Mutex
	cfg := lane.Config{
		Store:     st,
		Connector: func(chat.Account) (chat.Connector, func(), bool) { return p, func() {}, true },
		Watch: func(lane.Try) {
			mu.Lock()
			defer mu.Unlock()
			if left--; left == 0 {
				cancel()
			}
		},
	}
	return errors.Join(lane.New(cfg).Run(ctx), st.Close())
}

// TestKill kills a process again and again while its lanes run ahead: in the end the platform has everything once, in
// order, and each post has its one copy.
func TestKill(t *testing.T) {
	t.Parallel()
	const lanes, each, kills = 3, 800, 8
	dir := t.TempDir()
	fillFolder(t, dir, lanes, each)
	for range kills {
		runVictim(t, dir, 30+rand.N(200))
	}
	runVictim(t, dir, 0)
	lines, err := readLines(filepath.Join(dir, "paper"))
	if err != nil {
		t.Fatal(err)
	}
	seen, next, repeats := map[string]bool{}, map[string]int{}, 0
	for _, l := range lines {
		f := strings.Fields(l)
		if seen[f[0]] {
			repeats++
			continue
		}
		seen[f[0]] = true
		if want := fmt.Sprint(f[1], "-", next[f[1]]); f[2] != want {
			t.Fatalf("%s has %s, want %s next", f[1], f[2], want)
		}
		next[f[1]]++
	}
	t.Logf("%d posts, %d of them repeated and folded", len(seen), repeats)
	for l := range lanes {
		if n := next[fmt.Sprint("c", l)]; n != each {
			t.Errorf("lane %d has %d posts, want %d", l, n, each)
		}
	}
	checkCopies(t, dir, lanes, each)
}

// fillFolder puts deliveries for some lanes into a new folder's store.
func fillFolder(t *testing.T, dir string, lanes, each int) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(dir, "roost.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	err = st.Change(t.Context(), func(store.View) (ch store.Changes, err error) {
		for n := range lanes * each {
			to := at(fmt.Sprint("c", n%lanes))
			said := fmt.Sprint(to.ID, "-", n/lanes)
			ch.Deliveries = append(ch.Deliveries, chat.Delivery{
				Lane: chat.LaneTo(to), Source: source(said), Action: chat.Post{To: to, Text: text.Plain(said)},
			})
		}
		return ch, nil
	})
	if err := errors.Join(err, st.Close()); err != nil {
		t.Fatal(err)
	}
}

// runVictim runs a process over a folder, and kills it after some posts; 0 lets it end by itself.
func runVictim(t *testing.T, dir string, posts int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), victim+"="+dir), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if n++; n == posts {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); posts == 0 && err != nil {
		t.Fatalf("the process ended with %v", err)
	}
}

// checkCopies fails unless everything was sent and has one copy.
func checkCopies(t *testing.T, dir string, lanes, each int) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(dir, "roost.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	made := map[chat.MessageID]bool{}
	err = st.Read(t.Context(), func(r store.Reader) error {
		n, err := r.Count()
		if err != nil || n[chat.Sent] != lanes*each {
			return fmt.Errorf("counts %v, want %d sent, %w", n, lanes*each, err)
		}
		for i := range lanes * each {
			cs, err := r.Copies(source(fmt.Sprintf("c%d-%d", i%lanes, i/lanes)))
			if err != nil || len(cs) != 1 || made[cs[0].Dest.Message] {
				return fmt.Errorf("copies of number %d: %v, %w; want one of its own", i, cs, err)
			}
			made[cs[0].Dest.Message] = true
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
