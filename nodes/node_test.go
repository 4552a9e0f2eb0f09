package nodes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/zmq"
	"zctl/nodes/zmq/curve"
)

var discard = slog.New(slog.DiscardHandler)

// patience is how long a test waits for what must happen.
const patience = time.Minute

// testCluster is a cluster of nodes in this process, over loopback.
type testCluster struct {
	t    *testing.T
	dir  string
	file string // the layout
	keys *curve.Keys

	mu    sync.Mutex // guards what follows
	nodes map[string]*running
}

// running is a node that runs.
type running struct {
	*Node
	cancel context.CancelFunc
	done   chan error
}

// newCluster writes a layout with ports of its own. More is appended to the
// configuration.
func newCluster(t *testing.T, more string) *testCluster {
	t.Helper()
	ports := freePorts(t, 8)
	c := &testCluster{t: t, dir: t.TempDir(), nodes: map[string]*running{}}
	c.file = filepath.Join(c.dir, layoutgen.LayoutFile)
	doc := fmt.Sprintf("[cluster]\nport = %d\nmetrics_port = 0\n[broker]\nxpub_port = %d\nxsub_port = %d\n", ports[2], ports[0], ports[1])
	c.layout(doc + more)
	t.Cleanup(func() {
		for name := range c.nodes {
			c.stop(name)
		}
	})
	return c
}

// layout writes the files of a configuration.
func (c *testCluster) layout(doc string) {
	c.t.Helper()
	config, err := layoutgen.Parse("", []byte(doc))
	if err != nil {
		c.t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o644); err != nil {
			c.t.Fatal(err)
		}
	}
	write(layoutgen.LayoutFile, config.Layout().Zeek())
	write(layoutgen.BackendFile, config.Layout().Backend.Zeek())
}

// freePorts is the first of n, at most 8, consecutive free ports, and the rest. They
// are below those that the kernel gives to clients (32768), and not where the
// tests of zctl itself look. Nobody gets the same ones twice, since they are free while
// a test restarts what listens there.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	for {
		first := 23000 + 8*rand.N(9000/8)
		if _, given := givenPorts.LoadOrStore(first, true); given {
			continue
		}
		var ports []int
		for port := first; port < first+n; port++ {
			l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))))
			if err != nil {
				break
			}
			l.Close()
			ports = append(ports, port)
		}
		if len(ports) == n {
			return ports
		}
	}
}

var givenPorts sync.Map // the first of eight each

// start starts nodes, in the order given.
func (c *testCluster) start(names ...string) {
	c.t.Helper()
	for _, name := range names {
		c.startWith(name, func(*Options) {})
	}
}

// startWith starts a node with other options.
func (c *testCluster) startWith(name string, change func(*Options)) *running {
	c.t.Helper()
	dir := filepath.Join(c.dir, name)
	os.Mkdir(dir, 0o755)
	o := Options{Name: name, Layout: c.file, Dir: dir, ZeroMQ: zmq.Options{Curve: c.keys}}
	change(&o)
	n, err := New(o)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{Node: n, cancel: cancel, done: make(chan error, 1)}
	go func() { r.done <- n.Run(ctx) }()
	c.mu.Lock()
	c.nodes[name] = r
	c.mu.Unlock()
	return r
}

func (c *testCluster) stop(name string) {
	c.t.Helper()
	r := c.nodes[name]
	r.cancel()
	select {
	case err := <-r.done:
		if err != nil {
			c.t.Errorf("%s: %v", name, err)
		}
	case <-time.After(patience):
		c.t.Errorf("%s does not end", name)
	}
	delete(c.nodes, name)
}

// peers is how many peers a node has.
func (r *running) peers() (up, total int) {
	peers := r.Peers()
	for _, peer := range peers {
		if peer.Up {
			up++
		}
	}
	return up, len(peers)
}

// awaitPeers waits until every node that runs has met all others that run.
func (c *testCluster) awaitPeers(total int) {
	c.t.Helper()
	for name, r := range c.nodes {
		await(c.t, fmt.Sprintf("%s meets %d of %d", name, len(c.nodes)-1, total), func() bool {
			up, all := r.peers()
			return up == len(c.nodes)-1 && all == total
		})
	}
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited too long: %s", what)
		}
	}
}

// awaitLine waits for a line in cluster.log.
func (c *testCluster) awaitLine(logger, line string) {
	c.t.Helper()
	await(c.t, line, func() bool {
		text, _ := os.ReadFile(filepath.Join(c.dir, logger, "cluster.log"))
		return strings.Contains(string(text), line)
	})
}

