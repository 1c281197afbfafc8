package interop_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/roost-im/roost/test/interop/clienttest"
)

// sdk is a process that holds X's own SDK. One goroutine at a time calls it.
type sdk struct {
	in  io.WriteCloser
	out *bufio.Reader
}

const life = 9 * time.Minute // of a process

// startSDK starts the SDK, which ends with the test.
func startSDK(t *testing.T) *sdk {
	t.Helper()
	return start(t, "sdk.mjs")
}

// start starts a script of this folder with these words in its environment.
func start(t *testing.T, script string, env ...string) *sdk {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), life)
	cmd := exec.CommandContext(ctx, clienttest.Node(t, "@xdevplatform/chat-xdk"), script)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer cancel()
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the SDK's process ended with %v", err)
		}
	})
	return &sdk{in: in, out: bufio.NewReaderSize(out, 1<<16)}
}

// request is a call of one of the SDK's methods.
type request struct {
	On   string `json:"on"`
	Do   string `json:"do"`
	With []any  `json:"with"`
	As   string `json:"as,omitempty"`
}

// refusal is what the SDK threw.
type refusal string

func (r refusal) Error() string { return string(r) }

// call calls a method and reads what it gave into result, which may be nil. What the SDK throws is a refusal; any other error
// is the process's.
func (s *sdk) call(rq request, result any) error {
	if rq.With == nil {
		rq.With = []any{}
	}
	line, err := json.Marshal(rq)
	if err != nil {
		return err
	}
	if _, err := s.in.Write(append(line, '\n')); err != nil {
		return err
	}
	line, err = s.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("the SDK's process does not answer: %w", err)
	}
	var answer struct {
		Value json.RawMessage `json:"value"`
		Error *string         `json:"error"`
	}
	switch err := json.Unmarshal(line, &answer); {
	case err != nil:
		return err
	case answer.Error != nil:
		return refusal(*answer.Error)
	case result == nil:
		return nil
	}
	return json.Unmarshal(answer.Value, result)
}

// octets are bytes as they go to the SDK's process.
type octets []byte

type octetsJSON struct {
	Bytes string `json:"bytes"`
}

// MarshalJSON writes them as sdk.mjs reads them.
func (o octets) MarshalJSON() ([]byte, error) {
	return json.Marshal(octetsJSON{base64.StdEncoding.EncodeToString(o)})
}

// UnmarshalJSON reads them as sdk.mjs writes them.
func (o *octets) UnmarshalJSON(b []byte) error {
	var v octetsJSON
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(v.Bytes)
	*o = raw
	return err
}

// instance is one Chat of the SDK.
type instance struct {
	*testing.T
	sdk  *sdk
	name string
}

// newInstance makes a Chat.
func (s *sdk) newInstance(t *testing.T, name string) instance {
	t.Helper()
	i := instance{t, s, name}
	i.must("new", nil)
	return i
}

// try calls a method, which may refuse.
func (i instance) try(method string, result any, args ...any) error {
	i.Helper()
	err := i.sdk.call(request{On: i.name, Do: method, With: args}, result)
	if _, refused := errors.AsType[refusal](err); err != nil && !refused {
		i.Fatal(err)
	}
	return err
}

// must calls a method.
func (i instance) must(method string, result any, args ...any) {
	i.Helper()
	if err := i.try(method, result, args...); err != nil {
		i.Fatalf("the SDK refuses %s of %s: %v", method, i.name, err)
	}
}
