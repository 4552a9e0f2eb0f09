package process

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Leftover says whether other processes of the group that p led still run. It
// costs one system call where none does, which is the usual case. p must have
// ended.
func (p *Process) Leftover() bool {
	if err := unix.Kill(-p.id.PID, 0); err == unix.ESRCH {
		return false
	}
	return len(p.Members()) > 0
}

// Members is every process of the session that p began, but for p itself and
// for zombies. It finds whatever did not begin a session of its own. The whole
// process table is read.
func (p *Process) Members() []Identity {
	boot, err := bootID()
	if err != nil {
		return nil
	}
	if s, err := readStat(p.id.PID); err == nil && s.startTicks != p.id.StartTicks {
		// The pid names another process, and the kernel gives no pid away
		// that still names a session: nothing is left of ours.
		return nil
	}
	var members []Identity
	for _, pid := range allPIDs() {
		s, err := readStat(pid)
		if err != nil || s.session != p.id.PID || pid == p.id.PID || s.dead() {
			continue
		}
		members = append(members, Identity{pid, s.startTicks, boot})
	}
	return members
}

// SignalMembers sends a signal to every process of the session but its first.
func (p *Process) SignalMembers(sig unix.Signal) error {
	var errs []error
	for _, member := range p.Members() {
		errs = append(errs, member.signal(sig))
	}
	return errors.Join(errs...)
}

// KillAll sends KILL to every process of the session. Processes that are just
// being forked may escape one call; the caller repeats it until Members is
// empty.
func (p *Process) KillAll() error {
	return errors.Join(p.Signal(unix.SIGKILL), p.SignalMembers(unix.SIGKILL))
}

// allPIDs is the process table.
func allPIDs() []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
