package zmq

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// hasty is a peer as libzmq's PUSH: when it reads our end it drops what it has not written, and closes.
func hasty(t *testing.T, pull *Pull, say func(nc net.Conn, ended <-chan struct{})) (gone <-chan struct{}) {
	t.Helper()
	nc := rawPeer(t, pull.Endpoint(), zmq4.Push)
	ended, done := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		defer close(ended)
		awaitClosed(t, nc)
	})
	all.Go(func() { say(nc, ended) })
	go func() {
		defer close(done)
		all.Wait()
		nc.Close()
	}()
	return done
}

// A Pull that is closed lets a peer that has begun a message come to its end.
func TestPullLeavesBetweenMessages(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	got := map[string]int{}
	pull, err := BindPull("tcp://127.0.0.1:0", Options{Linger: patience}, func(m Message) {
		mu.Lock()
		defer mu.Unlock()
		got[string(m[0])]++
	})
	check(t, err)
	begun := make(chan struct{})
	gone := hasty(t, pull, func(nc net.Conn, ended <-chan struct{}) {
		wire := appendMessage(nil, message("begun", strings.Repeat("x", 1000)))
		nc.Write(wire[:500])
		close(begun)
		select {
		case <-ended:
		case <-time.After(3 * newcomer):
			nc.Write(wire[500:])
		}
	})
	<-begun
	eventually(t, "a part", func() bool { c := pull.in.current(); return len(c) == 1 && c[0].in.got.Load() == 500 })
	check(t, pull.Close())
	<-gone
	if got["begun"] != 1 {
		t.Errorf("handled %v", got)
	}
}

// A peer that never is quiet is left all the same, and loses nothing that it has written.
func TestPullLeavesBusyPeers(t *testing.T) {
	t.Parallel()
	handled := 0
	pull, err := BindPull("tcp://127.0.0.1:0", Options{Linger: time.Hour}, func(m Message) { handled++ })
	check(t, err)
	written := 0
	gone := hasty(t, pull, func(nc net.Conn, ended <-chan struct{}) {
		wire := appendMessage(nil, message("busy", strings.Repeat("x", 1000)))
		for {
			select {
			case <-ended:
				return
			case <-time.After(time.Millisecond):
				nc.Write(wire)
				written++
			}
		}
	})
	eventually(t, "a connection", func() bool { return pull.Stats().Messages > 0 })
	promptly(t, "Close", func() { check(t, pull.Close()) })
	<-gone
	if handled != written {
		t.Errorf("%d messages handled of %d", handled, written)
	}
}
