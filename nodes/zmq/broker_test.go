package zmq

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/go-zeromq/zmq4"
)

func TestBrokerForwards(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{})
	one, two := startNode(t, b, Options{}), startNode(t, b, Options{})
	check(t, one.sub.Subscribe("zeek.a"))
	check(t, one.sub.Subscribe("zeek."))
	check(t, two.sub.Subscribe("zeek.b"))
	one.ready(t)
	two.ready(t)
	for _, n := range []*node{one, two} { // every node sees all subscriptions, its own, too (wire 1.6)
		n.pubEvent.has(t, "+zeek.a", "+zeek.", "+zeek.b")
	}

	check(t, one.pub.Send(message("zeek.b.1", "from one", "f", "")))
	check(t, two.pub.Send(message("zeek.a.1", "from two", "f", "payload")))
	check(t, two.pub.Send(message("other", "nobody", "wants", "this")))
	check(t, two.pub.Send(message("zeek.z")))
	two.subEvent.has(t, "zeek.b.1|from one|f|")
	one.subEvent.has(t, "zeek.b.1|from one|f|", "zeek.a.1|from two|f|payload", "zeek.z")

	check(t, one.sub.Unsubscribe("zeek."))
	two.pubEvent.has(t, "-zeek.")
	check(t, two.pub.Send(message("zeek.c")))
	check(t, two.pub.Send(message("zeek.a.2")))
	list := one.subEvent.await(t, "zeek.a.2", func(list []string) bool { return count(list, "zeek.a.2") > 0 })
	want := []string{"up", "zeek.a.1|from two|f|payload", "zeek.a.2", "zeek.b.1|from one|f|", "zeek.z"}
	slices.Sort(list)
	if !slices.Equal(list, want) {
		t.Errorf("got %q, want %q", list, want)
	}
}

func TestBrokerKeepsOrder(t *testing.T) {
	t.Parallel()
	const each = 20_000
	b := startBroker(t, BrokerOptions{})
	receiver := startNode(t, b, Options{})
	check(t, receiver.sub.Subscribe("t"))
	receiver.ready(t)
	for p := range 3 {
		sender := startNode(t, b, Options{})
		sender.ready(t)
		go func() {
			for i := 0; i < each; {
				if sender.pub.Send(message("t", fmt.Sprint(p), fmt.Sprint(i))) == nil {
					i++
				}
			}
		}()
	}
	list := receiver.subEvent.await(t, "all messages", func(list []string) bool { return len(list) == 3*each+1 })
	var next [3]int
	for _, m := range list[1:] {
		var p, i int
		fmt.Sscanf(m, "t|%d|%d", &p, &i)
		if i != next[p] {
			t.Fatalf("publisher %d: got message %d, want %d", p, i, next[p])
		}
		next[p]++
	}
}

// A new publisher hears everything that is known, then what happens (wire 1.6), in one order (wire 1.7).
func TestNewPublisherHearsAllTopicsFirst(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{})
	old := startNode(t, b, Options{})
	for i := range 1000 {
		check(t, old.sub.Subscribe(fmt.Sprintf("topic.%04d", i)))
	}
	old.ready(t)
	late := startNode(t, b, Options{})
	late.pubEvent.has(t, "up", "+topic.0000")
	check(t, old.sub.Unsubscribe("topic.0500"))
	late.pubEvent.await(t, "the end of it", func(list []string) bool { return len(list) == 1002 })
	list, _ := late.pubEvent.all()
	for i := range 1000 {
		if want := fmt.Sprintf("+topic.%04d", i); list[i+1] != want {
			t.Fatalf("event %d is %q, want %q", i+1, list[i+1], want)
		}
	}
	if list[1001] != "-topic.0500" {
		t.Errorf("last event is %q", list[1001])
	}
}

// A connection that dies yields one unsubscription for each topic that nobody else holds.
func TestKilledSubscriber(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{})
	witness := startNode(t, b, Options{})
	check(t, witness.sub.Subscribe("shared"))
	witness.ready(t)
	victim := rawPeer(t, b.XPubEndpoint(), zmq4.XSub)
	for _, topic := range []string{"shared", "a", "b", "a"} { // a twice: libzmq would never report its end
		_, err := victim.Write(appendSubscription(nil, topic, true))
		check(t, err)
	}
	witness.pubEvent.has(t, "+a", "+b")
	victim.Close()
	witness.pubEvent.has(t, "-a", "-b")
	witness.ready(t)
	if list, _ := witness.pubEvent.all(); count(list, "-a") != 1 || count(list, "-shared") != 0 {
		t.Errorf("got %q", list)
	}
}

