package zmq

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// listen binds the endpoint.
func (e endpoint) listen() (net.Listener, error) {
	ln, err := net.Listen(e.network, e.address)
	if err != nil && e.network == "unix" && errors.Is(err, syscall.EADDRINUSE) && abandoned(e.address) {
		if err = os.Remove(e.address); err == nil {
			ln, err = net.Listen(e.network, e.address)
		}
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("cannot listen on %s: %w; stop what uses it or choose another endpoint", e, err)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; check that the address is one of this host's", e, err)
	}
	return ln, nil
}

// abandoned tells whether path is a socket that a killed process left behind. libzmq removes any such file unasked; a
// socket that somebody still listens on is better reported as in use.
func abandoned(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return false
	}
	nc, err := net.Dial("unix", path)
	if err == nil {
		nc.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// dial connects to the endpoint.
func (e endpoint) dial(ctx context.Context, timeout time.Duration) (net.Conn, error) {
	d := net.Dialer{Timeout: timeout}
	nc, err := d.DialContext(ctx, e.network, e.address)
	if err != nil {
		return nil, fmt.Errorf("cannot connect to %s: %w", e, err)
	}
	if isSelf(nc) {
		nc.Close()
		return nil, fmt.Errorf("cannot connect to %s: %w", e, syscall.ECONNREFUSED)
	}
	return nc, nil
}

// isSelf recognizes TCP's simultaneous open with oneself. Trying a local port from the ephemeral range over and over ends
// in it some day, and would keep the port from the very process we wait for.
func isSelf(nc net.Conn) bool {
	return nc.LocalAddr().Network() == "tcp" && nc.LocalAddr().String() == nc.RemoteAddr().String()
}

// keepAlive finds a peer whose host vanished within 30 seconds. Zeek sets none, but it does not change the wire
// (spec: wire T10, zmq4 7.4).
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

// tune sets what the options ask for and low latency. Failures are of no consequence: a connection that is already
// dead shows so at its first read.
func tune(nc net.Conn, opts Options) {
	if tcp, ok := nc.(*net.TCPConn); ok {
		_ = tcp.SetNoDelay(true)
		_ = tcp.SetKeepAliveConfig(keepAlive)
	}
	buffered, ok := nc.(interface {
		SetReadBuffer(bytes int) error
		SetWriteBuffer(bytes int) error
	})
	if !ok {
		return
	}
	if opts.RcvBuf > 0 {
		_ = buffered.SetReadBuffer(opts.RcvBuf)
	}
	if opts.SndBuf > 0 {
		_ = buffered.SetWriteBuffer(opts.SndBuf)
	}
}
