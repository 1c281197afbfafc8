package bridges

import (
	"errors"
	"net/url"
	"strings"
)

// Redact is s with "secret" where one of secrets stands.
func Redact(s string, secrets ...Secret) string {
	for _, one := range secrets {
		if !one.IsZero() {
			s = strings.ReplaceAll(s, one.Reveal(), shown)
		}
	}
	return s
}

// RedactError is an error that others made without what nobody should see: without the address that was called, which
// may hold a ticket, and without secrets. What wraps a *url.Error is lost, and when a secret was found so is what err
// wraps; ask MayHaveArrived before.
func RedactError(err error, secrets ...Secret) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	said := err.Error()
	if clean := Redact(said, secrets...); clean != said {
		return errors.New(clean)
	}
	return err
}
