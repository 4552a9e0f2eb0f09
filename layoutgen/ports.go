package layoutgen

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
)

const maxPort = 65535

// layoutBuilder appends sections of nodes to a layout and hands out ports.
type layoutBuilder struct {
	*source
	layout          *Layout
	address         netip.Addr
	listen, metrics portCounter
	ports           map[int]portOwner
	names           map[string]string // name -> path of the section that made it
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
		n := Node{Name: name(i + 1), Type: s.typ, Address: b.address, Section: s.path, Process: s.process}
		if s.typ != TypeManager {
			n.Manager = "manager"
		}
		if s.typ != TypeWorker {
			n.Port = b.take(listen, "the listening port of "+n.Name)
		}
		if metrics.next != 0 {
			n.MetricsPort = b.take(metrics, "the metrics port of "+n.Name)
		}
		if o, ok := b.own[n.Name]; ok {
			n.Process, n.Own = o.Process, o.keys
			n.Process.MetricsPort = s.process.MetricsPort
		}
		b.name(n.Name, s.path)
		b.layout.Nodes = append(b.layout.Nodes, n)
	}
}

// worker makes the n-th node of a section, the i-th of workers, a worker.
func (b *layoutBuilder) worker(node *Node, section Workers, n, i int) {
	b.workers++
	node.Worker = Worker{Index: n + 1, HostIndex: b.workers, Section: cmp.Or(section.Name, strconv.Itoa(i+1))}
	node.Interface = section.Interface
	node.Interface = node.expandInterface()
}

func (b *layoutBuilder) name(name, path string) {
	if other, taken := b.names[name]; taken && other != path {
		b.problemf(path+".name", "two sections of workers make a node called %s; give one of them another name", name)
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
func (b *layoutBuilder) take(c *portCounter, what string) int {
	port := c.next
	c.next++
	switch {
	case port < 1: // reported where the key was checked
	case port > maxPort && !c.reported:
		c.reported = true
		b.problemf(c.key, "%s: there are not enough ports: %s would be %d; begin lower or run fewer nodes", display(c.key), what, port)
	case port <= maxPort && !c.reported:
		c.reported = !b.claim(port, portOwner{what, c.key})
	}
	return port
}

// claim gives a port to its owner, unless somebody has it.
func (b *layoutBuilder) claim(port int, owner portOwner) bool {
	if port < 1 || port > maxPort {
		return true // reported where the key was checked
	}
	other, taken := b.ports[port]
	if !taken {
		b.ports[port] = owner
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
