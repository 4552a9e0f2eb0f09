package zmq

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zeromq/zmq4"
)

// conn is one connection behind its handshake. Its owner calls next until that fails, then end; a writer goroutine
// drains the queue meanwhile.
type conn struct {
	nc  net.Conn
	in  *reader
	out *outq
	connOptions
	waiting   atomic.Bool                // the owner does not read now
	breathed  time.Time                  // see breathe
	left      atomic.Bool                // leave was called
	ackPing   func(context []byte) error // of a Pull: answers a PING that asks for an acknowledgement; nil: like any other
	since     time.Time
	acking    atomic.Bool // it asked for one
	answering atomic.Bool // nothing more comes, but answers go
	about     []any       // what the owner adds to the log line about the end

	heart *heart // nil without heartbeat

	direct *nowWriter      // nil where the connection does not allow it
	now    func(*load) int // of direct

	done    chan struct{} // closed by the first fail
	once    sync.Once
	err     error         // why; set before done is closed
	written chan struct{} // closed when the writer ended
}

// connOptions are what kinds of connections differ in.
type connOptions struct {
	maxPacket int           // bytes
	stall     time.Duration // see write; 0: never
	breath    time.Duration // see wait
	heartbeat time.Duration // see heart; 0: none
	acks      *acks         // of an AckPush
}

// conn returns the options of a connection that receives messages.
func (o Options) conn() connOptions {
	return connOptions{maxPacket: o.MaxMessage, breath: o.limits.breath, heartbeat: o.Heartbeat}
}

// startConn attaches a connection to a queue and starts its writer.
func startConn(nc net.Conn, out *outq, opts connOptions) *conn {
	c := &conn{
		nc:      nc,
		since:   time.Now(),
		in:      newReader(nc, opts.maxPacket),
		out:     out,
		done:    make(chan struct{}),
		written: make(chan struct{}),

		connOptions: opts,
	}
	if c.direct = newNowWriter(nc); c.direct != nil {
		c.now = c.direct.load
	}
	if s, ok := nc.(*sealedConn); ok {
		s.max = opts.maxPacket
	}
	startHeart(c, opts.heartbeat)
	out.attach()
	go c.writeAll()
	return c
}

// next returns the next message or SUBSCRIBE or CANCEL command. It answers PINGs and ignores all other commands.
func (c *conn) next() (packet, error) {
	for {
		p, err := c.in.next()
		if err != nil || !p.command {
			return p, err
		}
		name, data, err := parseCommand(p.frame(0))
		if err != nil {
			return packet{}, err
		}
		switch name {
		case zmq4.CmdSubscribe, zmq4.CmdCancel:
			return p, nil
		case zmq4.CmdPing:
			if c.ackPing != nil && len(data) > pingTTL && isAck(data[pingTTL:]) {
				if err := c.ackPing(data[pingTTL:]); err != nil {
					return packet{}, err
				}
				continue
			}
			if err := c.pong(data); err != nil {
				return packet{}, err
			}
		case zmq4.CmdPong:
			if c.acks != nil {
				c.acks.pong(data)
			}
		}
	}
}

func (c *conn) pong(ping []byte) error {
	frame, err := pongFor(ping)
	if err != nil {
		return err
	}
	return c.out.putControl(frame)
}

// fail ends the connection for the given reason, of which the first counts. Reader and writer return soon.
func (c *conn) fail(err error) {
	c.once.Do(func() {
		c.err = err
		c.heart.stop()
		c.out.detach()
		c.nc.Close()
		close(c.done)
	})
}

// end fails the connection, waits for its writer and returns the reason it ended for.
func (c *conn) end(err error) error {
	c.fail(err)
	<-c.written
	return c.err
}

// leave tells the peer that it should send no more, and goes on reading.
func (c *conn) leave() {
	c.left.Store(true)
	if !c.acking.Load() {
		c.out.close()
		return
	}
	if err := c.out.putControl(byeFrame); err != nil { // it closes when it has heard of all that it sent
		c.fail(err)
	}
}
