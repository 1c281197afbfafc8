package secretstream_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/roost-im/roost/bridges/x/xchat/secretstream"
)

// vector is a stream that another implementation made; testdata/README.md says how.
type vector struct {
	Name         string  `json:"name"`
	Key          hexText `json:"key"`
	Header       hexText `json:"header"`
	Counter      *uint32 `json:"counter"` // of the first chunk, where it is not 1
	Size         int     `json:"size"`
	PlainSHA256  hexText `json:"plain_sha256"`
	SealedSHA256 hexText `json:"sealed_sha256"`
	Sealed       []byte  `json:"sealed"` // of short streams
	Error        string  `json:"error"`
}

type vectors struct {
	BothWays []vector `json:"both_ways"`
	Opened   []vector `json:"opened"` // what we read and never write
	Refused  []vector `json:"refused"`
}

type hexText []byte

// UnmarshalText reads hexadecimal.
func (h *hexText) UnmarshalText(b []byte) (err error) {
	*h, err = hex.DecodeString(string(b))
	return err
}

func load(t *testing.T, name string) vectors {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.BothWays) < 8 {
		t.Fatalf("%s has %d vectors, want 8 or more", name, len(v.BothWays))
	}
	return v
}

func (v vector) key() *[32]byte { return (*[32]byte)(v.Key) }

func (v vector) seal(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := secretstream.NewWriterWith(&b, v.key(), (*[secretstream.HeaderSize]byte)(v.Header))
	if v.Counter != nil {
		w.StartAt(*v.Counter)
	}
	fill(t, w, pattern(v.Size))
	return b.Bytes()
}

func (v vector) open(sealed []byte) ([]byte, error) {
	r := secretstream.NewReader(bytes.NewReader(sealed), v.key())
	if v.Counter != nil {
		r.StartAt(*v.Counter)
	}
	return io.ReadAll(r)
}

// check opens a stream and compares the plaintext.
func (v vector) check(t *testing.T, sealed []byte) {
	t.Helper()
	plain, err := v.open(sealed)
	if err != nil || !bytes.Equal(plain, pattern(v.Size)) || !equalSum(plain, v.PlainSHA256) {
		t.Errorf("opened %d bytes and %v, want the plaintext of %d", len(plain), err, v.Size)
	}
}

func equalSum(b []byte, sum hexText) bool {
	got := sha256.Sum256(b)
	return bytes.Equal(got[:], sum)
}

func TestVectorsBothWays(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"libsodium.json", "chat-xdk.json"} {
		for _, v := range load(t, file).BothWays {
			t.Run(file+" "+v.Name, func(t *testing.T) {
				t.Parallel()
				sealed := v.seal(t)
				if !equalSum(sealed, v.SealedSHA256) {
					t.Fatal("what we seal is not what they seal")
				}
				if v.Sealed != nil && !bytes.Equal(sealed, v.Sealed) {
					t.Errorf("sealed %x, want %x", sealed, v.Sealed)
				}
				if n := secretstream.Size(int64(v.Size)); n != int64(len(sealed)) {
					t.Errorf("Size(%d) = %d, want %d", v.Size, n, len(sealed))
				}
				v.check(t, sealed)
			})
		}
	}
}

func TestVectorsOpened(t *testing.T) {
	t.Parallel()
	for _, v := range load(t, "libsodium.json").Opened {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			if !equalSum(v.Sealed, v.SealedSHA256) {
				t.Fatal("the vector is damaged")
			}
			v.check(t, v.Sealed)
		})
	}
}

func TestVectorsRefused(t *testing.T) {
	t.Parallel()
	want := map[string]error{"truncated": secretstream.ErrTruncated, "corrupt": secretstream.ErrCorrupt}
	for _, v := range load(t, "libsodium.json").Refused {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			plain, err := v.open(v.Sealed)
			if want[v.Error] == nil || !errors.Is(err, want[v.Error]) {
				t.Errorf("error %v, want one that is %s", err, v.Error)
			}
			if !bytes.HasPrefix(pattern(v.Size), plain) {
				t.Error("something else than the plaintext was given out")
			}
		})
	}
}
