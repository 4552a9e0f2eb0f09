package zmq

import (
	"bytes"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"
)

// desk is a broker's inside without connections: publishers read from memory, subscribers' queues are looked at.
type desk struct {
	*Broker
	subs []*subscriber
}

func newDesk(subscribers int) *desk {
	opts := Options{SndHWM: 1 << 30, MaxMessage: 1 << 30}.withDefaults()
	d := &desk{Broker: &Broker{opts: opts, table: newTable(opts.limits, new(flow))}}
	for i := range subscribers {
		s := testSubscriber(uint64(i))
		s.conn = &conn{out: newOutq(opts)}
		d.subs = append(d.subs, s)
	}
	return d
}

func (d *desk) publisher(src io.Reader) *publisher {
	p := testPublisher()
	p.in = newReader(src, d.opts.MaxMessage)
	p.start(d.Broker)
	return p
}

// got returns what waits for subscriber i.
func (d *desk) got(i int) []byte { return d.subs[i].out.data.wire() }

// step forwards the publisher's next message.
func (p *publisher) step(t *testing.T) {
	t.Helper()
	msg, err := p.next()
	check(t, err)
	p.forward(msg)
}

// A subscription counts from the next message on, even if that was read together with the one before.
func TestSubscriptionsChangeWithinABatch(t *testing.T) {
	t.Parallel()
	d := newDesk(2)
	var wire []byte
	for i := range 6 {
		wire = appendMessage(wire, message("topic", fmt.Sprint(i)))
	}
	p := d.publisher(bytes.NewReader(wire))
	for _, change := range []func(){
		func() {},
		func() { check(t, d.table.subscribe(d.subs[0], "top")) },
		func() { check(t, d.table.subscribe(d.subs[1], "")) },
		func() { check(t, d.table.subscribe(d.subs[0], "")) }, // overlaps: still once
		func() { d.table.unsubscribe(d.subs[0], "top") },      // the other one remains
		func() { d.table.remove(d.subs[0]) },
	} {
		change()
		p.step(t)
	}
	p.flush()
	size := len(wire) / 6
	for i, want := range [][]byte{wire[size : 5*size], wire[2*size:]} {
		if got := d.got(i); !bytes.Equal(got, want) {
			t.Errorf("subscriber %d: got %d messages, want %d", i, len(got)/size, len(want)/size)
		}
	}
}

// Random topics, sizes, subscriptions and reads: each subscriber gets exactly the matching messages, once and in order,
// although buffers are filled again and again.
func TestForwardMatchesModel(t *testing.T) {
	t.Parallel()
	for seed := range int64(20) {
		random := rand.New(rand.NewSource(seed))
		topic := func() string { return strings.Repeat("a", random.Intn(3)) + strings.Repeat("b", random.Intn(3)) }
		d := newDesk(4)
		want := make([][]byte, len(d.subs))
		got := make([][]byte, len(d.subs))
		var sent []Message
		var wire []byte
		for i := range 800 {
			payload := make([]byte, random.Intn(600))
			if random.Intn(40) == 0 {
				payload = make([]byte, random.Intn(3*chunkSize))
			}
			random.Read(payload)
			sent = append(sent, Message{[]byte(topic()), fmt.Append(nil, i), payload})
			wire = appendMessage(wire, sent[i])
			if random.Intn(4) == 0 {
				wire = append(wire, pingWire...) // stands between neighbours
			}
		}
		p := d.publisher(randomReader{bytes.NewReader(wire), random})
		for _, m := range sent {
			s := d.subs[random.Intn(len(d.subs))]
			switch random.Intn(30) {
			case 0:
				check(t, d.table.subscribe(s, topic()))
			case 1:
				d.table.unsubscribe(s, topic())
			case 2: // a writer comes by and is done with what it took
				for i, s := range d.subs {
					got[i] = append(got[i], d.got(i)...)
					s.out.data.reset()
				}
			}
			for i, s := range d.subs {
				for held := range s.topics {
					if strings.HasPrefix(string(m[0]), held) {
						want[i] = appendMessage(want[i], m)
						break
					}
				}
			}
			p.step(t)
		}
		p.flush()
		for i := range d.subs {
			if got := append(got[i], d.got(i)...); !bytes.Equal(got, want[i]) {
				t.Fatalf("seed %d: subscriber %d got %d bytes, want %d, or others", seed, i, len(got), len(want[i]))
			}
		}
	}
}

// Whoever sends each message with a topic of its own does not make the broker remember all of them.
func TestRoutesAreBounded(t *testing.T) {
	t.Parallel()
	d := newDesk(1)
	check(t, d.table.subscribe(d.subs[0], "t"))
	r := newRoutes(d.table)
	for i := range 2 * maxRoutes {
		if got := r.find(fmt.Append(nil, "t", i)); len(got.loads) != 1 || got.loads[0].to != d.subs[0] {
			t.Fatal("wrong route")
		}
	}
	r.find(bytes.Repeat([]byte("t"), maxRouteTopic+1))
	if len(r.byTopic) > maxRoutes {
		t.Errorf("%d routes", len(r.byTopic))
	}
}
