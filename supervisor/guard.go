package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"zctl/layoutgen"
	"zctl/supervisor/process"
)

// allWell is what a supervisor says to its guard before it ends in good order.
const allWell = "all well\n"

// guard is the supervisor's side of a guard: a process that does nothing but
// read from a pipe whose other end dies with us.
type guard struct {
	mu   sync.Mutex // guards tell
	tell *os.File   // nil while there is no guard
}

// postGuard makes sure that there is a guard if the nodes are not to outlive the
// supervisor, and none otherwise.
func (s *Supervisor) postGuard() {
	s.mu.Lock()
	wanted := s.deployment.OnSupervisorExit == layoutgen.ExitKill && len(s.Guard) > 0
	s.mu.Unlock()
	if !wanted {
		s.guard.dismiss()
		return
	}
	if err := s.guard.post(s); err != nil {
		s.event("cannot post guard: %v", err)
	}
}

func (g *guard) post(s *Supervisor) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.tell != nil {
		return nil
	}
	hear, tell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer hear.Close()
	proc, err := process.Start(process.Command{
		Argv: s.Guard, Env: os.Environ(), Dir: "/", Stdin: hear, Stdout: s.Dirs.Log(), Stderr: s.Dirs.Log(),
	})
	if err != nil {
		tell.Close()
		return err
	}
	g.tell = tell
	go func() {
		exit := proc.Wait()
		g.gone(s, tell, exit)
	}()
	return nil
}

// gone posts a new guard for one that ended before it was dismissed.
func (g *guard) gone(s *Supervisor, tell *os.File, exit process.Exit) {
	g.mu.Lock()
	missed := g.tell == tell
	if missed {
		tell.Close()
		g.tell = nil
	}
	g.mu.Unlock()
	if !missed {
		return
	}
	s.event("the guard %v", exit)
	select {
	case <-time.After(time.Second):
		s.postGuard()
	case <-s.ctx.Done():
	}
}

// dismiss tells the guard that all is well; it ends.
func (g *guard) dismiss() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.tell != nil {
		io.WriteString(g.tell, allWell)
		g.tell.Close()
		g.tell = nil
	}
}

// Guard waits for the end of the supervisor that holds the other end of hear.
// If that end was not an orderly one it stops the nodes the supervisor leaves
// behind, as on_supervisor_exit = "kill" promises.
func Guard(hear io.Reader, o Options) error {
	said, err := io.ReadAll(io.LimitReader(hear, 1<<10))
	if err != nil {
		return fmt.Errorf("cannot hear of the supervisor's end: %w", err)
	}
	if string(said) == allWell {
		return nil
	}
	o.AdoptOnly, o.Guard = true, nil
	s, err := Open(o)
	if errors.Is(err, ErrRunning) {
		return nil // there is a new one, and it takes over
	}
	if err != nil {
		return err
	}
	defer s.Close()
	s.event("the supervisor ended without a word; stopping its nodes, as on_supervisor_exit says")
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	return s.Run(ended)
}
