package process

import (
	"errors"
	"fmt"
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
func (p *Process) Members() []Identity { return p.id.Members() }

// SignalMembers sends a signal to every process of the session but its first.
func (p *Process) SignalMembers(sig unix.Signal) error { return p.id.SignalMembers(sig) }

// Members is as that of the process, which may have ended long ago.
func (id Identity) Members() []Identity {
	boot, err := bootID()
	if err != nil {
		return nil
	}
	if boot != id.BootID {
		return nil
	}
	if s, err := readStat(id.PID); err == nil && s.startTicks != id.StartTicks {
		// The pid names another process, and the kernel gives no pid away
		// that still names a session: nothing is left of ours.
		return nil
	}
	var members []Identity
	pids, _ := allPIDs() // fails only where there is no /proc, and then so did Start
	for _, pid := range pids {
		s, err := readStat(pid)
		if err != nil || s.session != id.PID || pid == id.PID || s.dead() {
			continue
		}
		members = append(members, Identity{pid, s.startTicks, boot})
	}
	return members
}

// SignalMembers is as that of the process, which may have ended long ago.
func (id Identity) SignalMembers(sig unix.Signal) error {
	var errs []error
	for _, member := range id.Members() {
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
func allPIDs() ([]int, error) {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("cannot list processes: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("cannot list processes: %w", err)
	}
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
