package process

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Leftover says whether other processes of the group that p led still run, or may
// do where that cannot be found out. It costs one system call where none does,
// which is the usual case. p must have ended.
func (p *Process) Leftover() bool {
	if err := unix.Kill(-p.id.PID, 0); err == unix.ESRCH {
		return false
	}
	return p.id.MayHaveMembers()
}

// Members is every process of the session that p began, and of its [Group], but for p
// itself and for zombies. Without a group it finds whatever did not begin a session of
// its own. The whole process table is read.
func (p *Process) Members() ([]Identity, error) {
	members, err := p.id.Members()
	if err != nil || p.group == nil {
		return members, err
	}
	pids, err := p.group.PIDs()
	if err != nil {
		return nil, fmt.Errorf("cannot look at what process %d has started: %w", p.id.PID, err)
	}
	known := map[int]bool{p.id.PID: true}
	for _, m := range members {
		known[m.PID] = true
	}
	for _, pid := range pids {
		s, err := readStat(pid)
		if err != nil && !isGone(err) {
			return nil, fmt.Errorf("cannot look at process %d: %w", pid, err)
		}
		if err == nil && !known[pid] && !s.dead() {
			members = append(members, Identity{pid, s.startTicks, p.id.BootID})
		}
	}
	return members, nil
}

// MayHaveMembers is false if nothing is left of the session and the group for sure.
func (p *Process) MayHaveMembers() bool {
	members, err := p.Members()
	return len(members) > 0 || err != nil
}

// SignalMembers sends a signal to every process of the session and the group but the
// first. Nothing of the group escapes a KILL.
func (p *Process) SignalMembers(sig unix.Signal) error {
	members, err := p.Members()
	errs := []error{err}
	for _, member := range members {
		errs = append(errs, member.signal(sig))
	}
	return errors.Join(errs...)
}

// Forget removes the group of a process of which nothing is left.
func (p *Process) Forget() {
	if p.group != nil {
		_ = p.group.Remove() // what is not empty after all is looked for again
	}
}

// MayHaveMembers is as that of the process, which may have ended long ago.
func (id Identity) MayHaveMembers() bool {
	members, err := id.Members()
	return len(members) > 0 || err != nil
}

// Members is as that of the process, which may have ended long ago.
func (id Identity) Members() ([]Identity, error) {
	boot, err := bootID()
	if err != nil || boot != id.BootID {
		return nil, err
	}
	if s, err := readStat(id.PID); err == nil && s.startTicks != id.StartTicks {
		// The pid names another process, and the kernel gives no pid away
		// that still names a session: nothing is left of ours.
		return nil, nil
	}
	pids, err := allPIDs()
	if err != nil {
		return nil, err
	}
	var members []Identity
	for _, pid := range pids {
		s, err := readStat(pid)
		if err != nil && !isGone(err) {
			return nil, fmt.Errorf("cannot look at process %d: %w", pid, err)
		}
		if err != nil || s.session != id.PID || pid == id.PID || s.dead() {
			continue
		}
		members = append(members, Identity{pid, s.startTicks, boot})
	}
	return members, nil
}

// SignalMembers is as that of the process, which may have ended long ago.
func (id Identity) SignalMembers(sig unix.Signal) error {
	members, err := id.Members()
	errs := []error{err}
	for _, member := range members {
		errs = append(errs, member.signal(sig))
	}
	return errors.Join(errs...)
}

// KillAll sends KILL to every process of the session. Without a group, processes
// that are just being forked may escape one call; the caller repeats it until Members
// is empty.
func (p *Process) KillAll() error {
	return errors.Join(p.Signal(unix.SIGKILL), p.SignalMembers(unix.SIGKILL), p.killGroup())
}

func (p *Process) killGroup() error {
	if p.group == nil {
		return nil
	}
	return p.group.Kill()
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
