package api

import (
	"context"
	"net/http"

	"github.com/dghubble/oauth1"

	"github.com/roost-im/roost/bridges"
)

// Credentials are what an account logs in with: by OAuth 2.0, unless there is an AccessToken.
type Credentials struct {
	ClientID       string
	ClientSecret   bridges.Secret
	ConsumerKey    bridges.Secret
	ConsumerSecret bridges.Secret
	AccessToken    bridges.Secret
	AccessSecret   bridges.Secret
	BearerToken    bridges.Secret
	Hidden         []bridges.Secret // every text that must not be seen

	APIURL  string
	AuthURL string
}

// signer is a user by OAuth 1.0a: every request is signed, and nothing expires.
type signer struct {
	client *http.Client
	hidden []bridges.Secret
}

// newSigner signs with the account's four keys. JSON and multipart bodies are no part of a signature (RFC 5849, 3.4.1.3).
func newSigner(cred Credentials, bare *http.Client) *signer {
	keys := oauth1.NewConfig(cred.ConsumerKey.Reveal(), cred.ConsumerSecret.Reveal())
	token := oauth1.NewToken(cred.AccessToken.Reveal(), cred.AccessSecret.Reveal())
	ctx := context.WithValue(context.Background(), oauth1.HTTPClient, bare)
	c := keys.Client(ctx, token)
	c.CheckRedirect = bare.CheckRedirect
	return &signer{client: c, hidden: cred.Hidden}
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

// nobody sends no credential.
type nobody struct{ client *http.Client }

func (n nobody) do(_ context.Context, req *http.Request) (*http.Response, string, error) {
	resp, err := n.client.Do(req)
	return resp, "", err
}

func (nobody) renew(context.Context, string) (bool, error) { return false, nil }

func (nobody) name() string { return "request" }

func (nobody) mend() string { return "ask for the file again" }

func (nobody) secrets() []bridges.Secret { return nil }
