package nodes

import (
	"context"
	"errors"

	"zctl/layoutgen"
	"zctl/nodes/control"
)

// errClient is the error of what a client cannot: nobody can ask it.
var errClient = errors.New("a client of a cluster answers no control requests")

// beControlled makes a node of the layout answer control requests.
func (n *Node) beControlled() {
	n.ending, n.end = context.WithCancel(context.Background())
	if n.self.Type == layoutgen.TypeNone {
		return
	}
	n.control = control.NewControllee(n.Cluster, control.Options{
		Node: n.o.Name, Option: n.option, Shutdown: n.end, Log: n.o.Log,
	})
}

// RegisterValue makes a value of the program that can be asked for by an id that no option
// of Zeek's has, "My::threshold", with zctl print, zeekctl print, or an event
// Control::id_value_request. value is called whenever somebody asks, on a goroutine of its
// own; see [control.Controllee.Register].
func (n *Node) RegisterValue(id string, value func() any) error {
	if n.control == nil {
		return errClient
	}
	return n.control.Register(id, value)
}

// AddPacketSource makes a source of packets count in what zctl netstats and zeekctl
// netstats show of the node; see [control.Controllee.AddPacketSource].
func (n *Node) AddPacketSource(s control.PacketSource) error {
	if n.control == nil {
		return errClient
	}
	n.control.AddPacketSource(s)
	return nil
}
