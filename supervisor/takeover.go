package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"zctl/supervisor/lifecycle"
	"zctl/supervisor/process"
)

// takeOver makes the nodes of a predecessor ours: those that still run are
// adopted, those that died meanwhile are started, and what it had begun is
// finished. Nobody else is there yet.
func (s *Supervisor) takeOver() error {
	state, lost := loadState(s.Dirs)
	if lost != nil {
		s.event("%v", lost)
	}
	strays, err := findStrays(s.Dirs)
	if err != nil {
		return err
	}
	state.addUnknown(strays)
	s.deployment, s.rolling = state.Deployment, state.Rolling
	s.shared.crashes.SetKeep(s.deployment.keepCrashes())
	s.background(s.shared.crashes.Tidy)
	s.leaveRolling()
	s.recoverGeneration(s.deployment.Cluster == "") // every cluster has a name
	state.Deployment = s.deployment
	var nodes, without []*node
	first := map[*node]func(){}
	for _, saved := range state.Nodes {
		n, runs, begin, err := s.recover(saved, state.target(saved), strays)
		if err != nil {
			return err
		}
		nodes = append(nodes, n)
		if !runs {
			without = append(without, n)
		}
		first[n] = begin
	}
	s.setNodes(nodes)
	s.removeSockets()
	if err := s.endSessions(state.Nodes); err != nil {
		s.event("%v", err)
	}
	if err := s.endEscaped(s.ctx, without, 0); err != nil {
		s.event("%v", err)
	}
	if err := s.endGroups(nodes); err != nil {
		s.event("%v", err)
	}
	each(nodes, func(_ int, n *node) { n.act(first[n]) }) // who looks from now on sees what is so
	s.background(func() {
		change(s.ctx, s, func(ctx context.Context) (none struct{}, err error) { return none, s.sweep(ctx) })
	})
	s.postGuard()
	s.exposure.keep(s.deployment.Metrics)
	return nil
}

// removeSockets removes the notification sockets that a predecessor had: who adopts
// a node makes a new one.
func (s *Supervisor) removeSockets() {
	dir := filepath.Dir(s.Dirs.notifySocket("any"))
	left, _ := os.ReadDir(dir)
	for _, socket := range left {
		os.Remove(filepath.Join(dir, socket.Name()))
	}
}

// addUnknown adds the nodes that the state does not know any more, but the
// environment of their processes does.
func (s *savedState) addUnknown(strays []process.Found) {
	for _, stray := range strays {
		spec, err := specIn(stray)
		if err == nil && !slices.ContainsFunc(s.Nodes, func(n savedNode) bool { return n.Spec.Name == spec.Name }) {
			s.Nodes = append(s.Nodes, savedNode{Spec: spec, Up: true})
		}
	}
}

// diedUnseen is why a node is started whose process nobody saw die.
const diedUnseen = "died while no supervisor ran"

// recover makes a node again, and says whether it runs and what is to happen to it
// first.
func (s *Supervisor) recover(saved savedNode, t target, strays []process.Found) (n *node, runs bool, first func(), err error) {
	proc, known, err := find(s.Dirs, saved, strays)
	if err != nil { // it runs, but we cannot watch it: a second one would be worse
		return nil, false, nil, fmt.Errorf("cannot adopt %s: %w", saved.Spec.Name, err)
	}
	cause := "was about to be started"
	if saved.Process != nil && (proc == nil || known.Identity != saved.Process.Identity) {
		cause = diedUnseen
		saved.Restarts++
		saved.LastExit = &ExitInfo{At: time.Now()}
		saved.Exits = counted(saved.Exits, ExitUnknown)
	}
	n = newNode(saved.Spec.Name, s.shared, t, saved)
	if saved.Up && saved.LastExit != nil && cause == diedUnseen {
		if end := n.unseenCrash(saved); end != nil {
			s.shared.crashes.Add(*end)
		}
	}
	switch {
	case proc != nil:
		s.Log.Info("adopt", "node", n.name, "pid", proc.ID().PID)
		n.cage.adopt(s.shared.cgroups, proc)
		outdated := saved.Up && !s.AdoptOnly && known.Digest != saved.Spec.Digest()
		return n, true, func() { n.adopt(proc, known, outdated) }, nil
	case n.state.Phase == lifecycle.Failed: // for the next one, too, nothing has changed
	case saved.Up && !s.AdoptOnly:
		return n, false, func() { n.step(lifecycle.Event{Kind: lifecycle.Start, Cause: cause}) }, nil
	}
	return n, false, func() {}, nil
}

// find is the running process of a node: the one that was written down, or one
// that was made but not written down any more. It is nil without any.
func find(dirs Dirs, saved savedNode, strays []process.Found) (*process.Process, savedProcess, error) {
	if saved.Process != nil {
		proc, err := process.Adopt(saved.Process.Identity)
		if !errors.Is(err, process.ErrGone) {
			return proc, *saved.Process, err
		}
	}
	if !saved.Up {
		return nil, savedProcess{}, nil // it was stopped: there can only be what it left behind
	}
	for _, stray := range ofNode(dirs, saved.Spec.Name, strays) {
		proc, err := process.Adopt(stray.ID)
		if errors.Is(err, process.ErrGone) {
			continue
		}
		spec, _ := specIn(stray)
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
