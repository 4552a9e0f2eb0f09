package supervisor

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"zctl/layoutgen"
	"zctl/supervisor/lifecycle"
)

// NodeResult is what an operation achieved for one node.
type NodeResult struct {
	Name  string `json:"name"`
	State string `json:"state"`
	OK    bool   `json:"ok"`
	// Message is why the node is not where it should be.
	Message string `json:"message"`
}

// Result is what an operation achieved.
type Result struct {
	Changes []Change `json:"changes,omitempty"` // of a deploy
	// Generation is the digest of what a deploy deployed.
	Generation string       `json:"generation,omitempty"`
	Nodes      []NodeResult `json:"nodes"`
	// Rolling is how far a rolling deploy got that is not complete.
	Rolling *Rolling `json:"rolling,omitempty"`
	// TimedOut says that the time ran out before every node was settled. The
	// nodes go on to where they should be.
	TimedOut bool `json:"timed_out"`
}

// Plan says what a deploy would do, and does nothing.
func (s *Supervisor) Plan(d Deployment, o DeployOptions) ([]Change, error) {
	if err := s.check(d); err != nil {
		return nil, err
	}
	return Planned(s.have(), d.Nodes, o)
}

// Deploy makes the cluster what d says: nodes that are not in it are stopped,
// those that differ are restarted, those that are new or stopped are started,
// and the others are left alone. It returns when every node is ready or has
// died, or when ctx ends; the cluster goes on to become what d says, even then. A
// rolling deploy that stops is no error: see [Result.Rolling].
func (s *Supervisor) Deploy(ctx context.Context, d Deployment, o DeployOptions) (Result, error) {
	if err := s.check(d); err != nil {
		return Result{}, err
	}
	begun := make(chan *rollout, 1)
	changes, err := change(ctx, s, func(ctx context.Context) ([]Change, error) {
		changes, r, err := s.deploy(ctx, d, o)
		begun <- r
		return changes, err
	})
	var rollout *rollout
	select {
	case rollout = <-begun:
	default: // it goes on without us
	}
	over := settled
	if rollout != nil && o.Rolling {
		rollout.awaitEnd(ctx)
		over = func(*snapshot) bool { return true }
	}
	r, err := s.outcome(ctx, err, s.named(names(d.Nodes)), over, up)
	r.Changes = changes
	if rollout != nil {
		rollout.awaitEnd(ctx)
		r.Generation, r.Rolling = rollout.digest, rollout.left()
		r.TimedOut = r.TimedOut || r.Rolling != nil && r.Rolling.Stopped == ""
	}
	return r, err
}

// deploy is the part of Deploy that changes the cluster.
func (s *Supervisor) deploy(ctx context.Context, d Deployment, o DeployOptions) ([]Change, *rollout, error) {
	changes, err := Planned(s.have(), d.Nodes, o)
	if err != nil {
		return nil, nil, err
	}
	digest, err := s.keep(d)
	if err != nil {
		return nil, nil, err // and nothing has been changed
	}
	d.Generation = digest
	r := s.beginRollout(digest, o)
	if o.Rolling {
		s.beginRolling(r, d, changes, o)
		return changes, r, nil
	}
	s.retarget(d, changes, nil)
	err = s.apply(ctx, changes)
	s.follow(r, d, func(ctx context.Context) error {
		return cmp.Or(s.await(ctx, s.named(names(d.Nodes)), settled), err)
	})
	s.prune()
	return changes, r, err
}

// Start starts the selected nodes that do not run, and waits as Deploy does.
func (s *Supervisor) Start(ctx context.Context, patterns []string) (Result, error) {
	return s.operate(ctx, patterns, s.startNodes, settled, up)
}

// Stop stops the selected nodes and waits until nothing of them is left.
func (s *Supervisor) Stop(ctx context.Context, patterns []string) (Result, error) {
	return s.operate(ctx, patterns, s.stopNodes, stopped, stopped)
}

