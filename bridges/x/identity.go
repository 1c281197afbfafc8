package x

import (
	"context"
	"net/http"

	"github.com/dghubble/oauth1"

	"github.com/roost-im/roost/bridges"
)

// signer is a user by OAuth 1.0a: every request is signed, and nothing expires.
type signer struct {
	client *http.Client
	hidden []bridges.Secret
}

// newSigner signs with the account's four keys. JSON and multipart bodies are no part of a signature (RFC 5849, 3.4.1.3).
func newSigner(cfg Config, bare *http.Client) *signer {
	keys := oauth1.NewConfig(cfg.ConsumerKey.Reveal(), cfg.ConsumerSecret.Reveal())
	token := oauth1.NewToken(cfg.AccessToken.Reveal(), cfg.AccessSecret.Reveal())
	ctx := context.WithValue(context.Background(), oauth1.HTTPClient, bare)
	c := keys.Client(ctx, token)
	c.CheckRedirect = bare.CheckRedirect
	return &signer{client: c, hidden: cfg.secrets()}
}

func (s *signer) do(_ context.Context, req *http.Request) (*http.Response, string, error) {
	resp, err := s.client.Do(req)
	return resp, "", err
}

func (s *signer) renew(context.Context, string) (bool, error) { return false, nil }

func (s *signer) name() string { return "OAuth 1.0a access token" }

func (s *signer) mend() string {
	return "put new values of access_token and access_secret into the settings"
}

func (s *signer) secrets() []bridges.Secret { return s.hidden }

// bearer is the app itself.
type bearer struct {
	client *http.Client
	token  bridges.Secret
}

func (b *bearer) do(_ context.Context, req *http.Request) (*http.Response, string, error) {
	req.Header.Set("Authorization", "Bearer "+b.token.Reveal())
	resp, err := b.client.Do(req)
	return resp, "", err
}

func (b *bearer) renew(context.Context, string) (bool, error) { return false, nil }

func (b *bearer) name() string { return "app's bearer token" }

func (b *bearer) mend() string { return "put a new value of bearer_token into the settings" }

func (b *bearer) secrets() []bridges.Secret { return []bridges.Secret{b.token} }
