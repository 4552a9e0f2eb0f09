package supervisor

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor/lifecycle"
	"zctl/supervisor/notify"
	"zctl/supervisor/process"
)

// node is one node: the loop between the decisions of package lifecycle and the
// process they are about. Only its own goroutine touches the fields below
// inbox; everybody else sends to inbox and reads snapshot.
type node struct {
	name     string
	shared   *shared
	snapshot atomic.Pointer[snapshot]
	inbox    chan any // a lifecycle.Event, or one of the messages below
	done     chan struct{}

	target     target
	state      lifecycle.State
	proc       *process.Process // nil while there is none
	remains    *process.Process // has ended, but not all it had started
	digest     string           // of the spec that proc was started with
	ear        *ear             // where proc's notifications arrive
	peers      *Peers
	text       string // what it says of itself
	lastExit   *ExitInfo
	lastWords  string  // of the process that died last
	stderrAt   int64   // where the output of this process begins in stderr.log
	pidWritten int     // what the file pid says, 0 without one
	history    []Event // not yet in the journal
}

// shared is what all nodes of a supervisor have in common.
type shared struct {
	dirs    Dirs
	journal *journal
	// changed is called when the snapshot of a node is a new one.
	changed func()
}

// target is what a node should be; it changes with a deploy.
type target struct {
	spec        Spec
	files       map[string]string
	giveUpAfter int
	// up says that somebody wants the node to run, and nobody has stopped it
	// since.
	up bool
	// removed says that a deploy wants the node gone.
	removed bool
}

// Messages to a node, besides lifecycle.Event.
type (
	// retarget changes what the node should be; what runs is left alone.
	retarget struct{ target }
	// request is a message whose sender waits until it was acted on.
	request struct {
		message any
		done    chan struct{}
	}
	// adoption hands over a process that a predecessor made.
	adoption struct {
		proc  *process.Process
		saved savedProcess
		// outdated: a deploy that wanted it replaced had been interrupted.
		outdated bool
	}
	// heard is a notification that arrived at the ear.
	heard struct {
		ear *ear
		msg notify.Message
	}
	// exited and emptied tell that the first and the last process ended.
	exited struct {
		who *process.Process
		how process.Exit
	}
	emptied struct{ who *process.Process }
	// leave ends the goroutine; the process is left alone.
	leave struct{}
)

// snapshot is all that others may know of a node. It is never changed.
type snapshot struct {
	target
	state     lifecycle.State
	id        process.Identity // PID 0 while there is no process
	digest    string
	peers     *Peers
	text      string
	lastExit  *ExitInfo
	lastWords string
}

func newNode(name string, shared *shared, t target, saved savedNode) *node {
	n := &node{
		name:     name,
		shared:   shared,
		inbox:    make(chan any, 16),
		done:     make(chan struct{}),
		target:   t,
		state:    lifecycle.State{Phase: lifecycle.Stopped, Restarts: saved.Restarts},
		lastExit: saved.LastExit,
	}
	n.publish()
	go n.run()
	return n
}

// tell sends a message to the node.
func (n *node) tell(message any) {
	select {
	case n.inbox <- message:
	case <-n.done:
	}
}

// askAll sends each node a message and waits until all have acted on theirs.
func askAll(nodes []*node, message func(*node) any) {
	acted := make([]chan struct{}, len(nodes))
	for i, n := range nodes {
		acted[i] = make(chan struct{})
		n.tell(request{message(n), acted[i]})
	}
	for i, n := range nodes {
		select {
		case <-acted[i]:
		case <-n.done:
		}
	}
}

func (n *node) run() {
	defer close(n.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case message := <-n.inbox:
			if _, ok := message.(leave); ok {
				n.ear.close()
				return
			}
			if r, ok := message.(request); ok {
				n.handle(r.message)
				n.settle(timer)
				close(r.done)
				continue
			}
			n.handle(message)
		case <-timer.C:
			n.step(lifecycle.Event{Kind: lifecycle.Timeout})
		}
		n.settle(timer)
	}
}

// handle turns a message into events of the lifecycle.
func (n *node) handle(message any) {
	switch m := message.(type) {
	case retarget:
		n.target = m.target
		if n.proc != nil {
			n.note(n.refreshFiles())
			n.note(n.moveCPUs())
		}
	case lifecycle.Event:
		n.step(m)
	case adoption:
		n.adopt(m)
	case heard:
		if m.ear == n.ear {
			n.heard(m.msg)
		}
	case exited:
		if m.who == n.proc {
			n.exited(m.how)
		}
	case emptied:
		if m.who == n.remains {
			n.remains = nil
			n.step(lifecycle.Event{Kind: lifecycle.Emptied})
		}
	}
}

// settle does what nobody has to wait for: it writes down what happened,
// publishes what is so now and winds the timer.
func (n *node) settle(timer *time.Timer) {
	n.note(n.writePID())
	n.publish()
	if len(n.history) > 0 {
		n.shared.journal.add(n.history...)
		n.history = n.history[:0]
	}
	n.shared.changed() // last: who waits for it expects to have heard of it
	if timer.Stop(); !n.state.Deadline.IsZero() {
		timer.Reset(time.Until(n.state.Deadline))
	}
}

func (n *node) publish() {
	s := &snapshot{
		target: n.target, state: n.state, digest: n.digest, peers: n.peers, text: n.text,
		lastExit: n.lastExit, lastWords: n.lastWords,
	}
	if n.proc != nil {
		s.id = n.proc.ID()
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
		NotifyOnly:  n.target.spec.NotifyOnly,
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
		n.note(n.remains.SignalMembers(unix.SIGKILL))
	}
}

// spawn makes the process.
func (n *node) spawn() {
	n.peers, n.text, n.lastWords = nil, "", ""
	proc, err := n.start()
	if err != nil {
		n.proc, n.digest = nil, ""
		n.step(lifecycle.Event{Kind: lifecycle.SpawnFailed, Cause: err.Error()})
		return
	}
	n.proc, n.digest = proc, n.target.spec.Digest()
	n.step(lifecycle.Event{Kind: lifecycle.Spawned, Cause: fmt.Sprintf("process %d", proc.ID().PID)})
}

func (n *node) start() (*process.Process, error) {
	dirs, spec := n.shared.dirs, n.target.spec
	if err := prepareWorkDir(dirs, n.name, n.target.files); err != nil {
		return nil, err
	}
	n.stderrAt = fileSize(dirs.Stderr(n.name))
	if err := n.listen(); err != nil {
		return nil, err
	}
	proc, err := process.Start(command(dirs, spec, n.ear.socket.Path()))
	if err != nil {
		return nil, err
	}
	n.watch(proc)
	return proc, nil
}

// watch tells the node when the process has ended.
func (n *node) watch(proc *process.Process) {
	go func() { n.tell(exited{proc, proc.Wait()}) }()
}
