package supervisor

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor/cgroup"
	"zctl/supervisor/crash"
	"zctl/supervisor/filewatch"
	"zctl/supervisor/lifecycle"
	"zctl/supervisor/process"
)

// node is one node: it joins the decisions of package lifecycle to the process
// they are about. Whatever happens to it happens in [node.act].
type node struct {
	name     string
	shared   *shared
	snapshot atomic.Pointer[snapshot]
	left     chan struct{} // closed when nobody supervises the node any more

	mu         sync.Mutex // guards what follows; others read snapshot
	target     target
	env        []string // of the next process, nil if it is not known yet
	state      lifecycle.State
	proc       *process.Process // nil while there is none
	unwatched  *process.Process // proc, as long as nobody waits for its end
	remains    *process.Process // has ended, but not all it had started
	digest     string           // of the spec that proc was started with
	tried      string           // digest of the spec of the last process, or of what could not be made one
	generation string           // that proc runs, "" if nobody knows
	ear        *ear             // where proc's notifications arrive
	cage       cage             // where proc was born
	peers      *Peers
	text       string   // what it says of itself
	ran        Spec     // that proc was started with
	ranIn      []string // its environment, nil if nobody knows
	stdoutAt   int64    // where its output begins in stdout.log
	zeekSays   string   // what it has written to its status file, if it is a Zeek
	wasRunning bool     // it has said there that it is RUNNING
	blind      string   // why we do not hear of that file, "" if we do
	lastExit   *ExitInfo
	exits      map[string]uint64 // by cause; never changed, only replaced
	lastWords  string            // of the process that died last
	stderrAt   int64             // where the output of this process begins in stderr.log
	pidWritten int               // what the file pid says, 0 without one
	history    []Event           // not yet in the journal
	timer      *time.Timer
}

// shared is what all nodes of a supervisor have in common.
type shared struct {
	dirs    Dirs
	journal *journal
	cgroups *cgroup.Tree
	// changed is called when the snapshot of a node is a new one.
	changed func()
	files   filewatch.Watcher
	usage   usage
	crashes *crash.Collector
	version string // of zctl
	lookout *lookout
	pages   pages
}

// target is what a node should be; it changes with a deploy.
type target struct {
	spec        Spec
	specDigest  string // to make it takes longer than a restart should wait
	files       map[string]string
	giveUpAfter int
	generation  string // "" if nobody knows
	// up says that somebody wants the node to run, and nobody has stopped it
	// since.
	up bool
	// removed says that a deploy wants the node gone.
	removed bool
}

// targetOf is a target of which only the spec is known.
func targetOf(spec Spec) target { return target{spec: spec, specDigest: spec.Digest()} }

// snapshot is all that others may know of a node. It is never changed.
type snapshot struct {
	target
	state      lifecycle.State
	left       bool              // nobody supervises the node any more
	id         process.Identity  // PID 0 while there is no process
	remains    *process.Identity // nil while nothing is left of an earlier process
	digest     string
	tried      string
	peers      *Peers
	text       string
	zeekSays   string
	blind      string
	outputAt   [2]int64 // where its output begins
	lookout    *lookout
	lastExit   *ExitInfo
	exits      map[string]uint64
	lastWords  string
	generation string        // that its process runs
	group      *cgroup.Group // nil for a process that is in none
}

func newNode(name string, shared *shared, t target, saved savedNode) *node {
	n := &node{
		name:     name,
		shared:   shared,
		left:     make(chan struct{}),
		target:   t,
		state:    lifecycle.State{Phase: lifecycle.Stopped, Restarts: saved.Restarts},
		lastExit: saved.LastExit,
		exits:    saved.Exits,

		pidWritten: -1, // what a predecessor has left there is not known
	}
	if f := saved.Failed; f != nil && saved.Process == nil && f.Digest == t.specDigest {
		n.state.Phase, n.state.Cause, n.tried = lifecycle.Failed, f.Cause, f.Digest
	}
	n.publish()
	return n
}

// act makes something happen to the node, unless it has been left.
func (n *node) act(what func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.isLeft() {
		return
	}
	what()
	n.settle()
}