// TestCluster: the default cluster meets, whoever comes first; deaths and
// returns are noticed by all and written to cluster.log; a restart of the
// manager, and with it of the bus, is survived.
func TestCluster(t *testing.T) {
	t.Parallel()
	for _, order := range [][]string{
		{"manager", "logger-1", "proxy-1", "worker-1", "worker-2"},
		{"worker-2", "worker-1", "proxy-1", "logger-1", "manager"},
	} {
		t.Run(order[0]+" first", func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, "")
			c.start(order...)
			c.awaitPeers(4)
			for _, name := range order {
				if name != "worker-1" {
					c.awaitLine("logger-1", "\tworker-1\tgot hello from "+name+" (zeromq_"+name+"_")
				}
			}
			c.stop("worker-1")
			c.awaitPeers(4)
			c.awaitLine("logger-1", "\tproxy-1\tnode down: worker-1\n")
			c.start("worker-1")
			c.awaitPeers(4)

			c.stop("manager")
			for name, r := range c.nodes {
				await(t, name+" misses the bus", func() bool { up, _ := r.peers(); return up == 0 })
			}
			c.start("manager")
			c.awaitPeers(4)

			c.stop("logger-1") // its file is closed, and goes on with the next one
			c.start("logger-1")
			c.awaitPeers(4)
			c.awaitLine("logger-1", "\tworker-2\tnode down: logger-1\n")
		})
	}
}

// TestManagerIsLogger: without loggers the manager writes the logs.
func TestManagerIsLogger(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "[loggers]\ncount = 0\n[proxies]\ncount = 0\n[workers]\ncount = 1\n")
	c.start("worker-1", "manager")
	c.awaitPeers(1)
	c.awaitLine("manager", "\tworker-1\tgot hello from manager (")
	c.awaitLine("manager", "\tmanager\tgot hello from worker-1 (")
}

// TestLayoutChanges: nodes that run learn of nodes that a deploy added or
// removed, loggers included.
func TestLayoutChanges(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "[proxies]\ncount = 0\n[workers]\ncount = 1\n")
	c.start("manager", "logger-1", "worker-1")
	c.awaitPeers(2)
	backend := c.nodes["manager"].backend
	port := c.nodes["manager"].self.Port
	config := func(more string) string {
		return fmt.Sprintf("[cluster]\nport = %d\nmetrics_port = 0\n[broker]\nxpub_port = %s\nxsub_port = %s\n[proxies]\ncount = 0\n%s",
			port, backend.ListenXPub[strings.LastIndex(backend.ListenXPub, ":")+1:], backend.ListenXSub[strings.LastIndex(backend.ListenXSub, ":")+1:], more)
	}
	c.layout(config("[workers]\ncount = 2\n[loggers]\ncount = 2\n"))
	c.start("worker-2", "logger-2")
	c.awaitPeers(4)
	c.stop("logger-1")
	c.awaitPeers(4)
	c.layout(config("[workers]\ncount = 1\n[loggers]\ncount = 2\n"))
	c.stop("worker-2")
	c.start("logger-1")
	c.awaitPeers(3)
	await(t, "a logger has what happened meanwhile", func() bool { // each batch goes to one of the two, or waits for it
		one, _ := os.ReadFile(filepath.Join(c.dir, "logger-1", "cluster.log"))
		two, _ := os.ReadFile(filepath.Join(c.dir, "logger-2", "cluster.log"))
		return strings.Contains(string(one)+string(two), "\tworker-1\tnode down: logger-1\n")
	})
}

