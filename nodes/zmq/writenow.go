package zmq

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// Bounds of what a sender writes itself.
const (
	writeNowLimit = chunkSize // bytes; who sends more has not got the time
	writeNowBufs  = 8         // what unix.Writev takes without allocating
)

// nowWriter writes what the kernel takes at once, and waits for nothing.
type nowWriter struct {
	raw  syscall.RawConn
	bufs [][]byte // of the call under way
	n    int      // written by it
	once func(fd uintptr) bool
}

// newNowWriter returns nil where the connection cannot be written to so: only the kernel's own sockets can.
func newNowWriter(nc any) *nowWriter {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	w := &nowWriter{raw: raw}
	w.once = w.writev
	return w
}

// load returns how many bytes of a load, from its beginning, the kernel took.
func (w *nowWriter) load(l *load) int {
	runs := l.runs[l.next:]
	if len(runs) > writeNowBufs {
		return w.gather(runs)
	}
	w.bufs = w.bufs[:0]
	for _, r := range runs {
		w.bufs = append(w.bufs, r.wire)
	}
	return w.write()
}

// gather writes many runs as one.
func (w *nowWriter) gather(runs []run) int {
	c := takeChunk()
	defer c.release()
	all := c.buf[:0]
	for _, r := range runs {
		all = append(all, r.wire...)
	}
	w.bufs = append(w.bufs[:0], all)
	return w.write()
}

// buffers returns how many bytes of bufs the kernel took.
func (w *nowWriter) buffers(bufs net.Buffers) int {
	w.bufs = append(w.bufs[:0], bufs[:min(len(bufs), writeNowBufs)]...)
	return w.write()
}

// write writes w.bufs. An error is left for whoever waits to meet again.
func (w *nowWriter) write() int {
	w.n = 0
	_ = w.raw.Write(w.once)
	clear(w.bufs)
	return w.n
}

// writev is called with the file descriptor. It returns true: do not wait until there is room.
func (w *nowWriter) writev(fd uintptr) bool {
	for {
		n, err := unix.Writev(int(fd), w.bufs)
		if err == unix.EINTR {
			continue
		}
		w.n = max(n, 0)
		return true
	}
}
