package supervisor

import (
	"cmp"
	"context"
	"errors"
)

// stepsOf is changes by step.
func stepsOf(changes []Change) [][]Change {
	var steps [][]Change
	for _, c := range changes {
		if c.Step > len(steps) {
			steps = append(steps, nil)
		}
		steps[len(steps)-1] = append(steps[len(steps)-1], c)
	}
	return steps
}

// changed is the nodes about which something changes.
func changed(changes []Change) []string {
	var all []string
	for _, c := range changes {
		if c.replaces() {
			all = append(all, c.Node)
		}
	}
	return all
}

// beginRolling begins a roll-out, which goes on by itself.
func (s *Supervisor) beginRolling(r *rollout, d Deployment, changes []Change, o DeployOptions) {
	begin := Rolling{
		Generation: d.Generation, Verb: cmp.Or(o.Verb, "deploy"), Since: r.begun,
		Steps: len(stepsOf(changes)), Old: changed(changes),
	}
	s.retarget(d, nil, &begin)
	r.rolling.Store(&begin)
	s.follow(r, d, func(ctx context.Context) error {
		err := s.roll(ctx, r, d, changes, o)
		if err != nil {
			s.stopRolling(r, err)
		}
		return err
	})
}

// roll replaces nodes step by step. While it waits anybody may do something about
// nodes; another deploy ends it.
func (s *Supervisor) roll(ctx context.Context, r *rollout, d Deployment, changes []Change, o DeployOptions) error {
	watched := replaced{}
	watched.add(s.unready(changes))
	if err := s.comeUp(ctx, watched, DeployOptions{ReadyWithin: o.ReadyWithin}); err != nil {
		return err
	}
	for i, step := range stepsOf(changes) {
		begun, err := change(ctx, s, func(ctx context.Context) ([]*node, error) {
			now := r.left().at(i+1, changed(step))
			r.rolling.Store(&now)
			s.stepEvent(now)
			return s.takeStep(ctx, d, step, now, watched)
		})
		if err == nil && len(begun) > 0 {
			err = s.comeUp(ctx, watched, o)
		}
		if err != nil {
			return err
		}
	}
	_, err := change(ctx, s, func(context.Context) (none struct{}, err error) {
		r.rolling.Store(nil)
		s.retarget(d, nil, nil)
		s.event("the roll-out of generation %s is complete", short(d.Generation))
		s.prune()
		return none, nil
	})
	return err
}

// unready is the nodes about which nothing is to be done and that run, but are not
// ready: those of a roll-out that was interrupted, say. Before they are, nobody else is
// replaced.
func (s *Supervisor) unready(changes []Change) []*node {
	var all []*node
	for _, c := range changes {
		n := s.find(c.Node)
		if !c.replaces() && n != nil && !up(n.snapshot.Load()) {
			all = append(all, n)
		}
	}
	return all
}

// takeStep gives the nodes of a step what they should be, and replaces those that run
// something else. It notes in watched which those are, and returns them.
func (s *Supervisor) takeStep(ctx context.Context, d Deployment, step []Change, now Rolling, watched replaced) ([]*node, error) {
	step = s.asOfNow(d, step)
	s.retarget(d, step, &now)
	by := map[ChangeAction][]*node{}
	for _, c := range step {
		by[s.actionNow(c)] = append(by[s.actionNow(c)], s.named([]string{c.Node})...)
	}
	err := goOn(ctx,
		func() error { return s.stopNodes(ctx, by[ChangeStop]) },
		func() error { return s.sweep(ctx) },
		func() error { return s.stopStages(ctx, by[ChangeRestart], "roll-out") },
	)
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	begin := append(by[ChangeRestart], by[ChangeStart]...)
	watched.add(begin)
	return begin, errors.Join(err, s.startNodes(ctx, begin))
}

// asOfNow is a step of which somebody has done a part meanwhile, or of which a node
// has died. A node that somebody stopped stays so.
func (s *Supervisor) asOfNow(d Deployment, step []Change) []Change {
	planned := map[string]ChangeAction{}
	for _, c := range step {
		planned[c.Node] = c.Action
	}
	var have []Have
	for _, h := range s.have() {
		if planned[h.Spec.Name] != "" {
			have = append(have, h)
		}
	}
	var want []Spec
	for _, spec := range d.Nodes {
		if action := planned[spec.Name]; action != "" && action != ChangeStop {
			want = append(want, spec)
		}
	}
	changes := Diff(have, want)
	for i, c := range changes {
		n := s.find(c.Node)
		if c.Action == ChangeStart && planned[c.Node] != ChangeStart && n != nil && !n.snapshot.Load().up {
			changes[i].Action, changes[i].Why = ChangeNothing, "somebody stopped it"
		}
	}
	return changes
}
