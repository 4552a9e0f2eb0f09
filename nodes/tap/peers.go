package tap

import (
	"slices"
	"strings"

	"zctl/layoutgen"
)

// State is how a node is, as seen from the bus.
type State string

// The states of nodes.
const (
	Up        State = "up"
	Missing   State = "missing"   // it is in the layout but not on the bus
	Duplicate State = "duplicate" // so are other processes of the same name
	Stranger  State = "stranger"  // it is on the bus but not in the layout
)

// Peer is a node, or one of several processes that say they are it.
type Peer struct {
	// Name, Host and PID are from the node id; "" and 0 where that says nothing.
	Name string `json:"name"`
	// Type is by the layout, or else what the name suggests: worker-1 is a
	// worker. It is "" if there is no telling.
	Type  layoutgen.NodeType `json:"type"`
	State State              `json:"state"`
	Host  string             `json:"host"`
	PID   int                `json:"pid"`
	ID    string             `json:"id"`
}

// Present is who is there, as seen from the bus.
type Present struct {
	// Peers is first the nodes of the layout, in its order, then all others by
	// their ids.
	Peers []Peer `json:"peers"`
	// Topics is what is subscribed that no node subscribes by itself: by scripts,
	// WebSocket clients, other programs and taps.
	Topics []string `json:"topics"`
}

// Healthy says that no node is missing, and none there twice.
func (p Present) Healthy() bool {
	return !slices.ContainsFunc(p.Peers, func(p Peer) bool { return p.State == Missing || p.State == Duplicate })
}

const (
	nodeIDPrefix = "zeek.cluster.nodeid."
	nodePrefix   = "zeek.cluster.node."
)

// Look makes of the topics that are subscribed who is there. Every node
// subscribes one with its id (spec: wire 5.1); the layout, nil if there is none,
// says who should be there.
func Look(topics []string, layout *layoutgen.Layout) Present {
	if layout == nil {
		layout = &layoutgen.Layout{}
	}
	names, ids, others := sift(topics)
	names = append(names, layout.Names()...)
	byName := map[string][]Peer{}
	var onBus []Peer
	for _, id := range ids {
		p := peerOf(id, names)
		onBus = append(onBus, p)
		byName[p.Name] = append(byName[p.Name], p)
	}
	present := Present{Topics: others}
	for _, n := range layout.Nodes {
		present.Peers = append(present.Peers, inLayout(n, byName[n.Name])...)
	}
	for _, p := range onBus {
		if _, known := layout.Node(p.Name); known {
			continue
		}
		switch {
		case p.Name != "" && len(byName[p.Name]) > 1:
			p.State = Duplicate
		case len(layout.Nodes) > 0:
			p.State = Stranger
		}
		present.Peers = append(present.Peers, p)
	}
	return present
}

// sift sorts topics: names and ids of nodes, and what no node subscribes by
// itself.
func sift(topics []string) (names, ids, others []string) {
	others = []string{}
	for _, t := range topics {
		id, isID := strings.CutPrefix(t, nodeIDPrefix)
		name, isName := strings.CutPrefix(t, nodePrefix)
		switch {
		case isID && id != "":
			ids = append(ids, id[:len(id)-1])
		case isName && strings.HasSuffix(name, "."):
			names = append(names, name[:len(name)-1])
		case !isUsual(t):
			others = append(others, t)
		}
	}
	return names, ids, others
}

// isUsual says whether nodes of some type subscribe this at their start (spec:
// wire 5.5).
func isUsual(topic string) bool {
	switch topic {
	case "zeek/supervisor", "zeek/table/", "zeek.cluster.manager", "zeek.cluster.logger", "zeek.cluster.proxy", "zeek.cluster.worker",
		"zeek.cluster.pool.logger", "zeek.cluster.pool.proxy", "zeek.cluster.pool.worker":
		return true
	}
	return false
}

func peerOf(id string, names []string) Peer {
	parsed, _ := parseNodeID(id, names)
	return Peer{Name: parsed.name, Type: typeOf(parsed.name), State: Up, Host: parsed.host, PID: parsed.pid, ID: id}
}

// typeOf is what a name suggests, as Zeek's tools name nodes.
func typeOf(name string) layoutgen.NodeType {
	for _, t := range layoutgen.StartOrder {
		if strings.HasPrefix(name, string(t)) {
			return t
		}
	}
	return ""
}

// inLayout is the processes on the bus of a node of the layout, or that it is
// missing. Nodes that only control others need not be there.
func inLayout(n layoutgen.Node, there []Peer) []Peer {
	if len(there) == 0 && (n.Type == layoutgen.TypeControl || n.Type == layoutgen.TypeNone) {
		return nil
	}
	if len(there) == 0 {
		return []Peer{{Name: n.Name, Type: n.Type, State: Missing}}
	}
	peers := slices.Clone(there)
	for i := range peers {
		peers[i].Type = n.Type
		if len(peers) > 1 {
			peers[i].State = Duplicate
		}
	}
	return peers
}
