package zmq

import (
	"net"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestConnectionsAreTuned(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{Options: Options{SndBuf: 50_000, RcvBuf: 60_000}})
	n := startNode(t, b, Options{SndBuf: 30_000, RcvBuf: 40_000})
	n.ready(t)
	accepted := b.pubs.current()[0].nc
	n.sub.mu.Lock()
	connected := n.sub.conn.nc
	n.sub.mu.Unlock()
	for name, nc := range map[string]net.Conn{"accepted": accepted, "connected": connected} {
		if option(t, nc, unix.SOL_SOCKET, unix.SO_KEEPALIVE) == 0 || option(t, nc, unix.IPPROTO_TCP, unix.TCP_NODELAY) == 0 {
			t.Errorf("%s: keepalive and no delay must be on", name)
		}
	}
	for _, test := range []struct {
		name     string
		nc       net.Conn
		snd, rcv int // the kernel doubles them, socket(7)
	}{{"accepted", accepted, 100_000, 120_000}, {"connected", connected, 60_000, 80_000}} {
		if got := option(t, test.nc, unix.SOL_SOCKET, unix.SO_SNDBUF); got != test.snd {
			t.Errorf("%s: send buffer is %d", test.name, got)
		}
		if got := option(t, test.nc, unix.SOL_SOCKET, unix.SO_RCVBUF); got != test.rcv {
			t.Errorf("%s: receive buffer is %d", test.name, got)
		}
	}
}

func option(t *testing.T, nc net.Conn, level, name int) (value int) {
	t.Helper()
	raw, err := nc.(*net.TCPConn).SyscallConn()
	check(t, err)
	check(t, raw.Control(func(fd uintptr) { value, err = unix.GetsockoptInt(int(fd), level, name) }))
	check(t, err)
	return value
}

func TestTransports(t *testing.T) {
	t.Parallel()
	xpub, xsub := ipcPair(t)
	for _, c := range []struct{ xpub, xsub string }{
		{"tcp://127.0.0.1:0", "tcp://127.0.0.1:*"},
		{"tcp://[::1]:0", "tcp://::1:0"},
		{"tcp://*:0", "tcp://localhost:0"},
		{xpub, xsub},
	} {
		b, err := ListenBroker(BrokerOptions{ListenXPub: c.xpub, ListenXSub: c.xsub})
		if err != nil && strings.Contains(c.xpub, "::1") {
			t.Logf("no IPv6 here: %v", err)
			continue
		}
		check(t, err)
		n := startNodeAt(t, b.XSubEndpoint(), strings.Replace(b.XPubEndpoint(), "[::]", "127.0.0.1", 1), Options{})
		check(t, n.sub.Subscribe("t"))
		n.ready(t)
		check(t, n.pub.Send(message("t", c.xpub)))
		n.subEvent.has(t, "t|"+c.xpub)
		n.close()
		check(t, b.Close())
	}
}

// An ephemeral port may connect to itself when nobody listens; that would block whoever wants to listen there.
func TestDialRefusesItself(t *testing.T) {
	t.Parallel()
	laddr := &net.TCPAddr{IP: net.IPv4(127, 111, 2, 3), Port: 15557}
	d := net.Dialer{LocalAddr: laddr}
	self, err := d.Dial("tcp", laddr.String())
	if err != nil {
		t.Skip("this kernel does not connect a socket to itself: ", err)
	}
	defer self.Close()
	if !isSelf(self) {
		t.Error("not recognized")
	}
}
