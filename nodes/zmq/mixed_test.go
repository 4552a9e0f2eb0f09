package zmq

import (
	"fmt"
	"hash/crc32"
	"io"
	"math/rand"
	"net"
	"sync"
	"testing"
	"time"
)

// tracker checks that what it sees of each publisher is all there is, in order and unharmed.
type tracker struct {
	next [2]int
	done chan struct{} // closed when everything was seen
	want int           // messages of each publisher
}

func newTracker(want int) *tracker { return &tracker{done: make(chan struct{}), want: want} }

// tracked is message number i of publisher p.
func tracked(random *rand.Rand, p, i int) Message {
	payload := make([]byte, random.Intn(2000))
	if i%500 == 250 {
		payload = make([]byte, 10<<20)
	}
	for k := 0; k < len(payload); k += 1 + random.Intn(20) {
		payload[k] = byte(random.Intn(256))
	}
	sum := crc32.ChecksumIEEE(payload)
	return Message{fmt.Append(nil, "t", random.Intn(3)), fmt.Appendf(nil, "%d %d %d", p, i, sum), payload}
}

func (k *tracker) see(m Message) error {
	var p, i int
	var sum uint32
	if _, err := fmt.Sscanf(string(m[1]), "%d %d %d", &p, &i, &sum); err != nil {
		return fmt.Errorf("cannot read %.100q: %w", m[1], err)
	}
	if i != k.next[p] {
		return fmt.Errorf("publisher %d: got message %d, want %d", p, i, k.next[p])
	}
	if crc32.ChecksumIEEE(m[2]) != sum {
		return fmt.Errorf("publisher %d: message %d is damaged", p, i)
	}
	k.next[p]++
	if k.next[0] == k.want && k.next[1] == k.want {
		close(k.done)
	}
	return nil
}

// Small and huge messages on several topics, two publishers, subscribers fast and slow, one of whom pings all the time:
// everybody gets everything, whole.
func TestMixedLoad(t *testing.T) {
	t.Parallel()
	const each = 700
	b := startBroker(t, BrokerOptions{Options: Options{SndHWM: 50}})
	witness := startNode(t, b, Options{})
	slow := stuckSubscriber(t, b, witness, "t")
	fast := newTracker(each)
	sub, err := ConnectXSub(b.XPubEndpoint(), Options{}, XSubHandler{Message: func(m Message) {
		if err := fast.see(m); err != nil {
			t.Error("fast: ", err)
		}
	}})
	check(t, err)
	defer sub.Close()
	for _, topic := range []string{"t0", "t1", "t2", "t"} {
		check(t, sub.Subscribe(topic))
		witness.pubEvent.has(t, "+"+topic)
	}

	var all sync.WaitGroup
	defer all.Wait()
	for p := range 2 {
		n := startNode(t, b, Options{})
		n.pubEvent.has(t, "+t0", "+t1", "+t2", "+t")
		all.Go(func() {
			random := rand.New(rand.NewSource(int64(p)))
			for i := range each {
				m := tracked(random, p, i)
				for n.pub.Send(m) != nil {
					time.Sleep(100 * time.Microsecond)
				}
			}
		})
	}
	all.Go(func() { readSlowly(t, slow, newTracker(each)) })
	<-fast.done
}

// readSlowly reads in bits and pieces, and pings again whenever it was answered.
func readSlowly(t *testing.T, nc net.Conn, all *tracker) {
	random := rand.New(rand.NewSource(9))
	in := newReader(randomReader{nc, random}, 20<<20)
	pongs := 0
	ping := func() {
		if _, err := nc.Write([]byte(pingWire)); err != nil {
			t.Error("slow: ", err)
		}
	}
	for ping(); ; {
		p, err := in.next()
		switch {
		case err != nil:
			t.Error("slow: ", err)
			return
		case string(p.wire) == pongWire:
			pongs++
			ping()
			continue
		}
		if err := all.see(p.message()); err != nil {
			t.Error("slow: ", err)
			return
		}
		select {
		case <-all.done:
			if pongs == 0 {
				t.Error("no PONG")
			}
			return
		default:
		}
	}
}

// With Drop every message is either delivered or counted, and what is delivered keeps its order.
func TestDropsAreCounted(t *testing.T) {
	t.Parallel()
	opts := small
	opts.Drop = true
	b := startBroker(t, BrokerOptions{Options: opts})
	n := startNode(t, b, Options{})
	stuck := stuckSubscriber(t, b, n, "t")
	const messages = 5000
	payload := make([]byte, 1000)
	for i := range messages {
		m := Message{[]byte("t"), fmt.Append(nil, i), payload}
		eventually(t, "room", func() bool { return n.pub.Send(m) == nil })
	}
	eventually(t, "all to be dealt with", func() bool {
		s := b.Stats()
		return s.Delivered.Messages+s.Drops == messages
	})
	s := b.Stats()
	if s.Drops == 0 || s.Delivered.Messages == 0 {
		t.Fatalf("%d drops, %d delivered", s.Drops, s.Delivered.Messages)
	}
	in := newReader(stuck, 1<<20)
	last := -1
	for range s.Delivered.Messages {
		p, err := in.next()
		check(t, err)
		var i int
		fmt.Sscan(string(p.frame(1)), &i)
		if i <= last || len(p.frame(2)) != len(payload) {
			t.Fatalf("got message %d of %d bytes after %d", i, len(p.frame(2)), last)
		}
		last = i
	}
	check(t, stuck.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
	if n, err := stuck.Read(make([]byte, 1)); n > 0 || err == io.EOF {
		t.Error("more than was counted was delivered")
	}
}

// A subscriber that leaves with its queue full leaves no memory behind, although its publisher says nothing more.
func TestQueueOfWhoLeftIsFreed(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{Options: small})
	n := startNode(t, b, small)
	stuck := stuckSubscriber(t, b, n, "t")
	fill(n, "t")
	c := b.subs.current()
	stuck.Close()
	n.pubEvent.has(t, "-t")
	for _, c := range c {
		eventually(t, "an empty queue", func() bool {
			c.out.mu.Lock()
			defer c.out.mu.Unlock()
			return c.out.count() == 0
		})
	}
}

// Nothing is allocated for a message: what there is belongs to a batch.
func TestAllocations(t *testing.T) {
	const messages = 1000
	d := newDesk(2)
	check(t, d.table.subscribe(d.subs[0], "zeek."))
	check(t, d.table.subscribe(d.subs[1], ""))
	src := new(again)
	for range messages {
		src.wire = appendMessage(src.wire, fourFrames())
	}
	p := d.publisher(src)
	push := newOutq(d.opts)
	receiver := newReader(src, 1<<20)
	var slab slab
	for name, run := range map[string]func(){
		"broker": func() {
			for range messages {
				p.step(t)
			}
			p.flush()
			for _, s := range d.subs {
				s.out.data.reset()
			}
		},
		"sender": func() {
			m := fourFrames()
			for range messages {
				check(t, push.putMessage(m, m.wireSize()))
			}
			push.data.reset()
		},
		"receiver": func() {
			for range messages {
				p, err := receiver.next()
				check(t, err)
				slab.message(p)
			}
		},
	} {
		if got := testing.AllocsPerRun(10, run) / messages; got > 0.1 {
			t.Errorf("%s: %.2f allocations per message", name, got)
		}
	}
}

// again yields the same bytes over and over.
type again struct {
	wire []byte
	at   int
}

func (a *again) Read(p []byte) (int, error) {
	n := copy(p, a.wire[a.at:])
	a.at = (a.at + n) % len(a.wire)
	return n, nil
}
