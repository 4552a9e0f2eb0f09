package zmq

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
)

// stallTicks is how often within the stall time the writer looks whether the peer took anything.
const stallTicks = 4

// writeAll writes the queue until it is closed and empty or the connection failed, then tells the peer that no more will
// come. It does not close the connection: closing while the peer still sends would turn into a reset and lose what the
// peer has not read yet. The reader will see the peer's end and close (spec: zmq4 7.3).
func (c *conn) writeAll() {
	defer close(c.written)
	defer c.out.leave()
	var control []byte
	var data batch
	var bufs net.Buffers
	for c.out.swap(&control, &data) {
		if bufs = bufs[:0]; len(control) > 0 {
			bufs = append(bufs, control)
		}
		bufs = data.buffers(bufs)
		if c.acks != nil && data.count > 0 {
			bufs = append(bufs, c.acks.ping(data.count))
		}
		n, err := c.write(bufs)
		clear(bufs[:cap(bufs)])
		if err != nil {
			c.out.putBack(&data, n-len(control))
			if !hungUp(err) {
				c.fail(err)
			}
			return
		}
	}
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // fails only where the connection is gone anyway
	}
}

// hungUp tells a peer that left from a connection that failed otherwise. After the former there may still be something to
// read, all that the peer said before it left: the connection ends when the reader comes to the end of it.
func hungUp(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}

// write writes all of bufs and returns how many bytes the kernel took. With a stall time it gives up on a peer that took
// no byte for so long while its queue is full, that is, while somebody waits for it.
func (c *conn) write(bufs net.Buffers) (n int, err error) {
	if c.direct != nil {
		n = c.direct.buffers(bufs)
		if bufs = behind(bufs, n); len(bufs) == 0 {
			return n, nil
		}
	}
	tick := c.stall / stallTicks
	for idle := 0; ; {
		if tick > 0 {
			if err := c.nc.SetWriteDeadline(time.Now().Add(tick)); err != nil {
				return n, fmt.Errorf("cannot write: %w", err)
			}
		}
		took, err := bufs.WriteTo(c.nc)
		n += int(took)
		switch {
		case err == nil && tick > 0:
			return n, c.nc.SetWriteDeadline(time.Time{}) // it would end writes that do not wait, too
		case err == nil:
			return n, nil
		case tick == 0 || !errors.Is(err, os.ErrDeadlineExceeded):
			return n, fmt.Errorf("cannot write: %w", err)
		}
		if idle++; took > 0 {
			idle = 0
		}
		if idle >= stallTicks && c.out.full() {
			return n, misbehaved("the peer stalls: it took no byte for %v while its queue is full", c.stall)
		}
	}
}

// behind returns what follows the first n bytes of bufs.
func behind(bufs net.Buffers, n int) net.Buffers {
	for len(bufs) > 0 && n >= len(bufs[0]) {
		n -= len(bufs[0])
		bufs = bufs[1:]
	}
	if n > 0 {
		bufs[0] = bufs[0][n:]
	}
	return bufs
}