// isLeft says whether nobody supervises the node any more.
func (n *node) isLeft() bool {
	select {
	case <-n.left:
		return true
	default:
		return false
	}
}

// tell makes an event of the lifecycle happen.
func (n *node) tell(e lifecycle.Event) {
	n.act(func() { n.step(e) })
}

// retarget changes what the node should be. What runs is left alone, but for
// what can be changed while it runs.
func (n *node) retarget(t target) {
	n.act(func() {
		n.target, n.env = t, nil
		if n.proc != nil {
			if n.digest == t.specDigest {
				n.generation = t.generation // it runs that, too
			}
			n.note(n.refreshFiles())
			n.note(n.limit())
			n.note(n.moveCPUs())
		}
	})
}

// setUp notes whether somebody wants the node to run.
func (n *node) setUp(up bool) {
	n.act(func() { n.target.up = up })
}

// leave ends the supervision of the node; its process is left alone.
func (n *node) leave() {
	n.act(func() {
		close(n.left)
		n.state.Deadline = time.Time{}
		n.deafen()
		n.shared.files.Forget(n.shared.dirs.Node(n.name))
	})
}

// spawners is how many processes are made at a time when many are: more would
// wait for each other, in a thread each.
var spawners = runtime.GOMAXPROCS(0)

// each calls f for every node and its place, for some at the same time, and waits for
// all.
func each(nodes []*node, f func(int, *node)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(spawners, len(nodes)) {
		all.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(nodes); i = next.Add(1) - 1 {
				f(int(i), nodes[i])
			}
		})
	}
	all.Wait()
}

// settle does what nobody has to wait for: it writes down what happened,
// publishes what is so now and winds the timer.
func (n *node) settle() {
	n.note(n.writePID())
	if len(n.history) > 0 {
		n.shared.journal.add(n.history...)
		n.history = n.history[:0]
	}
	if n.unwatched != nil {
		go n.watch(n.unwatched)
		n.unwatched = nil
	}
	n.publish() // behind the journal: who sees where it has got to has heard how
	n.shared.changed()
	if n.state.Phase == lifecycle.Stopped {
		n.deafen()
		n.shared.files.Forget(n.shared.dirs.Node(n.name))
	}
	n.wind()
	if n.state.Phase == lifecycle.Ready { // and has no others to wait for
		n.cage.prepare(n.shared.cgroups.Group(n.name))
	}
}

// wind sets the timer to the deadline of the state. One that goes off all the
// same is ignored by the lifecycle.
func (n *node) wind() {
	switch wait := time.Until(n.state.Deadline); {
	case n.state.Deadline.IsZero():
		if n.timer != nil {
			n.timer.Stop()
		}
	case n.timer == nil:
		n.timer = time.AfterFunc(wait, func() { n.tell(lifecycle.Event{Kind: lifecycle.Timeout}) })
	default:
		n.timer.Reset(wait)
	}
}

func (n *node) publish() {
	s := &snapshot{
		left: n.isLeft(), target: n.target, state: n.state, digest: n.digest, peers: n.peers, text: n.text,
		tried: n.tried, outputAt: [2]int64{n.stdoutAt, n.stderrAt}, zeekSays: n.zeekSays, blind: n.blind, lookout: n.shared.lookout,
		lastExit: n.lastExit, exits: n.exits, lastWords: n.lastWords, generation: n.generation,
	}
	if n.proc != nil {
		s.id = n.proc.ID()
		s.group = n.cage.group()
	}
	if n.remains != nil {
		id := n.remains.ID()
		s.remains = &id
	}
	n.snapshot.Store(s)
}

// step takes the lifecycle one event further and does what it says.
func (n *node) step(e lifecycle.Event) {
	n.stepAfter(nil, e)
}

// stepAfter is step for an event that the end of a process caused.
func (n *node) stepAfter(end *death, e lifecycle.Event) {
	before := n.state.Phase
	e.Jitter = rand.Float64()
	now := time.Now()
	var actions []lifecycle.Action
	n.state, actions = lifecycle.Step(n.policy(), n.state, e, now)
	if n.state.Phase != before {
		n.remember(before, now, end)
	}
	for _, action := range actions {
		n.perform(action)
	}
}

