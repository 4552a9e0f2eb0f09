package zmq

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	t.Parallel()
	b := backoff{min: 5 * time.Millisecond, max: 2 * time.Second}
	for _, nominal := range []int{5, 10, 20, 40, 80, 160, 320, 640, 1280, 2000, 2000, 2000} {
		want := time.Duration(nominal) * time.Millisecond
		if got := b.next(); got < want/2 || got > want {
			t.Errorf("got %v, want %v to %v", got, want/2, want)
		}
	}
	b.reset()
	if got := b.next(); got > 5*time.Millisecond {
		t.Errorf("got %v after reset", got)
	}
	if got := b.slow(); got < time.Second {
		t.Errorf("slow is %v", got)
	}
}

func TestCauses(t *testing.T) {
	t.Parallel()
	refused := func(port int) error {
		return fmt.Errorf("cannot connect: %w", &net.OpError{
			Op: "dial", Source: &net.TCPAddr{Port: port}, Err: syscall.ECONNREFUSED,
		})
	}
	var c causes
	if !c.first(refused(1)) || c.first(refused(2)) {
		t.Error("the same cause from another port is the same cause")
	}
	if !c.first(errors.New("other")) || c.first(refused(3)) {
		t.Error("causes that alternate are logged once each")
	}
	c.forget()
	if !c.first(refused(1)) {
		t.Error("forgotten causes are news again")
	}
	for i := range 1000 {
		c.first(fmt.Errorf("cause %d", i))
	}
	if len(c.seen) > maxCauses {
		t.Errorf("remembers %d causes", len(c.seen))
	}
}

func TestRingPushesOutTheOldest(t *testing.T) {
	t.Parallel()
	conns := []net.Conn{newScript(""), newScript(""), newScript(""), newScript("")}
	r := newRing(2)
	slot, oldest := r.put(conns[0])
	if oldest != nil {
		t.Error("an empty ring pushed something out")
	}
	r.remove(conns[0], slot)
	first, _ := r.put(conns[1])
	if _, oldest := r.put(conns[2]); oldest != nil {
		t.Error("a connection that is through was pushed out")
	}
	if _, oldest := r.put(conns[3]); oldest != conns[1] {
		t.Error("the oldest must go")
	}
	r.remove(conns[1], first) // late: the slot is another's
	if r.slots[first] != conns[3] {
		t.Error("removed somebody else's connection")
	}
}

func TestDampedLog(t *testing.T) {
	t.Parallel()
	log, lines := logged()
	d := newDampedLog(log)
	for range logBurst + 50 {
		d.warn("noise")
	}
	if list, _ := lines.all(); len(list) != logBurst {
		t.Errorf("%d lines, want %d", len(list), logBurst)
	}
	d.since = d.since.Add(-2 * logRefill)
	d.warn("later")
	lines.contains(t, "later omitted=50")
}
