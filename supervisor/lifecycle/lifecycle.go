// Package lifecycle decides what becomes of one node: a pure function from a
// state and an event to the next state and the actions that lead there. It
// touches no process, no file and no clock; the time comes with each event.
//
//	           start                spawned             ready, or up for
//	stopped ----------> starting ------------> running ------------------> ready
//	   ^                 ^  |  ^                  |      ready_after         |
//	   |            time |  |  | died,            | died                     | died
//	   |              up |  |  | at once          |                          |
//	   |                 |  v  +------------------)--------------------------+
//	   |   stop          backoff <----------------+  keeps dying             |
//	   +-------------------|  |                   |                          |
//	   |                   |  | only with         | died, and would          |
//	   |                   |  | give_up_after     v die again                |
//	   |                   |  +---------------> failed                       |
//	   |   nothing left    | stop, leftovers                          stop   |
//	   +--------------- stopping <-------------------------------------------+
//
// A restart that was asked for is a stop that starts again when nothing of the
// node is left. States and actions are explained at their constants.
package lifecycle

import (
	"fmt"
	"math"
	"time"
)

// Phase is what state a node is in; the word that status shows.
type Phase string

const (
	Stopped  Phase = "stopped"  // not wanted, nothing runs
	Starting Phase = "starting" // about to be spawned
	Running  Phase = "running"  // its process runs
	Ready    Phase = "ready"    // it said so, or has stayed up long enough
	Backoff  Phase = "backoff"  // it died and waits for its next start
	Stopping Phase = "stopping" // told to end; not everything of it has yet
	Failed   Phase = "failed"   // it died too often, or would for ever, and is left alone
)

// Up says whether a process of the node should exist in this phase.
func (p Phase) Up() bool { return p == Running || p == Ready }

// The pace of restarts. A node that was ready is restarted at once, but only so
// often until it has stayed up again; one that keeps dying waits longer each
// time (spec: peers 1.5).
const (
	FirstDelay    = 500 * time.Millisecond // doubled with every death
	LongestDelay  = 30 * time.Second
	StayedUp      = 30 * time.Second // after which earlier deaths are forgotten
	QuickRestarts = 5                // restarts at once before that
	rekillEvery   = time.Second
)

// Policy is how one node is to be treated.
type Policy struct {
	// ReadyAfter is how long a process that says nothing must stay up to be
	// ready.
	ReadyAfter time.Duration
	// NotifyOnly is for nodes that are known to say when they are ready.
	NotifyOnly bool
	// StopTimeout is how long it may take to end after the TERM signal.
	StopTimeout time.Duration
	// GiveUpAfter is how many deaths in a row make a node failed; 0: never.
	GiveUpAfter int
}

// State is all that the future of a node depends on. The zero value, with a
// phase, is a node that never ran.
type State struct {
	Phase Phase
	// Wanted says that the node is to run once it has stopped.
	Wanted bool
	// Deadline is when the shell has to step with a Timeout; zero for never.
	Deadline time.Time
	// NotBefore is the earliest next start, in backoff.
	NotBefore time.Time
	// Since is when the process was spawned.
	Since time.Time
	// WasReady says that this process has been ready.
	WasReady bool
	// ReadyIn is how long after Since it was; 0: it never was, or nobody knows.
	ReadyIn time.Duration
	// Spoke says that this process uses the notify protocol, so that silence
	// does not make it ready.
	Spoke bool
	// Leftover says that processes of the node outlived its first one.
	Leftover bool
	// Quick and Failures count deaths since the node last stayed up: those
	// that were answered at once, and those that were not.
	Quick, Failures int
	// Restarts counts the starts that followed a death, for ever.
	Restarts int
	// Cause is why the node is in its phase, for people.
	Cause string
}

// Kind is what happened.
type Kind int

const (
	Start       Kind = iota // somebody wants the node to run
	Stop                    // somebody wants it not to run
	Restart                 // somebody wants a new process
	Spawned                 // the process was made
	SpawnFailed             // it could not be made
	Spoken                  // it sent a notification, but not that it is ready
	SaidReady               // it says that it is ready
	Exited                  // the node's first process has ended
	Emptied                 // the last process of the node has ended
	Timeout                 // the deadline has come
	Adopted                 // found running by a new supervisor
)

