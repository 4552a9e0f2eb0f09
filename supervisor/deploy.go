package supervisor

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"zctl/supervisor/lifecycle"
)

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
	if o.MetricsLater {
		s.exposure.keep(d.Metrics)
	} else if err := s.exposure.set(d.Metrics); err != nil {
		return nil, nil, &InvalidError{[]error{err}}
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
	each(all, func(_ int, n *node) { n.retarget(targets[n]) })
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
	t := targetOf(spec)
	t.files, t.giveUpAfter, t.generation = s.deployment.Files, s.deployment.GiveUpAfter, s.deployment.Generation
	t.up = true
	return t
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
