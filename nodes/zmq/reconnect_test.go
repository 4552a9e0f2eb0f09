package zmq

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

// The broker restarts: nodes come back by themselves and bring their topics, in the order they were subscribed.
func TestBrokerRestart(t *testing.T) {
	t.Parallel()
	xpub, xsub := ipcPair(t)
	at := BrokerOptions{ListenXPub: xpub, ListenXSub: xsub}
	n := startNodeAt(t, xsub, xpub, Options{}) // before there is a broker at all
	check(t, n.pub.Send(message("z", "to nobody")))
	check(t, n.sub.Subscribe("z"))
	check(t, n.sub.Subscribe("a"))
	check(t, n.sub.Subscribe("gone"))
	check(t, n.sub.Unsubscribe("gone"))
	for round := range 3 {
		b := startBroker(t, at)
		n.pubEvent.await(t, "topics", func(list []string) bool {
			return count(list, "up") == round+1 && count(list, "+z") == round+1 && count(list, "+a") == round+1
		})
		if n.pub.knows("gone") {
			t.Error("a topic of the former broker is still served")
		}
		check(t, n.pub.Send(message("z", fmt.Sprint(round))))
		n.subEvent.has(t, fmt.Sprintf("z|%d", round))
		check(t, n.sub.Subscribe("gone"))
		n.pubEvent.await(t, "+gone", func(list []string) bool { return count(list, "+gone") == round+1 })
		check(t, b.Close())
		n.pubEvent.await(t, "down", func(list []string) bool { return count(list, "down") == round+1 })
		n.subEvent.await(t, "down", func(list []string) bool { return count(list, "down") == round+1 })
		check(t, n.pub.Send(message("z", "while the bus is down")))
		check(t, n.sub.Unsubscribe("gone"))
	}
	list, _ := n.pubEvent.all()
	if len(list) != 15 {
		t.Fatalf("got %q, no invented unsubscriptions expected", list)
	}
	for round := range 3 {
		got := list[5*round : 5*round+5]
		if got[0] != "up" || got[3] != "+gone" || got[4] != "down" {
			t.Errorf("round %d: got %q", round, got)
		}
	}
	messages, _ := n.subEvent.all()
	if want := strings.Fields("up z|0 down up z|1 down up z|2 down"); !slices.Equal(messages, want) {
		t.Errorf("got %q, want %q", messages, want)
	}
}

// knows says whether anybody is known to subscribe to exactly this topic.
func (x *XPub) knows(topic string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	_, ok := x.topics.get(topic)
	return ok
}

// What XPub reports of what a broker says: everything added, even again, and removed only what is known.
func TestXPubEvents(t *testing.T) {
	t.Parallel()
	endpoint, _ := fakeServer(t, func(nc net.Conn) {
		if handshake(nc, zmq4.XSub, null.Security(), true, patience) != nil {
			return
		}
		_, _ = nc.Write([]byte("\x00\x08\x00unknown\x00\x02\x01a\x00\x02\x01a\x04\x0b\x09SUBSCRIBEb" +
			"\x00\x02\x00a\x00\x02\x00a\x04\x08\x06CANCELb\x00\x04\x01end"))
		_, _ = nc.Read(make([]byte, 1))
	})
	n := newEvents()
	x, err := ConnectXPub(endpoint, Options{limits: limits{topicLen: 3, allTopics: 2}}, XPubHandler{
		Subscribed:   func(topic []byte) { n.add("+%s", topic) },
		Unsubscribed: func(topic []byte) { n.add("-%s", topic) },
	})
	check(t, err)
	defer x.Close()
	n.has(t, "+end")
	if list, _ := n.all(); strings.Join(list, " ") != "+a +a +b -a -b +end" {
		t.Errorf("got %q", list)
	}
}

// A broker that knows more topics than we want to remember is served as far as we do.
func TestXPubBoundsTopics(t *testing.T) {
	t.Parallel()
	endpoint, _ := fakeServer(t, func(nc net.Conn) {
		if handshake(nc, zmq4.XSub, null.Security(), true, patience) != nil {
			return
		}
		_, _ = nc.Write([]byte(endlessTopics(1000) + string(appendSubscription(nil, "endless.0", false)) +
			string(appendSubscription(nil, strings.Repeat("x", 2000), true)) + string(appendSubscription(nil, "end", true))))
		_, _ = nc.Read(make([]byte, 1))
	})
	log, lines := logged()
	n := newEvents()
	x, err := ConnectXPub(endpoint, Options{Log: log, limits: limits{allTopics: 10}}, XPubHandler{
		Subscribed: func(topic []byte) { n.add("+%s", topic) },
	})
	check(t, err)
	defer x.Close()
	n.has(t, "+end")
	lines.contains(t, "ignoring subscriptions")
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.topics.len() != 10 {
		t.Errorf("knows %d topics", x.topics.len())
	}
}

func TestBrokerRestartOverTCP(t *testing.T) {
	t.Parallel()
	pid := os.Getpid() // no other run of the tests has the address; the ports are not in the range of ephemeral ones
	host := fmt.Sprintf("tcp://127.%d.%d.%d", 64|pid>>16&63, pid>>8&255, 1|pid&254)
	xpub, xsub := fmt.Sprint(host, ":", 15555+2*(pid&1)), fmt.Sprint(host, ":", 15556+2*(pid&1))
	n := startNodeAt(t, xsub, xpub, Options{})
	check(t, n.sub.Subscribe("t"))
	for round := range 3 {
		b := startBroker(t, BrokerOptions{ListenXPub: xpub, ListenXSub: xsub})
		n.pubEvent.await(t, "+t", func(list []string) bool { return count(list, "+t") == round+1 })
		check(t, b.Close())
		n.pubEvent.await(t, "down", func(list []string) bool { return count(list, "down") == round+1 })
	}
}

