package layoutgen

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
)

// NodeType is what a node is in its cluster: Zeek's Cluster::NodeType in lower
// case.
type NodeType string

// The types of Cluster::NodeType, which are all a layout file may contain. zctl
// makes the last four.
const (
	TypeNone    NodeType = "none"
	TypeControl NodeType = "control"
	TypeLogger  NodeType = "logger"
	TypeManager NodeType = "manager"
	TypeProxy   NodeType = "proxy"
	TypeWorker  NodeType = "worker"
)

// TypeBroker is the central broker in a process of its own. It is no type of
// Zeek's: such a process stands in no layout file, and is nobody's peer.
const TypeBroker NodeType = "broker"

// BrokerName is the name of the central broker's process, if it has one of its
// own. No node is called so.
const BrokerName = "broker"

// ControlName is the name of the entry in the layout file that [control] makes.
const ControlName = "control"

// TypeArchiver is the process that archives the logs of Zeek loggers. It stands in no
// layout file and is nobody's peer, either.
const TypeArchiver NodeType = "archiver"

// ArchiverName is the name of that process. No node is called so.
const ArchiverName = "archiver"

// StartOrder is the order in which the types of nodes are started; they are
// stopped in the reverse one, so that what a worker still has to log finds a
// logger.
var StartOrder = []NodeType{TypeLogger, TypeManager, TypeProxy, TypeWorker}

// Node is one node of a cluster.
type Node struct {
	Name    string
	Type    NodeType
	Address netip.Addr
	// Elsewhere says that the node is of another host and does not run here.
	Elsewhere bool
	// Port is where the node listens, 0 if it does not (workers).
	Port int
	// MetricsPort is where it serves its metrics, 0 if it does not.
	MetricsPort int
	// Manager is the name of the node's manager, "" for the manager itself.
	Manager string
	// Interface is what a worker reads. It is not part of the layout file. It may
	// have ${worker_cpu} in it still, for [Node.Expand].
	Interface string
	// Worker is where a worker stands among the workers; zero for others.
	Worker Worker

	// Section is the path of the configuration section the node is of,
	// "workers[1]", and Process what that section says. Both are empty in a
	// layout that was parsed.
	Section string
	Process Process
	// Own is the keys that [node.NAME] says for this node.
	Own []string
}

// Layout is all nodes of a cluster, in the order of the layout file: control, if there
// is such an entry, manager, loggers, proxies, workers.
type Layout struct {
	// Name is the name of the cluster; it is not part of the layout file.
	Name  string
	Nodes []Node
	// ManagerIsLogger says that there is no logger and the manager does its
	// work (Cluster::manager_is_logger).
	ManagerIsLogger bool
	// MetricsAddress is where nodes serve metrics, "" if the layout does not say.
	MetricsAddress string
	// Backend is where the central broker is. It is not part of the layout
	// file but of cluster-backend.zeek.
	Backend Backend
	// Broker is the process of the central broker, nil where the manager runs
	// it. It is not part of the layout file.
	Broker *Node
	// Archiver is the process that archives the logs of Zeek loggers, nil where there
	// are none. It is not part of the layout file.
	Archiver *Node
}

// Processes is everything that runs on this host: the nodes, and before them the
// broker and the archiver, if there are such processes.
func (l *Layout) Processes() []Node {
	var all []Node
	for _, p := range []*Node{l.Broker, l.Archiver} {
		if p != nil {
			all = append(all, *p)
		}
	}
	all = append(all, l.Nodes...)
	return slices.DeleteFunc(all, func(n Node) bool { return n.Elsewhere || n.Type == TypeControl })
}

// Node is the node of that name.
func (l *Layout) Node(name string) (Node, bool) {
	i := slices.IndexFunc(l.Nodes, func(n Node) bool { return n.Name == name })
	if i < 0 {
		return Node{}, false
	}
	return l.Nodes[i], true
}

// Names is the names of all nodes.
func (l *Layout) Names() []string {
	names := make([]string, len(l.Nodes))
	for i, n := range l.Nodes {
		names[i] = n.Name
	}
	return names
}

// SeveralAddresses says whether nodes have different addresses, so that what they
// say to each other may leave the host.
func (l *Layout) SeveralAddresses() bool {
	return slices.ContainsFunc(l.Nodes, func(n Node) bool { return n.Address != l.Nodes[0].Address })
}

// LogEndpoints is where nodes push their logs: every logger, or the manager
// where it is the logger (spec: wire 1.1, connect_log_endpoints).
func (l *Layout) LogEndpoints() []string {
	var endpoints []string
	for _, n := range l.Nodes {
		if l.TakesLogs(n) {
			endpoints = append(endpoints, Endpoint(n.Address, n.Port))
		}
	}
	return endpoints
}

// Backend is the endpoints of the central XPUB/XSUB broker, by the names of
// Zeek's Cluster::Backend::ZeroMQ. What a node's XSUB connects to is where the
// broker's XPUB listens, and the other way round (spec: wire 1.1).
type Backend struct {
	ListenXPub, ListenXSub   string
	ConnectXPub, ConnectXSub string
	// Options is what a script sets besides; zctl's own sets RunProxyThread and
	// what [zeromq] says.
	Options BackendOptions
}

// DefaultBackend is Zeek's: broker and nodes on one machine, ports 5555 and 5556.
var DefaultBackend = NewBackend(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 5555, 5556)

