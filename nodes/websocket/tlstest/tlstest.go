// Package tlstest makes certificates for tests of TLS: an authority, and what it signs
// for servers and clients, as files in PEM. They are of this moment and this process,
// and nobody should trust them. No program imports it.
package tlstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority signs certificates. File is its own, for those who trust it.
type Authority struct {
	File string

	dir  string
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// Certificate is where a certificate and its key are.
type Certificate struct{ File, KeyFile string }

// NewAuthority makes an authority, which is deleted when the test ends.
func NewAuthority(t testing.TB, name string) *Authority {
	t.Helper()
	a := &Authority{dir: t.TempDir(), key: newKey(t)}
	a.cert = template(name, time.Now().Add(time.Hour))
	a.cert.IsCA, a.cert.BasicConstraintsValid, a.cert.KeyUsage = true, true, x509.KeyUsageCertSign
	a.File = a.write(t, name+".pem", "CERTIFICATE", a.sign(t, a.cert, a.key))
	return a
}

// Sign makes a certificate for 127.0.0.1, ::1 and localhost, for servers and clients.
func (a *Authority) Sign(t testing.TB, name string) Certificate {
	t.Helper()
	return a.SignUntil(t, name, time.Now().Add(time.Hour))
}

// SignUntil makes one that expires then, perhaps long ago.
func (a *Authority) SignUntil(t testing.TB, name string, end time.Time) Certificate {
	t.Helper()
	key, cert := newKey(t), template(name, end)
	cert.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	cert.DNSNames = []string{"localhost"}
	cert.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return Certificate{
		File:    a.write(t, name+".pem", "CERTIFICATE", a.sign(t, cert, key)),
		KeyFile: a.write(t, name+".key", "EC PRIVATE KEY", der),
	}
}

func template(name string, end time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: end.Add(-2 * time.Hour), NotAfter: end,
	}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *Authority) sign(t testing.TB, cert *x509.Certificate, key *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, cert, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func (a *Authority) write(t testing.TB, name, kind string, der []byte) string {
	t.Helper()
	file := filepath.Join(a.dir, name)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
