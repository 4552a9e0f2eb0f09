package zmq

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/go-zeromq/zmq4"
)

// handshake makes nc a ZMTP connection of the given type: greeting, security mechanism, READY, and the check that the
// peer's type fits ours. It reads not a byte more. server is the side that accepted.
//
// The library's part runs within a deadline, below a guard and with its panics caught (spec: zmq4 3 m, 6). An error is a
// *misbehaviour unless the connection itself failed.
func handshake(nc net.Conn, typ zmq4.SocketType, sec zmq4.Security, server bool, timeout time.Duration) error {
	if err := nc.SetDeadline(time.Now().Add(timeout)); err != nil {
		return fmt.Errorf("cannot shake hands as %s: %w", typ, err)
	}
	g := newGuard(nc)
	g.waits = server
	if err := open(g, typ, sec, server); err != nil {
		if why := refusal(g, sec, err); why != nil {
			return why
		}
		if g.failed != nil && !errors.Is(g.failed, os.ErrDeadlineExceeded) { // silence is the peer's doing
			return fmt.Errorf("cannot shake hands as %s: %w", typ, err)
		}
		return misbehaved("cannot shake hands as %s: %v; check that the port is the right one", typ, err)
	}
	if err := nc.SetDeadline(time.Time{}); err != nil {
		return fmt.Errorf("cannot shake hands as %s: %w", typ, err)
	}
	return nil
}

// open calls the library. Of what it returns nothing is needed: after the handshake the framing is ours.
func open(nc net.Conn, typ zmq4.SocketType, sec zmq4.Security, server bool) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = misbehaved("malformed handshake: %v", r)
		}
	}()
	_, err = zmq4.Open(nc, sec, typ, nil, server, nil)
	return err
}
