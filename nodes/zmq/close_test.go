package zmq

import (
	"fmt"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
)

// patient does not give up flushing before the test gives up waiting.
var patient = Options{Linger: patience}

// Close loses nothing of what Send took, although subscriptions come in all the time (zmq4 7.3).
func TestXPubCloseFlushes(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{})
	receiver := startNode(t, b, Options{})
	check(t, receiver.sub.Subscribe("t"))
	receiver.ready(t)
	defer churn(t, b)()
	sent := 0
	for range 20 {
		n := startNode(t, b, patient)
		n.ready(t)
		for range 900 {
			check(t, n.pub.Send(message("t", fmt.Sprint(sent))))
			sent++
		}
		check(t, n.pub.Close())
		receiver.subEvent.await(t, "everything sent", func(list []string) bool { return len(list) == sent+1 })
	}
	list, _ := receiver.subEvent.all()
	for i := range sent {
		if want := fmt.Sprintf("t|%d", i); list[i+1] != want {
			t.Fatalf("message %d is %q", i, list[i+1])
		}
	}
}

// churn keeps every publisher hearing of subscriptions until the returned function is called.
func churn(t *testing.T, b *Broker) (stop func()) {
	t.Helper()
	quit, ended := make(chan struct{}), make(chan struct{})
	up, seen := make(chan struct{}, 2), make(chan struct{}, 1000)
	connected := func() { up <- struct{}{} }
	pub, err := ConnectXPub(b.XSubEndpoint(), Options{}, XPubHandler{Connected: connected, Unsubscribed: func(topic []byte) {
		if string(topic) == "churn" {
			seen <- struct{}{}
		}
	}})
	check(t, err)
	sub, err := ConnectXSub(b.XPubEndpoint(), Options{}, XSubHandler{Connected: connected})
	check(t, err)
	<-up
	<-up
	go func() {
		defer close(ended)
		for {
			_ = sub.Subscribe("churn")
			_ = sub.Unsubscribe("churn")
			select {
			case <-seen:
			case <-quit:
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-ended
		pub.Close()
		sub.Close()
	}
}

func TestPushCloseFlushes(t *testing.T) {
	t.Parallel()
	var got atomic.Int64
	pull, err := BindPull("tcp://127.0.0.1:0", Options{}, func(Message) { got.Add(1) })
	check(t, err)
	defer pull.Close()
	want := int64(0)
	for range 20 {
		push, err := ConnectPush([]string{pull.Endpoint()}, patient)
		check(t, err)
		for range 1000 { // before it is even connected
			check(t, push.Send(message("log-write", "id", "format", "batch")))
			want++
		}
		check(t, push.Close())
	}
	eventually(t, "all messages", func() bool { return got.Load() == want })
}

// A Pull that goes and comes back, over and over: everything is handled, once and in order.
func TestPullRestartLosesNothing(t *testing.T) {
	t.Parallel()
	endpoint, _ := ipcPair(t)
	push, err := ConnectPush([]string{endpoint}, patient)
	check(t, err)
	var stop atomic.Bool
	total := make(chan int)
	go func() {
		sent := 0
		for !stop.Load() {
			if push.Send(message("log-write", fmt.Sprint(sent))) == nil {
				sent++
			} else {
				time.Sleep(100 * time.Microsecond)
			}
		}
		total <- sent
	}()
	next := 0
	var wrong error
	// round runs a Pull until it handled message number until.
	round := func(until int) {
		reached := make(chan struct{})
		pull, err := BindPull(endpoint, patient, func(m Message) {
			if got := string(m[1]); got != fmt.Sprint(next) && wrong == nil {
				wrong = fmt.Errorf("got message %s, want %d", got, next)
			}
			if next++; next == until {
				close(reached)
			}
		})
		check(t, err)
		<-reached
		check(t, pull.Close())
		check(t, wrong)
	}
	for range 10 {
		round(next + 1000)
	}
	stop.Store(true)
	sent := <-total
	if next < sent {
		round(sent)
	}
	check(t, push.Close())
	if next != sent {
		t.Errorf("%d of %d messages", next, sent)
	}
}

// Closing the broker delivers what publishers had sent before they heard of it, however long the way.
func TestBrokerCloseFlushes(t *testing.T) {
	t.Parallel()
	opts := small
	opts.Linger, opts.SndHWM = patience, 10
	b := startBroker(t, BrokerOptions{Options: opts})
	n := startNode(t, b, small)
	sub := stuckSubscriber(t, b, n, "t")
	pub := rawPeer(t, b.XSubEndpoint(), zmq4.XPub)
	const messages = 3000
	sent := make(chan error, 1)
	go func() {
		payload := make([]byte, 1000)
		var err error
		for i := 0; i < messages && err == nil; i++ {
			_, err = pub.Write(appendMessage(nil, Message{[]byte("t"), fmt.Append(nil, i), payload}))
		}
		pub.(*net.TCPConn).CloseWrite()
		sent <- err
	}()
	eventually(t, "a full queue", func() bool {
		return slices.ContainsFunc(b.subs.current(), func(c *conn) bool { return c.out.full() })
	})
	closed := make(chan struct{})
	go func() {
		b.Close()
		close(closed)
	}()
	awaitClosed(t, pub) // that is, it was told
	in := newReader(sub, 10_000)
	for i := range messages {
		p, err := in.next()
		check(t, err)
		if got := string(p.frame(1)); got != fmt.Sprint(i) {
			t.Fatalf("got message %s, want %d", got, i)
		}
	}
	if _, err := in.next(); err != io.EOF {
		t.Errorf("got %v, want the end", err)
	}
	check(t, <-sent)
	sub.Close()
	<-closed
}

// Close gives up after Linger, and at once where Linger is negative.
func TestLingerIsBounded(t *testing.T) {
	t.Parallel()
	took := func(what string, close func() error) time.Duration {
		start := time.Now()
		promptly(t, what, func() { check(t, close()) })
		return time.Since(start)
	}
	for _, c := range []struct{ linger, least time.Duration }{{300 * time.Millisecond, 200 * time.Millisecond}, {-1, 0}} {
		opts := small
		opts.Linger = c.linger
		b := startBroker(t, BrokerOptions{Options: opts})
		n := startNode(t, b, opts)
		stuckSubscriber(t, b, n, "t")
		fill(n, "t")
		if took := took("XPub", n.pub.Close); took < c.least {
			t.Errorf("XPub, linger %v: took %v", c.linger, took)
		}
		took("Broker", b.Close)
		push, err := ConnectPush([]string{"ipc:///nonexistent/socket"}, opts)
		check(t, err)
		check(t, push.Send(message("nobody will ever take this")))
		if took := took("Push", push.Close); took < c.least {
			t.Errorf("Push, linger %v: took %v", c.linger, took)
		}
	}
}

// No handler runs after Close returned.
func TestNoHandlerAfterClose(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{})
	sender := startNode(t, b, Options{})
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			default:
				_ = sender.pub.Send(message("t", "x"))
			}
		}
	}()
	for range 20 {
		var closed, late atomic.Bool
		some := make(chan struct{}, 1)
		sub, err := ConnectXSub(b.XPubEndpoint(), Options{}, XSubHandler{Message: func(Message) {
			late.Store(late.Load() || closed.Load())
			select {
			case some <- struct{}{}:
			default:
			}
		}})
		check(t, err)
		check(t, sub.Subscribe("t"))
		<-some
		check(t, sub.Close())
		closed.Store(true)
		if late.Load() {
			t.Error("a handler ran after Close")
		}
	}
	close(stop)
	<-ended
}
