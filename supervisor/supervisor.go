package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"zctl/layoutgen"
	"zctl/supervisor/cgroup"
	"zctl/supervisor/crash"
	"zctl/supervisor/generation"
	"zctl/supervisor/lifecycle"
)

// Options is what a supervisor needs to know to begin.
type Options struct {
	Dirs    Dirs
	Version string
	Log     *slog.Logger // nil: nothing is logged
	// AdoptOnly starts nothing that a predecessor left to be started.
	AdoptOnly bool
	// Witness sees who is on the bus. nil: Zeek nodes are ready when they are
	// RUNNING.
	Witness Witness
	// Exposer serves the supervisor's numbers, where that is deployed; nil: never.
	Exposer Exposer
	// Guard is the command line of a program that calls [Guard]; it is run
	// while on_supervisor_exit is "kill". nil: that holds only for an orderly
	// end.
	Guard []string
	// Cgroups is the kernel's control groups; nil: those of this host.
	Cgroups cgroup.Files
}

// Supervisor runs the nodes of one cluster on this host.
type Supervisor struct {
	Options
	shared *shared
	store  *store
	// generations is what was deployed; only who holds ops changes it.
	generations *generation.Store
	rollout     *rollout // the last one; guarded by ops
	started     time.Time
	host        string
	unlock      func()

	// ops, of capacity 1, is held by the operation that changes the cluster;
	// only the holder replaces nodes.
	ops     chan struct{}
	nodes   atomic.Pointer[[]*node] // in the order of status; never changed, only replaced
	news    broadcast               // something about a node has changed
	ctx     context.Context         // ends when the supervisor is to end
	end     context.CancelCauseFunc // ends it
	running sync.WaitGroup          // what Run must wait for

	mu         sync.Mutex // guards what follows
	deployment Deployment // without its nodes: each node knows its own spec
	rolling    *Rolling   // nil if no roll-out is under way, or has stopped
	keepNodes  bool       // at the end, whatever is configured
	ending     bool       // nothing more begins

	guard    guard
	exposure *exposure
	rest     *time.Timer // hands memory back when nothing has happened for a while
}

// restAfter is how long nothing happens before the memory that it took when
// much happened is handed back.
const restAfter = time.Second

// Open takes over a base directory: it locks it, reads what its predecessor
// wrote, adopts the nodes that still run and restarts those that died
// meanwhile. The caller must call [Supervisor.Run], and [Supervisor.Close] then.
func Open(o Options) (*Supervisor, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := o.Dirs.checkSockets(nil); err != nil {
		return nil, err
	}
	if err := o.Dirs.Make(); err != nil {
		return nil, err
	}
	unlock, err := o.Dirs.lock()
	if err != nil {
		return nil, err
	}
	journal, err := openJournal(o.Dirs)
	if err != nil {
		unlock()
		return nil, err
	}
	s := &Supervisor{Options: o, started: time.Now(), unlock: unlock, ops: make(chan struct{}, 1)}
	s.host, _ = os.Hostname()
	s.ctx, s.end = context.WithCancelCause(context.Background())
	s.store = newStore(o.Dirs, s.collect)
	s.generations = generation.At(o.Dirs.Generations())
	s.exposure = newExposure(s)
	s.shared = &shared{dirs: o.Dirs, journal: journal, changed: s.changed, cgroups: openCgroups(o.Dirs, o.Cgroups)}
	s.rest = time.AfterFunc(restAfter, s.shared.pages.giveBack)
	s.shared.lookout = newLookout(s)
	s.shared.version = o.Version
	s.shared.crashes = crash.New(o.Dirs.Crashes(), func(err error) { s.event("%v", err) })
	s.setNodes(nil)
	s.event("supervisor %d of version %s begins", os.Getpid(), o.Version)
	if o.Witness != nil {
		s.background(func() { s.shared.lookout.run(s.ctx) })
	}
	if err := s.takeOver(); err != nil {
		s.end(err)
		s.running.Wait()
		s.exposure.end()
		s.shared.files.Close()
		s.shared.crashes.Close()
		journal.close()
		unlock()
		return nil, fmt.Errorf("cannot take over: %w", err)
	}
	return s, nil
}

