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
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/logger"
	"zctl/nodes/logwire"
	"zctl/nodes/zmq"
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
	// Log is what the node says about itself; nil discards it.
	Log *slog.Logger
}

// Node is a node of a cluster.
type Node struct {
	Options
	self    layoutgen.Node
	id      string
	layout  *layoutgen.Layout
	backend layoutgen.Backend
	read    time.Time // when the layout read was last modified

	members *cluster.Membership
	mailbox chan func() // what the sockets have to say, in order
	report  *reporter
	log     clusterLog

	broker *zmq.Broker // of the manager
	pull   *zmq.Pull   // of a logger
	files  *logger.Logger
	push   *zmq.Push // of everybody else
	xpub   *zmq.XPub
	xsub   *zmq.XSub

	counts counts
}

// mailboxSize is how many messages wait for the node before events are dropped
// (Zeek's onloop_queue_hwm).
const mailboxSize = 10000

// New reads the layout and finds the node in it. It opens nothing.
func New(o Options) (*Node, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Name == "" {
		return nil, errors.New("cannot tell which node to be: CLUSTER_NODE is not set")
	}
	n := &Node{Options: o, mailbox: make(chan func(), mailboxSize)}
	if err := n.readLayout(); err != nil {
		return nil, err
	}
	self, known := n.layout.Node(o.Name)
	if !known {
		return nil, fmt.Errorf("cannot be node %q: it is not in %s (which has %s)", o.Name, o.Layout, strings.Join(n.layout.Names(), ", "))
	}
	switch self.Type {
	case layoutgen.TypeManager, layoutgen.TypeLogger, layoutgen.TypeProxy, layoutgen.TypeWorker:
	default:
		return nil, fmt.Errorf("cannot be node %q: nodes of type %s do not run", o.Name, self.Type)
	}
	backend, err := layoutgen.ReadBackend(o.Layout)
	if err != nil {
		return nil, err
	}
	n.self, n.backend, n.id = self, backend, newID(o.Name)
	n.members = cluster.New(n.layout, o.Name, n.id)
	n.report = newReporter(o.Log)
	return n, nil
}

// FindLayout finds cluster-layout.zeek as Zeek does: in the working directory,
// or in one of the directories of ZEEKPATH. A link that leads nowhere is found,
// too: reading it says what is wrong.
func FindLayout() (string, error) {
	dirs := append([]string{"."}, filepath.SplitList(os.Getenv("ZEEKPATH"))...)
	for _, dir := range dirs {
		file := filepath.Join(dir, layoutgen.LayoutFile)
		if _, err := os.Lstat(file); err == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("cannot find %s in %s (the working directory and ZEEKPATH); write one with zctl layout", layoutgen.LayoutFile, strings.Join(dirs, ":"))
}

// newID makes a name for this process that no other ever has (spec: wire 5.1).
func newID(name string) string {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return fmt.Sprintf("zeromq_%s_%s_%d_N%s", name, host, os.Getpid(), rand.Text()[:17])
}

func (n *Node) readLayout() error {
	info, err := os.Stat(n.Layout)
	if err != nil {
		return fmt.Errorf("cannot read layout: %w", err)
	}
	layout, err := layoutgen.ReadLayout(n.Layout)
	if err != nil {
		return err
	}
	n.layout, n.read = layout, info.ModTime()
	return nil
}

// Run runs the node until ctx ends. Then it says what it still has to say, and
// leaves the bus.
func (n *Node) Run(ctx context.Context) error {
	defer n.report.close()
	if err := n.open(); err != nil {
		return errors.Join(err, n.close())
	}
	n.Log.Info("started", "node", n.Name, "id", n.id, "broker", n.backend.ConnectXSub)
	n.reportPeers()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case act := <-n.mailbox:
			act()
		case now := <-tick.C:
			n.tick(now)
		case <-ctx.Done():
			n.log.flush()
			n.Log.Info("stopping", "node", n.Name)
			return n.close()
		}
	}
}

func (n *Node) tick(now time.Time) {
	n.follow(n.members.Tick(now))
	n.log.flush()
	n.reportPeers()
	n.counts.warn(n.Log)
}

// open opens the sockets, servers before clients.
func (n *Node) open() (err error) {
	options := zmq.Options{Log: n.Log}
	if n.self.Type == layoutgen.TypeManager {
		n.broker, err = zmq.ListenBroker(zmq.BrokerOptions{
			Options: options, ListenXPub: n.backend.ListenXPub, ListenXSub: n.backend.ListenXSub,
		})
		if err != nil {
			return err
		}
	}
	if err := n.openLog(options); err != nil {
		return err
	}
	n.xpub, err = zmq.ConnectXPub(n.backend.ConnectXPub, options, zmq.XPubHandler{
		Subscribed: func(topic []byte) {
			n.post(func() { n.follow(n.members.Subscribed(string(topic), time.Now())) })
		},
		Unsubscribed: func(topic []byte) {
			n.post(func() { n.follow(n.members.Unsubscribed(string(topic), time.Now())) })
		},
		Disconnected: func(err error) {
			n.post(func() { n.Log.Warn("lost the broker", "err", err); n.follow(n.members.BusLost()) })
		},
	})
	if err != nil {
		return err
	}
	n.xsub, err = zmq.ConnectXSub(n.backend.ConnectXSub, options, zmq.XSubHandler{Message: n.received})
	if err != nil {
		return err
	}
	for _, topic := range cluster.Topics(n.self, n.id, n.layout.ManagerIsLogger) {
		if err := n.xsub.Subscribe(topic); err != nil {
			return err
		}
	}
	return nil
}

