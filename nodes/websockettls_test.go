package nodes

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"zctl/nodes/event"
	"zctl/nodes/websocket"
	"zctl/nodes/websocket/client"
	"zctl/nodes/websocket/tlstest"
)

// TestWebSocketTLS: who trusts whom, with and without certificates of clients.
func TestWebSocketTLS(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "[loggers]\ncount = 0\n[proxies]\ncount = 0\n[workers]\ncount = 1\n")
	manager := c.startWith("manager", func(*Options) {}).Node
	ours, others := tlstest.NewAuthority(t, "ours"), tlstest.NewAuthority(t, "others")
	expiredAt := time.Now().Add(-time.Minute)
	good, old := ours.Sign(t, "server"), ours.SignUntil(t, "old-server", expiredAt)
	serve := func(cert tlstest.Certificate, verify bool) string {
		o := websocket.TLSOptions{CertFile: cert.File, KeyFile: cert.KeyFile}
		if verify {
			o.VerifyClient, o.CAFile = true, ours.File
		}
		return listenWebSocket(t, manager, websocket.ListenOptions{TLS: o})
	}
	open, closed, expired := serve(good, false), serve(good, true), serve(old, false)
	plain := listenWebSocket(t, manager, websocket.ListenOptions{})
	mine, strangers, oldOne := ours.Sign(t, "client"), others.Sign(t, "stranger"), ours.SignUntil(t, "old-client", expiredAt)
	tests := []struct {
		name  string
		url   string
		files client.TLSFiles
		want  string // of the error; "" is that it is connected
	}{
		{"no certificate is wanted", open, client.TLSFiles{CA: ours.File}, ""},
		{"a certificate that nobody wants", open, client.TLSFiles{CA: ours.File, Cert: mine.File, Key: mine.KeyFile}, ""},
		{"our certificate", closed, client.TLSFiles{CA: ours.File, Cert: mine.File, Key: mine.KeyFile}, ""},
		{"none at all", closed, client.TLSFiles{CA: ours.File}, "the server refused: tls: certificate required; does it want to see a certificate that its CA signed?"},
		{"that of a stranger", closed, client.TLSFiles{CA: ours.File, Cert: strangers.File, Key: strangers.KeyFile}, "the server refused: tls: "},
		{"an expired one", closed, client.TLSFiles{CA: ours.File, Cert: oldOne.File, Key: oldOne.KeyFile}, "the server refused: tls: "},
		{"another authority", open, client.TLSFiles{CA: others.File}, "certificate signed by unknown authority"},
		{"that of the host", open, client.TLSFiles{}, "whom to trust is said by a CA file"},
		{"an expired server", expired, client.TLSFiles{CA: ours.File}, "certificate has expired or is not yet valid"},
		{"TLS with a server that has none", strings.Replace(plain, "ws://", "wss://", 1), client.TLSFiles{CA: ours.File}, "the server does not speak TLS; try ws:// instead of wss://"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config, err := test.files.Config()
			if err != nil {
				t.Fatal(err)
			}
			err = tryWebSocket(t, client.Options{URL: test.url, TLS: config})
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
	t.Run("events", func(t *testing.T) {
		config, err := client.TLSFiles{CA: ours.File, Cert: mine.File, Key: mine.KeyFile}.Config()
		if err != nil {
			t.Fatal(err)
		}
		a := connectWebSocket(t, client.Options{URL: closed, TLS: config}, []string{"t"}, "e")
		b := connectWebSocket(t, client.Options{URL: plain}, []string{"t"}, "e")
		long := strings.Repeat("x", 100_000) // more than one record of TLS
		if err := errors.Join(b.Publish(context.Background(), "t", "e", long), a.Publish(context.Background(), "t", "e", long)); err != nil {
			t.Fatal(err)
		}
		want := event.Event{Name: "e", Args: []event.Value{event.String(long)}}.String()
		await(t, "both hear", func() bool { return a.lines() == want && b.lines() == want })
	})
}

// TestWebSocketCertificateChanges: a new certificate is used at once; one that is missing
// keeps clients away, and nobody else.
func TestWebSocketCertificateChanges(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "[loggers]\ncount = 0\n[proxies]\ncount = 0\n[workers]\ncount = 1\n")
	manager := c.startWith("manager", func(*Options) {}).Node
	authority := tlstest.NewAuthority(t, "ours")
	cert := authority.SignUntil(t, "server", time.Now().Add(-time.Minute))
	config, err := client.TLSFiles{CA: authority.File}.Config()
	if err != nil {
		t.Fatal(err)
	}
	o := client.Options{URL: listenWebSocket(t, manager, websocket.ListenOptions{TLS: websocket.TLSOptions{CertFile: cert.File, KeyFile: cert.KeyFile}}), TLS: config}
	if err := tryWebSocket(t, o); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("an expired certificate: %v", err)
	}
	if err := os.Remove(cert.File); err != nil {
		t.Fatal(err)
	}
	if err := tryWebSocket(t, o); err == nil {
		t.Error("connected to a server without its certificate")
	}
	authority.Sign(t, "server") // the same files
	if err := tryWebSocket(t, o); err != nil {
		t.Error(err)
	}
}
