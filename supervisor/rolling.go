package supervisor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"zctl/supervisor/generation"
	"zctl/supervisor/lifecycle"
)

// Rolling is a rolling deploy that has not come to its end: it is under way, or it
// stopped. Nodes that it did not reach keep what they were deployed with before, also
// if they die and are started again.
type Rolling struct {
	// Generation is the digest of what is rolled out, and Verb who does: "deploy" or
	// "rollback".
	Generation string    `json:"generation"`
	Verb       string    `json:"verb"`
	Since      time.Time `json:"since"`
	// Step is the present step, of Steps, and Nodes is what it is about.
	Step  int      `json:"step"`
	Steps int      `json:"steps"`
	Nodes []string `json:"nodes"`
	// New is the nodes that have changed, Old those that have not yet. The nodes
	// about which nothing changes are in neither.
	New []string `json:"new"`
	Old []string `json:"old"`
	// Stopped is why it does not go on, "" while it does, and Failed the nodes that
	// did not come up.
	Stopped string   `json:"stopped"`
	Failed  []string `json:"failed"`
}

// String is one line for people.
func (r Rolling) String() string {
	what := "roll-out"
	if r.Verb == generation.VerbRollback {
		what = "rollback"
	}
	at := fmt.Sprintf("step %d of %d", r.Step, r.Steps)
	if r.Step == 0 {
		at = "the nodes that it leaves alone"
	}
	if r.Stopped == "" {
		return fmt.Sprintf("%s of generation %s: %s (%s)", what, short(r.Generation), at, list(r.Nodes))
	}
	return fmt.Sprintf("the %s of generation %s stopped at %s: %s", what, short(r.Generation), at, r.Stopped)
}

// Advice is what somebody can do about a roll-out that stopped, in lines.
func (r Rolling) Advice() []string {
	if r.Stopped == "" {
		return nil
	}
	next := "zctl rollback goes back to what was before; zctl deploy, with or without --rolling, goes on"
	if r.Verb == generation.VerbRollback {
		next = fmt.Sprintf("zctl rollback %s, with or without --rolling, goes on; zctl deploy deploys zctl.toml again", short(r.Generation))
	}
	return []string{fmt.Sprintf("new configuration: %s; old: %s", list(r.New), list(r.Old)), next}
}

