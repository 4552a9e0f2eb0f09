package curve

import (
	"crypto/rand"
	"errors"
	"fmt"
)

// Keys are those of a cluster. All servers of it (the broker and every logger) share one pair, all clients another
// (spec: wire 4.3). A process has what it needs of them: one that connects the server's public key and the client pair,
// one that listens the server's secret key and the client's public key besides.
type Keys struct {
	ServerPublic PublicKey
	ServerSecret SecretKey
	ClientPublic PublicKey
	ClientSecret SecretKey
}

// Generate makes the keys of a new cluster.
func Generate() (Keys, error) {
	server, err := generate(rand.Reader)
	if err != nil {
		return Keys{}, err
	}
	client, err := generate(rand.Reader)
	return Keys{server.Public, server.Secret, client.Public, client.Secret}, err
}

// IsZero says that there is no key at all.
func (k Keys) IsZero() bool {
	return k.ServerPublic.IsZero() && k.ServerSecret.IsZero() && k.ClientPublic.IsZero() && k.ClientSecret.IsZero()
}

// ToConnect returns nil if the keys suffice for a client, else an error that names what is missing.
func (k Keys) ToConnect() error {
	return k.lacks("connect", serverPublic, clientPublic, clientSecret)
}

// ToListen returns nil if the keys suffice for a server, else an error that names what is missing.
func (k Keys) ToListen() error {
	return k.lacks("listen", serverSecret, clientPublic)
}

func (k Keys) lacks(purpose string, needed ...*slot) error {
	for _, s := range needed {
		if s.text(k) == "" {
			return fmt.Errorf("cannot %s with CURVE: the %s is missing; set %s", purpose, s.what, s.variable)
		}
	}
	return nil
}

// check finds a secret key and a public key that do not belong together.
func (k Keys) check() error {
	return errors.Join(Pair{k.ServerPublic, k.ServerSecret}.check("server"), Pair{k.ClientPublic, k.ClientSecret}.check("client"))
}

func (p Pair) check(whose string) error {
	if p.Public.IsZero() || p.Secret.IsZero() {
		return nil
	}
	public, err := p.Secret.public()
	if err == nil && public != p.Public {
		err = fmt.Errorf("cannot use the %s's keys: the secret key belongs to another public key; take both from one pair", whose)
	}
	return err
}
