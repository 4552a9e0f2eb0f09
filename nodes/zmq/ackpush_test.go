package zmq

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

// ackSender sends numbered messages, each again until it has arrived.
type ackSender struct {
	*AckPush
	wake chan struct{}

	mu      sync.Mutex // guards what follows
	back    []uint64
	arrived int
}

func startAckSender(t *testing.T, opts Options, endpoints ...string) *ackSender {
	t.Helper()
	s := &ackSender{wake: make(chan struct{}, 1)}
	var err error
	s.AckPush, err = ConnectAckPush(endpoints, opts, s.poke)
	check(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func (s *ackSender) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// send sends one message and says whether it was taken.
func (s *ackSender) send(n uint64, size int) bool {
	payload := binary.BigEndian.AppendUint64(make([]byte, 0, size), n)[:size]
	return s.Send(Message{[]byte("log-write"), payload}, func(err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err != nil {
			s.back = append(s.back, n)
			s.poke()
			return
		}
		s.arrived++
	}) == nil
}

// sendAll sends that many messages and returns when all have arrived.
func (s *ackSender) sendAll(t *testing.T, messages, size int) {
	deadline := time.After(patience)
	for next := uint64(0); ; {
		s.mu.Lock()
		back, arrived := s.back, s.arrived
		s.back = nil
		s.mu.Unlock()
		if arrived == messages {
			return
		}
		for i, n := range back {
			if !s.send(n, size) {
				s.mu.Lock()
				s.back = append(s.back, back[i:]...)
				s.mu.Unlock()
				break
			}
		}
		for next < uint64(messages) && s.send(next, size) {
			next++
		}
		select {
		case <-s.wake:
		case <-time.After(5 * time.Millisecond):
		case <-deadline:
			t.Errorf("only %d of %d arrived", arrived, messages)
			return
		}
	}
}

// tally counts how often each number came.
type tally struct {
	mu  sync.Mutex // guards what follows
	got map[uint64]int
	all int
}

func (y *tally) take(m Message) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.got == nil {
		y.got = map[uint64]int{}
	}
	y.got[binary.BigEndian.Uint64(m[1])]++
	y.all++
}

// A Pull that is closed and opened again, over and over: each message is handled once.
func TestAckPushOnceThroughRestarts(t *testing.T) {
	t.Parallel()
	const messages = 600
	endpoint, _ := ipcPair(t)
	var got tally
	s := startAckSender(t, Options{SndHWM: 50, limits: limits{retryMax: 20 * time.Millisecond}}, endpoint)
	stop, stopped := make(chan struct{}), make(chan struct{})
	var restarts atomic.Int64
	go func() {
		defer close(stopped)
		for {
			enough, closing, some := make(chan struct{}), make(chan struct{}), 0 // on a slow machine a connection takes longer than a Pull is to live
			pull, err := BindPull(endpoint, Options{RcvHWM: 20, Linger: patience}, func(m Message) {
				got.take(m)
				if some++; some%10 == 0 {
					time.Sleep(50 * time.Microsecond)
				}
				if some == 30 {
					close(enough)
					<-closing // or it would handle all of them before we hear of enough
				}
				if some > 30 {
					time.Sleep(time.Millisecond) // nor while we begin to close it
				}
			})
			if err != nil {
				t.Error(err)
				return
			}
			select {
			case <-stop:
				close(closing)
				pull.Close()
				return
			case <-enough:
				close(closing)
				pull.Close()
				restarts.Add(1)
			}
		}
	}()
	s.sendAll(t, messages, 2000)
	close(stop)
	<-stopped
	if got.all != messages || len(got.got) != messages || restarts.Load() < 2 {
		t.Errorf("%d handled, %d different ones, %d restarts", got.all, len(got.got), restarts.Load())
	}
}

// A peer that dies again and again gets every message in the end, some twice.
func TestAckPushNoneLostByDeaths(t *testing.T) {
	t.Parallel()
	const messages = 500
	var got tally
	endpoint, accepted := fakeServer(t, func(nc net.Conn) {
		if handshake(nc, zmq4.Pull, null.Security(), true, patience) != nil {
			return
		}
		_ = nc.SetDeadline(time.Now().Add(patience))
		in := newReader(nc, 1<<20)
		for range 60 { // then it dies
			p, err := in.next()
			if err != nil {
				return
			}
			if p.command {
				_, data, _ := parseCommand(p.frame(0))
				pong, _ := pongFor(data)
				nc.Write(pong)
				continue
			}
			got.take(Message{p.frame(0), p.frame(1)})
		}
	})
	s := startAckSender(t, Options{SndHWM: 50, limits: limits{retryMax: 20 * time.Millisecond}}, endpoint)
	s.sendAll(t, messages, 3000)
	got.mu.Lock()
	defer got.mu.Unlock()
	if len(got.got) != messages || accepted.Load() < 5 {
		t.Errorf("%d different ones, %d connections", len(got.got), accepted.Load())
	}
}

// A message has arrived when its handler has returned, and counts until then.
func TestAckPushWaitsForTheHandler(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	pull, err := BindPull("tcp://127.0.0.1:0", Options{}, func(Message) { <-release })
	check(t, err)
	defer pull.Close()
	s := startAckSender(t, Options{SndHWM: 10}, pull.Endpoint())
	eventually(t, "a connection", func() bool { n, all := s.Connected(); return n == 1 && all == 1 })
	for n := range uint64(10) {
		if !s.send(n, 100) {
			t.Fatalf("message %d not taken", n)
		}
	}
	if err := s.Send(message("m", "12345678"), nil); err != ErrAgain {
		t.Errorf("got %v, want ErrAgain", err)
	}
	time.Sleep(20 * time.Millisecond)
	s.mu.Lock()
	if s.arrived > 0 {
		t.Errorf("%d arrived that nobody handled", s.arrived)
	}
	s.mu.Unlock()
	close(release)
	eventually(t, "all", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.arrived == 10 })
}

