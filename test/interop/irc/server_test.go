package interop_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roost-im/roost/test/interop/clienttest"
	"github.com/roost-im/roost/test/lifetest"
)

// server is a real IRC server on loopback, as a process that can be ended and started again.
type server struct {
	addr  string
	ca    string // a file with the certificate that it shows; empty: it speaks plainly
	args  []string
	out   *lifetest.Logbook
	cmd   *exec.Cmd
	ended chan struct{}
}

// ngircd starts Debian's server. Where it is not installed the test is skipped, and fails in CI.
func ngircd(t *testing.T, secure bool) *server {
	t.Helper()
	program, err := exec.LookPath("ngircd")
	if err != nil {
		program = "/usr/sbin/ngircd" // which is not on everybody's PATH
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("ngircd is not installed, so the IRC plugin is not tried: apt-get install ngircd, or make deps as root")
		}
		t.Skip("ngircd is not installed, so the IRC plugin is not tried; to have it: sudo apt-get install ngircd, or make deps as root")
	}
	dir := t.TempDir()
	s := &server{addr: free(t)}
	_, port, _ := net.SplitHostPort(s.addr)
	ports := "Ports = " + port
	ssl := ""
	if secure {
		s.ca = filepath.Join(dir, "cert.pem")
		certificate(t, s.ca, filepath.Join(dir, "key.pem"))
		ports = "Ports = " + portOf(t)
		dh := filepath.Join(dir, "dh.pem")
		if err := os.WriteFile(dh, []byte(ffdhe2048), 0o644); err != nil {
			t.Fatal(err)
		}
		ssl = fmt.Sprintf("[SSL]\n\tCertFile = %s\n\tKeyFile = %s\n\tDHFile = %s\n\tPorts = %s\n", s.ca, filepath.Join(dir, "key.pem"), dh, port)
	}
	conf := fmt.Sprintf(`[Global]
	Name = irc.example.net
	Info = Roost's tests
	Listen = 127.0.0.1
	%s
[Limits]
	MaxConnectionsIP = 0
	MaxNickLength = 20
	MaxPenaltyTime = 0
[Options]
	DNS = no
	Ident = no
	PAM = no
%s`, ports, ssl)
	file := filepath.Join(dir, "ngircd.conf")
	if err := os.WriteFile(file, []byte(conf), 0o644); err != nil {
		t.Fatal(err)
	}
	s.args = []string{program, "-n", "-f", file}
	s.start(t)
	return s
}

// ffdhe2048 is the group of RFC 7919 of that name: without a group ngircd makes one first, which can take a minute.
const ffdhe2048 = `-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
`

// ergo starts Ergo, which has what is new in IRC. It is no package of Debian: ok is false where it is not on the PATH.
func ergo(t *testing.T) (s *server, ok bool) {
	t.Helper()
	program, err := exec.LookPath("ergo")
	if err != nil {
		return nil, false
	}
	dir := t.TempDir()
	s = &server{addr: free(t)}
	file := filepath.Join(dir, "ircd.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, ergoConf, s.addr, filepath.Join(dir, "ircd.db")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), program, "initdb", "--conf", file, "--quiet").CombinedOutput(); err != nil {
		t.Skipf("the ergo on the PATH is no IRC server: %v\n%s", err, out)
	}
	s.args = []string{program, "run", "--conf", file}
	s.start(t)
	return s, true
}

const ergoConf = `network: {name: Test}
server:
  name: irc.example.net
  listeners: {%q: {}}
  casemapping: ascii
  enforce-utf8: true
  lookup-hostnames: false
  forward-confirm-hostnames: false
  check-ident: false
  max-sendq: 1M
  ip-limits: {count: false, throttle: false}
  ip-cloaking: {enabled: true, enabled-for-always-on: true, netname: test, cidr-len-ipv4: 32, cidr-len-ipv6: 64, num-bits: 64}
datastore: {path: %q, autoupgrade: true}
accounts:
  authentication-enabled: true
  registration:
    enabled: true
    allow-before-connect: true
    throttling: {enabled: false}
    bcrypt-cost: 4
    email-verification: {enabled: false}
  multiclient: {enabled: true, allowed-by-default: true, always-on: opt-in, auto-away: opt-in}
  nick-reservation: {enabled: true, method: optional}
channels: {default-modes: +nt, registration: {enabled: true}}
languages: {enabled: false}
limits: {nicklen: 32, identlen: 20, realnamelen: 150, channellen: 64, awaylen: 390, kicklen: 390, topiclen: 390, monitor-entries: 100, whowas-entries: 100, chan-list-modes: 60, registration-messages: 1024, multiline: {max-bytes: 4096, max-lines: 100}}
fakelag: {enabled: false}
history:
  enabled: true
  channel-length: 2048
  client-length: 256
  autoresize-window: 3d
  autoreplay-on-join: 0
  chathistory-maxmessages: 1000
  znc-maxmessages: 2048
  restrictions: {expire-time: 1w, query-cutoff: none}
  retention: {allow-individual-delete: false}
opers: {}
`

// free is an address on which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func portOf(t *testing.T) string {
	t.Helper()
	_, port, err := net.SplitHostPort(free(t))
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// certificate makes a certificate for 127.0.0.1 and its key.
func certificate(t *testing.T, cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: bytes}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// start starts the server and waits until it listens.
func (s *server) start(t *testing.T) {
	t.Helper()
	s.out, s.ended = lifetest.NewLogbook(), make(chan struct{})
	s.cmd = exec.Command(s.args[0], s.args[1:]...) //nolint:noctx // it is ended by the test
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.out
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd, ended := s.cmd, s.ended
	go func() {
		_ = cmd.Wait() // its end is enough
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("the server's log ends:\n%s", tail(s.out.String()))
		}
	})
	deadline := time.Now().Add(clienttest.Patient)
	for {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.addr)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("the server ended:\n%s", s.out)
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody listens at %s: %v", s.addr, err)
		}
	}
}

// kill ends the server at once, as a power cut does.
func (s *server) kill(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.ended
}

// dial connects to the server.
func (s *server) dial(t *testing.T) net.Conn {
	t.Helper()
	if s.ca == "" {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	raw, err := os.ReadFile(s.ca)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(raw)
	d := tls.Dialer{Config: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	conn, err := d.DialContext(t.Context(), "tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func tail(s string) string {
	const most = 6000
	return strings.ToValidUTF8(s[max(0, len(s)-most):], "")
}
