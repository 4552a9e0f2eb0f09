package process

import (
	"errors"
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// Limits is what a process may take and do, other than who made it. The zero value
// is: as much as we.
type Limits struct {
	// User is who it runs as; nil: as we do. Only root may say another.
	User *User
	// Umask is which permissions its files do not have; nil: those that ours do not.
	Umask *int
	// Rlimits are set before the program's first instruction, soft and hard.
	Rlimits []Rlimit
	// Capabilities are ambient, by their numbers: what it may do although it does
	// not run as root. We must have them.
	Capabilities []uintptr
	// Cgroup is the directory, open, of the control group in which it is born; 0:
	// ours. Group finds what is there.
	Cgroup int
	Group  Group
}

// Group is what a process and all that it starts can be found by, whatever they do, as
// a control group is.
type Group interface {
	// PIDs is all that runs there.
	PIDs() ([]int, error)
	// Kill kills all that.
	Kill() error
	// Remove removes the group, which nothing runs in any more.
	Remove() error
}

// User is a user by numbers.
type User struct {
	UID    uint32   `json:"uid"`
	GID    uint32   `json:"gid"`
	Groups []uint32 `json:"groups,omitempty"` // besides GID
}

// Rlimit is a limit of setrlimit(2).
type Rlimit struct {
	Name     string // for errors
	Resource int    // RLIMIT_…
	Max      uint64 // Infinity for none
}

// Infinity is an [Rlimit] that limits nothing.
const Infinity = unix.RLIM_INFINITY & (1<<64 - 1)

// apply puts into attr what the kernel does by itself for a process that is born.
func (l Limits) apply(attr *syscall.SysProcAttr) {
	if u := l.User; u != nil {
		attr.Credential = &syscall.Credential{Uid: u.UID, Gid: u.GID, Groups: u.Groups}
	}
	attr.AmbientCaps = l.Capabilities
	if l.Cgroup > 0 {
		attr.UseCgroupFD, attr.CgroupFD = true, l.Cgroup
	}
}

// needThread says whether the thread that forks is changed for it.
func (l Limits) needThread() bool { return l.Umask != nil || len(l.Rlimits) > 0 }

// fork makes a process with the limits that need the thread which forks: it must be
// one that nobody uses afterwards. Its pid is not 0 if it was made, even if err says
// that it was not limited as it should be.
func (l Limits) fork(argv []string, attr *syscall.ProcAttr) (pid int, err error) {
	if l.Umask != nil {
		// All threads share one umask, but for those that say otherwise.
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			return 0, fmt.Errorf("cannot set umask: %w", err)
		}
		unix.Umask(*l.Umask)
	}
	if len(l.Rlimits) == 0 {
		return syscall.ForkExec(argv[0], argv, attr)
	}
	if attr.Sys.Ptrace = canStop(argv[0]); attr.Sys.Ptrace {
		pid, err = syscall.ForkExec(argv[0], argv, attr)
		if errors.Is(err, unix.EPERM) { // forbidden (Yama, seccomp), or something else is
			attr.Sys.Ptrace = false
		}
	}
	if !attr.Sys.Ptrace {
		pid, err = syscall.ForkExec(argv[0], argv, attr)
	}
	if err != nil {
		return pid, err
	}
	if attr.Sys.Ptrace {
		defer resume(pid)
		awaitStop(pid)
	}
	if l.User != nil {
		l.User.resemble()
	}
	for _, limit := range l.Rlimits {
		if err := limit.set(pid); err != nil {
			return pid, err
		}
	}
	return pid, nil
}

// canStop says whether a program can be stopped before its first instruction without
// being another program then: one that is given powers by its file is given none
// under a tracer that could not have them.
func canStop(program string) bool {
	if May(unix.CAP_SYS_PTRACE) {
		return true
	}
	var stat unix.Stat_t
	if unix.Stat(program, &stat) != nil || stat.Mode&(unix.S_ISUID|unix.S_ISGID) != 0 {
		return false
	}
	_, err := unix.Getxattr(program, "security.capability", nil)
	return err != nil
}

// May says whether we have a capability, by its number.
func May(capability int) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData // 32 in each
	err := unix.Capget(&header, &data[0])
	return err == nil && data[capability/32].Effective&(1<<(capability%32)) != 0
}

// awaitStop waits until a process that was born under our eyes stands before its
// first instruction, or has died there. What is learnt is left for [Process.Wait].
func awaitStop(pid int) {
	var info unix.Siginfo
	for errors.Is(unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT|unix.WALL, nil), unix.EINTR) {
	}
}

// resume lets it go.
func resume(pid int) { _ = syscall.PtraceDetach(pid) } // who has died needs no leave

// resemble gives the calling thread, and no other, the real ids of the user: who has
// them may limit his processes, and even root may not without CAP_SYS_RESOURCE, which
// few containers give him. What root may do is left to the thread.
func (u User) resemble() {
	const same = ^uintptr(0)
	unix.RawSyscall(unix.SYS_SETRESGID, uintptr(u.GID), same, same)
	unix.RawSyscall(unix.SYS_SETRESUID, uintptr(u.UID), same, same)
}

func (r Rlimit) set(pid int) error {
	err := unix.Prlimit(pid, r.Resource, &unix.Rlimit{Cur: r.Max, Max: r.Max}, nil)
	switch {
	case err == nil, errors.Is(err, unix.ESRCH):
		return nil // or it has gone
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("cannot set %s: it is more than our own hard limit; run zctl as root, or with a higher limit (LimitNOFILE=, LimitCORE= of its unit)", r.Name)
	}
	return fmt.Errorf("cannot set %s: %w", r.Name, err)
}