// A Pull that is closed answers for all that it took, however long that takes.
func TestAckPushHearsOfSlowHandlers(t *testing.T) {
	t.Parallel()
	const linger = 300 * time.Millisecond
	var got tally
	release := make(chan struct{})
	pull, err := BindPull("tcp://127.0.0.1:0", Options{Linger: linger}, func(m Message) {
		<-release
		got.take(m)
	})
	check(t, err)
	s := startAckSender(t, Options{}, pull.Endpoint())
	eventually(t, "a connection", func() bool { n, _ := s.Connected(); return n == 1 })
	for n := range uint64(200) {
		s.send(n, 100)
	}
	eventually(t, "all to be taken", func() bool { return pull.Stats().Messages == 200 })
	time.AfterFunc(2*linger, func() { close(release) })
	check(t, pull.Close())
	eventually(t, "answers", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.arrived+len(s.back) == 200 })
	if got.all != s.arrived || len(s.back) > 0 {
		t.Errorf("%d handled, %d arrived, %d came back", got.all, s.arrived, len(s.back))
	}
}

// A Pull that gives up answers for nothing that its handler did not do.
func TestAckPushHearsOfGivingUp(t *testing.T) {
	t.Parallel()
	stuck, atLast, handled := make(chan struct{}), make(chan struct{}), 0
	pull, err := BindPull("tcp://127.0.0.1:0", Options{}, func(Message) {
		if handled++; handled > 10 {
			close(atLast)
			<-stuck
		}
	})
	check(t, err)
	s := startAckSender(t, Options{}, pull.Endpoint())
	eventually(t, "a connection", func() bool { n, _ := s.Connected(); return n == 1 })
	for n := range uint64(100) {
		s.send(n, 100)
		time.Sleep(100 * time.Microsecond)
	}
	<-atLast
	pull.Abandon()
	close(stuck)
	check(t, pull.Close())
	eventually(t, "all to be told of", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.arrived+len(s.back) == 100 })
	if s.arrived > 10 || handled != 11 {
		t.Errorf("%d handled, %d arrived", handled, s.arrived)
	}
}

