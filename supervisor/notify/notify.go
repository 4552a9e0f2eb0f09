// Package notify is both sides of systemd's notification protocol
// (sd_notify(3)): a supervised process sends datagrams of KEY=value lines to
// the socket that NOTIFY_SOCKET names, and the supervisor listens there.
//
// Every node has a socket of its own, so that whoever in the node sends is
// known by where he sends to.
package notify

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// MaxPath is the longest path of a unix socket, in bytes (unix(7)).
const MaxPath = 107

// maxDatagram bounds a notification, in bytes; the rest of a longer one is
// ignored.
const maxDatagram = 4 << 10

// Message is one notification.
type Message map[string]string

// Ready says that the sender reports to be up (READY=1).
func (m Message) Ready() bool { return m["READY"] == "1" }

// Listen opens the socket at path. A socket file of an earlier listener is
// replaced.
func Listen(path string) (*Socket, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot listen for notifications: %w", err)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("cannot listen for notifications: %w", err)
	}
	return &Socket{conn: conn, path: path}, nil
}

// Socket is where the notifications of one node arrive.
type Socket struct {
	conn *net.UnixConn
	path string
}

// Path is what the process finds in NOTIFY_SOCKET.
func (s *Socket) Path() string { return s.path }

// Wait waits until there is a message to take. Its error is net.ErrClosed when
// the socket has been closed.
func (s *Socket) Wait() error {
	conn, err := s.conn.SyscallConn()
	if err == nil {
		err = conn.Read(func(fd uintptr) bool {
			// Interrupted, it has found nothing, and what comes from now on wakes us.
			n, _ := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
			return n > 0
		})
	}
	if err != nil {
		return fmt.Errorf("cannot wait for notifications: %w", err)
	}
	return nil
}

// buffers hold datagrams while they are read: most sockets are silent.
var buffers = sync.Pool{New: func() any { return new([maxDatagram]byte) }}

// Next takes the next message. Without waiting it says whether there was one.
func (s *Socket) Next() (m Message, ok bool) {
	conn, err := s.conn.SyscallConn()
	if err != nil {
		return nil, false
	}
	buf := buffers.Get().(*[maxDatagram]byte)
	defer buffers.Put(buf)
	var n int
	controlErr := conn.Control(func(fd uintptr) {
		for {
			n, _, err = unix.Recvfrom(int(fd), buf[:], unix.MSG_DONTWAIT)
			if !errors.Is(err, unix.EINTR) {
				return
			}
		}
	})
	if err != nil || controlErr != nil {
		return nil, false
	}
	return parse(string(buf[:n])), true
}

// Close removes the socket.
func (s *Socket) Close() error {
	err := s.conn.Close()
	if gone := os.Remove(s.path); gone != nil && !errors.Is(gone, os.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

func parse(text string) Message {
	m := Message{}
	for line := range strings.SplitSeq(text, "\n") {
		if key, value, ok := strings.Cut(line, "="); ok && key != "" {
			m[key] = value
		}
	}
	return m
}

// Send sends a message to whoever supervises this process. Without
// NOTIFY_SOCKET it does nothing. It waits at most a second for a supervisor that
// does not listen.
func Send(lines ...string) error {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("cannot notify supervisor: %w", err)
	}
	defer conn.Close()
	conn.SetWriteDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte(strings.Join(lines, "\n"))); err != nil {
		return fmt.Errorf("cannot notify supervisor: %w", err)
	}
	return nil
}