// list is some names in one line.
func list(names []string) string {
	const most = 10
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > most+1:
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

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

// rollingNow is how far the roll-out is, nil without one. It is never changed.
func (s *Supervisor) rollingNow() *Rolling {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rolling
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

// at is a roll-out that gets to a step: what was there before has changed.
func (r Rolling) at(step int, nodes []string) Rolling {
	r.New, r.Old = move(r.New, r.Old, r.Nodes)
	r.Step, r.Nodes = step, nodes
	return r
}

// stopped is a roll-out that does not go on. Whatever the present step is about has
// the new configuration already.
func (r Rolling) stopped(why error) Rolling {
	r = r.at(r.Step, r.Nodes)
	r.Stopped = why.Error()
	var down *downError
	if errors.As(why, &down) {
		r.Failed = down.nodes
	}
	return r
}

// stepEvent writes down how far a roll-out is.
func (s *Supervisor) stepEvent(r Rolling) {
	e := Event{Time: time.Now(), Step: r.Step, Cause: r.String()}
	s.Log.Info(e.Cause)
	s.shared.journal.add(e)
}

// stopRolling notes why a roll-out does not go on.
func (s *Supervisor) stopRolling(r *rollout, why error) {
	now := r.left()
	if now == nil {
		return // it had just ended
	}
	end := now.stopped(why)
	r.rolling.Store(&end)
	s.mu.Lock()
	s.rolling = &end
	s.mu.Unlock()
	s.store.save(true)
	s.stepEvent(end)
}

// leaveRolling stops the roll-out of a predecessor. To go on might be what he was
// ended for; so somebody has to say.
func (s *Supervisor) leaveRolling() {
	if s.rolling != nil && s.rolling.Stopped == "" {
		end := s.rolling.stopped(errors.New("the supervisor ended meanwhile"))
		s.rolling = &end
		s.stepEvent(end)
	}
}

// move takes names from one list to another.
func move(to, from, names []string) (newTo, newFrom []string) {
	moved := map[string]bool{}
	for _, name := range names {
		moved[name] = true
	}
	newTo = append([]string{}, to...)
	for _, name := range from {
		if moved[name] {
			newTo = append(newTo, name)
		} else {
			newFrom = append(newFrom, name)
		}
	}
	return newTo, newFrom
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

// replaced is the nodes that a roll-out has started, with the count of their restarts
// before.
type replaced map[*node]int

func (r replaced) add(nodes []*node) {
	for _, n := range nodes {
		r[n] = n.snapshot.Load().state.Restarts
	}
}

// downError is why a roll-out stops: nodes that did not come up, or not for long.
type downError struct {
	nodes []string
	text  string
}

func (e *downError) Error() string { return e.text }

// comeUp waits until all nodes that were replaced are ready, and have been so for as
// long as they are to be observed. It fails when one dies, or takes too long.
func (s *Supervisor) comeUp(ctx context.Context, watched replaced, o DeployOptions) error {
	patience := time.Now().Add(o.readyWithin())
	var since time.Time // all are ready
	for {
		news := s.news.wait()
		now := time.Now()
		waiting, err := watched.look(now)
		if err != nil {
			return err
		}
		wait := patience.Sub(now)
		switch {
		case len(waiting) > 0 && wait <= 0:
			return tooSlow(waiting, o.readyWithin(), now)
		case len(waiting) > 0:
			since = time.Time{}
		case since.IsZero():
			since = now
			fallthrough
		default:
			if wait = since.Add(o.Observe).Sub(now); wait <= 0 {
				return nil
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-news:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
		timer.Stop()
	}
}

// look says which nodes are not ready yet; one that died is an error. Of those that
// somebody stopped nothing is expected.
func (r replaced) look(now time.Time) (waiting []*snapshot, err error) {
	var down downError
	nodes := slices.SortedFunc(maps.Keys(r), func(a, b *node) int { return cmp.Compare(a.name, b.name) })
	for _, n := range nodes {
		snap, restarts := n.snapshot.Load(), r[n]
		switch phase := snap.state.Phase; {
		case snap.left || !snap.up:
		case phase == lifecycle.Backoff, phase == lifecycle.Failed, snap.state.Restarts > restarts:
			down.nodes = append(down.nodes, n.name)
			down.text += n.name + " did not stay up: " + snap.death(now) + "; "
		case phase != lifecycle.Ready:
			waiting = append(waiting, snap)
		}
	}
	if len(down.nodes) == 0 {
		return waiting, nil
	}
	down.text = strings.TrimSuffix(down.text, "; ")
	return nil, &down
}

// death is how a node died last.
func (n *snapshot) death(now time.Time) string {
	if text := n.message(now); !n.state.Phase.Up() && text != "" {
		return text
	}
	text := "it died"
	switch {
	case n.lastExit == nil:
	case n.lastExit.Signal != nil:
		text = fmt.Sprintf("killed by signal %d", *n.lastExit.Signal)
	case n.lastExit.Code != nil:
		text = fmt.Sprintf("exited with code %d", *n.lastExit.Code)
	}
	if n.lastWords != "" {
		text += "; stderr: " + strings.ReplaceAll(n.lastWords, "\n", " | ")
	}
	return text + "; it was started again"
}

func tooSlow(waiting []*snapshot, patience time.Duration, now time.Time) error {
	var down downError
	var parts []string
	for _, snap := range waiting {
		down.nodes = append(down.nodes, snap.spec.Name)
		text := fmt.Sprintf("%s is not ready after %v, but %s", snap.spec.Name, patience, snap.state.Phase)
		if message := snap.message(now); message != "" {
			text += ": " + message
		}
		parts = append(parts, text)
	}
	down.text = strings.Join(parts, "; ")
	return &down
}
