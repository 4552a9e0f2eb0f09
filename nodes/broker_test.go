package nodes

import (
	"context"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/zmq"
)

// TestBrokerSendsWhatIsQueued: a broker of its own that is told to end first sends
// a slow subscriber all that a quick one has had already.
func TestBrokerSendsWhatIsQueued(t *testing.T) {
	t.Parallel()
	const messages, size = 300, 100 << 10 // more than the kernel keeps
	ports := freePorts(t, 2)
	backend := layoutgen.NewBackend(netip.AddrFrom4([4]byte{127, 0, 0, 1}), ports[0], ports[1])
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	o := zmq.BrokerOptions{ListenXPub: backend.ListenXPub, ListenXSub: backend.ListenXSub}
	o.Log, o.Linger = discard, 2*patience
	go func() { ended <- RunBroker(ctx, o) }()

	wait := make(chan struct{})
	var quick, slow numbers
	subscribe(t, backend, "quick", &quick, nil)
	subscribe(t, backend, "quick.slow", &slow, wait) // another topic, so that both are told to the publisher
	var known atomic.Int32
	xpub, err := zmq.ConnectXPub(backend.ConnectXPub, zmq.Options{Log: discard}, zmq.XPubHandler{Subscribed: func([]byte) { known.Add(1) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { xpub.Close() })
	release := sync.OnceFunc(func() { close(wait) })
	t.Cleanup(release) // before the subscribers are closed
	await(t, "both are known", func() bool { return known.Load() == 2 })
	for i := range uint64(messages) {
		text := binary.BigEndian.AppendUint64(make([]byte, 0, size), i)
		if err := xpub.Send(zmq.Message{[]byte("quick.slow"), text[:size]}); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "the quick one has all", func() bool { return quick.next.Load() == messages })
	if n := slow.next.Load(); n > 0 {
		t.Fatalf("the slow one has %d", n)
	}
	end()
	time.Sleep(50 * time.Millisecond) // to end it has to wait for the slow one
	select {
	case err := <-ended:
		t.Fatalf("ended: %v", err)
	default:
	}
	release()
	await(t, "the slow one has all", func() bool { return slow.next.Load() == messages })
	select {
	case err = <-ended:
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	if err != nil || quick.odd.Load()+slow.odd.Load() > 0 {
		t.Errorf("%v; %d and %d not in their turn", err, quick.odd.Load(), slow.odd.Load())
	}
}

// numbers is what a subscriber has received: the number that comes next, and how
// many came out of turn.
type numbers struct{ next, odd atomic.Uint64 }

// subscribe connects a subscriber of a topic. It takes nothing before wait is closed.
func subscribe(t *testing.T, b layoutgen.Backend, topic string, n *numbers, wait chan struct{}) {
	xsub, err := zmq.ConnectXSub(b.ConnectXSub, zmq.Options{Log: discard, RcvHWM: 1}, zmq.XSubHandler{Message: func(m zmq.Message) {
		if wait != nil {
			<-wait
		}
		if binary.BigEndian.Uint64(m[1]) != n.next.Load() {
			n.odd.Add(1)
		}
		n.next.Add(1)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { xsub.Close() })
	if err := xsub.Subscribe(topic); err != nil {
		t.Fatal(err)
	}
}

func TestBrokerPortTaken(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "")
	c.start("manager")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.nodes["manager"].WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	b := c.nodes["manager"].backend
	o := zmq.BrokerOptions{ListenXPub: b.ListenXPub, ListenXSub: b.ListenXSub}
	o.Log = discard
	if err := RunBroker(ctx, o); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Error(err)
	}
}

// TestBrokerFromEnv: what is said comes first, then the file, as a whole.
func TestBrokerFromEnv(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(t.TempDir())
	t.Setenv("ZEEKPATH", "/nowhere:"+dir)
	t.Setenv("ZCTL_HEARTBEAT", "7s")
	const file, said = "tcp://127.0.0.1:1", "tcp://127.0.0.1:2"
	if o, err := BrokerFromEnv(said, said); err != nil || o.ListenXPub != said || o.ListenXSub != said || o.Heartbeat != 7*time.Second {
		t.Errorf("without a file: %+v, %v", o, err)
	}
	for _, said := range [][2]string{{}, {said, ""}, {"", said}} {
		if _, err := BrokerFromEnv(said[0], said[1]); err == nil || !strings.Contains(err.Error(), "cannot find cluster-backend.zeek in .:/nowhere:"+dir) {
			t.Errorf("%q without a file: %v", said, err)
		}
	}
	const redef = "redef Cluster::Backend::ZeroMQ::"
	text := redef + "listen_xpub_endpoint = \"" + file + "\";\n" + redef + "listen_xsub_endpoint = \"" + file + "\";\n" + redef + "listen_xpub_nodrop = F;\n"
	os.WriteFile(filepath.Join(dir, layoutgen.BackendFile), []byte(text), 0o644)
	for _, test := range []struct{ xpub, xsub, wantXPub, wantXSub string }{{"", "", file, file}, {said, "", said, file}, {"", said, file, said}} {
		o, err := BrokerFromEnv(test.xpub, test.xsub)
		if err != nil || o.ListenXPub != test.wantXPub || o.ListenXSub != test.wantXSub || !o.Drop || o.Heartbeat != 7*time.Second || o.Log == nil {
			t.Errorf("%+v: %+v, %v", test, o, err)
		}
	}
	os.WriteFile(filepath.Join(dir, layoutgen.BackendFile), []byte("redef"), 0o644)
	if _, err := BrokerFromEnv("", ""); err == nil || !strings.Contains(err.Error(), "cannot use endpoints of the broker") {
		t.Errorf("a broken file: %v", err)
	}
	t.Setenv("ZCTL_HEARTBEAT", "often")
	if _, err := BrokerFromEnv(said, said); err == nil || !strings.Contains(err.Error(), "ZCTL_HEARTBEAT") {
		t.Error(err)
	}
}
