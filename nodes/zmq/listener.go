package zmq

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"
)

// listener accepts connections of one socket. Each has a goroutine of its own from the beginning, so a slow peer keeps
// nobody else waiting: it shakes hands and then serves until the connection ends.
type listener struct {
	ln    net.Listener
	typ   zmq4.SocketType
	opts  Options
	kind  connOptions
	serve func(c *conn) error // uses the connection until it ends, and says why it did
	log   *dampedLog

	refused refusals

	all sync.WaitGroup // the accepting goroutine and those of the connections

	mu       sync.Mutex // guards what follows
	closed   chan struct{}
	shaking  ring
	conns    map[*conn]struct{}
	closing  bool // no further connection is accepted
	finished bool // no further connection may be registered
}

// listen binds the endpoint. Connections are accepted once start is called.
func listen(endpoint string, typ zmq4.SocketType, opts Options) (*listener, error) {
	if err := opts.mayListen(); err != nil {
		return nil, err
	}
	local, err := parseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	ln, err := local.listen()
	if err != nil {
		return nil, err
	}
	return &listener{
		ln:      ln,
		typ:     typ,
		opts:    opts,
		kind:    opts.conn(),
		log:     newDampedLog(opts.Log.With("socket", typ, "endpoint", endpointOf(ln.Addr()))),
		closed:  make(chan struct{}),
		shaking: newRing(opts.limits.pending),
		conns:   make(map[*conn]struct{}),
	}, nil
}

func (l *listener) start() { l.all.Go(l.accept) }

func (l *listener) endpoint() string { return endpointOf(l.ln.Addr()) }

func (l *listener) accept() {
	const pause = 100 * time.Millisecond
	for {
		nc, err := l.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors, most likely: others may free some
			l.log.warn("cannot accept, trying again", "err", err)
			select {
			case <-l.closed:
			case <-time.After(pause):
			}
			continue
		}
		l.admit(nc)
	}
}

// admit starts the connection's goroutine, unless there are too many already.
func (l *listener) admit(nc net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.finished {
		nc.Close()
		return
	}
	if len(l.conns) >= l.opts.limits.conns {
		nc.Close()
		l.log.warn("refused a connection: too many", "peer", peerOf(nc), "limit", l.opts.limits.conns)
		return
	}
	slot, oldest := l.shaking.put(nc)
	if oldest != nil {
		oldest.Close()
		l.log.warn("gave up a handshake: too many at once", "peer", peerOf(oldest), "limit", l.opts.limits.pending)
	}
	l.all.Go(func() { l.run(nc, slot) })
}

// run is the life of a connection.
func (l *listener) run(nc net.Conn, slot int) {
	defer nc.Close()
	tune(nc, l.opts)
	sec := l.opts.security()
	err := handshake(nc, l.typ, sec, true, l.opts.limits.handshake)
	c := l.register(nc, slot, sec, err == nil)
	if c == nil {
		l.refuse(nc, err)
		return
	}
	err = c.end(l.serve(c))
	l.unregister(c)
	l.report(nc, err, c.about...)
}

// register moves a connection from those in handshake to those in use.
func (l *listener) register(nc net.Conn, slot int, sec zmq4.Security, ready bool) *conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shaking.remove(nc, slot)
	if !ready || l.finished {
		return nil
	}
	c := startConn(secured(nc, sec), newOutq(l.opts), l.kind)
	l.conns[c] = struct{}{}
	return c
}

func (l *listener) unregister(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

// refuse logs why a connection did not come about.
func (l *listener) refuse(nc net.Conn, err error) {
	var bad *misbehaviour
	if !errors.As(err, &bad) {
		l.report(nc, err)
		return
	}
	repeated, worth := l.refused.tell(nc.RemoteAddr(), err.Error(), time.Now())
	if !worth {
		return
	}
	about := []any{"peer", peerOf(nc), "err", err}
	if repeated > 0 {
		about = append(about, "repeated", repeated)
	}
	l.log.warn("refused a peer", about...)
}

// report logs why a connection ended. A peer that just left is no news.
func (l *listener) report(nc net.Conn, err error, about ...any) {
	about = append([]any{"peer", peerOf(nc), "err", err}, about...)
	var bad *misbehaviour
	if errors.As(err, &bad) || errors.Is(err, errSilent) {
		l.log.warn("disconnected a peer", about...)
		return
	}
	l.log.log.Debug("connection ended", about...)
}

// close stops accepting. Connections in handshake are cut, the others go on until finish.
func (l *listener) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return
	}
	l.closing = true
	close(l.closed)
	l.ln.Close()
	if l.typ != zmq4.Pull {
		l.cut()
	}
}

// cut ends handshakes. l.mu is held.
func (l *listener) cut() {
	l.finished = true
	l.shaking.closeAll()
}

// awaitHandshakes gives peers of a Pull a moment to end their handshakes: for one that has ended it already, and sends, it
// would be cut in the middle of that.
func (l *listener) awaitHandshakes() {
	const look = time.Millisecond
	for since := time.Now(); ; time.Sleep(look) {
		l.mu.Lock()
		if l.shaking.empty() || time.Since(since) >= newcomer {
			l.cut()
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
	}
}

// finish tells all peers that nothing more will come than what is queued for them, and goes on reading until they have
// gone or grace is over. It waits for all goroutines of the listener.
func (l *listener) finish(grace time.Duration) {
	timer := time.AfterFunc(max(grace, 0), func() {
		for _, c := range l.current() {
			switch {
			case c.answering.Load(): // it ends when the handler does, which is waited for anyway
			case l.typ == zmq4.Pull && c.acking.Load():
				_ = c.nc.SetReadDeadline(time.Now()) // of what was read it still is to hear
			default:
				c.fail(ErrClosed)
			}
		}
	})
	defer timer.Stop()
	if l.typ == zmq4.Pull {
		l.awaitHandshakes()
		awaitFirstPings(l.current)
		leaveGently(l.current(), grace)
	} else {
		for _, c := range l.current() {
			c.leave()
		}
	}
	l.all.Wait()
}

// count is how many connections are in use.
func (l *listener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns)
}

func (l *listener) current() []*conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	var conns []*conn
	for c := range l.conns {
		conns = append(conns, c)
	}
	return conns
}

// peerOf names the other end for a log line.
func peerOf(nc net.Conn) string {
	if a := nc.RemoteAddr(); a.Network() != "unix" {
		return a.String()
	}
	return "a local process"
}
