package zmq

import (
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"zctl/nodes/zmq/curve"
)

func testAllowance(limit int) *allowance {
	return newAllowance(Options{RcvMemory: limit}.withDefaults())
}

func granted(c *claim) bool {
	select {
	case <-c.granted:
		return true
	default:
		return false
	}
}

// Room is given in the order in which it was asked for; one connection may have more than there is, and has it until it
// gives it back.
func TestAllowanceOrder(t *testing.T) {
	t.Parallel()
	const size = 2 * firstChunk
	a := testAllowance(3 * size)
	one, two, three := &share{of: a}, &share{of: a}, &share{of: a}
	first := a.claim(one, 2*size, false)
	large := a.claim(two, 10*size, false) // beyond
	small := a.claim(three, size, false)
	if !granted(first) || !granted(large) || !large.over || granted(small) {
		t.Fatalf("granted %v, %v (over %v), %v", granted(first), granted(large), large.over, granted(small))
	}
	if c := a.claim(three, firstChunk, false); !granted(c) {
		t.Error("a first chunk has to wait")
	} else {
		a.give(firstChunk, c.over)
	}
	more := a.claim(two, 20*size, true)
	if !granted(more) || !more.over {
		t.Error("who is beyond the limit cannot go on with its message")
	}
	again := a.claim(two, 30*size, true)
	if granted(again) {
		t.Error("who is beyond the limit gets more before it has given anything back")
	}
	a.give(2*size, false)
	if a.give(10*size, true); granted(small) || !granted(again) {
		t.Errorf("granted %v to another one, %v to who goes on", granted(small), granted(again))
	}
	a.give(20*size, true)
	if a.give(30*size, true); !granted(small) || small.over {
		t.Errorf("granted %v, over %v", granted(small), small.over)
	}
	if a.give(size, false); a.used != 0 || a.overs != 0 || len(a.waiting) > 0 {
		t.Errorf("left %d, %v, %v", a.used, a.overs, a.waiting)
	}
}

// Many peers whose messages are together much larger than the memory: all arrive, and no more than that is ever held.
func TestPullIsBounded(t *testing.T) {
	t.Parallel()
	t.Run("plain", func(t *testing.T) { t.Parallel(); pullIsBounded(t, nil) })
	t.Run("encrypted", func(t *testing.T) { t.Parallel(); pullIsBounded(t, newKeys(t)) })
}

func pullIsBounded(t *testing.T, keys *curve.Keys) {
	const peers, each, size, limit = 40, 2, 300_000, 1 << 20
	var mu sync.Mutex
	got, most, release := 0, 0, make(chan struct{})
	var pull *Pull
	pull, err := BindPullLater("tcp://127.0.0.1:0", Options{RcvMemory: limit, Curve: keys}, func(d Delivery) {
		mu.Lock()
		defer mu.Unlock()
		got++
		if len(d.Message) != 2 || len(d.Message[1]) != size || strings.Trim(string(d.Message[1]), "x") != "" {
			t.Errorf("%d frames", len(d.Message))
		}
		go func() { // the handler is slower than the peers
			<-release
			time.AfterFunc(time.Millisecond, d.Done)
		}()
	})
	check(t, err)
	used := func() int { pull.memory.mu.Lock(); defer pull.memory.mu.Unlock(); return pull.memory.used }
	watched, stop := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for {
			most = max(most, used())
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Microsecond):
			}
		}
	}()
	for range peers {
		push, err := ConnectPush([]string{pull.Endpoint()}, Options{Curve: keys, Linger: patience})
		check(t, err)
		for range each {
			check(t, push.Send(message("t", strings.Repeat("x", size))))
		}
		go push.Close()
	}
	eventually(t, "memory to be used", func() bool { return used() > limit/2 })
	close(release)
	eventually(t, "all messages", func() bool { mu.Lock(); defer mu.Unlock(); return got == peers*each })
	close(stop)
	<-watched
	check(t, pull.Close())
	eventually(t, "all to be done with", func() bool { return used() == 0 })
	beyond := 2*(size+1000) + peers*firstChunk // one message, as it grows
	if keys != nil {
		beyond = limit/2 + 6*2*size // those that are opened, and one as it grows
	}
	if most > limit+beyond {
		t.Errorf("held %d bytes", most)
	}
	if n := len(pull.memory.partly); n != 0 {
		t.Errorf("%d messages are still under way", n)
	}
}

