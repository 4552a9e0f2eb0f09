package supervisor

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"zctl/supervisor/lifecycle"
	"zctl/supervisor/process"
)

// takeOver makes the nodes of a predecessor ours: those that still run are
// adopted, those that died meanwhile are started, and what it had begun is
// finished. Nobody else is there yet.
func (s *Supervisor) takeOver() {
	state, err := loadState(s.Dirs)
	if err != nil {
		s.event("%v", err)
	}
	strays := process.Find(baseDirEnv + "=" + string(s.Dirs))
	slices.SortFunc(strays, func(a, b process.Found) int { return cmp.Compare(a.ID.StartTicks, b.ID.StartTicks) })
	for _, stray := range strays {
		// A node that the state does not know any more is still known by the
		// environment of its process.
		if spec, err := specIn(stray); err == nil && !state.knows(spec.Name) {
			state.Nodes = append(state.Nodes, savedNode{Spec: spec, Up: true})
		}
	}
	s.deployment = state.Deployment
	var nodes []*node
	first := map[*node]func(){}
	for _, saved := range state.Nodes {
		n, begin := s.recover(saved, strays)
		nodes = append(nodes, n)
		first[n] = begin
	}
	s.setNodes(nodes)
	each(nodes, func(n *node) { n.act(first[n]) }) // who looks from now on sees what is so
	s.background(func() { s.change(s.ctx, s.sweep) })
	s.postGuard()
}

// knows says whether there is a node of that name.
func (s savedState) knows(name string) bool {
	return slices.ContainsFunc(s.Nodes, func(n savedNode) bool { return n.Spec.Name == name })
}

// recover makes a node again, and says what is to happen to it first.
func (s *Supervisor) recover(saved savedNode, strays []process.Found) (n *node, first func()) {
	proc, known, err := find(saved, strays)
	cause := "was about to be started"
	if saved.Process != nil && (proc == nil || known.Identity != saved.Process.Identity) {
		cause = "died while no supervisor ran"
		saved.Restarts++
		saved.LastExit = &ExitInfo{At: time.Now()}
	}
	t := s.target(saved.Spec)
	t.up, t.removed = saved.Up, saved.Removed
	n = newNode(saved.Spec.Name, s.shared, t, saved)
	switch {
	case err != nil: // it runs, but we may not watch it: a second one would be worse
		s.event("cannot adopt %s: %v", n.name, err)
	case proc != nil:
		s.Log.Info("adopt", "node", n.name, "pid", proc.ID().PID)
		outdated := saved.Up && !s.AdoptOnly && known.Digest != saved.Spec.Digest()
		return n, func() { n.adopt(proc, known, outdated) }
	case saved.Up && !s.AdoptOnly:
		return n, func() { n.step(lifecycle.Event{Kind: lifecycle.Start, Cause: cause}) }
	}
	return n, func() {}
}

// find is the running process of a node: the one that was written down, or one
// that was made but not written down any more. It is nil without any.
func find(saved savedNode, strays []process.Found) (*process.Process, savedProcess, error) {
	if saved.Process != nil {
		proc, err := process.Adopt(saved.Process.Identity)
		if !errors.Is(err, process.ErrGone) {
			return proc, *saved.Process, err
		}
	}
	for _, stray := range strays { // the oldest first: the others are its descendants
		spec, err := specIn(stray)
		if err != nil || spec.Name != saved.Spec.Name {
			continue
		}
		proc, err := process.Adopt(stray.ID)
		if errors.Is(err, process.ErrGone) {
			continue
		}
		return proc, savedProcess{Identity: stray.ID, Digest: spec.Digest(), StartedAt: stray.ID.StartedAt()}, err
	}
	return nil, savedProcess{}, nil
}

// specIn is the spec that a process was started with, from its environment.
func specIn(f process.Found) (Spec, error) {
	var s Spec
	for _, entry := range f.Env {
		if text, ok := strings.CutPrefix(entry, specEnv+"="); ok {
			err := json.Unmarshal([]byte(text), &s)
			if err == nil {
				err = Deployment{Nodes: []Spec{s}}.Check("/")
			}
			return s, err
		}
	}
	return s, errors.New("not a process of a node")
}
