package websocket

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
)

// TLSOptions are how connections are encrypted (Cluster::WebSocketTLSOptions, spec:
// websocket 13). The zero value is not at all.
type TLSOptions struct {
	// CertFile and KeyFile are the server's certificate with those above it, and its
	// key, both PEM. They are read for every connection, so that new ones are used at
	// once; while these are of no use, those before them are. Files that are missing from
	// the beginning prevent connections only.
	CertFile, KeyFile string
	// VerifyClient demands a certificate of clients (enable_peer_verification), from an
	// authority in CAFile: a path, a text in PEM, SYSTEM or empty for what the system
	// trusts, or NONE, which verifies nothing.
	VerifyClient bool
	CAFile       string
	// Ciphers is the cipher suites of TLS 1.2, as OpenSSL writes them:
	// "ECDHE+AESGCM:ECDHE-RSA-CHACHA20-POLY1305:!aNULL". Empty or DEFAULT: Go's own
	// choice. TLS 1.3 has suites of its own, which are always possible.
	Ciphers string
}

// check says which of Zeek's rules the options break, or ours.
func (o TLSOptions) check() error {
	if o.KeyFile == "" && o.CertFile == "" {
		if anonymous(o.Ciphers) {
			return errAnonymous
		}
		if o.VerifyClient || o.Ciphers != "" || o.CAFile != "" {
			return errors.New("cannot serve TLS without a certificate: set cert_file and key_file, too")
		}
		return nil
	}
	if o.KeyFile == "" {
		//lint:ignore ST1005 these are Zeek's words
		return errors.New("Invalid tls_options: No key_file field")
	}
	if o.CertFile == "" {
		//lint:ignore ST1005 these are Zeek's words
		return errors.New("Invalid tls_options: No cert_file field")
	}
	_, err := cipherSuites(o.Ciphers)
	return err
}

// config is nil without TLS.
func (o TLSOptions) config(log *slog.Logger) (*tls.Config, error) {
	if o.CertFile == "" {
		return nil, nil
	}
	suites, err := cipherSuites(o.Ciphers)
	if err != nil {
		return nil, err
	}
	files := &fresh[*tls.Config]{
		what: "certificates of the WebSocket server", quiet: quiet{log: log},
		read: func() (*tls.Config, error) { return o.load(suites) },
	}
	return &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return files.get() }}, nil
}

// load is the configuration of one connection.
func (o TLSOptions) load(suites []uint16) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(o.CertFile, o.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("cannot use the certificate: %w", err)
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{cert}, CipherSuites: suites,
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
	}
	if o.VerifyClient && o.CAFile != "NONE" {
		config.ClientAuth = tls.RequireAndVerifyClientCert
		config.ClientCAs, err = o.authorities()
	}
	return config, err
}

// authorities is who may vouch for clients.
func (o TLSOptions) authorities() (*x509.CertPool, error) {
	text := []byte(o.CAFile)
	switch {
	case o.CAFile == "" || o.CAFile == "SYSTEM":
		return x509.SystemCertPool()
	case !strings.Contains(o.CAFile, "-----BEGIN CERTIFICATE-----"):
		var err error
		if text, err = os.ReadFile(o.CAFile); err != nil {
			return nil, fmt.Errorf("cannot verify clients: %w", err)
		}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("cannot verify clients: ca_file has no certificate in PEM")
	}
	return pool, nil
}
