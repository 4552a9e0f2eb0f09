package supervisor

import (
	"context"
	"errors"
	"time"
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
