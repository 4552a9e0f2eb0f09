package supervisor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"zctl/supervisor/generation"
)

// rollout is a deploy of which history has the beginning, until it has the end, too.
type rollout struct {
	id     int64
	digest string // of what is deployed
	begun  time.Time
	stop   context.CancelCauseFunc // ends the waiting for its outcome; nil before there is any
	done   chan struct{}           // closed when history has the end

	rolling atomic.Pointer[Rolling] // how far it is, if it is a rolling one; nil when it is complete
}

// left is how far a rolling deploy is that is not complete; nil if there is nothing
// left to do.
func (r *rollout) left() *Rolling { return r.rolling.Load() }

// errFollowed is why nobody knows how a deploy went on.
var errFollowed = errors.New("another deploy followed")

// beginRollout writes down that a generation is about to be deployed. Only who holds
// ops calls it.
func (s *Supervisor) beginRollout(digest string, o DeployOptions) *rollout {
	if last := s.rollout; last != nil && last.stop != nil {
		last.stop(errFollowed)
		<-last.done
	}
	now := time.Now()
	id, err := s.generations.Begin(generation.Record{
		Time: now, Generation: digest, From: s.deployment.Generation,
		Verb: cmp.Or(o.Verb, "deploy"), UID: o.UID, For: o.For,
	})
	if err != nil {
		s.event("%v", err) // no reason not to deploy
	}
	s.rollout = &rollout{id: id, digest: digest, begun: now, done: make(chan struct{})}
	return s.rollout
}

// follow waits for the rest of a rollout and writes down how it went, whether or not
// anybody waits for it. The error of rest is why the roll-out was given up.
func (s *Supervisor) follow(r *rollout, d Deployment, rest func(context.Context) error) {
	ctx, stop := context.WithCancelCause(s.ctx)
	r.stop = stop
	followed := s.background(func() {
		defer close(r.done)
		defer stop(nil)
		why := rest(ctx)
		text, ok := summary(s.named(names(d.Nodes)), why)
		if err := s.generations.End(r.id, text, ok, time.Since(r.begun)); err != nil {
			s.event("%v", err)
		}
	})
	if !followed {
		close(r.done) // the next supervisor does
	}
}

// awaitEnd waits until history has the end, if there is one before ctx ends.
func (r *rollout) awaitEnd(ctx context.Context) {
	select {
	case <-r.done:
	case <-ctx.Done():
	}
}

// summary is in one line how a deploy of nodes went, and whether that is what was
// wanted.
func summary(nodes []*node, why error) (text string, ok bool) {
	var parts []string
	ready := 0
	for _, n := range nodes {
		snap := n.snapshot.Load()
		if up(snap) {
			ready++
			continue
		}
		part := n.name + " is " + string(snap.state.Phase) + ": " + snap.state.Cause
		if snap.lastWords != "" {
			part += "; stderr: " + strings.ReplaceAll(snap.lastWords, "\n", " | ")
		}
		parts = append(parts, part)
	}
	const most = 3
	if len(parts) > most {
		parts = append(parts[:most], fmt.Sprintf("%d more are not ready", len(parts)-most))
	}
	parts = append([]string{fmt.Sprintf("%d of %d nodes ready", ready, len(nodes))}, parts...)
	if why != nil {
		parts = append(parts, why.Error())
	}
	return strings.Join(parts, "; "), ready == len(nodes) && why == nil
}

// endInterrupted ends the records that a predecessor could not: what it had begun to
// deploy is what should run now, or nothing came of it.
func (s *Supervisor) endInterrupted() error {
	history, err := s.generations.History()
	if err != nil || len(history) == 0 {
		return err
	}
	last := history[len(history)-1]
	switch {
	case last.Outcome != "":
		return nil
	case s.rolling != nil && last.Generation == s.rolling.Generation:
		return s.generations.End(last.ID, s.rolling.String(), false, time.Since(last.Time))
	case last.Generation == s.deployment.Generation:
		return s.generations.End(last.ID, "the supervisor ended meanwhile; the next one went on", false, time.Since(last.Time))
	}
	return s.generations.Void(last.ID, "the supervisor ended before anything was changed")
}
