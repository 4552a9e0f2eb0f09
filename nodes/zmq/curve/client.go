package curve

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/go-zeromq/zmq4"
	"golang.org/x/crypto/nacl/box"
)

// Bodies of the commands, without their names (RFC 26).
const (
	helloSize    = 2 + 72 + keySize + shortNonce + signature + boxOverhead
	helloPadding = 72 // so that HELLO is longer than WELCOME: nobody can be flooded by way of us
	signature    = 64 // zeros
	cookieSize   = 96
	welcomeSize  = longNonce + keySize + cookieSize + boxOverhead
	vouchSize    = longNonce + 2*keySize + boxOverhead
	initiateMin  = cookieSize + shortNonce + boxOverhead + keySize + vouchSize
	readyMin     = shortNonce + boxOverhead
)

// client is the client's half of a handshake. Its methods are called in order.
type client struct {
	keys      Keys
	random    io.Reader
	transient Pair // C', c'
	server    PublicKey
	cookie    []byte
	shared    hidden // of C' and S'
	said      uint64
	heard     heard
}

func newClient(keys Keys, random io.Reader) (*client, error) {
	transient, err := generate(random)
	return &client{keys: keys, random: random, transient: transient}, err
}

// hello proves that we know the server's public key, and shows the key of this connection.
func (c *client) hello() []byte {
	c.said++
	body := make([]byte, 2+helloPadding, helloSize)
	body[0], body[1] = 1, 0 // version
	body = append(body, c.transient.Public[:]...)
	body = binary.BigEndian.AppendUint64(body, c.said)
	return box.Seal(body, make([]byte, signature), counted(prefixHello, c.said), (*[keySize]byte)(&c.keys.ServerPublic), c.transient.Secret.key())
}

// takeWelcome takes the server's key of this connection and its cookie.
func (c *client) takeWelcome(body []byte) error {
	if len(body) != welcomeSize {
		return fmt.Errorf("WELCOME of %d bytes: %w", len(body), errMalformed)
	}
	nonce := drawn(prefixWelcome, body[:longNonce])
	plain, ok := box.Open(nil, body[longNonce:], nonce, (*[keySize]byte)(&c.keys.ServerPublic), c.transient.Secret.key())
	if !ok {
		return fmt.Errorf("WELCOME: %w", ErrServerKey)
	}
	c.server, c.cookie = PublicKey(plain[:keySize]), plain[keySize:]
	c.shared = share(c.server, c.transient.Secret)
	return nil
}

// initiate answers a WELCOME. It returns the cookie, and proves that we have our permanent key: it vouches for the key of this connection.
func (c *client) initiate(welcome, metadata []byte) ([]byte, error) {
	if err := c.takeWelcome(welcome); err != nil {
		return nil, err
	}
	vouch, err := c.vouch()
	if err != nil {
		return nil, err
	}
	c.said++
	plain := append(append(c.keys.ClientPublic[:], vouch...), metadata...)
	body := append([]byte{}, c.cookie...)
	body = binary.BigEndian.AppendUint64(body, c.said)
	return box.SealAfterPrecomputation(body, plain, counted(prefixInit, c.said), c.shared()), nil
}

func (c *client) vouch() ([]byte, error) {
	random := make([]byte, longNonce)
	if _, err := io.ReadFull(c.random, random); err != nil {
		return nil, fmt.Errorf("cannot make a nonce: %w", err)
	}
	plain := append(c.transient.Public[:], c.keys.ServerPublic[:]...)
	return box.Seal(random, plain, drawn(prefixVouch, random), (*[keySize]byte)(&c.server), c.keys.ClientSecret.key()), nil
}

// ready takes the server's metadata.
func (c *client) ready(body []byte) (zmq4.Metadata, error) {
	if len(body) < readyMin || len(body) > readyMin+maxMetadata {
		return nil, fmt.Errorf("READY of %d bytes: %w", len(body), errMalformed)
	}
	n, err := c.heard.next(body)
	if err != nil {
		return nil, fmt.Errorf("READY: %w", err)
	}
	plain, ok := box.OpenAfterPrecomputation(nil, body[shortNonce:], counted(prefixReady, n), c.shared())
	if !ok {
		return nil, fmt.Errorf("READY: %w", errSealed)
	}
	return parseMetadata(plain)
}

func (c *client) session() *Session {
	return &Session{key: c.shared, sealPrefix: prefixClient, openPrefix: prefixServer, sealed: c.said, opened: c.heard}
}
