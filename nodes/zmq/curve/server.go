package curve

import (
	"bytes"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/go-zeromq/zmq4"
	"golang.org/x/crypto/nacl/box"
)

// server is the server's half of a handshake. Its methods are called in order.
type server struct {
	keys      Keys
	random    io.Reader
	transient Pair      // S', s'
	client    PublicKey // C'
	cookie    []byte
	shared    hidden // of C' and S'
	said      uint64
	heard     heard
}

func newServer(keys Keys, random io.Reader) *server {
	return &server{keys: keys, random: random}
}

// takeHello takes the client's key of this connection, from a client that knows our public key.
func (s *server) takeHello(body []byte) error {
	if len(body) != helloSize {
		return fmt.Errorf("HELLO of %d bytes: %w", len(body), errMalformed)
	}
	version, padding, rest := body[:2], body[2:2+helloPadding], body[2+helloPadding:]
	if version[0] != 1 || version[1] != 0 {
		return fmt.Errorf("HELLO of version %d.%d: %w", version[0], version[1], errMalformed)
	}
	s.client = PublicKey(rest[:keySize])
	n, err := s.heard.next(rest[keySize:])
	if err != nil {
		return fmt.Errorf("HELLO: %w", err)
	}
	zeros, ok := box.Open(nil, rest[keySize+shortNonce:], counted(prefixHello, n), (*[keySize]byte)(&s.client), s.keys.ServerSecret.key())
	if !ok {
		return fmt.Errorf("HELLO: %w", ErrServerKey)
	}
	if !isZero(padding) || !isZero(zeros) {
		return fmt.Errorf("HELLO: %w", errMalformed)
	}
	return nil
}

func isZero(p []byte) bool { return len(bytes.Trim(p, "\x00")) == 0 }

// welcome answers a HELLO. It shows our key of this connection, and proves that we have our permanent one.
//
// The cookie is for a server that forgets its clients until they return it with all that it knew of them. We keep the
// connection anyway, so ours is random bytes that only the client of this very HELLO can know.
func (s *server) welcome(hello []byte) (body []byte, err error) {
	if err := s.takeHello(hello); err != nil {
		return nil, err
	}
	if s.transient, err = generate(s.random); err != nil {
		return nil, err
	}
	random := make([]byte, longNonce+cookieSize)
	if _, err := io.ReadFull(s.random, random); err != nil {
		return nil, fmt.Errorf("cannot make a cookie: %w", err)
	}
	nonce := random[:longNonce:longNonce]
	s.cookie = random[longNonce:]
	s.shared = share(s.client, s.transient.Secret)
	plain := append(s.transient.Public[:], s.cookie...)
	return box.Seal(nonce, plain, drawn(prefixWelcome, nonce), (*[keySize]byte)(&s.client), s.keys.ServerSecret.key()), nil
}

// initiate takes the client's metadata, from the client whose key is the one we accept (Zeek's ZAP rule; spec: wire 4.3).
func (s *server) initiate(body []byte) (zmq4.Metadata, error) {
	if len(body) < initiateMin || len(body) > initiateMin+maxMetadata {
		return nil, fmt.Errorf("INITIATE of %d bytes: %w", len(body), errMalformed)
	}
	cookie, rest := body[:cookieSize], body[cookieSize:]
	if subtle.ConstantTimeCompare(cookie, s.cookie) == 0 {
		return nil, fmt.Errorf("INITIATE: %w", errCookie)
	}
	n, err := s.heard.next(rest)
	if err != nil {
		return nil, fmt.Errorf("INITIATE: %w", err)
	}
	plain, ok := box.OpenAfterPrecomputation(nil, rest[shortNonce:], counted(prefixInit, n), s.shared())
	if !ok {
		return nil, fmt.Errorf("INITIATE: %w", errSealed)
	}
	permanent, vouch, metadata := PublicKey(plain[:keySize]), plain[keySize:keySize+vouchSize], plain[keySize+vouchSize:]
	if err := s.vouched(permanent, vouch); err != nil {
		return nil, fmt.Errorf("INITIATE: %w", err)
	}
	if subtle.ConstantTimeCompare(permanent[:], s.keys.ClientPublic[:]) == 0 {
		return nil, ErrClientKey
	}
	return parseMetadata(metadata)
}

// vouched checks that the owner of the permanent key made this connection to us, and not somebody in between.
func (s *server) vouched(permanent PublicKey, vouch []byte) error {
	nonce := drawn(prefixVouch, vouch[:longNonce])
	plain, ok := box.Open(nil, vouch[longNonce:], nonce, (*[keySize]byte)(&permanent), s.transient.Secret.key())
	if !ok {
		return errVouch
	}
	ours, err := s.keys.ServerSecret.public()
	if err != nil {
		return err
	}
	if PublicKey(plain[:keySize]) != s.client || PublicKey(plain[keySize:]) != ours {
		return errVouch
	}
	return nil
}

func (s *server) ready(metadata []byte) []byte {
	s.said++
	body := binary.BigEndian.AppendUint64(nil, s.said)
	return box.SealAfterPrecomputation(body, metadata, counted(prefixReady, s.said), s.shared())
}

func (s *server) session() *Session {
	return &Session{key: s.shared, sealPrefix: prefixServer, openPrefix: prefixClient, sealed: s.said, opened: s.heard}
}