// openLog opens the way that log records take: to files on a logger, to the
// loggers elsewhere.
func (n *Node) openLog(options zmq.Options) (err error) {
	if n.self.Type == layoutgen.TypeLogger || n.self.Type == layoutgen.TypeManager && n.layout.ManagerIsLogger {
		n.files = logger.New(n.Dir)
		n.log = clusterLog{node: n.Name, send: n.writeLog}
		n.pull, err = zmq.BindPull(layoutgen.Endpoint(n.self.Address, n.self.Port), options, n.pulled)
		return err
	}
	n.push, err = zmq.ConnectPush(n.layout.LogEndpoints(), options)
	n.log = clusterLog{node: n.Name, send: n.pushLog}
	return err
}

// close closes what is open: first what makes the others see us leave, then,
// with what is still to be sent, the rest, and the broker last.
func (n *Node) close() error {
	var errs []error
	if n.xsub != nil {
		errs = append(errs, n.xsub.Close())
	}
	if n.xpub != nil {
		errs = append(errs, n.xpub.Close())
	}
	if n.push != nil {
		errs = append(errs, n.push.Close())
	}
	if n.pull != nil {
		errs = append(errs, n.pull.Close())
	}
	if n.files != nil {
		errs = append(errs, n.files.Close())
	}
	if n.broker != nil {
		errs = append(errs, n.broker.Close())
	}
	return errors.Join(errs...)
}

// post puts something into the mailbox and waits for room if need be.
func (n *Node) post(act func()) { n.mailbox <- act }

// received takes a message from the bus. It runs on a goroutine of the XSub, and
// drops events when the node is too slow rather than stopping everybody
// (spec: wire 1.3, T6).
func (n *Node) received(frames zmq.Message) {
	if len(frames) != 4 {
		n.counts.malformed.Add(1)
		return
	}
	if string(frames[1]) == n.id { // our own
		return
	}
	if string(frames[2]) != event.FormatBin {
		n.counts.malformed.Add(1)
		return
	}
	ev, err := event.Decode(event.FormatBin, frames[3])
	if err != nil {
		n.counts.malformed.Add(1)
		return
	}
	select {
	case n.mailbox <- func() { n.event(ev) }:
	default:
		n.counts.dropped.Add(1)
	}
}

func (n *Node) event(ev event.Event) {
	effects, handled := n.members.Event(ev, time.Now())
	if effects.Stranger && n.refreshLayout() {
		effects, handled = n.members.Event(ev, time.Now())
	}
	if !handled {
		n.counts.unknown.Add(1)
		return
	}
	n.follow(effects)
}

// follow does what follows from something the bus showed.
func (n *Node) follow(e cluster.Effects) {
	for _, m := range e.Publish {
		n.publish(m.Topic, m.Event)
	}
	for _, line := range e.Log {
		n.log.write(time.Now(), line)
	}
	for _, line := range e.Warn {
		n.Log.Warn(line)
	}
	if e.Joined {
		n.Log.Info("joined the bus")
		n.report.joined(time.Now())
	}
	if e.Left {
		n.refreshLayout()
	}
	if e.Changed {
		n.reportPeers()
	}
}

func (n *Node) publish(topic string, ev event.Event) {
	err := n.xpub.Send(zmq.Message{[]byte(topic), []byte(n.id), []byte(event.FormatBin), ev.Append(nil)})
	if err != nil {
		n.counts.unsent.Add(1)
	}
}

// refreshLayout reads the layout again if its file has changed: a deploy may
// have added or removed nodes. It says whether there is a new one.
func (n *Node) refreshLayout() bool {
	info, err := os.Stat(n.Layout)
	if err != nil || info.ModTime().Equal(n.read) {
		return false
	}
	if err := n.readLayout(); err != nil {
		n.Log.Warn("cannot use the changed layout; going on with the old one", "err", err)
		n.read = info.ModTime()
		return false
	}
	n.members.SetLayout(n.layout)
	if n.push != nil {
		if err := n.push.SetEndpoints(n.layout.LogEndpoints()); err != nil {
			n.Log.Warn("cannot use the loggers of the changed layout", "err", err)
		}
	}
	n.Log.Info("read the changed layout", "nodes", len(n.layout.Nodes))
	return true
}

// reportPeers tells the supervisor how many peers are up.
func (n *Node) reportPeers() {
	up, total := n.members.Peers()
	n.report.peers(n.members.Joined(), up, total, n.members.Missing(), n.backend.ConnectXSub, time.Now())
}

// pulled takes a log batch from another node.
func (n *Node) pulled(frames zmq.Message) {
	if len(frames) != 4 || string(frames[2]) != logwire.Format {
		n.counts.malformed.Add(1)
		return
	}
	n.writeLog(frames[3])
}

func (n *Node) writeLog(payload []byte) {
	if err := n.files.Write(payload); err != nil {
		n.counts.lostBatch(err)
	}
}

func (n *Node) pushLog(payload []byte) {
	err := n.push.Send(zmq.Message{[]byte(logwire.Topic), []byte(n.id), []byte(logwire.Format), payload})
	if err != nil {
		n.counts.lostBatch(err)
	}
}
