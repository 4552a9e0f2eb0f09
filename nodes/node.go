package nodes

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/control"
	"zctl/nodes/logger"
	"zctl/nodes/logstream"
	"zctl/nodes/table"
	"zctl/nodes/telemetry"
	"zctl/nodes/websocket"
	"zctl/nodes/zmq"
	"zctl/nodes/zmq/curve"
)

// Options says which node to run.
type Options struct {
	// Name is the node's name in the layout: Zeek's CLUSTER_NODE.
	Name string
	// Layout is the path of the cluster-layout.zeek. Beside it a
	// cluster-backend.zeek may say where the broker is; see [FindLayout].
	Layout string
	// Dir is where a logger writes its logs; "" is the working directory.
	Dir string
	// Logger is how a logger writes its files; see [Options.UseLogs]. Of those
	// options, Dir and Log are the node's own, and so are Archiver and, with several
	// loggers, Suffix of its Rotation.
	Logger logger.Options
	// Archive is where a logger's closed logs go, if its options have a Rotation.
	Archive *Archive
	// LogWriter is where a logger's records go; nil is files in Dir, as Zeek
	// writes them.
	LogWriter LogWriter
	// Log is what the node says about itself; nil discards it.
	Log *slog.Logger
	// Cluster is the options of Zeek's Cluster framework. Of those, Node, NodeID,
	// Log, WriteLog, Reread and Changed are the node's own. A Layout there is
	// taken instead of the file.
	Cluster cluster.Options
	// ZeroMQ is the options of the sockets. What it and Cluster leave unset is what
	// the cluster-backend.zeek sets; see [layoutgen.BackendOptions].
	ZeroMQ zmq.Options
	// Logs is how the node's own log records are sent. What it leaves unset of HWM,
	// Immediate and Linger is that of the socket; Spill.Dir is log-spill in Dir.
	Logs logstream.Options
	// Stores is how data stores are kept, for [CreateStore].
	Stores StoreOptions
	// StatsInterval is how often the node writes to stats.log. Zero: every 5
	// minutes. Negative: never.
	StatsInterval time.Duration
	// StopTimeout is for how long a node that a Control::shutdown_request ends waits for a
	// handler that is under way: 30 s, as long as zctl's supervisor waits for a node (its
	// stop_timeout).
	StopTimeout time.Duration
	// WebSocket is where the node serves Zeek's WebSocket API when it runs; see
	// [Node.ListenWebSocket].
	WebSocket []websocket.ListenOptions
	// Connect is the bus, if it is not the one of the layout: one in memory, for
	// tests. Then there are no sockets at all, and the node's own log records go to
	// LogWriter, if that is set.
	Connect cluster.Connect
}

