package zmq

import (
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

// counter is a Pull that counts.
type counter struct {
	*Pull
	got atomic.Int64
}

func startCounter(t *testing.T, endpoint string) *counter {
	t.Helper()
	c := new(counter)
	var err error
	c.Pull, err = BindPull(endpoint, Options{}, func(Message) { c.got.Add(1) })
	check(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func startPush(t *testing.T, opts Options, endpoints ...string) *Push {
	t.Helper()
	p, err := ConnectPush(endpoints, opts)
	check(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

func TestPushBalances(t *testing.T) {
	t.Parallel()
	a, b, c := startCounter(t, "tcp://127.0.0.1:0"), startCounter(t, "tcp://127.0.0.1:0"), startCounter(t, "tcp://127.0.0.1:0")
	p := startPush(t, Options{}, a.Endpoint(), b.Endpoint(), c.Endpoint(), a.Endpoint())
	for range 900 {
		check(t, p.Send(message("log-write", "batch")))
	}
	eventually(t, "300 each", func() bool { return a.got.Load() == 300 && b.got.Load() == 300 && c.got.Load() == 300 })
}

// IMMEDIATE=0: an endpoint that is down has its share waiting when it comes, up to the high-water mark (wire T23).
func TestPushQueuesForWhoIsDown(t *testing.T) {
	t.Parallel()
	up, _ := ipcPair(t)
	down, _ := ipcPair(t)
	first := startCounter(t, up)
	p := startPush(t, Options{SndHWM: 50}, up, down)
	for i := range 100 {
		check(t, p.Send(message("log-write", fmt.Sprint(i))))
		if i%2 == 0 {
			eventually(t, "delivery", func() bool { return first.got.Load() == int64(i/2+1) })
		}
	}
	for i := range 50 { // the queue of the one that is down is full: the other takes all
		check(t, p.Send(message("log-write", fmt.Sprint(i))))
	}
	eventually(t, "100 at the one that is up", func() bool { return first.got.Load() == 100 })
	second := startCounter(t, down)
	eventually(t, "50 at the one that came", func() bool { return second.got.Load() == 50 })
}

func TestPushHighWaterMark(t *testing.T) {
	t.Parallel()
	a, b := ipcPair(t)
	p := startPush(t, Options{SndHWM: 10, Linger: -1}, a, b)
	for range 20 {
		check(t, p.Send(message("m")))
	}
	if err := p.Send(message("m")); err != ErrAgain {
		t.Errorf("got %v, want ErrAgain", err)
	}
}

func TestSetEndpoints(t *testing.T) {
	t.Parallel()
	a, b := startCounter(t, "tcp://127.0.0.1:0"), startCounter(t, "tcp://127.0.0.1:0")
	p := startPush(t, patient, a.Endpoint())
	send := func(n int) {
		for range n {
			check(t, p.Send(message("log-write")))
		}
	}
	send(100)
	check(t, p.SetEndpoints([]string{a.Endpoint(), b.Endpoint()}))
	send(200)
	check(t, p.SetEndpoints([]string{b.Endpoint()})) // a's queue is still delivered
	send(100)
	eventually(t, "200 each", func() bool { return a.got.Load() == 200 && b.got.Load() == 200 })

	if err := p.SetEndpoints([]string{a.Endpoint(), "nonsense"}); err == nil {
		t.Error("a malformed endpoint was accepted")
	}
	send(10)
	eventually(t, "no change by a malformed list", func() bool { return b.got.Load() == 210 })
	check(t, p.SetEndpoints(nil))
	send(10) // to nobody
	check(t, p.SetEndpoints([]string{a.Endpoint()}))
	send(10)
	eventually(t, "a again", func() bool { return a.got.Load() == 210 })
	check(t, p.Close())
	if b.got.Load() != 210 {
		t.Errorf("b got %d", b.got.Load())
	}
}

// What the kernel did not take when an endpoint died goes to its successor, each message whole.
func TestPushKeepsWhatWasNotWritten(t *testing.T) {
	t.Parallel()
	const messages = 200
	payload := make([]byte, 50_000) // much more than the kernel holds
	var received atomic.Int64
	endpoint, accepted := fakeServer(t, func(nc net.Conn) {
		_ = nc.(*net.TCPConn).SetReadBuffer(16 << 10)
		if handshake(nc, zmq4.Pull, null.Security(), true, patience) != nil {
			return
		}
		_ = nc.SetDeadline(time.Now().Add(patience))
		in := newReader(nc, 1<<20)
		for range 20 { // then it dies
			p, err := in.next()
			if err != nil {
				return
			}
			if len(p.spans) != 2 || len(p.frame(1)) != len(payload) {
				t.Errorf("got %d frames", len(p.spans))
			}
			received.Add(1)
		}
	})
	p := startPush(t, Options{SndHWM: messages, SndBuf: 16 << 10, Linger: -1}, endpoint)
	for i := range messages {
		check(t, p.Send(Message{fmt.Append(nil, i), payload}))
	}
	eventually(t, "most messages", func() bool { return received.Load() > messages/2 })
	eventually(t, "several connections", func() bool { return accepted.Load() >= messages/2/20 })
}

// A slow handler makes the senders wait; nothing is lost.
func TestPullHoldsBackItsSenders(t *testing.T) {
	t.Parallel()
	opts := small
	opts.RcvHWM = 10
	release := make(chan struct{})
	var got atomic.Int64
	pull, err := BindPull("tcp://127.0.0.1:0", opts, func(Message) {
		<-release
		got.Add(1)
	})
	check(t, err)
	defer pull.Close()
	p := startPush(t, small, pull.Endpoint())
	payload := make([]byte, 1000)
	taken := int64(untilFull(func(int) error { return p.Send(Message{payload}) }))
	if taken > 2*100+2*10+1000 { // two queues of twice the mark each, and what two small kernel buffers hold
		t.Errorf("%d messages of 1 kB were taken", taken)
	}
	close(release)
	eventually(t, "all that was taken", func() bool { return got.Load() == taken })
}

// The handler gets one message at a time, whoever sent it.
func TestPullHandlesOneAtATime(t *testing.T) {
	t.Parallel()
	var busy, got atomic.Int64
	pull, err := BindPull("tcp://127.0.0.1:0", Options{RcvHWM: 2}, func(Message) {
		if busy.Add(1) != 1 {
			t.Error("two at a time")
		}
		got.Add(1)
		busy.Add(-1)
	})
	check(t, err)
	defer pull.Close()
	for range 5 {
		p := startPush(t, Options{}, pull.Endpoint())
		for range 200 {
			check(t, p.Send(message("m")))
		}
	}
	eventually(t, "all", func() bool { return got.Load() == 1000 })
}
