package xsim

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"

	"github.com/roost-im/roost/bridges/x/xchat"
)

// registered are a user's public keys of one version, as they were given.
type registered struct {
	version                    string
	identity, signing, binding string
}

// public reads the keys.
func (k registered) public(user string) xchat.PublicKeys {
	read := func(s string) []byte {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return nil
		}
		return b
	}
	return xchat.PublicKeys{
		User: user, Version: k.version, Identity: read(k.identity), Signing: read(k.signing), Binding: read(k.binding),
	}
}

func publicKeyFields() []string {
	return []string{"identity_public_key_signature", "juicebox_config", "public_key", "public_key_version", "signing_public_key"}
}

// publicKeys are a user's rows with the fields that were asked for, the version alone when none were; mu is held.
func (c *call) publicKeys(user string, fields map[string]bool) []object {
	var rows []object
	for _, k := range c.chats.keys[user] {
		full := object{
			"public_key_version": k.version, "public_key": k.identity, "signing_public_key": k.signing,
			"identity_public_key_signature": k.binding,
		}
		if user == c.who.user {
			full["juicebox_config"] = object{"max_guess_count": 20}
		}
		row := object{}
		for name := range fields {
			if v, has := full[name]; has {
				row[name] = v
			}
		}
		if len(fields) == 0 {
			row["public_key_version"] = k.version
		}
		rows = append(rows, row)
	}
	return rows
}

func publicKeys(c *call) (reply, error) {
	p, err := c.query("public_key.fields")
	if err != nil {
		return reply{}, err
	}
	fields, err := p.set("public_key.fields", publicKeyFields())
	if err != nil {
		return reply{}, err
	}
	id, err := c.id("id")
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users[id] == nil {
		return reply{}, notFound("user", "id", id)
	}
	out := object{}
	if rows := c.publicKeys(id, fields); rows != nil {
		out["data"] = rows
	}
	return ok(out)
}

// publicKeysByIDs tells the keys of several users. Its rows do not say whose they are: X's description has no such field.
func publicKeysByIDs(c *call) (reply, error) {
	p, err := c.query("ids", "public_key.fields")
	if err != nil {
		return reply{}, err
	}
	ids, err := p.list("ids", isID)
	if err != nil {
		return reply{}, err
	}
	fields, err := p.set("public_key.fields", publicKeyFields())
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var rows, lost []object
	for _, id := range ids {
		if c.users[id] == nil {
			lost = append(lost, missing("user", "ids", id))
			continue
		}
		rows = append(rows, c.publicKeys(id, fields)...)
	}
	out := object{}
	if rows != nil {
		out["data"] = rows
	}
	if lost != nil {
		out["errors"] = lost
	}
	return ok(out)
}

func addPublicKey(c *call) (reply, error) {
	var body xchat.Registration
	if err := c.decode(&body); err != nil {
		return reply{}, err
	}
	id, err := c.id("id")
	if err != nil {
		return reply{}, err
	}
	if id != c.who.user {
		return reply{}, forbidden("You register keys for yourself only.")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	version, err := c.register(id, body)
	if err != nil {
		return reply{}, err
	}
	c.bump()
	return data(object{"public_key_version": version, "juicebox_config": object{"max_guess_count": 20}})
}

// register keeps a user's public keys and tells their version; mu is held.
func (s *Sim) register(user string, body xchat.Registration) (version string, err error) {
	k := registered{
		version: body.Version, identity: body.PublicKey.Identity, signing: body.PublicKey.Signing,
		binding: body.PublicKey.IdentitySignature,
	}
	if !isID(k.version) {
		return "", invalid("version", k.version, "A version is a number.")
	}
	public := k.public(user)
	switch {
	case public.Bound() != nil:
		return "", invalid("public_key", "", "The keys can't be read, or the signing key has not signed the identity key.")
	case body.PublicKey.Fingerprint != "" && body.PublicKey.Fingerprint != public.Fingerprint():
		return "", invalid("public_key.public_key_fingerprint", body.PublicKey.Fingerprint, "This is not the key's fingerprint.")
	}
	all := s.chats.keys[user]
	if body.GenerateVersion {
		newest := s.cfg.Now().UnixMilli()
		for _, o := range all {
			n, _ := strconv.ParseInt(o.version, 10, 64)
			newest = max(newest, n+1)
		}
		k.version = strconv.FormatInt(newest, 10)
	}
	if slices.ContainsFunc(all, func(o registered) bool { return o.version == k.version }) {
		return "", blank(http.StatusConflict, "There are keys of this version already.")
	}
	all = append(all, k)
	s.chats.keys[user] = all
	var known []xchat.PublicKeys
	for _, o := range all {
		known = append(known, o.public(user))
	}
	s.chats.directory.Learn(user, known)
	return k.version, nil
}

// newestKeys is the version of a user's newest public keys, empty when there are none; mu is held.
func (s *Sim) newestKeys(user string) string {
	k, _ := s.chats.directory.Latest(user)
	return k.Version
}