// death is the end of a process.
type death struct {
	pid int
	how *ExitInfo
}

func (n *node) policy() lifecycle.Policy {
	return lifecycle.Policy{
		ReadyAfter:  n.target.spec.ReadyAfter,
		NotifyOnly:  n.target.spec.NotifyOnly || n.byZeek(),
		StopTimeout: n.target.spec.StopTimeout,
		GiveUpAfter: n.target.giveUpAfter,
	}
}

// remember notes a transition for the journal, which is written when nobody
// waits for it any more.
func (n *node) remember(from lifecycle.Phase, now time.Time, end *death) {
	e := Event{Time: now, Node: n.name, From: string(from), To: string(n.state.Phase), Cause: n.state.Cause}
	switch {
	case end != nil:
		e.PID, e.Code, e.Signal = end.pid, end.how.Code, end.how.Signal
	case n.proc != nil:
		e.PID = n.proc.ID().PID
	}
	n.history = append(n.history, e)
}

// note writes an error to the journal that changes nothing about the node.
func (n *node) note(err error) {
	if err != nil {
		n.history = append(n.history, Event{Time: time.Now(), Node: n.name, Cause: err.Error()})
	}
}

func (n *node) perform(action lifecycle.Action) {
	switch {
	case action == lifecycle.Spawn:
		n.spawn()
	case n.proc != nil && action == lifecycle.Term:
		n.note(n.proc.Signal(unix.SIGTERM))
	case n.proc != nil && action == lifecycle.Kill:
		n.note(n.proc.KillAll())
	case n.remains != nil && action == lifecycle.TermRest:
		n.note(n.remains.SignalMembers(unix.SIGTERM))
	case n.remains != nil && action == lifecycle.Kill:
		n.note(n.remains.KillAll())
	}
}

// spawn makes the process.
func (n *node) spawn() {
	n.peers, n.text, n.lastWords = nil, "", ""
	n.tried = n.target.specDigest
	proc, err := n.start()
	if err != nil {
		n.proc, n.digest, n.generation = nil, "", ""
		n.count(ExitNotStarted)
		n.step(lifecycle.Event{Kind: lifecycle.SpawnFailed, Cause: err.Error()})
		return
	}
	n.proc, n.digest, n.generation = proc, n.tried, n.target.generation
	n.step(lifecycle.Event{Kind: lifecycle.Spawned, Cause: fmt.Sprintf("process %d", proc.ID().PID)})
}

func (n *node) start() (*process.Process, error) {
	dirs, spec := n.shared.dirs, n.target.spec
	if err := prepareWorkDir(dirs, n.name, n.target.files, spec.Limits.User); err != nil {
		return nil, err
	}
	n.stdoutAt, n.stderrAt = fileSize(dirs.Stdout(n.name)), fileSize(dirs.Stderr(n.name))
	n.expectStatus()
	if err := n.listen(); err != nil {
		return nil, err
	}
	if n.env == nil {
		n.env = environment(dirs, spec, n.ear.Path())
	}
	proc, err := n.startIn(process.Command{
		Argv: spec.Argv, Env: n.env, Dir: dirs.Node(n.name),
		Stdout: dirs.Stdout(n.name), Stderr: dirs.Stderr(n.name),
		CPUs: spec.CPUs, Nice: spec.Nice, Limits: spec.Limits.process(),
	})
	if err != nil {
		return nil, err
	}
	n.unwatched, n.ran, n.ranIn = proc, spec, n.env
	return proc, nil
}

// watch tells the node when a process of it has ended, and then goes on with
// the successor if there is one at once.
func (n *node) watch(proc *process.Process) {
	for proc != nil {
		how := proc.Wait()
		idle := n.shared.pages.idle.Load()
		var successor *process.Process
		n.act(func() {
			if proc == n.proc {
				n.exited(how)
			}
			successor, n.unwatched = n.unwatched, nil
		})
		if successor != nil && idle {
			n.shared.pages.learn()
		}
		proc = successor
	}
}
