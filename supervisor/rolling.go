package supervisor

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"zctl/supervisor/generation"
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

// rollingNow is how far the roll-out is, nil without one. It is never changed.
func (s *Supervisor) rollingNow() *Rolling {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rolling
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