// NewBackend is a broker that listens with its XPUB and its XSUB socket on two
// ports of one address.
func NewBackend(address netip.Addr, xpub, xsub int) Backend {
	return Backend{
		ListenXPub:  Endpoint(address, xpub),
		ListenXSub:  Endpoint(address, xsub),
		ConnectXPub: Endpoint(address, xsub),
		ConnectXSub: Endpoint(address, xpub),
	}
}

// Endpoint is address and port as libzmq writes them: tcp://127.0.0.1:5555,
// tcp://[::1]:5555.
func Endpoint(address netip.Addr, port int) string {
	return "tcp://" + net.JoinHostPort(address.String(), strconv.Itoa(port))
}

// buildLayout lays the configured cluster out: names, and ports that are
// counted up in the order of the layout. Ports that clash or run out, and names
// that occur twice, are reported to s.
func buildLayout(c *Config, s *source) *Layout {
	address, _ := netip.ParseAddr(c.Cluster.Address) // checked before
	b := &layoutBuilder{
		source:    s,
		address:   address,
		listen:    portCounter{next: c.Cluster.Port, key: "cluster.port"},
		metrics:   portCounter{next: c.Cluster.MetricsPort, key: "cluster.metrics_port"},
		ports:     map[netip.AddrPort]portOwner{},
		own:       c.Node,
		names:     map[string]string{},
		manager:   c.Manager.Name,
		elsewhere: c.Elsewhere,
	}
	if b.elsewhere == nil {
		b.elsewhere = func(netip.Addr) bool { return false }
	}
	address = b.managerAddress(c.Manager)
	b.layout = &Layout{
		Name:            c.Cluster.Name,
		ManagerIsLogger: c.Loggers.Count <= 0,
		MetricsAddress:  c.Cluster.MetricsAddress,
		Backend:         NewBackend(address, c.Broker.XPubPort, c.Broker.XSubPort),
	}
	b.layout.Backend.Options.ZeroMQ = c.ZeroMQ
	if c.Broker.Process == BrokerOwn {
		b.layout.Backend.Options.RunProxyThread = Setting[bool]{Value: false, Set: true}
		b.layout.Broker = c.Broker.node(address)
		b.layout.Broker.Elsewhere = b.elsewhere(address)
	}
	b.claim(address, c.Broker.XPubPort, portOwner{"the broker's XPUB port", "broker.xpub_port"})
	b.claim(address, c.Broker.XSubPort, portOwner{"the broker's XSUB port", "broker.xsub_port"})
	b.control(c.Control.Port, address)
	b.section(section{"manager", TypeManager, 1, c.Manager.Port, c.Manager.Process}, func(int) string { return c.Manager.Name })
	b.section(section{"loggers", TypeLogger, c.Loggers.Count, c.Loggers.Port, c.Loggers.Process}, named(c.Loggers.Names, numbered("logger-")))
	b.section(section{"proxies", TypeProxy, c.Proxies.Count, c.Proxies.Port, c.Proxies.Process}, named(c.Proxies.Names, numbered("proxy-")))
	for i, w := range c.Workers {
		first := len(b.layout.Nodes)
		b.section(section{workersPath(s, i), TypeWorker, w.Count, w.Port, w.Process}, named(w.Names, workerNames(c.Workers, i)))
		for n := range b.layout.Nodes[first:] {
			b.worker(&b.layout.Nodes[first+n], w, n, i)
		}
	}
	b.supervisor(c.Metrics)
	b.webSocket(c)
	zeekLogger := func(n Node) bool { return n.Process.Engine == EngineZeek && !n.Elsewhere && b.layout.TakesLogs(n) }
	if i := slices.IndexFunc(b.layout.Nodes, zeekLogger); i >= 0 {
		b.layout.Archiver = c.Archiver.node(address, b.layout.Nodes[i])
	}
	return b.layout
}

// node is the archiver of a cluster. It runs as the user of a logger, unless it has one
// of its own: what it takes is in a directory where that user can put anything.
func (a Archiver) node(address netip.Addr, logger Node) *Node {
	if a.User == "" && a.Group == "" {
		a.User, a.Group = logger.Process.User, logger.Process.Group
	}
	return &Node{
		Name: ArchiverName, Type: TypeArchiver, Address: address,
		Section: "archiver", Process: Process{Engine: EngineGo, Treatment: a.Treatment},
	}
}

// node is the broker as a process of its own.
func (b Broker) node(address netip.Addr) *Node {
	return &Node{
		Name: BrokerName, Type: TypeBroker, Address: address, Port: b.XPubPort,
		Section: "broker", Process: Process{Engine: EngineGo, Treatment: b.Treatment},
	}
}

// workerNames is how the i-th section of workers names its nodes: worker-1 if
// it is the only one, else worker-<section>-1 (spec: generators R2, R3).
func workerNames(sections []Workers, i int) func(int) string {
	switch {
	case sections[i].Name != "":
		return numbered("worker-" + sections[i].Name + "-")
	case len(sections) > 1:
		return numbered(fmt.Sprintf("worker-%d-", i+1))
	default:
		return numbered("worker-")
	}
}

// named names nodes by a list, if there is one.
func named(names []string, otherwise func(int) string) func(int) string {
	if len(names) == 0 {
		return otherwise
	}
	return func(n int) string { return names[n-1] }
}

// numbered names nodes prefix1, prefix2, … without padding.
func numbered(prefix string) func(int) string {
	return func(n int) string { return prefix + strconv.Itoa(n) }
}
