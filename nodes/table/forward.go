package table

import (
	"context"
	"fmt"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/event"
)

// Forward makes a node the one who hands on the changes of workers that do not hear
// each other, if it is the manager: in a cluster with Zeek's Broker backend workers ask
// for that (spec: cluster-framework 1.14). A Zeek manager with another backend ends when
// it is asked; a node in Go does as it is asked. Every node of package nodes does it.
func Forward(c *cluster.Cluster) error {
	return cluster.Handle(c, forwardEvent, func(ctx context.Context, ev event.Event) error {
		to, err := forwardTo(ev)
		if err != nil {
			return err
		}
		if c.LocalNodeType() != layoutgen.TypeManager {
			return fmt.Errorf("ignoring changes of table %s that somebody wants to be sent to %s: only a manager does", tableID(ev), to)
		}
		return c.PublishEvent(ctx, to, event.Event{Name: changeEvent, Args: ev.Args[:2], Metadata: ev.Metadata})
	})
}

// forwardTo is the topic that changes are to go to.
func forwardTo(ev event.Event) (string, error) {
	if len(ev.Args) == 3 {
		if to, ok := ev.Args[2].Text(); ok {
			return to, nil
		}
	}
	return "", fmt.Errorf("cannot use %s; expected %s(record, vector, string)", ev.Signature(), forwardEvent)
}

// forwarded applies changes that the manager, this node, hands on, if they are for
// itself, too.
func (p *publisher[K, V]) forwarded(ctx context.Context, ev event.Event) error {
	to, err := forwardTo(ev)
	if err != nil || p.cluster.LocalNodeType() != layoutgen.TypeManager || !p.cluster.Hears(to) {
		return nil // what is wrong the other handler says
	}
	return p.changed(ctx, ev)
}