// Only the subscriber's connection bounces: everybody sees its topics go and come again (wire T9).
func TestXSubBounce(t *testing.T) {
	t.Parallel()
	b := startBroker(t, BrokerOptions{})
	n, witness := startNode(t, b, Options{}), startNode(t, b, Options{})
	check(t, n.sub.Subscribe("id"))
	n.ready(t)
	witness.ready(t)
	n.sub.mu.Lock()
	n.sub.conn.nc.Close()
	n.sub.mu.Unlock()
	witness.pubEvent.await(t, "+id -id +id", func(list []string) bool { return count(list, "+id") == 2 })
	list, _ := witness.pubEvent.all()
	list = slices.DeleteFunc(list, func(s string) bool { return !strings.HasSuffix(s, "id") })
	if want := []string{"+id", "-id", "+id"}; !slices.Equal(list, want) {
		t.Errorf("got %q, want %q", list, want)
	}
	n.subEvent.await(t, "up", func(list []string) bool { return count(list, "up") == 2 })
}

// A node that starts together with its broker is connected within milliseconds of the broker being there.
func TestQuickFirstRetries(t *testing.T) {
	t.Parallel()
	xpub, xsub := ipcPair(t)
	n := startNodeAt(t, xsub, xpub, Options{limits: limits{retryMax: 20 * time.Millisecond}})
	startBroker(t, BrokerOptions{ListenXPub: xpub, ListenXSub: xsub})
	n.pubEvent.has(t, "up")
	n.subEvent.has(t, "up")
}

// fakeServer accepts connections, lets serve have them one after the other, and counts them.
func fakeServer(t *testing.T, serve func(nc net.Conn)) (endpoint string, accepted *atomic.Int64) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	accepted = new(atomic.Int64)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			_ = nc.SetDeadline(time.Now().Add(patience))
			serve(nc)
			nc.Close()
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		<-ended
	})
	return endpointOf(ln.Addr()), accepted
}

// An endpoint that refuses us is logged once for each cause, and never tried in a busy loop.
func TestRefusedIsRetriedSlowly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		serve func(nc net.Conn)
		logs  string
	}{
		"wrong socket type": {func(nc net.Conn) {
			_ = handshake(nc, zmq4.Pull, null.Security(), true, patience)
		}, "not compatible"},
		"not ZMTP": {func(nc net.Conn) {
			_, _ = nc.Write([]byte(strings.Repeat("HTTP/1.1 400 Bad Request\r\n", 4)))
		}, "invalid greeting"},
		"protocol error later": {func(nc net.Conn) {
			if handshake(nc, zmq4.XSub, null.Security(), true, patience) == nil {
				_, _ = nc.Write([]byte("\xff\xff\xff\xff"))
				_, _ = nc.Read(make([]byte, 1))
			}
		}, "flags 0xff"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			endpoint, accepted := fakeServer(t, c.serve)
			log, lines := logged()
			opts := Options{Log: log, limits: limits{retryMin: time.Millisecond, retryMax: 200 * time.Millisecond}}
			start := time.Now() // the first attempt does not wait for us
			x, err := ConnectXPub(endpoint, opts, XPubHandler{})
			check(t, err)
			defer x.Close()
			eventually(t, "a second attempt, and a third", func() bool { return accepted.Load() >= 3 })
			if took := time.Since(start); took < 200*time.Millisecond {
				t.Errorf("three attempts within %v", took)
			}
			lines.contains(t, c.logs)
			warnings := 0
			list, _ := lines.all()
			for _, line := range list {
				if strings.Contains(line, "level=WARN") {
					warnings++
				}
			}
			if warnings != 1 {
				t.Errorf("%d warnings:\n%s", warnings, strings.Join(list, ""))
			}
		})
	}
}

// A connection that always ends at once is retried less and less often, although each handshake succeeds.
func TestUnsettledConnectionBacksOff(t *testing.T) {
	t.Parallel()
	endpoint, accepted := fakeServer(t, func(nc net.Conn) {
		_ = handshake(nc, zmq4.XSub, null.Security(), true, patience)
	})
	start := time.Now()
	x, err := ConnectXPub(endpoint, Options{}, XPubHandler{})
	check(t, err)
	defer x.Close()
	eventually(t, "several attempts", func() bool { return accepted.Load() >= 7 })
	if took, least := time.Since(start), 315*time.Millisecond/2; took < least { // 5+10+20+40+80+160 ms, jittered by half
		t.Errorf("seven attempts within %v, want %v at least", took, least)
	}
}

// Close returns at once in every state of connecting.
func TestCloseWhileConnecting(t *testing.T) {
	t.Parallel()
	silent, accepted := fakeServer(t, func(nc net.Conn) { _, _ = nc.Read(make([]byte, 1000)); _, _ = nc.Read(make([]byte, 1)) })
	for name, endpoint := range map[string]string{"nobody listens": "ipc:///nonexistent/socket", "silence": silent} {
		pub, err := ConnectXPub(endpoint, Options{}, XPubHandler{})
		check(t, err)
		sub, err := ConnectXSub(endpoint, Options{}, XSubHandler{})
		check(t, err)
		push, err := ConnectPush([]string{endpoint}, Options{})
		check(t, err)
		if endpoint == silent {
			eventually(t, "a connection", func() bool { return accepted.Load() > 0 })
		}
		promptly(t, "Close with "+name, func() {
			pub.Close()
			sub.Close()
			push.Close()
		})
	}
}
