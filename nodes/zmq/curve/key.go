package curve

import (
	"fmt"
	"io"

	"golang.org/x/crypto/curve25519"
	"golang.org/x/crypto/nacl/box"
)

const keySize = 32

// PublicKey is a Curve25519 public key. The zero value is no key.
type PublicKey [keySize]byte

// SecretKey is the secret of a key pair. The zero value is no key. Whatever prints or encodes it, the key does not show;
// only Z85 tells it.
type SecretKey struct{ key hidden }

// Pair is a key pair.
type Pair struct {
	Public PublicKey
	Secret SecretKey
}

// generate makes a pair from the given source of randomness.
func generate(random io.Reader) (Pair, error) {
	public, secret, err := box.GenerateKey(random)
	if err != nil {
		return Pair{}, fmt.Errorf("cannot make a key pair: %w", err)
	}
	return Pair{PublicKey(*public), SecretKey{hide(secret)}}, nil
}

// ParsePublicKey reads the 40 characters of Z85 that libzmq and Zeek write keys in.
func ParsePublicKey(z85 string) (PublicKey, error) {
	key, err := decodeZ85(z85)
	if err != nil {
		return PublicKey{}, fmt.Errorf("cannot read public key: %w", err)
	}
	return PublicKey(*key), nil
}

// ParseSecretKey reads 40 characters of Z85. Its errors do not repeat them.
func ParseSecretKey(z85 string) (SecretKey, error) {
	key, err := decodeZ85(z85)
	if err != nil {
		return SecretKey{}, fmt.Errorf("cannot read secret key: %w", err)
	}
	return SecretKey{hide(key)}, nil
}

// String is the key as 40 characters of Z85.
func (k PublicKey) String() string { return encodeZ85((*[keySize]byte)(&k)) }

// IsZero says that there is no key.
func (k PublicKey) IsZero() bool { return k == PublicKey{} }

// Z85 is the key itself as 40 characters, for the file or variable that it is to be kept in; "" for no key.
func (k SecretKey) Z85() string {
	if k.IsZero() {
		return ""
	}
	return encodeZ85(k.key())
}

// IsZero says that there is no key.
func (k SecretKey) IsZero() bool { return k.key == nil }

// String says whether there is a key, not which.
func (k SecretKey) String() string {
	if k.IsZero() {
		return "(no secret key)"
	}
	return "(secret key)"
}

// GoString is String, for %#v.
func (k SecretKey) GoString() string { return k.String() }

// public is the public key of the pair that the secret belongs to.
func (k SecretKey) public() (PublicKey, error) {
	public, err := curve25519.X25519(k.key()[:], curve25519.Basepoint)
	if err != nil {
		return PublicKey{}, fmt.Errorf("cannot use secret key: %w", err)
	}
	return PublicKey(public), nil
}

// share is the key that boxes between the owners of two pairs are made with.
func share(theirs PublicKey, ours SecretKey) hidden {
	shared := new([keySize]byte)
	box.Precompute(shared, (*[keySize]byte)(&theirs), ours.key())
	return hide(shared)
}