// Event is what happened to a node.
type Event struct {
	Kind Kind
	// Cause is who wants it, which process was made, or how it ended; for
	// people.
	Cause string
	// Leftover, with Exited: other processes of the node still run.
	Leftover bool
	// Hopeless, with Exited: the next process would end in the same way, as with
	// an error in a script. It counts only for one that was never ready.
	Hopeless bool
	// Jitter in [0,1), with Exited and SpawnFailed, shortens the delay before
	// the next start, so that nodes that died together do not start together.
	Jitter float64
	// Ready, Since and ReadyIn, with Adopted: what is known of the process.
	Ready   bool
	Since   time.Time
	ReadyIn time.Duration
}

// Action is what the shell has to do.
type Action string

const (
	Spawn    Action = "spawn"         // make the process, then step with Spawned or SpawnFailed
	Term     Action = "term"          // send TERM to the node's first process
	TermRest Action = "term the rest" // send TERM to every other process of the node
	Kill     Action = "kill"          // send KILL to every process of the node
)

// Step is the whole of a node's life: what state follows from an event, and
// what is to be done about it. An event that means nothing in a state changes
// nothing.
func Step(p Policy, s State, e Event, now time.Time) (State, []Action) {
	switch e.Kind {
	case Start:
		return s.start(e, now)
	case Stop:
		return s.stop(p, e, now)
	case Restart:
		if s.Phase.Up() {
			s.Quick, s.Failures = 0, 0
			return s.terminate(p, true, e.Cause, now)
		}
		return s.start(e, now)
	case Adopted:
		return s.adopt(p, e, now)
	case Timeout:
		if s.Deadline.IsZero() || now.Before(s.Deadline) {
			return s, nil
		}
		return s.timeout(now)
	}
	switch s.Phase {
	case Starting:
		return s.starting(p, e, now)
	case Running, Ready:
		return s.up(p, e, now)
	case Backoff:
		if e.Kind == Emptied {
			s.Leftover, s.Deadline = false, s.NotBefore
			if !now.Before(s.NotBefore) {
				return s.respawn()
			}
		}
	case Failed:
		s.Leftover = s.Leftover && e.Kind != Emptied
	case Stopping:
		return s.stopping(e)
	}
	return s, nil
}

// start wants the node up, at once if it is not on its way.
func (s State) start(e Event, now time.Time) (State, []Action) {
	s.Wanted = true
	switch s.Phase {
	case Stopped, Backoff, Failed:
		s.Quick, s.Failures = 0, 0
		if !s.Leftover {
			return s.spawn(e.Cause)
		}
		s.Phase, s.Cause, s.NotBefore = Backoff, e.Cause, now
		return s.killAgain(now)
	case Stopping:
		s.Cause = e.Cause
	}
	return s, nil
}

func (s State) stop(p Policy, e Event, now time.Time) (State, []Action) {
	s.Wanted = false
	switch {
	case s.Phase.Up():
		return s.terminate(p, false, e.Cause, now)
	case s.Leftover && s.Phase != Stopping:
		s.Phase, s.Cause = Stopping, e.Cause
		return s.killAgain(now)
	case s.Phase == Backoff, s.Phase == Failed:
		return s.rest(e.Cause)
	case s.Phase == Stopping:
		s.Cause = e.Cause
	}
	return s, nil // starting: Spawned sees that it is not wanted any more
}

// terminate begins to end a process that is up.
func (s State) terminate(p Policy, again bool, cause string, now time.Time) (State, []Action) {
	s.Phase, s.Wanted, s.Cause = Stopping, again, cause
	s.Deadline = now.Add(p.StopTimeout)
	return s, []Action{Term}
}

func (s State) spawn(cause string) (State, []Action) {
	s.Phase, s.Cause = Starting, cause
	s.Deadline, s.WasReady, s.Spoke, s.Leftover, s.ReadyIn = time.Time{}, false, false, false, 0
	return s, []Action{Spawn}
}

// respawn is a start that nobody asked for: the answer to a death.
func (s State) respawn() (State, []Action) {
	s.Restarts++
	return s.spawn(s.Cause)
}

func (s State) rest(cause string) (State, []Action) {
	s.Phase, s.Cause, s.Deadline, s.Leftover = Stopped, cause, time.Time{}, false
	return s, nil
}

