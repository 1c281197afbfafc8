package relay

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// settings are what schema.json describes.
type settings struct {
	Server   string        `json:"server"`   // host, or host:port
	TLS      *bool         `json:"tls"`      // default: true
	CA       string        `json:"ca"`       // a file with the certificates that are trusted; default: those of the system
	Nick     string        `json:"nick"`     // needed
	User     string        `json:"user"`     // default: nick
	Name     string        `json:"name"`     // default: nick
	Password string        `json:"password"` // of the server; default: none
	SASL     *login        `json:"sasl"`     // default: nobody is logged in
	Channels []channel     `json:"channels"` // where it is
	Direct   *bool         `json:"direct"`   // take private messages; default: true
	Flood    pace          `json:"flood"`    // default: 3 messages at once, and then one every two seconds
	Connect  time.Duration `json:"-"`        // for the whole of it
}

type login struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// pace is Burst messages at once, and one more every Every seconds.
type pace struct {
	Every float64 `json:"every"`
	Burst int     `json:"burst"`
}

// channel is a place on the server. In the settings it is a name, or an object where it has a key.
type channel struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

// UnmarshalJSON takes a string, too.
func (c *channel) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &c.Name)
	}
	type plain channel
	return strictly(b, (*plain)(c))
}

func strictly(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// The default pace is that of RFC 1459 §8.10: a client may be ten seconds ahead, and each command costs two. Each message
// may need a PING behind it, so three messages at once are six commands.
const (
	floodEvery  = 2
	floodBurst  = 3
	connectTime = 30 * time.Second
)

// parseSettings reads the settings and fills in what they leave out. Its error shows no secret.
func parseSettings(raw json.RawMessage) (settings, error) {
	s := settings{Flood: pace{floodEvery, floodBurst}, Connect: connectTime}
	if err := strictly(raw, &s); err != nil {
		return s, fmt.Errorf("config: %w", err)
	}
	if s.TLS == nil {
		s.TLS = new(true)
	}
	if s.Direct == nil {
		s.Direct = new(true)
	}
	if s.User == "" {
		s.User = s.Nick
	}
	if s.Name == "" {
		s.Name = s.Nick
	}
	if _, _, err := net.SplitHostPort(s.Server); err != nil {
		s.Server = net.JoinHostPort(strings.Trim(s.Server, "[]"), map[bool]string{true: "6697", false: "6667"}[*s.TLS])
	}
	return s, s.check()
}

func (s settings) check() error {
	var faults []error
	words := map[string]string{"config.nick": s.Nick, "config.user": s.User}
	for _, c := range s.Channels {
		words["config.channels: "+c.Name] = c.Name
		if strings.ContainsAny(c.Key, " ,\r\n\x00") {
			faults = append(faults, fmt.Errorf("config.channels: the key of %s has a space or a comma in it", c.Name))
		}
	}
	for what, word := range words {
		if word == "" || strings.ContainsAny(word, " ,:!@*?\r\n\x00\x07") {
			faults = append(faults, fmt.Errorf("%s: it is one word without , : ! @ * and ?", what))
		}
	}
	if strings.ContainsAny(s.Password+s.Name, "\r\n\x00") {
		faults = append(faults, errors.New("config.password and config.name are one line each"))
	}
	faults = append(faults, s.checkLogin())
	if s.Flood.Every < 0 || s.Flood.Burst < 1 {
		faults = append(faults, errors.New("config.flood: every is seconds, and burst is 1 or more"))
	}
	return errors.Join(faults...)
}

func (s settings) checkLogin() error {
	switch {
	case s.SASL == nil:
		return nil
	case s.SASL.User == "" || s.SASL.Password == "" || strings.ContainsRune(s.SASL.User+s.SASL.Password, 0):
		return errors.New("config.sasl: it has a user and a password")
	case !*s.TLS && !s.here():
		return errors.New("config.sasl: without tls everybody on the way could read the password")
	}
	return nil
}

// here says whether the server is on this machine.
func (s settings) here() bool {
	host, _, err := net.SplitHostPort(s.Server)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// secure is how the server is asked for its certificate; nil: not at all.
func (s settings) secure() (*tls.Config, error) {
	if !*s.TLS {
		return nil, nil //nolint:nilnil // there is none
	}
	host, _, err := net.SplitHostPort(s.Server)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if s.CA == "" {
		return c, nil
	}
	pem, err := os.ReadFile(s.CA)
	if err != nil {
		return nil, fail(loggedOut, "config.ca: %v", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fail(loggedOut, "config.ca: there is no certificate in %s", s.CA)
	}
	return c, nil
}