// Run supervises until ctx ends or somebody calls [Supervisor.Shutdown], and
// then does with the nodes what was asked or configured.
func (s *Supervisor) Run(ctx context.Context) error {
	storeDone, stored := make(chan struct{}), make(chan struct{})
	go func() { s.store.run(storeDone); close(stored) }()
	select {
	case <-ctx.Done():
	case <-s.ctx.Done():
	}
	s.end(ErrEnding)
	s.mu.Lock()
	s.ending = true
	keep := s.keepNodes || s.deployment.OnSupervisorExit != layoutgen.ExitKill
	s.mu.Unlock()
	s.running.Wait()
	if !keep { // they stay wanted: the supervisor ends, not the cluster
		s.stopStages(context.Background(), s.all(), "the supervisor ends")
	}
	left := 0
	s.exposure.end()
	s.guard.dismiss()
	for _, n := range s.all() {
		n.leave()
		if n.snapshot.Load().id.PID != 0 {
			left++
		}
	}
	if left == 0 {
		s.shared.cgroups.Remove()
	}
	s.shared.files.Close()
	s.shared.crashes.Close()
	close(storeDone)
	<-stored
	s.rest.Stop()
	s.event("supervisor %d ends, %d nodes keep running", os.Getpid(), left)
	return s.shared.journal.close()
}

// Close lets the next supervisor have the base directory. It is the last call,
// after Run has returned and nobody serves its socket any more.
func (s *Supervisor) Close() {
	os.Remove(s.Dirs.Socket()) // that of a predecessor that was killed
	s.unlock()
}

// changed is called when the snapshot of a node is a new one.
func (s *Supervisor) changed() {
	s.store.changed()
	s.news.tell()
	s.awake()
	s.shared.lookout.poke()
}

// all is every node, in the order of status. It takes no lock.
func (s *Supervisor) all() []*node { return *s.nodes.Load() }

func (s *Supervisor) setNodes(nodes []*node) { s.nodes.Store(&nodes) }

func (s *Supervisor) find(name string) *node {
	for _, n := range s.all() {
		if n.name == name {
			return n
		}
	}
	return nil
}

// event writes down what befell the supervisor itself.
func (s *Supervisor) event(format string, args ...any) {
	e := Event{Time: time.Now(), Cause: fmt.Sprintf(format, args...)}
	s.Log.Info(e.Cause)
	s.shared.journal.add(e)
}

// collect is what state.json has to say.
func (s *Supervisor) collect() savedState {
	s.mu.Lock()
	state := savedState{Deployment: s.deployment, Rolling: s.rolling}
	s.mu.Unlock()
	for _, n := range s.all() {
		snap := n.snapshot.Load()
		saved := savedNode{
			Spec: snap.spec, Up: snap.up, Removed: snap.removed,
			Restarts: snap.state.Restarts, LastExit: snap.lastExit, Exits: snap.exits, Remains: snap.remains,
		}
		if snap.state.Phase == lifecycle.Failed {
			saved.Failed = &savedFailure{snap.state.Cause, snap.tried}
		}
		state.note(&saved, snap.target)
		if snap.id.PID != 0 {
			saved.Process = &savedProcess{
				Identity: snap.id, Digest: snap.digest, StartedAt: snap.state.Since,
				Ready: snap.state.WasReady, ReadyIn: snap.state.ReadyIn, Peers: snap.peers, Text: snap.text, OutputAt: &snap.outputAt, Generation: snap.generation,
			}
		}
		state.Nodes = append(state.Nodes, saved)
	}
	return state
}

// broadcast wakes everybody who waits for something to change.
type broadcast struct {
	mu   sync.Mutex // guards next
	next chan struct{}
}

// wait is closed at the next change.
func (b *broadcast) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
	}
	return b.next
}

func (b *broadcast) tell() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next != nil {
		close(b.next)
		b.next = nil
	}
}

// ErrEnding is the error for who wants something of a supervisor that ends, and
// ErrEnded for who was waiting when it was told to.
var (
	ErrEnding = errors.New("the supervisor is about to end")
	ErrEnded  = errors.New("the supervisor was told to end meanwhile; zctl deploy starts another one")
)

// awake notes that something happens: memory is not handed back before it is quiet again.
func (s *Supervisor) awake() {
	s.shared.pages.idle.Store(false)
	s.rest.Reset(restAfter)
}
