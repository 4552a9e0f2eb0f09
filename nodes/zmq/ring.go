package zmq

import (
	"net"
	"slices"
)

// ring remembers the connections in handshake. When there is one too many it gives back the oldest, to be closed: an
// honest peer is done within milliseconds, so whoever opens connections and stays silent pushes out only his own.
type ring struct {
	slots []net.Conn
	next  int
}

func newRing(size int) ring { return ring{slots: make([]net.Conn, size)} }

// put adds a connection and returns its slot, and the connection that it pushed out, if any.
func (r *ring) put(nc net.Conn) (slot int, oldest net.Conn) {
	slot = r.next
	r.next = (r.next + 1) % len(r.slots)
	oldest, r.slots[slot] = r.slots[slot], nc
	return slot, oldest
}

// remove forgets a connection, if it was not pushed out before.
func (r *ring) remove(nc net.Conn, slot int) {
	if r.slots[slot] == nc {
		r.slots[slot] = nil
	}
}

func (r *ring) closeAll() {
	for _, nc := range r.slots {
		if nc != nil {
			nc.Close()
		}
	}
}

func (r *ring) empty() bool {
	return !slices.ContainsFunc(r.slots, func(nc net.Conn) bool { return nc != nil })
}