// Without a connection nothing is taken; Close tells of all that was.
func TestAckPushCloses(t *testing.T) {
	t.Parallel()
	nowhere, _ := ipcPair(t)
	alone := startAckSender(t, Options{}, nowhere)
	if alone.send(0, 10) {
		t.Error("a message was taken without a connection")
	}
	endpoint, _ := fakeServer(t, func(nc net.Conn) { // never answers
		if handshake(nc, zmq4.Pull, null.Security(), true, patience) == nil {
			awaitClosed(t, nc)
		}
	})
	s := startAckSender(t, Options{Linger: 20 * time.Millisecond}, endpoint)
	eventually(t, "a message to be taken", func() bool { return s.send(1, 10) })
	check(t, s.Close())
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.back) != 1 || s.arrived != 0 {
		t.Errorf("%d back, %d arrived", len(s.back), s.arrived)
	}
	if err := s.Send(message("m"), nil); err != ErrClosed {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

// libzmq's PULLs answer, and the other takes over when one dies.
func TestAckPushToLibzmq(t *testing.T) {
	t.Parallel()
	one, two := startLibzmq(t, "pull"), startLibzmq(t, "pull")
	s := startAckSender(t, Options{SndHWM: 10}, one.word(t, "at"), two.word(t, "at"))
	eventually(t, "both", func() bool { n, _ := s.Connected(); return n == 2 })
	took := func(p *libzmq) int {
		list, _ := p.all() // of a message that holds a newline it has two lines
		return strings.Count("\n"+strings.Join(list, "\n"), "\nlog-write|")
	}
	sent := 0
	send := func(messages int) {
		s.mu.Lock()
		s.arrived = 0
		s.mu.Unlock()
		s.sendAll(t, messages, 100)
		sent += messages
	}
	eventually(t, "both to have a share", func() bool { // how large it is depends on how fast each answers
		send(500)
		return took(one) > 10 && took(two) > 10
	})
	eventually(t, "both to have all of it together", func() bool { return took(one)+took(two) >= sent })
	if n := took(one) + took(two); n != sent {
		t.Errorf("%d messages arrived, %d were sent", n, sent)
	}
	one.kill()
	send(500)
}

// An encrypted connection acknowledges as well.
func TestAckPushCurve(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	var got tally
	pull, err := BindPull("tcp://127.0.0.1:0", Options{Curve: keys}, got.take)
	check(t, err)
	defer pull.Close()
	s := startAckSender(t, Options{Curve: forClients(*keys)}, pull.Endpoint())
	s.sendAll(t, 300, 20_000)
	if len(got.got) != 300 || got.all != 300 {
		t.Errorf("%d handled", got.all)
	}
}

// A peer acknowledges at most what was written, and nothing twice.
func TestAcksOfLiars(t *testing.T) {
	t.Parallel()
	heard, told := 0, 0
	a := &acks{out: newOutq(Options{}.withDefaults()), heard: func() { heard++ }}
	for range 3 {
		check(t, a.put(message("m"), 3, func(error) { told++ }))
	}
	pong := func(n uint64) { a.pong(binary.BigEndian.AppendUint64([]byte(ackPrefix), n)) }
	a.ping(2)
	pong(3)
	a.pong(nil)
	a.pong([]byte(ackPrefix))
	if told != 0 {
		t.Error("a message arrived that was not written")
	}
	pong(1)
	pong(1)
	pong(0)
	if told != 1 || heard != 1 {
		t.Errorf("told of %d, %d times", told, heard)
	}
	a.pong([]byte(byeText))
	if err := a.put(message("m"), 3, nil); err != ErrAgain {
		t.Errorf("took a message after goodbye: %v", err)
	}
	a.fail()
	if told != 3 {
		t.Errorf("told of %d", told)
	}
}

// A Pull that closes while an AckPush has just connected does not handle what it cannot acknowledge any more.
func TestPullLeavesBeforeItIsAsked(t *testing.T) {
	t.Parallel()
	var got tally
	pull, err := BindPull("tcp://127.0.0.1:0", Options{Linger: patience}, got.take)
	check(t, err)
	peer := rawPeer(t, pull.Endpoint(), zmq4.Push)
	eventually(t, "a connection", func() bool { return pull.in.count() == 1 })
	closed := make(chan struct{})
	go func() { defer close(closed); pull.Close() }()
	if _, err := peer.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("got %v instead of the end", err)
	}
	wire := (&acks{}).ping(0)
	_, err = peer.Write(appendMessage(wire, message("log-write", "12345678")))
	check(t, err)
	peer.Close()
	<-closed
	if got.all > 0 {
		t.Errorf("%d messages handled", got.all)
	}
}