// SUB and PUB peers, and the commands of ZMTP 3.1, beside what Zeek uses (wire 1.6, T29).
func TestBrokerAcceptsAllForms(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{})
	witness := startNode(t, b, Options{})
	witness.ready(t)
	sub := rawPeer(t, b.XPubEndpoint(), zmq4.Sub)
	wire := appendCommand(nil, zmq4.CmdSubscribe, []byte("command"))
	wire = appendSubscription(wire, "plain", true)
	wire = appendCommand(wire, "WHATEVER", []byte("ignored"))
	wire = appendMessage(wire, message("\x02user", "message"))
	wire = appendCommand(wire, zmq4.CmdSubscribe, []byte("gone"))
	wire = appendCommand(wire, zmq4.CmdCancel, []byte("gone"))
	_, err := sub.Write(wire)
	check(t, err)
	witness.pubEvent.has(t, "+command", "+plain", "+gone", "-gone")

	pub := rawPeer(t, b.XSubEndpoint(), zmq4.Pub)
	long := strings.Repeat("x", 20_000)
	wire = appendCommand(nil, "WHATEVER", nil)
	wire = appendMessage(wire, message("plain", "1", long))
	wire = appendMessage(wire, message("command", "2"))
	_, err = pub.Write(wire)
	check(t, err)
	in := newReader(sub, 1<<20)
	for _, want := range []Message{message("plain", "1", long), message("command", "2")} {
		p, err := in.next()
		check(t, err)
		if !equal(p.message(), want) {
			t.Errorf("got %.100q, want %.100q", p.message(), want)
		}
	}
}

// Frames may be of any form: the broker passes on the very bytes.
func TestBrokerForwardsBytesVerbatim(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{})
	witness := startNode(t, b, Options{})
	sub := rawPeer(t, b.XPubEndpoint(), zmq4.XSub)
	_, err := sub.Write(appendSubscription(nil, "t", true))
	check(t, err)
	witness.pubEvent.has(t, "+t")
	wire := []byte("\x03\x00\x00\x00\x00\x00\x00\x00\x01t\x00\x03abc") // a long header where a short one would do
	pub := rawPeer(t, b.XSubEndpoint(), zmq4.XPub)
	_, err = pub.Write(wire)
	check(t, err)
	got := make([]byte, len(wire))
	_, err = io.ReadFull(sub, got)
	check(t, err)
	if !bytes.Equal(got, wire) {
		t.Errorf("got % x, want % x", got, wire)
	}
}

func TestLargeMessage(t *testing.T) {
	t.Parallel()
	payload := bytes.Repeat([]byte("0123456789"), 1<<20) // 10 MB
	b := startBroker(t, BrokerOptions{})
	sender := startNode(t, b, Options{})
	got := make(chan Message, 1)
	sub, err := ConnectXSub(b.XPubEndpoint(), Options{}, XSubHandler{Message: func(m Message) { got <- m }})
	check(t, err)
	defer sub.Close()
	check(t, sub.Subscribe("big"))
	sender.pubEvent.has(t, "+big")
	check(t, sender.pub.Send(Message{[]byte("big"), nil, payload}))
	m := <-got
	if len(m) != 3 || sha256.Sum256(m[2]) != sha256.Sum256(payload) {
		t.Errorf("got %d frames, the last of %d bytes", len(m), len(m[len(m)-1]))
	}

	pull, err := BindPull("tcp://127.0.0.1:0", Options{}, func(m Message) { got <- m })
	check(t, err)
	defer pull.Close()
	push, err := ConnectPush([]string{pull.Endpoint()}, Options{})
	check(t, err)
	defer push.Close()
	check(t, push.Send(Message{payload}))
	if m := <-got; len(m) != 1 || !bytes.Equal(m[0], payload) {
		t.Errorf("got %d frames of %d bytes", len(m), len(m[0]))
	}
}

func TestSendRefusesWhatNoPeerTakes(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{})
	n := startNode(t, b, Options{MaxMessage: 100})
	push, err := ConnectPush(nil, Options{MaxMessage: 100})
	check(t, err)
	defer push.Close()
	for _, m := range []Message{nil, message("t", strings.Repeat("x", 100)), make(Message, maxFrames+1)} {
		for _, err := range []error{n.pub.Send(m), push.Send(m)} {
			if err == nil || !strings.HasPrefix(err.Error(), "cannot send") {
				t.Errorf("%d frames: got %v", len(m), err)
			}
		}
	}
	check(t, push.Send(message("nobody to send to")))
	check(t, n.sub.Subscribe(strings.Repeat("x", 1024)))
	if err := n.sub.Subscribe(strings.Repeat("x", 1025)); err == nil {
		t.Error("a topic was taken that the broker refuses")
	}
}

func TestUseAfterClose(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{})
	n := startNode(t, b, Options{})
	push, err := ConnectPush(nil, Options{})
	check(t, err)
	pull, err := BindPull("tcp://127.0.0.1:0", Options{}, func(Message) {})
	check(t, err)
	for range 2 { // a second Close does nothing
		check(t, n.pub.Close())
		check(t, n.sub.Close())
		check(t, push.Close())
		check(t, pull.Close())
		check(t, b.Close())
	}
	for _, err := range []error{
		n.pub.Send(message("t")), n.sub.Subscribe("t"), n.sub.Unsubscribe("t"),
		push.Send(message("t")), push.SetEndpoints(nil),
	} {
		if err != ErrClosed {
			t.Errorf("got %v, want ErrClosed", err)
		}
	}
}