// A message that is larger than all the memory comes through.
func TestPullTakesWhatIsLarger(t *testing.T) {
	t.Parallel()
	got := make(chan int, 3)
	pull, err := BindPull("tcp://127.0.0.1:0", Options{RcvMemory: 100_000}, func(m Message) { got <- len(m[0]) })
	check(t, err)
	defer pull.Close()
	for range 3 {
		go rawPeer(t, pull.Endpoint(), zmq4.Push).Write(appendMessage(nil, message(strings.Repeat("x", 5_000_000))))
	}
	for range 3 {
		if n := <-got; n != 5_000_000 {
			t.Errorf("got %d bytes", n)
		}
	}
}

// Peers that send halves of messages and stop hold up nobody for long: they are disconnected, and only they.
func TestPullGivesUpStalledPeers(t *testing.T) {
	t.Parallel()
	log, lines := logged()
	var got tally
	opts := Options{RcvMemory: 500_000, Log: log, limits: limits{slow: 100 * time.Millisecond}}
	pull, err := BindPull("tcp://127.0.0.1:0", opts, got.take)
	check(t, err)
	defer pull.Close()
	wire := appendMessage(nil, message("stalled", strings.Repeat("x", 400_000)))
	for range 6 {
		peer := rawPeer(t, pull.Endpoint(), zmq4.Push)
		go func() {
			peer.Write(wire[:300_000])
			io.Copy(io.Discard, peer)
		}()
	}
	eventually(t, "memory to be used up", func() bool { // or that to have been noticed
		list, _ := lines.all()
		pull.memory.mu.Lock()
		defer pull.memory.mu.Unlock()
		return len(pull.memory.waiting)+len(list) > 0
	})
	startAckSender(t, Options{}, pull.Endpoint()).sendAll(t, 3, 400_000) // which comes again, should it be taken for slow
	lines.contains(t, "others wait for that memory")
}

// A peer that is slow does not have to go while others have to wait for the handler anyway.
func TestPullIsPatientWithPeers(t *testing.T) {
	t.Parallel()
	a := testAllowance(100_000)
	a.patience = time.Nanosecond
	peer := func() *share { return &share{of: a, conn: &conn{in: newReader(nil, 1)}} }
	slow, other := peer(), peer()
	a.claim(slow, 60_000, false)
	slow.begin(60_000, true, false)
	a.claim(other, 90_000, false)
	waits := a.claim(peer(), 30_000, false)
	time.Sleep(time.Microsecond)
	if s, _ := a.slowest(waits); s != nil {
		t.Error("a peer is to go whose memory would not help")
	}
	other.begin(90_000, true, false)
	other.conn.in.got.Store(1 << 30)
	if s, _ := a.slowest(waits); s != slow {
		t.Error("the one that keeps others waiting is not to go")
	}
	slow.whole()
	other.conn.in.got.Add(1 << 30)
	if s, _ := a.slowest(waits); s != nil || len(a.partly) != 1 {
		t.Error("a peer is to go whose message came whole")
	}
	slow.begin(60_000, false, true)
	slow.whole()
	other.begin(90_000, false, false)
	time.Sleep(time.Microsecond)
	if s, _ := a.slowest(waits); s != slow || len(a.partly) != 1 {
		t.Error("one that is beyond the limit and says nothing is not to go")
	}
	slow.leave()
	if len(a.partly) != 0 {
		t.Error("one that has left is remembered")
	}
}
