package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLSFiles is where certificates are, as PEM.
type TLSFiles struct {
	// CA is whom to trust, instead of those whom this host trusts; "" is those.
	CA string
	// Cert and Key are the client's own, for a server that wants to see them. Both or
	// none.
	Cert, Key string
}

// Config reads the files.
func (f TLSFiles) Config() (*tls.Config, error) {
	c := &tls.Config{}
	if (f.Cert == "") != (f.Key == "") {
		return nil, errors.New("cannot use a certificate without its key, or a key without its certificate; give both")
	}
	if f.CA != "" {
		pem, err := os.ReadFile(f.CA)
		if err != nil {
			return nil, fmt.Errorf("cannot read the certificates to trust: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("cannot trust what %s says: there is no certificate in it; it is of PEM", f.CA)
		}
	}
	if f.Cert != "" {
		own, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			return nil, fmt.Errorf("cannot use the client's certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{own}
	}
	return c, nil
}
