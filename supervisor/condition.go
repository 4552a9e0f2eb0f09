package supervisor

import (
	"context"
	"slices"

	"zctl/supervisor/lifecycle"
)

// condition is something that may be true of a node.
type condition func(*snapshot) bool

// Where a node may have got to.
func stopped(n *snapshot) bool { return n.state.Phase == lifecycle.Stopped }
func up(n *snapshot) bool      { return n.state.Phase == lifecycle.Ready }
func spawned(n *snapshot) bool {
	return n.state.Phase != lifecycle.Stopped && n.state.Phase != lifecycle.Stopping && n.state.Phase != lifecycle.Starting
}

// outdated is a node whose process is not what it should be.
func (n *snapshot) outdated() bool { return n.digest != "" && n.digest != n.specDigest }

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
