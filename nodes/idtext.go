package nodes

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
	"zctl/nodes/zmq/curve"
)

// Values of options as Zeek prints them.

// describeNodes is Cluster::nodes, where who is up has an id.
func (n *Node) describeNodes() string {
	ids := map[string]string{n.o.Name: n.NodeID()}
	for _, p := range n.Peers() {
		if p.Up {
			ids[p.Node.Name] = p.ID
		}
	}
	var all []layoutgen.Node
	for _, t := range []layoutgen.NodeType{layoutgen.TypeControl, layoutgen.TypeManager, layoutgen.TypeLogger, layoutgen.TypeProxy, layoutgen.TypeWorker} {
		all = append(all, n.NodesWithType(t)...)
	}
	lines := make([]string, len(all))
	for i, node := range all {
		lines[i] = fmt.Sprintf("\t[%s] = %s", node.Name, describeNode(node, ids[node.Name]))
	}
	return "{\n" + strings.Join(lines, ",\n") + "\n}"
}

// describeNode is a record Cluster::Node.
func describeNode(n layoutgen.Node, id string) string {
	const unset = "<uninitialized>"
	metrics := unset
	if n.MetricsPort != 0 {
		metrics = portText(n.MetricsPort)
	}
	address := n.Address
	if !address.IsValid() {
		address = netip.IPv4Unspecified()
	}
	return fmt.Sprintf("[node_type=Cluster::%s, ip=%s, zone_id=, p=%s, manager=%s, id=%s, metrics_port=%s]",
		strings.ToUpper(string(n.Type)), address, portText(n.Port), cmp.Or(n.Manager, unset), cmp.Or(id, unset), metrics)
}

// describePool is a record Cluster::PoolSpec.
func (n *Node) describePool(p *cluster.Pool) string {
	spec := p.Spec()
	most := "<uninitialized>"
	if spec.MaxNodes != 0 {
		most = fmt.Sprint(spec.MaxNodes)
	}
	return fmt.Sprintf("[topic=%s, node_type=Cluster::%s, max_nodes=%s, exclusive=%s]",
		spec.Topic, strings.ToUpper(string(spec.NodeType)), most, truthText(spec.Exclusive))
}

func valueText(v event.Value) string { return v.Describe() }
func truthText(b bool) string        { return event.Boolean(b).Describe() }
func numberText(n int) string        { return event.Integer(int64(n)).Describe() }

// keyText is a public key, "" if there is none.
func keyText(k curve.PublicKey) string {
	if k.IsZero() {
		return ""
	}
	return k.String()
}

func portText(n int) string {
	p := event.Port{Number: uint16(n)}
	if n != 0 {
		p.Protocol = event.TCP
	}
	return event.PortValue(p).Describe()
}

func stringValues(all []string) []event.Value {
	values := make([]event.Value, len(all))
	for i, s := range all {
		values[i] = event.String(s)
	}
	return values
}

// What follows is the other way round than in settings.go.

// hwm is a high-water mark in Zeek's words, where 0 is no limit.
func hwm(ours, otherwise, noLimit int) int {
	if ours == noLimit {
		return 0
	}
	return cmp.Or(max(0, ours), otherwise)
}

// lingerMS is for how long to linger in Zeek's words, where 0 is not at all and -1 forever.
func lingerMS(ours time.Duration) int {
	switch {
	case ours == 0:
		return 500
	case ours < 0:
		return 0
	case ours == math.MaxInt64:
		return -1
	}
	return int(ours.Milliseconds())
}

// helloExpiration in Zeek's words, where 0 is at once, and below it is never.
func helloExpiration(ours time.Duration) time.Duration {
	switch ours {
	case 1:
		return 0
	case math.MaxInt64:
		return -time.Second
	}
	return ours
}
