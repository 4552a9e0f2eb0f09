package supervisor

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"zctl/layoutgen"
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
	guessed := len(state.Nodes)
	for _, stray := range strays {
		// Without its spec a node can still be kept running, by what its
		// process tells, until a deploy says what it should be.
		if name := get(stray, nodeEnv); validName(name) && !state.knows(name) {
			state.Nodes = append(state.Nodes, savedNode{Spec: specOf(name, stray), Up: true})
		}
	}
	s.deployment = state.Deployment
	var nodes []*node
	for i, saved := range state.Nodes {
		nodes = append(nodes, s.recover(saved, i >= guessed, strays))
	}
	s.setNodes(nodes)
	s.background(func() { s.change(s.ctx, s.sweep) })
	s.postGuard()
}

// knows says whether there is a node of that name.
func (s savedState) knows(name string) bool {
	return slices.ContainsFunc(s.Nodes, func(n savedNode) bool { return n.Spec.Name == name })
}

// recover makes a node again and brings it to where it should be. The spec of a
// guessed one says nothing about how its process should have been started.
func (s *Supervisor) recover(saved savedNode, guessed bool, strays []process.Found) *node {
	proc, known, err := find(saved, strays)
	cause := "was about to be started"
	if proc == nil && saved.Process != nil {
		cause = "died while no supervisor ran"
		saved.Restarts++
		saved.LastExit = &ExitInfo{At: time.Now()}
	}
	t := s.target(saved.Spec)
	t.up, t.removed = saved.Up, saved.Removed
	n := newNode(saved.Spec.Name, s.shared, t, saved)
	switch {
	case err != nil: // it runs, but we may not watch it: a second one would be worse
		s.event("cannot adopt %s: %v", n.name, err)
	case proc != nil:
		s.Log.Info("adopt", "node", n.name, "pid", proc.ID().PID)
		n.tell(adoption{proc, known})
		if saved.Up && !guessed && !s.AdoptOnly && known.Digest != saved.Spec.Digest() {
			n.tell(lifecycle.Event{Kind: lifecycle.Restart, Cause: "a deploy had been interrupted"})
		}
	case saved.Up && !s.AdoptOnly:
		n.tell(lifecycle.Event{Kind: lifecycle.Start, Cause: cause})
	}
	return n
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
		if get(stray, nodeEnv) != saved.Spec.Name {
			continue
		}
		proc, err := process.Adopt(stray.ID)
		if errors.Is(err, process.ErrGone) {
			continue
		}
		return proc, savedProcess{Identity: stray.ID, Digest: get(stray, digestEnv), StartedAt: stray.ID.StartedAt()}, err
	}
	return nil, savedProcess{}, nil
}

// specOf is the spec of a node of which only the process is known.
func specOf(name string, f process.Found) Spec {
	s := Spec{Name: name, Type: layoutgen.TypeWorker, Argv: f.Argv, Env: map[string]string{}}
	for _, t := range layoutgen.StartOrder {
		if strings.HasPrefix(name, string(t)) {
			s.Type = t
		}
	}
	for _, entry := range f.Env {
		if key, value, ok := strings.Cut(entry, "="); ok && !slices.Contains(notInherited, key) {
			s.Env[key] = value
		}
	}
	s.StopTimeout = 30 * time.Second
	return s
}

// get is the value of a variable in the environment of a process.
func get(f process.Found, key string) string {
	for _, entry := range f.Env {
		if value, ok := strings.CutPrefix(entry, key+"="); ok {
			return value
		}
	}
	return ""
}
