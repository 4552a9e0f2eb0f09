package main

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"zctl/nodes/zmq"
	"zctl/nodes/zmq/curve"
	"zctl/supervisor"
)

// A party is a bus with a witness at it.
type party struct {
	*testing.T
	xpub, xsub string // endpoints of the broker
	keys       *curve.Keys
	sights     chan supervisor.Sight
}

const partyPatience = time.Minute

func newParty(t *testing.T, keys *curve.Keys) *party {
	port := portBlock() // free ones that the kernel gives to nobody while the broker is away
	endpoint := func(n int) string { return fmt.Sprintf("tcp://127.0.0.1:%d", port+n) }
	return &party{T: t, xpub: endpoint(0), xsub: endpoint(1), keys: keys, sights: make(chan supervisor.Sight, 1000)}
}

func (p *party) invite() {
	ctx, cancel := context.WithCancel(context.Background())
	bus := supervisor.Bus{Endpoint: p.xsub, Keys: map[string]string{}}
	if p.keys != nil {
		for _, entry := range p.keys.Env() {
			name, value, _ := strings.Cut(entry, "=")
			bus.Keys[name] = value
		}
	}
	done := make(chan error, 1)
	go func() { done <- witness{}.Watch(ctx, bus, func(s supervisor.Sight) { p.sights <- s }) }()
	p.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			p.Error(err)
		}
	})
}

func (p *party) broker() *zmq.Broker {
	p.Helper()
	b, err := zmq.ListenBroker(zmq.BrokerOptions{Options: zmq.Options{Curve: p.keys}, ListenXPub: p.xpub, ListenXSub: p.xsub})
	if err != nil {
		p.Fatal(err)
	}
	return b
}

// join is a node that subscribes to its id and to "t".
func (p *party) join(id string, got func(zmq.Message)) *zmq.XSub {
	p.Helper()
	s, err := zmq.ConnectXSub(p.xpub, zmq.Options{Curve: p.keys}, zmq.XSubHandler{Message: got})
	if err != nil {
		p.Fatal(err)
	}
	for _, topic := range []string{"t", nodeIDTopic + id + ".", "zeek.cluster.node.x."} {
		if err := s.Subscribe(topic); err != nil {
			p.Fatal(err)
		}
	}
	return s
}

// await waits until the witness sees just these.
func (p *party) await(ids ...string) {
	p.Helper()
	var last supervisor.Sight
	for timeout := time.After(partyPatience); ; {
		select {
		case last = <-p.sights:
			if last.Problem == "" && slices.Equal(last.IDs, ids) {
				return
			}
		case <-timeout:
			p.Fatalf("the witness sees %+v, not %v", last, ids)
		}
	}
}

// TestWitness: it sees who comes and goes, also those who were there before it, and
// all of them again when the broker has been restarted.
func TestWitness(t *testing.T) {
	t.Parallel()
	keys, err := curve.Generate()
	if err != nil {
		t.Fatal(err)
	}
	for name, keys := range map[string]*curve.Keys{"open": nil, "encrypted": &keys} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newParty(t, keys)
			broker := p.broker()
			a := p.join("a", nil)
			defer a.Close()
			p.invite()
			p.await("a")
			b := p.join("b", nil)
			p.await("a", "b")
			b.Close()
			p.await("a")
			broker.Close()
			for s := range p.sights {
				if s.Problem != "" {
					break
				}
			}
			broker = p.broker()
			defer broker.Close()
			p.await("a")
		})
	}
}

// proxy is libzmq's zmq_proxy as Zeek runs it (spec: wire 1.2). Behind it stand what a
// publisher there has sent, and a subscriber has got.
const proxy = `
import sys, threading, time, zmq
ctx = zmq.Context()
front, back = ctx.socket(zmq.XSUB), ctx.socket(zmq.XPUB)
back.setsockopt(zmq.XPUB_VERBOSER, 1); back.setsockopt(zmq.XPUB_NODROP, 1)
front.bind(sys.argv[2]); back.bind(sys.argv[1])
threading.Thread(target=zmq.proxy, args=(front, back), daemon=True).start()
sub = ctx.socket(zmq.XSUB); sub.connect(sys.argv[1]); sub.send(b"\x01zeek.cluster.nodeid.libzmq."); sub.send(b"\x01t")
pub = ctx.socket(zmq.XPUB); pub.setsockopt(zmq.XPUB_NODROP, 1); pub.setsockopt(zmq.XPUB_VERBOSE, 1); pub.setsockopt(zmq.SNDTIMEO, 5000); pub.connect(sys.argv[2])
while pub.recv() != b"\x01t": pass
print("up", flush=True)
for line in sys.stdin:
    for i in range(int(line)):
        pub.send_multipart([b"t", b"x" * 1000])
        sub.recv_multipart()
    print("passed", line.strip(), flush=True)
`

// TestWitnessOfLibzmq: a real zmq_proxy with a witness passes on as much as without, to
// whoever is there, and shows who that is.
func TestWitnessOfLibzmq(t *testing.T) {
	t.Parallel()
	python := "/usr/bin/python3"
	if exec.Command(python, "-c", "import zmq").Run() != nil {
		t.Skip("no Python with pyzmq: apt install python3-zmq")
	}
	p := newParty(t, nil)
	cmd := exec.Command(python, "-c", proxy, p.xpub, p.xsub)
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	lines := bufio.NewScanner(out)
	expect := func(want string) {
		t.Helper()
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("%q, want %q", lines.Text(), want)
		}
	}
	expect("up")
	p.invite()
	p.await("libzmq")
	const many = 5000 // more than any high-water mark
	got := make(chan struct{}, 2*many)
	node := p.join("go", func(zmq.Message) { got <- struct{}{} })
	p.await("go", "libzmq")
	fmt.Fprintln(in, many)
	expect("passed 5000")
	for range many {
		select {
		case <-got:
		case <-time.After(partyPatience):
			t.Fatal("messages do not arrive")
		}
	}
	node.Close()
	p.await("libzmq")
}

// TestCrowd: whoever is on the bus may say what he likes, and a witness remembers only
// so much of it, looks only so often, and says that it is too much.
func TestCrowd(t *testing.T) {
	t.Parallel()
	c := &crowd{there: map[string]bool{}, changed: make(chan struct{}, 1)}
	c.note([]byte("zeek.cluster.node.x."), true)
	c.note([]byte(nodeIDTopic+strings.Repeat("x", maxNodeID+1)+"."), true)
	if len(c.changed) > 0 || len(c.there) > 0 {
		t.Errorf("noted %v", c.there)
	}
	for i := range maxCrowd + 5 {
		c.note(fmt.Appendf(nil, "%s%d.", nodeIDTopic, i), true)
	}
	if s := c.sight(); len(s.IDs) != maxCrowd || !strings.Contains(s.Problem, "10000 ids or more") || len(c.changed) != 1 {
		t.Errorf("%d ids, problem %q", len(s.IDs), s.Problem)
	}
	c.note([]byte(nodeIDTopic+"7."), false)
	if s := c.sight(); len(s.IDs) != maxCrowd-1 || s.Problem != "" {
		t.Errorf("%d ids, problem %q", len(s.IDs), s.Problem)
	}
	c.become("gone")
	if s := c.sight(); len(s.IDs) != 0 || s.Problem != "gone" {
		t.Errorf("%+v", s)
	}
}