// TestHostileBus: what others send that is no event, no hello or no batch is
// counted, and nothing else happens.
func TestHostileBus(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "")
	c.start("manager", "logger-1")
	c.awaitPeers(4)
	manager := c.nodes["manager"]
	subscribed := make(chan struct{})
	var once sync.Once
	xpub, err := zmq.ConnectXPub(manager.backend.ConnectXPub, zmq.Options{}, zmq.XPubHandler{
		Subscribed: func(topic []byte) {
			if string(topic) == "zeek.cluster.manager" {
				once.Do(func() { close(subscribed) })
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer xpub.Close()
	<-subscribed
	good := event.Event{Name: "Intel::new_min_data_store", Args: []event.Value{event.List()}}.Append(nil)
	for _, message := range []zmq.Message{
		{[]byte("zeek.cluster.manager")},
		{[]byte("zeek.cluster.manager"), []byte("X"), []byte(event.FormatBin), {0x0e, 0xff}},
		{[]byte("zeek.cluster.manager"), []byte("X"), []byte("broker-json-v1"), []byte("{}")},
		{[]byte("zeek.cluster.manager"), []byte("X"), []byte(event.FormatBin), good},
		{[]byte("zeek.cluster.manager"), []byte(manager.NodeID()), []byte(event.FormatBin), good}, // as if our own
	} {
		if err := xpub.Send(message); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "an unknown event", func() bool { return manager.Stats().Unknown == 1 })
	if n := manager.Stats().Malformed; n != 3 {
		t.Errorf("%d malformed messages, want 3", n)
	}
	push, err := zmq.ConnectPush(c.nodes["logger-1"].layout.LogEndpoints(), zmq.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer push.Close()
	push.Send(zmq.Message{[]byte("log-write"), []byte("X"), []byte("zeek-bin-serializer"), []byte("nonsense")})
	push.Send(zmq.Message{[]byte("log-write"), []byte("X")})
	logger := c.nodes["logger-1"]
	await(t, "bad batches", func() bool {
		logger.logs.mu.Lock()
		defer logger.logs.mu.Unlock()
		return logger.logs.count == losses{malformed: 1} && logger.files.logger.Stats().Malformed == 1
	})
	c.awaitPeers(4)
}

// TestNew: what keeps a node from being started is said, with what there is.
func TestNew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := filepath.Join(dir, layoutgen.LayoutFile)
	os.WriteFile(good, []byte(layoutgen.Default().Layout().Zeek()), 0o644)
	control := filepath.Join(dir, "control.zeek")
	os.WriteFile(control, []byte(`redef Cluster::nodes = {["control"] = [$node_type=Cluster::CONTROL, $ip=127.0.0.1]};`), 0o644)
	bad := filepath.Join(dir, "bad.zeek")
	os.WriteFile(bad, []byte("redef Cluster::nodes = {"), 0o644)
	tests := []struct{ name, layout, want string }{
		{"", good, "CLUSTER_NODE is not set"},
		{"worker-9", good, `cannot be node "worker-9": it is not in ` + good + " (which has manager, logger-1, proxy-1, worker-1, worker-2)"},
		{"manager", filepath.Join(dir, "none.zeek"), "cannot read layout"},
		{"manager", bad, "cannot use layout: " + bad + ":1: expected [, not the end of the file"},
		{"control", control, "nodes of type control do not run"},
	}
	for _, test := range tests {
		if _, err := New(Options{Name: test.name, Layout: test.layout}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s in %s: %v, want %q", test.name, test.layout, err, test.want)
		}
	}
	a, _ := New(Options{Name: "manager", Layout: good})
	b, _ := New(Options{Name: "manager", Layout: good})
	if a.NodeID() == b.NodeID() || !strings.HasPrefix(a.NodeID(), "zeromq_manager_") {
		t.Errorf("ids %s, %s", a.NodeID(), b.NodeID())
	}
}

func TestFindLayout(t *testing.T) {
	dir, cwd := t.TempDir(), t.TempDir()
	t.Chdir(cwd)
	t.Setenv("ZEEKPATH", "/nowhere:"+dir)
	if _, err := FindLayout(); err == nil || !strings.Contains(err.Error(), "cannot find cluster-layout.zeek in .:/nowhere:"+dir) {
		t.Errorf("nowhere: %v", err)
	}
	os.WriteFile(filepath.Join(dir, layoutgen.LayoutFile), nil, 0o644)
	if file, err := FindLayout(); err != nil || file != filepath.Join(dir, layoutgen.LayoutFile) {
		t.Errorf("in ZEEKPATH: %s, %v", file, err)
	}
	os.WriteFile(layoutgen.LayoutFile, nil, 0o644)
	if file, err := FindLayout(); err != nil || file != layoutgen.LayoutFile {
		t.Errorf("in the working directory: %s, %v", file, err)
	}
}

// TestPortTaken: a node that cannot open its sockets says so and ends.
func TestPortTaken(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "")
	c.start("manager")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.nodes["manager"].WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	n, err := New(Options{Name: "manager", Layout: c.file})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Run(ctx); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("a second manager: %v", err)
	}
}

// TestNoBus: a node that cannot join the bus at all ends and says why.
func TestNoBus(t *testing.T) {
	t.Parallel()
	want := errors.New("no bus here")
	o := Options{Name: "worker-1", Connect: func(cluster.Receiver) (cluster.Backend, error) { return nil, want }}
	o.Cluster.Layout = layoutgen.Default().Layout()
	n, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- n.Run(context.Background()) }()
	select {
	case err := <-ended:
		if !errors.Is(err, want) {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(patience):
		t.Error("runs without a bus")
	}
}