// FromEnv is the options of the node that a supervisor, Zeek's or zctl's, or a
// shell started: CLUSTER_NODE is its name, its layout is found by [FindLayout],
// ZCTL_HEARTBEAT ("5s") is its [zmq.Options.Heartbeat], ZCTL_LOG_FULL ("drop", "block"
// or "spill") its [logstream.Policy], ZCTL_LOG_SPILL_BYTES the bound of the latter's
// files, ZCTL_STORES and ZCTL_STORE_DIR its [StoreOptions], ZCTL_WEBSOCKET where it serves WebSocket clients, and the keys of an encrypted
// bus are in Zeek's variables ([curve.FromEnv]). It says on stderr what happens to
// it.
func FromEnv() (Options, error) {
	layout, err := FindLayout()
	if err != nil {
		return Options{}, err
	}
	o := Options{Name: os.Getenv("CLUSTER_NODE"), Layout: layout, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	if o.ZeroMQ, err = socketsFromEnv(); err != nil {
		return Options{}, err
	}
	if o.Logs, err = logsFromEnv(os.Getenv); err != nil {
		return Options{}, err
	}
	if o.WebSocket, err = webSocketFromEnv(os.Getenv); err != nil {
		return Options{}, err
	}
	o.Stores, err = storesFromEnv(os.Getenv)
	return o, err
}

// socketsFromEnv is what the environment says about sockets: heartbeats and keys.
func socketsFromEnv() (o zmq.Options, err error) {
	if o.Heartbeat, err = layoutgen.ParseHeartbeat(os.Getenv(layoutgen.HeartbeatEnv)); err != nil {
		return o, err
	}
	keys, err := curve.FromEnv(os.Getenv)
	if err != nil {
		return o, err
	}
	if !keys.IsZero() {
		o.Curve = &keys
	}
	return o, nil
}

// defaultStopTimeout is that of zctl's supervisor.
const defaultStopTimeout = 30 * time.Second

// Node is a node of a cluster, or a client of one. What it can do there, it does
// as [cluster.Cluster]: publish, subscribe, use pools, ask who is up.
type Node struct {
	*cluster.Cluster
	o       Options
	self    layoutgen.Node
	layout  *layoutgen.Layout // as it was first read
	backend layoutgen.Backend
	file    layoutFile
	sockets sockets
	report  *reporter     // of one goroutine: that of Run, and tick while there is one
	changed chan struct{} // holds a token when report should hear of peers
	logs    logs
	stats   *logstream.Stream[statsLine]
	files   *files            // of a logger that writes files
	rotate  rotator           // of a logger
	broker  *zmq.Broker       // of the manager, unless the broker has its own process
	metrics *telemetry.Server // nil: not served
	extra   extraMetrics
	control *control.Controllee // nil for a client
	ending  context.Context     // ends when somebody shuts the node down, which end does
	end     context.CancelFunc

	webSockets webSockets
}

// New reads the layout and finds the node in it. It opens nothing.
func New(o Options) (*Node, error) {
	if o.Name == "" {
		return nil, errors.New("cannot tell which node to be: CLUSTER_NODE is not set")
	}
	n := &Node{o: o.withDefaults(), file: layoutFile{path: o.Layout}}
	if err := n.readLayout(); err != nil {
		return nil, err
	}
	self, known := n.layout.Node(o.Name)
	if !known {
		return nil, fmt.Errorf("cannot be node %q: it is not in %s (which has %s)", o.Name, o.Layout, strings.Join(n.layout.Names(), ", "))
	}
	n.self = self
	return n, n.newCluster()
}

// TakesLogs says whether the node is one that the others send their logs to.
func (n *Node) TakesLogs() bool { return n.layout != nil && n.layout.TakesLogs(n.self) }

// NewClient makes a client of the cluster whose broker is at backend's
// ConnectXSub and ConnectXPub: it publishes, subscribes and handles events, but
// stands in no layout, says no hello and writes no logs. Name is only part of its
// id.
func NewClient(backend layoutgen.Backend, o Options) (*Node, error) {
	n := &Node{o: o.withDefaults(), backend: backend, layout: o.Cluster.Layout}
	if n.o.Name == "" {
		n.o.Name = "client"
	}
	n.self.Type = layoutgen.TypeNone
	return n, n.newCluster()
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.StatsInterval == 0 {
		o.StatsInterval = defaultStatsInterval
	}
	if o.StopTimeout == 0 {
		o.StopTimeout = defaultStopTimeout
	}
	o.ZeroMQ.Log = o.Log
	return o
}

// readLayout reads the layout and where the broker is.
func (n *Node) readLayout() (err error) {
	if n.layout = n.o.Cluster.Layout; n.layout != nil {
		n.backend = n.layout.Backend
		return nil
	}
	if n.layout, err = n.file.read(); err != nil {
		return err
	}
	n.backend, err = layoutgen.ReadBackend(n.o.Layout)
	return err
}

// newCluster makes the node's part of the framework.
func (n *Node) newCluster() (err error) {
	o := clusterOptions(n.o.Cluster, n.backend.Options)
	n.sockets = socketOptions(n.o.ZeroMQ, n.backend.Options)
	if err := n.declare(); err != nil {
		return err
	}
	n.sockets.logTo(n.o.Log)
	o.NodeID, o.Layout, o.Log = newID(n.o.Name), n.layout, n.o.Log
	if n.self.Type != layoutgen.TypeNone {
		o.Node = n.o.Name
	}
	n.report, n.changed = newReporter(n.o.Log), make(chan struct{}, 1)
	n.logs.id = o.NodeID
	o.WriteLog, o.Reread, o.Changed = n.logs.line, n.reread, n.peersChanged
	if n.Cluster, err = cluster.New(o); err != nil {
		return err
	}
	n.beControlled()
	return errors.Join(n.handleRotate(), table.Forward(n.Cluster))
}

// newID makes a name for this process that no other ever has (spec: wire 5.1).
func newID(name string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return fmt.Sprintf("zeromq_%s_%s_%d_N%s", name, host, os.Getpid(), rand.Text()[:17])
}

// Run runs the node until ctx ends, or, without an error, until somebody shuts it down by
// a Control::shutdown_request. Then it says what it still has to say, and leaves the bus.
// It waits for a handler that is under way; after a shutdown request, where no supervisor
// would kill a process that hangs, for [Options.StopTimeout], and then the error names the
// event.
func (n *Node) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(n.ending, func() { cancel(); time.AfterFunc(n.o.StopTimeout, n.GiveUp) })()
	defer n.report.close()
	connect := n.o.Connect
	if connect == nil {
		connect = connectBus(n.backend, n.sockets)
	}
	err := n.createStores()
	if err == nil {
		err = n.open()
	}
	if err != nil {
		return errors.Join(err, n.close())
	}
	if n.metrics != nil {
		n.metrics.Serve()
	}
	n.o.Log.Info("started", "node", n.o.Name, "id", n.NodeID(), "broker", n.backend.ConnectXSub)
	n.reportPeers()
	ticks, stop := context.WithCancel(ctx)
	var ticking sync.WaitGroup
	ticking.Go(func() { n.tick(ticks) })
	ticking.Go(func() { n.logStats(ticks) })
	n.beginWebSockets(ticks, connect)
	if n.control != nil {
		ticking.Go(func() { n.control.Run(ticks) })
	}
	err = n.Cluster.Run(ctx, connect)
	stop()
	ticking.Wait()
	n.o.Log.Info("stopping", "node", n.o.Name)
	return errors.Join(err, n.close())
}

