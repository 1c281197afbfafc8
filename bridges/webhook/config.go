package webhook

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/roost-im/roost/bridges"
)

// shortestSecret is how many bytes a secret has at least; shorter ones can be guessed.
const shortestSecret = 16

// mostSecrets is how many secrets there are at most, former ones included.
const mostSecrets = 4

// Config is the settings block of a webhook account. With a url everything is sent there; without one, or with journal,
// it is written down for readers who come and fetch.
type Config struct {
	Secret        bridges.Secret   `yaml:"secret"`         // signs requests both ways; 16 characters or more
	FormerSecrets []bridges.Secret `yaml:"former_secrets"` // sign as well, until every program has the new one
	URL           string           `yaml:"url"`            // where the program listens
	Journal       bool             `yaml:"journal"`        // readers may fetch what was sent, although there is a url
	ReadToken     bridges.Secret   `yaml:"read_token"`     // lets readers fetch without signing; empty: they sign
	AllowPrivate  bool             `yaml:"allow_private"`  // fetch files from private and loopback addresses, too
	Persona       *bool            `yaml:"persona"`        // the author's name is a field, not part of the text; default true
}

// Validate reports every fault, each with the key that it is about. It does no I/O.
func (c Config) Validate() error {
	faults := []error{checkSecret("secret", c.Secret), c.checkURL(), c.checkToken()}
	if len(c.FormerSecrets) >= mostSecrets {
		faults = append(faults, fmt.Errorf("former_secrets: has %d, and at most %d are looked at", len(c.FormerSecrets), mostSecrets-1))
	}
	for i, s := range c.FormerSecrets {
		faults = append(faults, checkSecret(fmt.Sprintf("former_secrets[%d]", i), s))
	}
	return errors.Join(faults...)
}

func checkSecret(key string, s bridges.Secret) error {
	switch n := len(s.Reveal()); {
	case n == 0:
		return errors.New(key + ": is missing; openssl rand -hex 32 makes one")
	case n < shortestSecret:
		return fmt.Errorf("%s: is shorter than %d characters, so it can be guessed; openssl rand -hex 32 makes one", key, shortestSecret)
	}
	return nil
}

func (c Config) checkURL() error {
	if c.URL == "" {
		return nil
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return errors.New("url: is no http or https address")
	case u.User != nil:
		return errors.New("url: holds a password; requests are signed with the secret instead")
	}
	return nil
}

func (c Config) checkToken() error {
	if c.ReadToken.IsZero() {
		return nil
	}
	if !c.journals() {
		return errors.New("read_token: there is nothing to read, because everything goes to url; set journal: true as well")
	}
	return checkSecret("read_token", c.ReadToken)
}

// journals says whether what is sent is written down for readers.
func (c Config) journals() bool { return c.Journal || c.URL == "" }

// secrets are all that sign, the present one first.
func (c Config) secrets() []bridges.Secret {
	return append([]bridges.Secret{c.Secret}, c.FormerSecrets...)
}
