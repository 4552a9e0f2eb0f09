package zmq

import (
	"bytes"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// A sender that writes itself: what the kernel does not take comes first, and nothing gets into the middle of it.
func TestSenderWritesItself(t *testing.T) {
	t.Parallel()
	q := testQueue(10)
	q.attach()
	one, two, three := oneFrame(30, '1'), oneFrame(40, '2'), oneFrame(50, '3')
	wire := bytes.Join([][]byte{one, two, three}, nil)
	var l load
	l.add(wire, 0, len(wire), 3)
	const took = 35 // of it the kernel takes, which is within the second
	check(t, q.put(&l, func(*load) int {
		check(t, q.putControl([]byte("PONG")))
		check(t, q.putWire([]byte("another sender's")))
		if q.quiet() {
			t.Error("two would write at the same time")
		}
		return took
	}))
	if q.count() != 3 || l.count != 0 {
		t.Errorf("%d messages wait, want 3", q.count())
	}
	if control, data, _ := swapped(q); control != "" || data != string(wire[took:]) {
		t.Errorf("got %q and %q first", control, data)
	}
	if control, data, _ := swapped(q); control != "PONG" || data != "another sender's" {
		t.Errorf("got %q and %q then", control, data)
	}
}

// The writer does not end while a sender writes, and then ends.
func TestQueueIsClosedWhileASenderWrites(t *testing.T) {
	t.Parallel()
	q := testQueue(10)
	q.attach()
	wire := oneFrame(30, 'm')
	var l load
	l.add(wire, 0, len(wire), 1)
	ended := make(chan struct{})
	check(t, q.put(&l, func(*load) int {
		q.close()
		go func() {
			defer close(ended)
			if _, data, ok := swapped(q); !ok || data != string(wire[10:]) {
				t.Errorf("got %q", data)
			}
			if _, _, ok := swapped(q); ok {
				t.Error("the writer goes on")
			}
		}()
		select {
		case <-ended:
			t.Error("the writer did not wait for the sender")
		case <-time.After(20 * time.Millisecond):
		}
		return 10
	}))
	<-ended
}

// What a sender has room for, and no more, is taken.
func TestLoadStopsAtTheHighWaterMark(t *testing.T) {
	t.Parallel()
	q := testQueue(5)
	q.attach()
	wire := bytes.Repeat(oneFrame(10, 'm'), 7)
	for _, now := range []func(*load) int{nil, func(*load) int { panic("too many to write at once") }} {
		var l load
		l.add(wire, 0, len(wire), 7)
		if err := q.put(&l, now); err != ErrAgain || l.count != 2 || q.count() != 5 {
			t.Errorf("%v: %d left, %d wait", err, l.count, q.count())
		}
		if _, data, _ := swapped(q); data != string(wire[:50]) {
			t.Errorf("got %q", data)
		}
		q.leave()
	}
}

// The kernel takes some of a load, whatever it is made of, and the connection remains usable for all ways of writing.
func TestWriteNow(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{})
	peer := rawPeer(t, b.XPubEndpoint(), zmq4.XSub)
	eventually(t, "registration", func() bool { return b.subs.count() == 1 })
	w := b.subs.current()[0].direct
	if w == nil {
		t.Skip("no direct writing on this system")
	}
	message := oneFrame(1000, 'x')
	for _, runs := range []int{1, writeNowBufs, writeNowBufs + 1, 60} {
		var l load
		var want []byte
		for range runs {
			wire := bytes.Clone(message)
			l.end = -1 // no neighbours
			l.add(wire, 0, len(wire), 1)
			want = append(want, wire...)
		}
		if n := w.load(&l); n != len(want) {
			t.Fatalf("%d runs: wrote %d of %d bytes", runs, n, len(want))
		}
		in := newReader(peer, 1<<20)
		for range runs {
			p, err := in.next()
			check(t, err)
			if !bytes.Equal(p.wire, message) {
				t.Fatal("got something else")
			}
		}
	}
	if newNowWriter(newScript("")) != nil {
		t.Error("only a socket of the kernel's can be written to so")
	}
}
