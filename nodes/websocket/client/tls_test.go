package client

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zctl/nodes/websocket/tlstest"
)

// TestTLSFiles: files that cannot be used are errors that say so; none at all trust whom
// the host trusts.
func TestTLSFiles(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t, "ca")
	cert, other := authority.Sign(t, "a"), authority.Sign(t, "b")
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		files TLSFiles
		want  string
	}{
		{TLSFiles{CA: "/nowhere"}, "cannot read the certificates to trust: open /nowhere"},
		{TLSFiles{CA: text}, "there is no certificate in it"},
		{TLSFiles{Cert: cert.File}, "give both"},
		{TLSFiles{Key: cert.KeyFile}, "give both"},
		{TLSFiles{Cert: cert.File, Key: other.KeyFile}, "cannot use the client's certificate: "},
		{TLSFiles{Cert: "/nowhere", Key: cert.KeyFile}, "cannot use the client's certificate: open /nowhere"},
	} {
		if _, err := test.files.Config(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.files, err, test.want)
		}
	}
	if c, err := (TLSFiles{}).Config(); err != nil || c.RootCAs != nil || len(c.Certificates) != 0 {
		t.Errorf("no files: %+v, %v", c, err)
	}
	if c, err := (TLSFiles{CA: authority.File, Cert: cert.File, Key: cert.KeyFile}).Config(); err != nil || c.RootCAs == nil || len(c.Certificates) != 1 {
		t.Errorf("all files: %+v, %v", c, err)
	}
}