// peersChanged has tick report the peers, and does not wait for it: it is called
// where the bus is read, and a supervisor that hangs must not stop that (spec: wire
// T6).
func (n *Node) peersChanged() {
	select {
	case n.changed <- struct{}{}:
	default:
	}
}

// tick does what is to be done every second, and reports peers.
func (n *Node) tick(ctx context.Context) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-second.C:
			n.logs.warn()
			n.reportPeers()
		case <-n.changed:
			n.reportPeers()
		case <-ctx.Done():
			return
		}
	}
}

// open opens the sockets that the node's role asks for, servers before clients.
func (n *Node) open() (err error) {
	for _, o := range n.o.WebSocket {
		if _, err := n.ListenWebSocket(o); err != nil {
			return err
		}
	}
	if n.o.Connect != nil || n.self.Type == layoutgen.TypeNone {
		return n.openLogs()
	}
	if n.o.ZeroMQ.Curve == nil && n.layout != nil && n.layout.SeveralAddresses() {
		n.o.Log.Warn("the bus is not encrypted, and nodes have several addresses; zctl keys generate makes the keys for it")
	}
	if err := n.listenMetrics(); err != nil {
		return err
	}
	if n.self.Type == layoutgen.TypeManager && n.backend.Options.RunProxyThread.Or(true) {
		n.broker, err = zmq.ListenBroker(zmq.BrokerOptions{
			Options: n.sockets.broker, ListenXPub: n.backend.ListenXPub, ListenXSub: n.backend.ListenXSub,
		})
		if err != nil {
			return err
		}
	}
	return n.openLogs()
}

// openLogs opens the way that log records take.
func (n *Node) openLogs() (err error) {
	switch {
	case n.self.Type == layoutgen.TypeNone, n.o.Connect != nil && n.o.LogWriter == nil:
		return n.logs.sender.Start(nowhere{})
	case n.o.Connect != nil:
		return n.logs.keep(n.o.LogWriter)
	case n.TakesLogs():
		return n.openFiles()
	}
	return n.logs.push(n.layout.LogEndpoints(), n.sockets.push)
}

// close sends what is still to be sent and closes what is open, the broker last.
func (n *Node) close() error {
	err := errors.Join(n.webSockets.end(), n.closeStores(), n.logs.close())
	n.rotate.all.Wait()
	if n.broker != nil {
		err = errors.Join(err, n.broker.Close())
	}
	if n.metrics != nil {
		err = errors.Join(err, n.metrics.Close())
	}
	return err
}

// reread reads the layout again if its file has changed: a deploy may have added
// or removed nodes. It is nil if there is nothing new.
func (n *Node) reread() *layoutgen.Layout {
	layout, err := n.file.readChanged()
	if err != nil {
		n.o.Log.Warn("cannot use the changed layout; going on with the old one", "err", err)
	}
	if layout == nil {
		return nil
	}
	if err := n.logs.setLoggers(layout.LogEndpoints()); err != nil {
		n.o.Log.Warn("cannot use the loggers of the changed layout", "err", err)
	}
	n.loggersChanged(layout)
	n.o.Log.Info("read the changed layout", "nodes", len(layout.Nodes))
	return layout
}

// reportPeers tells the supervisor how many peers are up.
func (n *Node) reportPeers() {
	joined, up, missing := n.Joined(), 0, []string(nil)
	peers := n.Peers()
	for _, peer := range peers {
		if peer.Up {
			up++
		} else {
			missing = append(missing, peer.Node.Name)
		}
	}
	if joined {
		n.report.joined(time.Now())
	}
	n.report.peers(joined, up, len(peers), missing, n.backend.ConnectXSub, n.trouble(), time.Now())
}

// FindLayout finds cluster-layout.zeek as Zeek does: in the working directory,
// or in one of the directories of ZEEKPATH. A link that leads nowhere is found,
// too: reading it says what is wrong.
func FindLayout() (string, error) { return find(layoutgen.LayoutFile, "write one with zctl layout") }

// find finds a script as Zeek does. The error ends with what to do.
func find(name, advice string) (string, error) {
	dirs := append([]string{"."}, filepath.SplitList(os.Getenv("ZEEKPATH"))...)
	for _, dir := range dirs {
		file := filepath.Join(dir, name)
		if _, err := os.Lstat(file); err == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("cannot find %s in %s (the working directory and ZEEKPATH); %s", name, strings.Join(dirs, ":"), advice)
}
