package supervisor

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"zctl/layoutgen"
	"zctl/supervisor/lifecycle"
)

// setUp notes whether somebody wants nodes to run, and saves that before it is so.
func (s *Supervisor) setUp(nodes []*node, up bool) {
	var changed atomic.Bool
	each(nodes, func(_ int, n *node) {
		if n.snapshot.Load().up != up {
			n.setUp(up)
			changed.Store(true)
		}
	})
	if changed.Load() {
		s.store.save(true)
	}
}

// goOn takes steps one after the other. One that fails, because a node does not
// get where it should be, keeps the others from nothing; only the end of ctx does.
func goOn(ctx context.Context, steps ...func() error) error {
	var errs []error
	for _, step := range steps {
		err := step()
		if err != nil && ctx.Err() != nil {
			return err
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// startOrder is the types in the order in which they are started. Everybody
// meets at the broker: so it comes before all of them, and goes after them; and the
// archiver takes the last logs of loggers that end.
var startOrder = append([]layoutgen.NodeType{layoutgen.TypeArchiver, layoutgen.TypeBroker}, layoutgen.StartOrder...)

// stages groups nodes by type, in the order in which types are started.
func stages(nodes []*node) [][]*node {
	var all [][]*node
	for _, t := range startOrder {
		var stage []*node
		for _, n := range nodes {
			if n.snapshot.Load().spec.Type == t {
				stage = append(stage, n)
			}
		}
		if len(stage) > 0 {
			all = append(all, stage)
		}
	}
	return all
}

// startNodes starts stage after stage. It waits for each to be spawned, not to
// be ready: a logger is ready when it has met the manager.
func (s *Supervisor) startNodes(ctx context.Context, nodes []*node) error {
	s.setUp(nodes, true)
	var steps []func() error
	for _, stage := range stages(nodes) {
		steps = append(steps, func() error {
			return s.wish(ctx, stage, lifecycle.Event{Kind: lifecycle.Start, Cause: "start"}, spawned)
		})
	}
	return goOn(ctx, steps...)
}

// stopNodes stops stage after stage in the reverse order.
func (s *Supervisor) stopNodes(ctx context.Context, nodes []*node) error {
	s.setUp(nodes, false)
	return s.stopStages(ctx, nodes, "stop")
}

// headStart is how long workers have at least to end before proxies are told to.
const headStart = 25 * time.Millisecond

// stopStages stops stage after stage in the reverse order. Proxies follow the workers
// when those have had their head start; the others wait until nothing is left of
// those before, so that what a worker still has to say finds a manager, a broker and a
// logger, however long it takes. Without them it would take longer, too: Zeek keeps
// what it cannot deliver for half a second (spec: generators R21).
func (s *Supervisor) stopStages(ctx context.Context, nodes []*node, cause string) error {
	var steps []func() error
	var told []*node
	gone := func() {
		if len(told) == 0 {
			return
		}
		ending := told
		told = nil
		steps = append(steps, func() error { return s.awaitGone(ctx, ending) })
	}
	for _, stage := range slices.Backward(stages(nodes)) {
		if stage[0].outlasts() {
			gone()
		}
		steps = append(steps, func() error { s.beginStop(ctx, stage, cause); return nil })
		told = append(told, stage...)
	}
	gone()
	if len(nodes) > 0 { // once, because all processes of the host have to be looked at
		steps = append(steps, func() error { return s.endEscaped(ctx, nodes, longestStop(nodes)) })
	}
	return goOn(ctx, steps...)
}

// outlasts says whether nodes of that type are stopped when nothing of the
// others is left.
func (n *node) outlasts() bool {
	t := n.snapshot.Load().spec.Type
	return t != layoutgen.TypeWorker && t != layoutgen.TypeProxy
}

// beginStop tells nodes to stop and gives them a head start.
func (s *Supervisor) beginStop(ctx context.Context, nodes []*node, cause string) {
	each(nodes, func(_ int, n *node) { n.tell(lifecycle.Event{Kind: lifecycle.Stop, Cause: cause}) })
	ctx, cancel := context.WithTimeout(ctx, headStart)
	defer cancel()
	s.await(ctx, nodes, stopped)
}

// awaitGone waits until nothing is left of nodes that were told to stop, but for what
// escaped.
func (s *Supervisor) awaitGone(ctx context.Context, nodes []*node) error {
	ctx, cancel := context.WithTimeout(ctx, longestStop(nodes)+stuckAfter)
	defer cancel()
	return s.await(ctx, nodes, stopped)
}

// restartNodes stops all stages but the one that is started first; that one is
// restarted in place, each of its nodes for itself; then the others are started.
// Nodes of one type thus never wait for each other.
func (s *Supervisor) restartNodes(ctx context.Context, nodes []*node) error {
	all := stages(nodes)
	if len(all) == 0 {
		return nil
	}
	s.setUp(nodes, true)
	first, others := all[0], slices.Concat(all[1:]...)
	return goOn(ctx,
		func() error { return s.stopStages(ctx, others, "restart") },
		func() error {
			return s.wish(ctx, first, lifecycle.Event{Kind: lifecycle.Restart, Cause: "restart"}, spawned)
		},
		func() error { return s.startNodes(ctx, others) },
	)
}

// wish tells nodes what somebody wants of them and waits until they have got
// there.
func (s *Supervisor) wish(ctx context.Context, nodes []*node, e lifecycle.Event, there condition) error {
	ctx, cancel := context.WithTimeout(ctx, longestStop(nodes)+stuckAfter)
	defer cancel()
	each(nodes, func(_ int, n *node) { n.tell(e) })
	return s.await(ctx, nodes, there)
}

// stuckAfter is how long after its stop_timeout a node may take to end before
// operations go on without it: KILL does not reach a process that waits for a
// device or a file system. The node is tried further.
const stuckAfter = 10 * time.Second
