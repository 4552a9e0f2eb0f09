package zmq

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, network, address string }{
		{"tcp://127.0.0.1:5555", "tcp", "127.0.0.1:5555"},
		{"tcp://[::1]:5555", "tcp", "[::1]:5555"},
		{"tcp://::1:5555", "tcp", "[::1]:5555"}, // Zeek's manager as logger, wire 1.1
		{"tcp://manager.example:0", "tcp", "manager.example:0"},
		{"tcp://*:5555", "tcp", ":5555"},
		{"tcp://127.0.0.1:*", "tcp", "127.0.0.1:0"},
		{"ipc:///run/zeek/xpub", "unix", "/run/zeek/xpub"},
		{"ipc://relative", "unix", "relative"},
	} {
		got, err := parseEndpoint(c.in)
		if err != nil || got != (endpoint{c.network, c.address}) {
			t.Errorf("%s: got %+v, %v", c.in, got, err)
		}
	}
}

func TestParseEndpointRefuses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                   "want tcp://",
		"127.0.0.1:5555":                     "want tcp://",
		"udp://127.0.0.1:5555":               `transport "udp"`,
		"inproc://x":                         `transport "inproc"`,
		"tcp://":                             "port is missing",
		"tcp://127.0.0.1":                    "port is missing",
		"tcp://:5555":                        "bad host",
		"tcp://a b:5555":                     "bad host",
		"tcp://src;dst:5555":                 "bad host",
		"tcp://[::1:5555":                    "closing ]",
		"tcp://127.0.0.1:":                   "bad port",
		"tcp://127.0.0.1:65536":              "bad port",
		"tcp://127.0.0.1:-1":                 "bad port",
		"tcp://127.0.0.1:http":               "bad port",
		"ipc://":                             "path",
		"ipc:///" + strings.Repeat("x", 107): "path",
	} {
		_, err := parseEndpoint(in)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "cannot ") {
			t.Errorf("%q: got error %v, want %q in it", in, err, want)
		}
	}
}

func TestConnectRefusesWhatCannotBeConnectedTo(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"tcp://*:5555", "tcp://127.0.0.1:0", "tcp://127.0.0.1:*", "nonsense"} {
		if _, err := ConnectXPub(in, Options{}, XPubHandler{}); err == nil {
			t.Errorf("ConnectXPub(%q) did not fail", in)
		}
		if _, err := ConnectXSub(in, Options{}, XSubHandler{}); err == nil {
			t.Errorf("ConnectXSub(%q) did not fail", in)
		}
		if p, err := ConnectPush([]string{in}, Options{}); err == nil || p != nil {
			t.Errorf("ConnectPush(%q) did not fail", in)
		}
	}
}

func TestListenInUse(t *testing.T) {
	t.Parallel()
	first := startBroker(t, BrokerOptions{})
	_, err := ListenBroker(BrokerOptions{ListenXPub: "tcp://127.0.0.1:0", ListenXSub: first.XSubEndpoint()})
	if err == nil || !strings.Contains(err.Error(), "address already in use") || !strings.Contains(err.Error(), first.XSubEndpoint()) {
		t.Errorf("got error %v", err)
	}
	if _, err := BindPull(first.XPubEndpoint(), Options{}, nil); err == nil {
		t.Error("an address in use was bound")
	}
}

func TestListenBindsBothOrNone(t *testing.T) {
	t.Parallel()
	xpub, xsub := ipcPair(t)
	if _, err := ListenBroker(BrokerOptions{ListenXPub: xpub, ListenXSub: xsub + "/not/there"}); err == nil {
		t.Fatal("an impossible path was bound")
	}
	startBroker(t, BrokerOptions{ListenXPub: xpub, ListenXSub: xsub}) // fails if the first is still bound
}

func TestListenReplacesAbandonedSocketFile(t *testing.T) {
	t.Parallel()
	xpub, xsub := ipcPair(t)
	path := strings.TrimPrefix(xpub, "ipc://")
	leaveSocketFile(t, path)
	b := startBroker(t, BrokerOptions{ListenXPub: xpub, ListenXSub: xsub})
	if b.XPubEndpoint() != xpub {
		t.Errorf("bound %s, want %s", b.XPubEndpoint(), xpub)
	}
	if _, err := ListenBroker(BrokerOptions{ListenXPub: xpub, ListenXSub: "tcp://127.0.0.1:0"}); err == nil {
		t.Error("a socket in use was taken over")
	}
	other := filepath.Join(filepath.Dir(path), "file")
	check(t, os.WriteFile(other, []byte("precious"), 0o600))
	if _, err := BindPull("ipc://"+other, Options{}, nil); err == nil {
		t.Error("a regular file was replaced")
	}
}

// leaveSocketFile leaves what a killed process leaves: the file of a unix socket that nobody listens on.
func leaveSocketFile(t *testing.T, path string) {
	t.Helper()
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	check(t, err)
	ln.SetUnlinkOnClose(false)
	check(t, ln.Close())
}
