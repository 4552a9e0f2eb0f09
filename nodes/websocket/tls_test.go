package websocket_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"zctl/nodes/websocket"
)

// identity is a certificate with its key, as files and for a client.
type identity struct {
	cert, key string
	pem       string
	pair      tls.Certificate
	pool      *x509.CertPool
}

func newIdentity(t *testing.T) identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		DNSNames:    []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	dir := t.TempDir()
	id := identity{cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), pem: string(certPEM), pool: x509.NewCertPool()}
	for name, text := range map[string][]byte{id.cert: certPEM, id.key: keyPEM} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if id.pair, err = tls.X509KeyPair(certPEM, keyPEM); err != nil {
		t.Fatal(err)
	}
	id.pool.AppendCertsFromPEM(certPEM)
	return id
}

// Connections are encrypted; clients are verified where that is wanted; certificates
// are read when a client comes.
func TestTLS(t *testing.T) {
	t.Parallel()
	server, client, other := newIdentity(t), newIdentity(t), newIdentity(t)
	missing := filepath.Join(t.TempDir(), "later.pem")
	for name, c := range map[string]struct {
		o    websocket.TLSOptions
		pair []tls.Certificate
		max  uint16
		ok   bool
	}{
		"server only":     {o: websocket.TLSOptions{CAFile: client.pem}, ok: true},
		"a client":        {o: websocket.TLSOptions{VerifyClient: true, CAFile: client.cert}, pair: []tls.Certificate{client.pair}, ok: true},
		"inline":          {o: websocket.TLSOptions{VerifyClient: true, CAFile: client.pem}, pair: []tls.Certificate{client.pair}, ok: true},
		"none":            {o: websocket.TLSOptions{VerifyClient: true, CAFile: "NONE"}, ok: true},
		"no certificate":  {o: websocket.TLSOptions{VerifyClient: true, CAFile: client.cert}},
		"wrong authority": {o: websocket.TLSOptions{VerifyClient: true, CAFile: client.cert}, pair: []tls.Certificate{other.pair}},
		"system":          {o: websocket.TLSOptions{VerifyClient: true, CAFile: "SYSTEM"}, pair: []tls.Certificate{client.pair}},
		"no authority":    {o: websocket.TLSOptions{VerifyClient: true, CAFile: missing}, pair: []tls.Certificate{client.pair}},
		"ciphers":         {o: websocket.TLSOptions{Ciphers: "ECDHE+CHACHA20"}, max: tls.VersionTLS12, ok: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.o.CertFile, c.o.KeyFile = server.cert, server.key
			s := serve(t, websocket.Options{}, websocket.ListenOptions{TLS: c.o})
			conn, err := tls.Dial("tcp", s.addr.String(), &tls.Config{RootCAs: server.pool, Certificates: c.pair, MaxVersion: c.max})
			if err == nil { // with TLS 1.3 the server refuses later
				conn.SetDeadline(time.Now().Add(patience))
				_, err = conn.Write([]byte("GET / HTTP/1.1\r\n"))
				if err == nil && !c.ok {
					_, err = conn.Read(make([]byte, 1))
				}
				conn.Close()
			}
			if (err == nil) != c.ok {
				t.Fatalf("got %v", err)
			}
			if c.ok {
				talkTLS(t, s, &tls.Config{RootCAs: server.pool, Certificates: c.pair, MaxVersion: c.max})
			}
		})
	}
}

// talkTLS is a session, with messages of all sizes, and its end.
func talkTLS(t *testing.T, s *served, config *tls.Config) {
	t.Helper()
	conn, err := tls.Dial("tcp", s.addr.String(), config)
	if err != nil {
		t.Fatal(err)
	}
	state := conn.ConnectionState()
	if config.MaxVersion == tls.VersionTLS12 && state.CipherSuite != tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 {
		t.Errorf("suite %s", tls.CipherSuiteName(state.CipherSuite))
	}
	client := upgradeRaw(t, conn, path)
	client.subscribe(`["wsv/pong"]`)
	s.host(t)
	for n := range uint64(10) {
		client.text(ping("secret", n))
		client.want(pong("secret", n+1))
	}
	client.close(1000, "bye")
	if code, reason := client.closed(); code != 1000 || reason != "bye" {
		t.Errorf("closed with %d %q", code, reason)
	}
}

// A certificate that is not there yet prevents connections, not listening; one that is
// replaced by something of no use remains.
func TestTLSLater(t *testing.T) {
	t.Parallel()
	id := newIdentity(t)
	dir := t.TempDir()
	o := websocket.TLSOptions{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem")}
	s := serve(t, websocket.Options{}, websocket.ListenOptions{TLS: o})
	if conn, err := tls.Dial("tcp", s.addr.String(), &tls.Config{RootCAs: id.pool}); err == nil {
		conn.Close()
		t.Error("connected without a certificate")
	}
	for from, to := range map[string]string{id.cert: o.CertFile, id.key: o.KeyFile} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	talkTLS(t, s, &tls.Config{RootCAs: id.pool})
	if err := os.WriteFile(o.KeyFile, []byte("half a k"), 0o600); err != nil {
		t.Fatal(err)
	}
	conn, err := tls.Dial("tcp", s.addr.String(), &tls.Config{RootCAs: id.pool})
	if err != nil {
		t.Fatalf("half a key was not refused: %v", err)
	}
	conn.Close()
}