func (s State) adopt(p Policy, e Event, now time.Time) (State, []Action) {
	s.Phase, s.Cause, s.Since, s.Spoke = Running, e.Cause, e.Since, p.NotifyOnly
	if e.Ready {
		s.Phase, s.WasReady, s.ReadyIn = Ready, true, e.ReadyIn
	} else if !p.NotifyOnly {
		s.Deadline = now.Add(p.ReadyAfter)
	}
	if !s.Wanted { // it was being stopped when the last supervisor ended
		return s.terminate(p, false, e.Cause, now)
	}
	return s, nil
}

func (s State) starting(p Policy, e Event, now time.Time) (State, []Action) {
	switch e.Kind {
	case Spawned:
		s.Phase, s.Cause, s.Since, s.Spoke = Running, e.Cause, now, p.NotifyOnly
		if !s.Wanted {
			return s.terminate(p, false, "no longer wanted", now)
		}
		if !p.NotifyOnly {
			s.Deadline = now.Add(p.ReadyAfter)
		}
	case SpawnFailed:
		s.Since = now
		if !s.Wanted {
			return s.rest(e.Cause)
		}
		return s.died(p, e, now)
	}
	return s, nil
}

func (s State) up(p Policy, e Event, now time.Time) (State, []Action) {
	switch e.Kind {
	case SaidReady:
		if s.Phase == Running {
			s.Phase, s.Cause, s.WasReady, s.Deadline = Ready, e.Cause, true, time.Time{}
			s.ReadyIn = now.Sub(s.Since)
		}
	case Spoken:
		s.Spoke = true
		if s.Phase == Running {
			s.Deadline = time.Time{}
		}
	case Exited:
		return s.died(p, e, now)
	}
	return s, nil
}

// died answers an end that nobody asked for.
func (s State) died(p Policy, e Event, now time.Time) (State, []Action) {
	s.Cause, s.Leftover = e.Cause, e.Leftover
	if now.Sub(s.Since) >= StayedUp {
		s.Quick, s.Failures = 0, 0
	}
	var delay time.Duration
	if s.WasReady && s.Quick < QuickRestarts {
		s.Quick++
	} else {
		s.Failures++
		delay = backoff(s.Failures, e.Jitter)
	}
	s.NotBefore = now.Add(delay)
	s.Phase, s.Deadline = Backoff, s.NotBefore
	switch deaths := s.Quick + s.Failures; {
	case e.Hopeless && !s.WasReady:
		return s.fail()
	case p.GiveUpAfter > 0 && deaths >= p.GiveUpAfter:
		return s.giveUp(deaths)
	case s.Leftover:
		s.Deadline = now.Add(rekillEvery)
		return s, []Action{Kill}
	case delay == 0:
		return s.respawn()
	}
	return s, nil
}

func (s State) giveUp(deaths int) (State, []Action) {
	s.Cause = fmt.Sprintf("%s; gave up after %d deaths in a row", s.Cause, deaths)
	return s.fail()
}

// fail leaves the node alone until somebody wants it started.
func (s State) fail() (State, []Action) {
	var actions []Action
	if s.Leftover {
		actions = []Action{Kill}
	}
	s.Phase, s.Wanted, s.Deadline = Failed, false, time.Time{}
	return s, actions
}

// backoff is how long to wait before the next start: doubled with each failure
// up to the longest, and shortened by up to a quarter.
func backoff(failures int, jitter float64) time.Duration {
	d := float64(FirstDelay) * math.Pow(2, float64(failures-1))
	return time.Duration(min(d, float64(LongestDelay)) * (1 - jitter/4))
}

func (s State) stopping(e Event) (State, []Action) {
	gone := e.Kind == Emptied || e.Kind == Exited && !e.Leftover
	switch {
	case gone && s.Wanted:
		return s.spawn(s.Cause)
	case gone:
		return s.rest(s.Cause)
	case e.Kind == Exited:
		s.Leftover = true
		return s, []Action{TermRest}
	}
	return s, nil
}

func (s State) timeout(now time.Time) (State, []Action) {
	s.Deadline = time.Time{}
	switch s.Phase {
	case Running:
		s.Phase, s.WasReady, s.Cause = Ready, true, "stayed up"
		s.ReadyIn = now.Sub(s.Since)
	case Backoff:
		if !s.Leftover {
			return s.respawn()
		}
		return s.killAgain(now)
	case Stopping: // again and again: it is not over before nothing is left
		return s.killAgain(now)
	}
	return s, nil
}

func (s State) killAgain(now time.Time) (State, []Action) {
	s.Deadline = now.Add(rekillEvery)
	return s, []Action{Kill}
}
