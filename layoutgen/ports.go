package layoutgen

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

const maxPort = 65535

// layoutBuilder appends sections of nodes to a layout and hands out ports.
type layoutBuilder struct {
	*source
	layout          *Layout
	address         netip.Addr
	listen, metrics portCounter
	ports           map[netip.AddrPort]portOwner
	names           map[string]string // name -> path of the section that made it
	manager         string
	elsewhere       func(netip.Addr) bool
	own             map[string]Override
	workers         int // how many there are so far
}

// section is one section of the configuration, as far as the layout needs it.
type section struct {
	path    string
	typ     NodeType
	count   int
	port    int // first listening port, 0 for the next of the cluster's
	process Process
}

// section appends the nodes of one section.
func (b *layoutBuilder) section(s section, name func(int) string) {
	listen, metrics := &b.listen, &b.metrics
	if s.port != 0 {
		listen = &portCounter{next: s.port, key: s.path + ".port"}
	}
	if s.process.MetricsPort != 0 {
		metrics = &portCounter{next: s.process.MetricsPort, key: s.path + ".metrics_port"}
	}
	for i := range min(s.count, maxCount) {
		n := Node{Name: name(i + 1), Type: s.typ, Section: s.path, Process: s.process}
		if o, ok := b.own[n.Name]; ok {
			n.Process, n.Own = o.Process, o.keys
			n.Process.MetricsPort = s.process.MetricsPort
		}
		n.Address = b.addressOf(n)
		n.Elsewhere = b.elsewhere(n.Address)
		if s.typ != TypeManager {
			n.Manager = b.manager
		}
		if s.typ != TypeWorker || s.port != 0 {
			n.Port = b.take(listen, n.Address, "the listening port of "+n.Name)
		}
		if metrics.next != 0 {
			n.MetricsPort = b.take(metrics, n.Address, "the metrics port of "+n.Name)
		}
		b.name(n.Name, s.path)
		b.layout.Nodes = append(b.layout.Nodes, n)
	}
}

// addressOf is the address of a node: its own, that of its section, or that of the
// cluster.
func (b *layoutBuilder) addressOf(n Node) netip.Addr {
	if a, err := netip.ParseAddr(n.Process.Address); err == nil {
		return a
	}
	return b.address
}

// managerAddress is the address of the manager, where the broker listens, too.
func (b *layoutBuilder) managerAddress(m Manager) netip.Addr {
	p := m.Process
	if o, ok := b.own[m.Name]; ok {
		p = o.Process
	}
	return b.addressOf(Node{Process: p})
}

// control appends the entry that ZeekControl has for its client (spec: zeekctl 3.2).
func (b *layoutBuilder) control(port int, address netip.Addr) {
	if port == 0 {
		return
	}
	b.claim(address, port, portOwner{"the port of control", "control.port"})
	b.name(ControlName, "control")
	b.layout.Nodes = append(b.layout.Nodes, Node{
		Name: ControlName, Type: TypeControl, Address: address, Port: port, Section: "control", Elsewhere: b.elsewhere(address),
	})
}

// supervisor claims the port at which the supervisor serves its metrics: that of every
// address is at least that of the cluster's.
func (b *layoutBuilder) supervisor(m Metrics) {
	at, err := netip.ParseAddrPort(m.Listen)
	if err != nil {
		return
	}
	address := at.Addr()
	if address.IsUnspecified() {
		address = b.address
	}
	b.claim(address, int(at.Port()), portOwner{"the supervisor's metrics port", "metrics.listen"})
}

// worker makes the n-th node of a section, the i-th of workers, a worker.
func (b *layoutBuilder) worker(node *Node, section Workers, n, i int) {
	b.workers++
	node.Worker = Worker{Index: n + 1, HostIndex: b.workers, Section: cmp.Or(section.Name, strconv.Itoa(i+1))}
	node.Interface = section.Interface
	node.Interface = node.expandInterface()
}

func (b *layoutBuilder) name(name, path string) {
	if other, taken := b.names[name]; taken {
		at := path + ".names"
		if !b.has(at) {
			at = path + ".name"
		}
		if other == path {
			b.problemf(at, "%s has %s twice; give each node a name of its own", display(at), name)
		} else if strings.HasPrefix(other, "workers") && strings.HasPrefix(path, "workers") {
			b.problemf(at, "two sections of workers make a node called %s; give one of them another name", name)
		} else {
			b.problemf(at, "%s and %s make a node called %s; give one of them another name", display(other), display(path), name)
		}
	}
	b.names[name] = path
}

// portCounter hands out ports that the configuration key counts from.
type portCounter struct {
	next     int
	key      string
	reported bool // that it ran out or clashed: once is enough
}

// portOwner is who has a port, and the configuration key that decided it.
type portOwner struct{ what, key string }

// take hands out the next port of a counter.
func (b *layoutBuilder) take(c *portCounter, address netip.Addr, what string) int {
	port := c.next
	c.next++
	switch {
	case port < 1: // reported where the key was checked
	case port > maxPort && !c.reported:
		c.reported = true
		b.problemf(c.key, "%s: there are not enough ports: %s would be %d; begin lower or run fewer nodes", display(c.key), what, port)
	case port <= maxPort && !c.reported:
		c.reported = !b.claim(address, port, portOwner{what, c.key})
	}
	return port
}

// claim gives a port of a host to its owner, unless somebody has it.
func (b *layoutBuilder) claim(address netip.Addr, port int, owner portOwner) bool {
	if port < 1 || port > maxPort {
		return true // reported where the key was checked
	}
	place := netip.AddrPortFrom(address, uint16(port))
	other, taken := b.ports[place]
	if !taken {
		b.ports[place] = owner
		return true
	}
	at := owner.key
	if !b.has(at) && b.has(other.key) {
		at = other.key
	}
	b.problemf(at, "port %d would be both %s (%s) and %s (%s); change one of the two",
		port, other.what, display(other.key), owner.what, display(owner.key))
	return false
}

func zeekPort(port int) string { return fmt.Sprintf("%d/tcp", port) }
