package supervisor

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"zctl/supervisor/lifecycle"
)

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
