package websocket

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
)

// listener is an address that is listened on, and its clients.
type listener struct {
	net.Listener
	server   *Server
	o        ListenOptions
	tls      *tls.Config // nil: none
	token    *fresh[string]
	declared declared
	queue    *queue
	work     sync.WaitGroup // of clients and the queue
	quiet

	mu      sync.Mutex           // guards what follows
	conns   map[net.Conn]*client // nil before the handshake is done
	stopped bool
}

func listen(s *Server, o ListenOptions) (*listener, error) {
	config, err := o.TLS.config(s.o.Log)
	if err != nil {
		return nil, err
	}
	token := &fresh[string]{what: "token of WebSocket clients", read: o.token, quiet: quiet{log: s.o.Log}}
	if _, err := token.get(); err != nil {
		return nil, err
	}
	socket, err := net.Listen("tcp", o.Address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("cannot listen for WebSocket clients: %w; choose another port, or end who uses it", err)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen for WebSocket clients: %w", err)
	}
	host, _, _ := net.SplitHostPort(o.Address)
	_, port, _ := net.SplitHostPort(socket.Addr().String())
	o.Address = net.JoinHostPort(host, port) // which was perhaps any
	return &listener{
		Listener: socket, server: s, o: o, tls: config, token: token, quiet: quiet{log: s.o.Log}, declared: o.Events.declare(),
		queue: newQueue(o.MaxEventQueueSize, s.ending), conns: map[net.Conn]*client{},
	}, nil
}

// start begins to accept.
func (l *listener) start() {
	l.work.Go(l.queue.run)
	l.work.Go(l.accept)
}

func (l *listener) accept() {
	for {
		conn, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // too many open files, or the client has gone again
			l.warn("cannot accept a WebSocket client", "err", err)
			time.Sleep(50 * time.Millisecond)
		case !l.admit(conn):
			l.server.stats.refused.Add(1)
			conn.Close()
		default:
			n := l.server.connections.Add(1) - 1
			l.work.Go(func() {
				defer l.leave(conn)
				l.serve(conn, n)
			})
		}
	}
}

// admit says whether there may be one more connection, and notes it.
func (l *listener) admit(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.conns) >= l.o.MaxClients || l.stopped {
		return false
	}
	l.conns[conn] = nil
	return true
}

func (l *listener) leave(conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, conn)
}

// serve is a connection from its beginning to its end.
func (l *listener) serve(conn net.Conn, n uint64) {
	c, err := l.handshake(conn, n)
	if err != nil {
		l.server.o.Log.Debug("no WebSocket client", "remote", conn.RemoteAddr(), "err", err)
		conn.Close()
		return
	}
	if !l.add(conn, c) {
		c.close(terminating)
	}
	c.run()
}

// add notes a client, unless the server ends.
func (l *listener) add(conn net.Conn, c *client) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[conn] = c
	return !l.stopped
}

// stop disconnects everybody, all at once, and waits until they have gone.
func (l *listener) stop() {
	l.Listener.Close()
	var closing sync.WaitGroup
	l.mu.Lock()
	l.stopped = true
	for conn, c := range l.conns {
		if c == nil {
			conn.Close()
			continue
		}
		closing.Go(func() { c.close(terminating) })
	}
	l.mu.Unlock()
	closing.Wait()
	l.work.Wait()
}

// open is how many connections there are.
func (l *listener) open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}
