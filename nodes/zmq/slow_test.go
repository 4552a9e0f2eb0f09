package zmq

import (
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// stuckSubscriber subscribes and then reads nothing.
func stuckSubscriber(t *testing.T, b *Broker, witness *node, topic string) net.Conn {
	t.Helper()
	nc := rawPeer(t, b.XPubEndpoint(), zmq4.XSub)
	check(t, nc.(*net.TCPConn).SetReadBuffer(64<<10))
	_, err := nc.Write(appendSubscription(nil, topic, true))
	check(t, err)
	witness.pubEvent.has(t, "+"+topic)
	return nc
}

// small makes the kernel hold little, so that a test sees our own bounds.
var small = Options{SndHWM: 100, SndBuf: 64 << 10, RcvBuf: 64 << 10}

// fill sends messages of 1000 bytes until none was taken for a while, and returns how many were.
func fill(n *node, topic string) int {
	payload := make([]byte, 1000)
	return untilFull(func(taken int) error { return n.pub.Send(Message{[]byte(topic), fmt.Append(nil, taken), payload}) })
}

// untilFull sends until nothing was taken at many attempts, and returns how much was. What a while is it counts in
// attempts with pauses: on a loaded machine, where those who take something have to wait, it waits as well.
func untilFull(send func(taken int) error) (taken int) {
	for refused := 0; refused < 500; {
		if send(taken) == nil {
			taken++
			refused = 0
		} else {
			refused++
			time.Sleep(500 * time.Microsecond)
		}
	}
	return taken
}

// One subscriber that reads nothing: its publisher is stopped, nobody else is, memory is bounded, nothing is lost.
func TestSlowSubscriberStopsItsPublisherOnly(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{Options: small})
	n, other := startNode(t, b, small), startNode(t, b, small)
	stuck := stuckSubscriber(t, b, n, "slow")
	check(t, other.sub.Subscribe("fast"))
	n.ready(t)
	other.ready(t)

	taken := fill(n, "slow")
	if taken > 4*100+1000 { // two queues of twice the mark each, and what four small kernel buffers hold
		t.Errorf("%d messages of 1 kB were taken", taken)
	}
	if err := n.pub.Send(message("slow", "x")); err != ErrAgain {
		t.Errorf("got %v, want ErrAgain", err)
	}
	check(t, other.pub.Send(message("fast", "1")))
	other.subEvent.has(t, "fast|1")
	late := startNode(t, b, small)
	late.ready(t) // even subscriptions pass

	in := newReader(stuck, 1<<20)
	for i := range taken {
		p, err := in.next()
		check(t, err)
		if got := string(p.frame(1)); got != fmt.Sprint(i) {
			t.Fatalf("got message %s, want %d", got, i)
		}
	}
	eventually(t, "the publisher to go on", func() bool { return n.pub.Send(message("slow", "x")) == nil })
}

// A subscriber that takes nothing for too long is disconnected, and said so; all others receive everything.
func TestStalledSubscriberIsDisconnected(t *testing.T) {
	t.Parallel()
	log, lines := logged()
	opts := small
	opts.Log, opts.limits.stall = log, 2*time.Second // time for the healthy one even on a busy machine
	b := startBroker(t, BrokerOptions{Options: opts})
	n, healthy := startNode(t, b, small), startNode(t, b, small)
	check(t, healthy.sub.Subscribe("t"))
	healthy.ready(t)
	stuck := stuckSubscriber(t, b, n, "t")
	_, err := stuck.Write(appendSubscription(nil, "stuck.node", true))
	check(t, err)
	n.pubEvent.has(t, "+stuck.node")

	const messages = 3000
	payload := make([]byte, 1000)
	for i := range messages {
		eventually(t, "room", func() bool { return n.pub.Send(Message{[]byte("t"), fmt.Append(nil, i), payload}) == nil })
	}
	healthy.subEvent.await(t, "all messages", func(list []string) bool { return len(list) == messages+1 })
	n.pubEvent.has(t, "-stuck.node")
	awaitClosed(t, stuck)
	lines.contains(t, "the peer stalls")
	lines.contains(t, "stuck.node")
}

// A subscriber that reads slowly, but reads, stays.
func TestSlowReaderIsNotStalled(t *testing.T) {
	t.Parallel()
	opts := small
	opts.SndHWM, opts.limits.stall = 2000, 2*time.Second // one batch takes far longer than the stall time
	b := startBroker(t, BrokerOptions{Options: opts})
	n := startNode(t, b, small)
	slow := stuckSubscriber(t, b, n, "t")
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		payload := make([]byte, 1000)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if n.pub.Send(Message{[]byte("t"), payload}) != nil {
				time.Sleep(time.Millisecond)
			}
		}
	}()
	buf := make([]byte, 32<<10)
	for range 20 { // longer than the stall time altogether; a pause is the test's subject here
		time.Sleep(150 * time.Millisecond)
		_, err := slow.Read(buf)
		check(t, err)
	}
	close(stop)
	<-ended
}

