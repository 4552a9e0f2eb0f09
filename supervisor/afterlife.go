package supervisor

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"zctl/cpuaffinity"
	"zctl/supervisor/lifecycle"
	"zctl/supervisor/process"
)

// exited takes note of the end of the node's first process.
func (n *node) exited(how process.Exit) {
	proc, begin, died := n.proc, n.stderrAt, n.state.Phase.Up()
	cause, why := how.String(), n.reasonOf(how)
	if why != "" {
		cause = why + ","
	}
	leftover := proc.Leftover()
	if n.state.Phase == lifecycle.Stopping { // nobody waits for a successor: look closely
		leftover = proc.MayHaveMembers()
	}
	n.lastExit = exitInfo(how)
	n.lastExit.Why = why
	n.count(exitCause(how, !died, why != ""))
	crashed := n.crashOf(proc, how, cause) // before the successor writes to the same files
	n.proc, n.digest, n.generation = nil, "", ""
	switch {
	case leftover:
		n.remains = proc
		n.watchMembers(proc)
	case died:
		go n.endStragglers(proc)
	default:
		proc.Forget()
	}
	e := lifecycle.Event{
		Kind:     lifecycle.Exited,
		Cause:    fmt.Sprintf("%s after %v", cause, age(n.state.Since)),
		Leftover: leftover,
	}
	if said := n.hopeless(how, begin); said != "" && died {
		e.Cause, e.Hopeless = fmt.Sprintf("%s; zctl diag %s tells more", said, n.name), true
	}
	n.stepAfter(&death{proc.ID().PID, n.lastExit}, e)
	if crashed != nil { // nor should it wait for what that takes
		n.shared.crashes.Add(*crashed())
	}
	if died {
		n.lastWords = n.words(begin)
	}
}

// words is the last that a process wrote to stderr.log from offset on.
func (n *node) words(offset int64) string {
	const most = 3 // lines
	return strings.Join(lastLines(n.shared.dirs.Stderr(n.name), offset, most), "\n")
}

// endStragglers kills what a process that died has left in its session or cgroup, but
// not in its process group. To look for that takes longer than a successor should have
// to wait, so it is done when that has begun.
func (n *node) endStragglers(proc *process.Process) {
	const pause, most = 100 * time.Millisecond, 100
	for range most {
		select {
		case <-time.After(pause):
		case <-n.left:
			return
		}
		members, err := proc.Members()
		if len(members) == 0 && err == nil {
			proc.Forget()
			return
		}
		n.act(func() {
			n.note(err)
			if err == nil {
				n.note(fmt.Errorf("process %d had left %d others behind; killing them", proc.ID().PID, len(members)))
				n.note(proc.KillAll())
			}
		})
	}
}

// watchMembers tells the node when the last process of a session has ended. For
// that there is no descriptor to wait on, so it looks, ever less often.
func (n *node) watchMembers(proc *process.Process) {
	const first, longest = 2 * time.Millisecond, 200 * time.Millisecond
	go func() {
		for pause := first; ; pause = min(2*pause, longest) {
			if !proc.MayHaveMembers() {
				n.act(func() { n.emptied(proc) })
				return
			}
			select {
			case <-time.After(pause):
			case <-n.left:
				return
			}
		}
	}()
}

// emptied takes note of the end of the last process of a session.
func (n *node) emptied(proc *process.Process) {
	if proc == n.remains {
		proc.Forget()
		n.remains = nil
		n.step(lifecycle.Event{Kind: lifecycle.Emptied})
	}
}

// adopt takes over a process that a predecessor made. outdated says that a
// deploy which wanted it replaced had been interrupted.
func (n *node) adopt(proc *process.Process, saved savedProcess, outdated bool) {
	n.proc, n.digest, n.generation = proc, saved.Digest, saved.Generation
	n.peers, n.text = saved.Peers, saved.Text
	n.ran, n.ranIn = n.target.spec, nil
	n.stdoutAt, n.stderrAt = fileSize(n.shared.dirs.Stdout(n.name)), fileSize(n.shared.dirs.Stderr(n.name))
	if at := saved.OutputAt; at != nil {
		n.stdoutAt, n.stderrAt = at[0], at[1]
	}
	n.note(n.limit())
	n.note(n.moveCPUs())
	n.note(n.listen())
	if n.byZeek() {
		n.watchStatus()
		n.readStatus()
	}
	n.unwatched = proc
	n.state.Wanted = n.target.up
	n.step(lifecycle.Event{
		Kind:  lifecycle.Adopted,
		Cause: "adopted " + strconv.Itoa(proc.ID().PID),
		Ready: saved.Ready,
		Since: saved.StartedAt, ReadyIn: saved.ReadyIn,
	})
	n.checkReady()
	if outdated {
		n.step(lifecycle.Event{Kind: lifecycle.Restart, Cause: "a deploy had been interrupted"})
	}
}

// pidFile is the name of the file, in a node's work directory, that says which
// process the node is: for people and scripts, and for a supervisor that finds
// several and no state.json.
const pidFile = "pid"

// writePID keeps that file true. One that cannot be is removed.
func (n *node) writePID() error {
	file := filepath.Join(n.shared.dirs.Node(n.name), pidFile)
	pid := 0
	if n.proc != nil {
		pid = n.proc.ID().PID
	}
	if pid == n.pidWritten {
		return nil
	}
	n.pidWritten = pid
	if pid == 0 {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("cannot remove pid file: %w", err)
		}
		return nil
	}
	if err := writeFileAtomic(file, []byte(strconv.Itoa(pid)+"\n"), 0o644, false); err != nil {
		os.Remove(file)
		return fmt.Errorf("cannot write pid file: %w", err)
	}
	return nil
}

// refreshFiles gives a node that runs the files of a new deployment; it reads
// them when it needs to.
func (n *node) refreshFiles() error {
	return writeFiles(n.shared.dirs.Node(n.name), n.target.files)
}

// moveCPUs moves a process that runs to the CPUs it should be on: a deploy may
// have changed them. A node that is no longer pinned goes where we may go.
func (n *node) moveCPUs() error {
	cpus, pid := n.target.spec.CPUs, n.proc.ID().PID
	if len(cpus) == 0 {
		ours, err := cpuaffinity.Affinity()
		if err != nil {
			return err
		}
		cpus = ours
	}
	check, err := cpuaffinity.Verify(pid, cpus)
	if err != nil || check.OK {
		return nil // gone, or there already
	}
	n.history = append(n.history, Event{Time: time.Now(), Node: n.name, PID: pid, Cause: fmt.Sprintf("moving from CPUs %v to %v", check.Have, cpus)})
	return cpuaffinity.Move(pid, cpus)
}
