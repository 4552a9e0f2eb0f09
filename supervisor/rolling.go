package supervisor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

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
	if r.Verb == "rollback" {
		what = "rollback"
	}
	at := fmt.Sprintf("step %d of %d", r.Step, r.Steps)
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
	return []string{
		fmt.Sprintf("new configuration: %s; old: %s", list(r.New), list(r.Old)),
		"zctl rollback goes back to what was before; zctl deploy, with or without --rolling, goes on",
	}
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
		if c.Action != ChangeNothing && c.Action != ChangeMove {
			all = append(all, c.Node)
		}
	}
	return all
}

// setRolling notes how far a roll-out is; nil if there is none.
func (s *Supervisor) setRolling(r *Rolling) {
	s.mu.Lock()
	s.rolling = r
	s.mu.Unlock()
	s.store.changed()
}

// rollingNow is how far the roll-out is, nil without one. It is never changed.
func (s *Supervisor) rollingNow() *Rolling {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rolling
}

// roll replaces nodes step by step. While it waits anybody may do something about
// nodes; another deploy ends it.
func (s *Supervisor) roll(ctx context.Context, d Deployment, changes []Change, o DeployOptions) error {
	watched := replaced{}
	for i, step := range stepsOf(changes) {
		_, err := change(ctx, s, func(ctx context.Context) (none struct{}, err error) {
			s.tellStep(i+1, step)
			return none, s.takeStep(ctx, d, step, watched)
		})
		if err == nil {
			err = s.comeUp(ctx, watched, o)
		}
		if err != nil {
			s.stopRolling(err)
			return err
		}
		s.pass(step)
	}
	s.setRolling(nil)
	s.event("roll-out of generation %s is complete", short(d.Generation))
	return nil
}

// tellStep notes that a step begins.
func (s *Supervisor) tellStep(number int, step []Change) {
	r := *s.rollingNow()
	r.Step, r.Nodes = number, changed(step)
	s.setRolling(&r)
	s.stepEvent(r)
}

// stepEvent writes down how far a roll-out is.
func (s *Supervisor) stepEvent(r Rolling) {
	e := Event{Time: time.Now(), Step: r.Step, Cause: r.String()}
	s.Log.Info(e.Cause)
	s.shared.journal.add(e)
}

// pass notes that the nodes of a step have changed.
func (s *Supervisor) pass(step []Change) {
	r := *s.rollingNow()
	r.New, r.Old = move(r.New, r.Old, changed(step))
	s.setRolling(&r)
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

// stopRolling notes why a roll-out does not go on.
func (s *Supervisor) stopRolling(why error) {
	r := *s.rollingNow()
	r.Stopped = why.Error()
	var down *downError
	if errors.As(why, &down) {
		r.Failed = down.nodes
		r.New, r.Old = move(r.New, r.Old, r.Nodes)
	}
	s.setRolling(&r)
	s.stepEvent(r)
}

// takeStep gives the nodes of a step what they should be, and replaces those that run
// something else. It notes in watched which those are.
func (s *Supervisor) takeStep(ctx context.Context, d Deployment, step []Change, watched replaced) error {
	step = s.asOfNow(d, step)
	s.retarget(d, step)
	by := map[ChangeAction][]*node{}
	for _, c := range step {
		by[c.Action] = append(by[c.Action], s.named([]string{c.Node})...)
	}
	err := goOn(ctx,
		func() error { return s.stopNodes(ctx, by[ChangeStop]) },
		func() error { return s.sweep(ctx) },
		func() error { return s.stopStages(ctx, by[ChangeRestart], "roll-out") },
	)
	if err != nil && ctx.Err() != nil {
		return err
	}
	begin := append(by[ChangeRestart], by[ChangeStart]...)
	watched.add(begin)
	return errors.Join(err, s.startNodes(ctx, begin))
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
	for n, restarts := range r {
		snap := n.snapshot.Load()
		switch phase := snap.state.Phase; {
		case snap.left || !snap.target.up && phase != lifecycle.Failed:
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