// Whoever takes nothing is left alone as long as nobody has to wait for it.
func TestStallNeedsSomebodyWhoWaits(t *testing.T) {
	t.Parallel()
	const stall = 50 * time.Millisecond
	ours, theirs := net.Pipe()
	defer theirs.Close()
	q := newOutq(Options{SndHWM: 2}.withDefaults())
	c := startConn(ours, q, connOptions{maxPacket: 1000, stall: stall})
	check(t, q.putWire([]byte("taken by the writer, which nobody lets write")))
	eventually(t, "the writer", func() bool { return q.roomFor(2) })
	check(t, q.putWire([]byte("waiting")))
	select {
	case <-c.done:
		t.Error("disconnected although its queue has room")
	case <-time.After(5 * stall):
	}
	check(t, q.putWire([]byte("waiting, too")))
	<-c.done
	var bad *misbehaviour
	if err := c.end(nil); !errors.As(err, &bad) {
		t.Errorf("got %v", err)
	}
}

// roomFor says whether n messages fit.
func (q *outq) roomFor(n int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count()+n <= q.hwm
}

// With Drop nobody waits for a full subscriber, and it is not disconnected.
func TestDrop(t *testing.T) {
	t.Parallel()
	log, lines := logged()
	opts := small
	opts.Log, opts.limits.stall, opts.Drop = log, time.Millisecond, true
	b := startBroker(t, BrokerOptions{Options: opts})
	n, healthy := startNode(t, b, small), startNode(t, b, Options{})
	check(t, healthy.sub.Subscribe("end"))
	healthy.ready(t)
	stuck := stuckSubscriber(t, b, n, "")
	payload := make([]byte, 1000)
	const messages = 3000
	for range messages {
		eventually(t, "room", func() bool { return n.pub.Send(Message{[]byte("t"), payload}) == nil })
	}
	eventually(t, "room", func() bool { return n.pub.Send(message("end")) == nil })
	healthy.subEvent.has(t, "end")
	lines.contains(t, "dropping messages")
	in := newReader(stuck, 1<<20)
	got := 0
	for ; ; got++ {
		p, err := in.next()
		check(t, err)
		if string(p.frame(0)) == "marker" {
			break
		}
		_ = n.pub.Send(message("marker")) // until one finds room
	}
	if got == 0 || got >= messages {
		t.Errorf("got %d of %d messages", got, messages)
	}
}

// A publisher says something and leaves while its messages have to wait: they are delivered, although it cannot be told
// of new subscriptions any more.
func TestLastWordsOfAPublisher(t *testing.T) {
	t.Parallel()
	opts := small
	opts.SndHWM = 1
	b := startBroker(t, BrokerOptions{Options: opts})
	n := startNode(t, b, small)
	stuck := stuckSubscriber(t, b, n, "slow")
	taken := fill(n, "slow")
	pub := rawPeer(t, b.XSubEndpoint(), zmq4.XPub)
	eventually(t, "registration", func() bool { return len(b.pubs.current()) == 2 })
	const messages = 20
	var wire []byte
	for i := range messages {
		wire = appendMessage(wire, message("slow", fmt.Sprint("last words ", i)))
	}
	_, err := pub.Write(wire) // at once: what it does not get rid of before it closes is lost indeed
	check(t, err)
	pub.Close()
	for i := range 5 { // each makes the broker write to the publisher that left
		check(t, n.sub.Subscribe(fmt.Sprint("news", i)))
		n.pubEvent.has(t, fmt.Sprint("+news", i))
	}
	in := newReader(stuck, 1<<20)
	heard := 0
	for range taken + messages {
		p, err := in.next()
		check(t, err)
		if string(p.frame(1)) == fmt.Sprint("last words ", heard) {
			heard++
		}
	}
	if heard != messages {
		t.Errorf("%d of %d last words", heard, messages)
	}
}

// A publisher that does not read its subscriptions is disconnected before it costs much.
func TestPublisherThatDoesNotRead(t *testing.T) {
	t.Parallel()
	log, lines := logged()
	opts := small
	opts.Log, opts.limits.control = log, 64<<10
	b := startBroker(t, BrokerOptions{Options: opts})
	n := startNode(t, b, Options{})
	n.ready(t)
	deaf := rawPeer(t, b.XSubEndpoint(), zmq4.XPub)
	check(t, deaf.(*net.TCPConn).SetReadBuffer(8<<10))
	publishers := func() int {
		b.table.mu.RLock()
		defer b.table.mu.RUnlock()
		return len(b.table.publishers)
	}
	eventually(t, "registration", func() bool { return publishers() == 2 })
	eventually(t, "disconnection", func() bool {
		for range 100 {
			_ = n.sub.Subscribe("churn")
			_ = n.sub.Unsubscribe("churn")
		}
		n.ready(t) // the honest one keeps up
		return publishers() == 1
	})
	awaitClosed(t, deaf)
	lines.contains(t, "the peer does not read")
	n.ready(t)
}