// Restart gives the selected nodes new processes, starts those that do not run,
// and waits as Deploy does.
func (s *Supervisor) Restart(ctx context.Context, patterns []string) (Result, error) {
	return s.operate(ctx, patterns, s.restartNodes, settled, up)
}

// operate does something to the selected nodes, waits until they are settled
// and says which are where they should be.
func (s *Supervisor) operate(ctx context.Context, patterns []string, do func(context.Context, []*node) error, settled, good condition) (Result, error) {
	nodes, err := s.selected(patterns)
	if err != nil {
		return Result{}, err
	}
	now, err := change(ctx, s, func(ctx context.Context) ([]*node, error) {
		nodes, err := s.selected(patterns) // a deploy may have been before us
		if err != nil {
			return nil, err
		}
		return nodes, do(ctx, nodes)
	})
	if now != nil {
		nodes = now
	}
	return s.outcome(ctx, err, nodes, settled, good)
}

// Shutdown ends the supervisor; Run returns when everything is done. Unless keep
// says that the nodes are to keep running they are stopped before, and stay so. If
// that takes longer than ctx allows, it goes on all the same; the supervisor stays
// only for a node that cannot be stopped.
func (s *Supervisor) Shutdown(ctx context.Context, keep bool) (Result, error) {
	nodes, err := change(ctx, s, func(ctx context.Context) ([]*node, error) {
		var nodes []*node
		if !keep {
			nodes = s.all()
			if err := s.stopNodes(ctx, nodes); err != nil {
				return nodes, err
			}
		}
		s.mu.Lock()
		s.keepNodes = true // those that are to stop have
		s.mu.Unlock()
		s.end(ErrEnding) // before anybody else can have something done
		return nodes, nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return result(s.all(), stopped, true), nil
	}
	return result(nodes, stopped, false), err
}

// change runs the part of an operation that changes the cluster: one at a time,
// and to its end even if ctx, and with it the client, goes away before. Waiting
// for nodes to become ready is not part of it, so that a node that never does
// keeps nobody from stopping it.
func change[T any](ctx context.Context, s *Supervisor, do func(context.Context) (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	var none T
	select {
	case s.ops <- struct{}{}:
	case <-ctx.Done(): // another operation takes its time
		return none, context.Cause(ctx)
	case <-s.ctx.Done():
		return none, ErrEnding
	}
	done := make(chan outcome, 1)
	begun := s.ctx.Err() == nil && s.background(func() {
		value, err := do(s.ctx)
		if errors.Is(err, ErrEnding) {
			err = ErrEnded
		}
		done <- outcome{value, err}
		<-s.ops
	})
	if !begun {
		<-s.ops
		return none, ErrEnding
	}
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}

// background runs f as something that Run waits for.
func (s *Supervisor) background(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending {
		return false
	}
	s.running.Add(1)
	go func() { defer s.running.Done(); f() }()
	return true
}

// retarget tells the nodes that changes are about what they should be from now on,
// makes the new ones, and saves that before anything is done about it, so that a
// deploy which is interrupted is finished by the next supervisor. What a rolling
// deploy has not reached yet is left as it is; rolling is how far that is.
func (s *Supervisor) retarget(d Deployment, changes []Change, rolling *Rolling) {
	s.store.pause(func() { // never half of a deployment
		s.mu.Lock()
		if rolling != nil && d.Bus == nil {
			d.Bus = s.deployment.Bus // for those that it has not reached yet
		}
		s.deployment, s.rolling = d, rolling
		s.deployment.Nodes = nil // each node knows its own
		s.mu.Unlock()
		s.setTargets(d, changes)
	})
	s.store.save(true) // a failure is in the status, and no reason not to go on
	err := errors.Join(s.generations.Switch(d.Generation), s.Dirs.linkCurrent(s.specs()))
	if err != nil {
		s.event("%v", err)
	}
	s.postGuard()
}

func (s *Supervisor) setTargets(d Deployment, changes []Change) {
	specs := map[string]Spec{}
	for _, spec := range d.Nodes {
		specs[spec.Name] = spec
	}
	targets := map[*node]target{}
	var come, all []*node
	for _, c := range changes {
		n := s.find(c.Node)
		spec, stays := specs[c.Node]
		t := s.target(spec)
		switch {
		case n == nil:
			n = newNode(c.Node, s.shared, t, savedNode{})
			come = append(come, n)
		case !stays:
			t = n.snapshot.Load().target
			t.up, t.removed = false, true
		case !c.replaces():
			t.up = n.snapshot.Load().up
		}
		targets[n] = t
		all = append(all, n)
	}
	s.setNodes(inOrder(append(come, s.all()...), d.Nodes))
	s.shared.crashes.SetKeep(d.keepCrashes())
	each(all, func(n *node) { n.retarget(targets[n]) })
}

// inOrder is nodes in the order of specs, those without one behind the others.
func inOrder(nodes []*node, specs []Spec) []*node {
	rank := map[string]int{}
	for i, spec := range specs {
		rank[spec.Name] = i - len(specs)
	}
	slices.SortStableFunc(nodes, func(a, b *node) int { return cmp.Compare(rank[a.name], rank[b.name]) })
	return nodes
}

// specs is what every node should be.
func (s *Supervisor) specs() []Spec {
	var all []Spec
	for _, n := range s.all() {
		if snap := n.snapshot.Load(); !snap.removed {
			all = append(all, snap.spec)
		}
	}
	return all
}

// target is what a node of that spec should be in the present deployment.
func (s *Supervisor) target(spec Spec) target {
	return target{
		spec: spec, files: s.deployment.Files, giveUpAfter: s.deployment.GiveUpAfter,
		generation: s.deployment.Generation, up: true,
	}
}

// setUp notes whether somebody wants nodes to run, and saves that before it is so.
func (s *Supervisor) setUp(nodes []*node, up bool) {
	var changed atomic.Bool
	each(nodes, func(n *node) {
		if n.snapshot.Load().up != up {
			n.setUp(up)
			changed.Store(true)
		}
	})
	if changed.Load() {
		s.store.save(true)
	}
}

// apply carries out changes whose targets are set.
func (s *Supervisor) apply(ctx context.Context, changes []Change) error {
	by := map[ChangeAction][]string{}
	for _, c := range changes {
		action := s.actionNow(c)
		by[action] = append(by[action], c.Node)
	}
	return goOn(ctx,
		func() error { return s.stopNodes(ctx, s.named(by[ChangeStop])) },
		func() error { return s.sweep(ctx) },
		func() error { return s.restartNodes(ctx, s.named(by[ChangeRestart])) },
		func() error { return s.startNodes(ctx, s.named(by[ChangeStart])) },
	)
}

// actionNow is what a change takes when targets are set: a node that did not run may
// have come up with its old spec before it had the new one.
func (s *Supervisor) actionNow(c Change) ChangeAction {
	if n := s.find(c.Node); c.Action == ChangeStart && n != nil && n.snapshot.Load().outdated() {
		return ChangeRestart
	}
	return c.Action
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
	each(nodes, func(n *node) { n.tell(lifecycle.Event{Kind: lifecycle.Stop, Cause: cause}) })
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
	each(nodes, func(n *node) { n.tell(e) })
	return s.await(ctx, nodes, there)
}

// stuckAfter is how long after its stop_timeout a node may take to end before
// operations go on without it: KILL does not reach a process that waits for a
// device or a file system. The node is tried further.
const stuckAfter = 10 * time.Second

// condition is something that may be true of a node.
type condition func(*snapshot) bool

// Where a node may have got to.
func stopped(n *snapshot) bool { return n.state.Phase == lifecycle.Stopped }
func up(n *snapshot) bool      { return n.state.Phase == lifecycle.Ready }
func spawned(n *snapshot) bool {
	return n.state.Phase != lifecycle.Stopped && n.state.Phase != lifecycle.Stopping && n.state.Phase != lifecycle.Starting
}

// outdated is a node whose process is not what it should be.
func (n *snapshot) outdated() bool { return n.digest != "" && n.digest != n.spec.Digest() }

// settled is a node about which nothing more is to be expected soon: it is
// ready, or it died.
func settled(n *snapshot) bool {
	switch n.state.Phase {
	case lifecycle.Ready, lifecycle.Backoff, lifecycle.Failed, lifecycle.Stopped:
		return true
	}
	return false
}

func all(nodes []*node, there condition) bool {
	return !slices.ContainsFunc(nodes, func(n *node) bool { return !there(n.snapshot.Load()) })
}

// await waits until all nodes are where they should be, or ctx ends. Those that
// nobody supervises any more will get nowhere, and are not waited for.
func (s *Supervisor) await(ctx context.Context, nodes []*node, there condition) error {
	for {
		news := s.news.wait()
		if all(nodes, func(n *snapshot) bool { return n.left || there(n) }) {
			return nil
		}
		select {
		case <-news:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// outcome waits until nodes are settled and says which are where they should
// be. changed is the error of what was done to them.
func (s *Supervisor) outcome(ctx context.Context, changed error, nodes []*node, settled, good condition) (Result, error) {
	if changed != nil && !errors.Is(changed, context.DeadlineExceeded) {
		return Result{}, changed
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.ctx, func() { cancel(ErrEnded) })()
	err := s.await(ctx, nodes, settled)
	if err == nil && s.ctx.Err() != nil && !all(nodes, settled) {
		err = ErrEnded // and has left them
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return Result{}, err
	}
	return result(nodes, good, err != nil || changed != nil), nil
}

// result says which nodes are where they should be.
func result(nodes []*node, good condition, timedOut bool) Result {
	r := Result{TimedOut: timedOut}
	for _, n := range nodes {
		snap := n.snapshot.Load()
		r.Nodes = append(r.Nodes, NodeResult{
			Name: n.name, State: string(snap.state.Phase), OK: good(snap), Message: snap.message(time.Now()),
		})
	}
	return r
}

// have is every node as it is, for Diff.
func (s *Supervisor) have() []Have {
	var all []Have
	for _, n := range s.all() {
		snap := n.snapshot.Load()
		running := snap.state.Phase.Up() || snap.state.Phase == lifecycle.Starting
		all = append(all, Have{Spec: snap.spec, Digest: snap.digest, Up: running, Generation: snap.generation})
	}
	return all
}

// named is the nodes of these names.
func (s *Supervisor) named(names []string) []*node {
	var nodes []*node
	for _, name := range names {
		if n := s.find(name); n != nil {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// selected is the nodes that NODES arguments name.
func (s *Supervisor) selected(patterns []string) ([]*node, error) {
	var specs []Spec
	for _, n := range s.all() {
		specs = append(specs, n.snapshot.Load().spec)
	}
	chosen, err := Select(specs, patterns)
	return s.named(names(chosen)), err
}

// sweep removes nodes that a deploy wanted gone, once nothing of them is left. One
// that cannot be stopped stays, and is swept some other time.
func (s *Supervisor) sweep(ctx context.Context) error {
	var removed []*node
	for _, n := range s.all() {
		if n.snapshot.Load().removed {
			removed = append(removed, n)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, longestStop(removed)+stuckAfter)
	defer cancel()
	err := s.await(ctx, removed, stopped)
	removed = slices.DeleteFunc(removed, func(n *node) bool { return !stopped(n.snapshot.Load()) })
	s.setNodes(slices.DeleteFunc(slices.Clone(s.all()), func(n *node) bool { return slices.Contains(removed, n) }))
	for _, n := range removed {
		n.leave()
		_ = s.shared.cgroups.Group(n.name).Remove()
	}
	s.store.changed()
	return err
}
