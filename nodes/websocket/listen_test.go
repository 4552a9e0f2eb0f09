package websocket_test

import (
	"context"
	"errors"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"zctl/nodes/cluster"
	"zctl/nodes/websocket"
)

// Listening again with the same options is no error, with others it is one: Zeek's
// (spec: websocket 13). Certificates need not exist.
func TestListenIdempotent(t *testing.T) {
	t.Parallel()
	s := websocket.New(websocket.Options{NodeID: nodeID})
	t.Cleanup(func() { s.Close() })
	tls := websocket.TLSOptions{CertFile: "/nonexistent/cert.pem", KeyFile: "/nonexistent/key.pem"}
	plain, err := s.Listen(websocket.ListenOptions{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	secure, err := s.Listen(websocket.ListenOptions{Address: "127.0.0.1:0", TLS: tls})
	if err != nil {
		t.Fatal(err)
	}
	plainAt, secureAt := plain.String(), secure.String()
	same := []websocket.ListenOptions{
		{Address: plainAt}, {Address: plainAt, MaxEventQueueSize: 32, PingInterval: 5 * time.Second},
		{Address: secureAt, TLS: tls},
	}
	for _, o := range same {
		if addr, err := s.Listen(o); err != nil || addr.String() != o.Address {
			t.Errorf("%+v: got %v, %v", o, addr, err)
		}
	}
	events := websocket.Events{"e": {reflect.TypeFor[string]()}}
	different := []websocket.ListenOptions{
		{Address: plainAt, TLS: tls}, {Address: secureAt}, {Address: plainAt, MaxEventQueueSize: 33},
		{Address: plainAt, PingInterval: -1}, {Address: plainAt, Strict: true}, {Address: plainAt, Events: events},
	}
	for _, o := range different {
		if _, err := s.Listen(o); err == nil || err.Error() != "Already listening on "+o.Address {
			t.Errorf("%+v: got %v, want that it listens already", o, err)
		}
	}
}

// What cannot be listened on is an error that says why.
func TestListenErrors(t *testing.T) {
	t.Parallel()
	s := websocket.New(websocket.Options{NodeID: nodeID})
	used, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer used.Close()
	for _, c := range []struct {
		o    websocket.ListenOptions
		want string
	}{
		{websocket.ListenOptions{Address: used.Addr().String()}, "address already in use"},
		{websocket.ListenOptions{Address: "127.0.0.1"}, "ADDRESS:PORT"},
		{websocket.ListenOptions{Address: "127.0.0.1:0", MaxClients: -1}, "limit"},
		{websocket.ListenOptions{Address: "127.0.0.1:0", Origins: []string{"["}}, "pattern"},
		{websocket.ListenOptions{Address: "127.0.0.1:0", Events: websocket.Events{"e": {reflect.TypeFor[chan int]()}}}, "event e: argument 1"},
		{websocket.ListenOptions{TLS: websocket.TLSOptions{CertFile: "x"}}, "Invalid tls_options: No key_file field"},
		{websocket.ListenOptions{TLS: websocket.TLSOptions{KeyFile: "x"}}, "Invalid tls_options: No cert_file field"},
		{websocket.ListenOptions{TLS: websocket.TLSOptions{VerifyClient: true}}, "without a certificate"},
		{websocket.ListenOptions{TLS: websocket.TLSOptions{CAFile: "NONE", Ciphers: "AECDH-AES256-SHA@SECLEVEL=0:AECDH-AES256-SHA:P-384"}},
			"anonymous cipher suites"},
		{websocket.ListenOptions{TLS: websocket.TLSOptions{CertFile: "x", KeyFile: "y", Ciphers: "ECDHE+AESGCM:GOST"}}, `cipher suite "GOST"`},
	} {
		if _, err := s.Listen(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want an error about %s", c.o, err, c.want)
		}
	}
	s.Close()
	if _, err := s.Listen(websocket.ListenOptions{Address: "127.0.0.1:0"}); err == nil {
		t.Error("listened after the end")
	}
}

// Clients that connect before the server runs wait for it; addresses may be added while
// it runs, IPv6 included; two servers run on one bus.
func TestListenAnyTime(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	s := websocket.New(websocket.Options{NodeID: nodeID})
	addr, err := s.Listen(websocket.ListenOptions{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	early, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx, bus.Connect) }()
	upgradeRaw(t, early, path).subscribe("[]")
	six, err := s.Listen(websocket.ListenOptions{Address: "[::1]:0"})
	if err != nil {
		t.Skipf("no IPv6 here: %v", err)
	}
	dial(t, six, path).subscribe("[]")
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("tcp", addr.String()); err == nil {
		conn.Close()
		t.Error("it listens after its end")
	}
}

// A server that cannot join the bus ends.
func TestNoBus(t *testing.T) {
	t.Parallel()
	s := websocket.New(websocket.Options{NodeID: nodeID})
	addr, err := s.Listen(websocket.ListenOptions{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	none := errors.New("no bus")
	err = s.Run(context.Background(), func(cluster.Receiver) (cluster.Backend, error) { return nil, none })
	if !errors.Is(err, none) {
		t.Errorf("got %v, want %v", err, none)
	}
	if conn, err := net.Dial("tcp", addr.String()); err == nil {
		conn.Close()
		t.Error("it still listens")
	}
}
