// Package process makes, watches, signals and recognises the operating system's
// processes. It is the only place in zctl that forks.
//
// A process made here is born in a session of its own, pinned to its CPUs
// before exec, with its output going straight to files: whoever watches it can
// die without it noticing. Its end is learnt from a pidfd, without a thread that
// waits and without polling.
//
// A process is recognised by pid, start time and boot id together, so that a
// pid which the kernel gave to another program is never signalled or shown as
// ours. Nothing here ever uses Pdeathsig (spec: peers 0.7), and nothing decides
// when a process ought to start or end.
package process

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"zctl/cpuaffinity"
)

// Command is what to run, and how.
type Command struct {
	Argv []string // Argv[0] is the path of the program
	Env  []string // the whole environment, KEY=value
	Dir  string   // working directory
	// Stdin is what the process reads; nil is nothing.
	Stdin *os.File
	// Stdout and Stderr are files that output is appended to.
	Stdout, Stderr string
	CPUs           cpuaffinity.List // empty: wherever we may run ourselves
	Nice           int
	Limits
}

// Process is a process that was made here, or adopted.
type Process struct {
	id    Identity
	child bool     // made here: its exit status comes from wait
	pidfd *os.File // readable once the process has ended
	group Group    // nil without one
}

// Start makes a process. The caller must call [Process.Wait], which lets go of
// it.
func Start(c Command) (*Process, error) {
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		return nil, errors.New("cannot start a program without a name")
	}
	boot, err := bootID()
	if err != nil {
		return nil, err
	}
	var files stdio
	defer files.close()
	if err := files.open(c); err != nil {
		return nil, fmt.Errorf("cannot open output of %s: %w", c.Argv[0], err)
	}
	pid, pidfd := 0, -1
	attr := &syscall.ProcAttr{
		Dir:   c.Dir,
		Env:   c.Env,
		Files: files.fds[:],
		// A session, not only a group: nodes have no terminal, and a hang-up
		// of ours would leave a Zeek neither dead nor alive (spec: generators
		// R21).
		Sys: &syscall.SysProcAttr{Setsid: true, PidFD: &pidfd},
	}
	// A file system that does not answer must be found out here: once it forks,
	// the thread cannot be interrupted, and then not even we can collect garbage.
	var stat unix.Stat_t
	unix.Stat(c.Argv[0], &stat)
	unix.Stat(cmp.Or(c.Dir, "/"), &stat)
	c.Limits.apply(attr.Sys)
	pinned := cpuaffinity.Pinned
	if c.Limits.needThread() {
		pinned = cpuaffinity.PinnedAlone
	}
	p := &Process{child: true, group: c.Group}
	birth.RLock()
	err = pinned(c.CPUs, c.Nice, func() (err error) {
		pid, err = c.Limits.fork(c.Argv, attr)
		return err
	})
	if pid != 0 {
		children.Store(pid, p)
	}
	birth.RUnlock()
	if err != nil && pid == 0 {
		return nil, fmt.Errorf("cannot run %s: %w", c.Argv[0], reason(c, err))
	}
	if watched := p.watchChild(pid, pidfd, boot); watched != nil {
		return nil, watched
	}
	if err != nil { // it runs, but not as it should
		p.Signal(unix.SIGKILL)
		p.Wait()
		return nil, fmt.Errorf("cannot run %s: %w", c.Argv[0], err)
	}
	return p, nil
}

// reason is why a program could not be run. The kernel's error does not say
// which of the files that it needed was the one.
func reason(c Command, err error) error {
	if c.User != nil && (errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES)) {
		return c.User.reason(c, err)
	}
	var stat unix.Stat_t
	if c.Dir != "" {
		if err := unix.Stat(c.Dir+"/.", &stat); err != nil {
			return fmt.Errorf("cannot enter %s: %w", c.Dir, err)
		}
	}
	if !filepath.IsAbs(c.Argv[0]) || unix.Stat(c.Argv[0], &stat) != nil {
		return err
	}
	switch {
	case stat.Mode&unix.S_IFMT == unix.S_IFDIR:
		return unix.EISDIR
	case errors.Is(err, unix.ENOENT):
		return fmt.Errorf("its interpreter: %w", err)
	}
	return err
}

// watchChild makes p the Process of a child that was just born. A child that
// cannot be watched is killed.
func (p *Process) watchChild(pid, pidfd int, boot string) (err error) {
	if pidfd < 0 {
		pidfd, err = unix.PidfdOpen(pid, 0)
	}
	if err == nil {
		p.pidfd, err = pollable(pidfd)
	}
	var s stat
	if err == nil {
		s, err = readStat(pid) // a zombie can still be read
	}
	if err != nil {
		if p.pidfd != nil {
			p.pidfd.Close()
		}
		unix.Kill(pid, unix.SIGKILL)
		unix.Wait4(pid, nil, 0, nil)
		children.CompareAndDelete(pid, p)
		return fmt.Errorf("cannot watch process %d: %w", pid, err)
	}
	p.id = Identity{pid, s.startTicks, boot}
	return nil
}

// ErrGone is the error of [Adopt] for a process that does not exist any more,
// be its pid unused or another program's.
var ErrGone = errors.New("process is gone")

// Adopt takes over a process that some other program made. As with [Start] the
// caller must call [Process.Wait].
func Adopt(id Identity) (*Process, error) {
	fd, err := id.open()
	if err != nil {
		return nil, err
	}
	file, err := pollable(fd)
	if err != nil {
		return nil, fmt.Errorf("cannot watch process %d: %w", id.PID, err)
	}
	return &Process{id: id, pidfd: file}, nil
}

// pollable is a pidfd as a file that the runtime's poller waits for.
func pollable(pidfd int) (*os.File, error) {
	if err := unix.SetNonblock(pidfd, true); err != nil {
		unix.Close(pidfd)
		return nil, err
	}
	return os.NewFile(uintptr(pidfd), "pidfd"), nil
}

// FindBy says in which group all is that an adopted process has started. It comes
// before everything else.
func (p *Process) FindBy(group Group) { p.group = group }

// ID is what the process is recognised by.
func (p *Process) ID() Identity { return p.id }

// Wait waits until the process has ended, says how, and lets go of it. It must
// be called exactly once.
func (p *Process) Wait() Exit {
	defer p.pidfd.Close()
	var exit Exit
	conn, err := p.pidfd.SyscallConn()
	if err == nil {
		err = conn.Read(func(fd uintptr) bool {
			ended := false
			exit, ended = p.poll(int(fd))
			return ended
		})
	}
	if err != nil { // no poller for it: wait with a thread
		for ended := false; !ended; exit, ended = p.poll(int(p.pidfd.Fd())) {
			unix.Poll([]unix.PollFd{{Fd: int32(p.pidfd.Fd()), Events: unix.POLLIN}}, -1)
		}
	}
	exit.At = time.Now()
	return exit
}

// poll says whether and how the process has ended.
func (p *Process) poll(fd int) (Exit, bool) {
	if p.child {
		var status unix.WaitStatus
		var usage unix.Rusage
		pid, err := unix.Wait4(p.id.PID, &status, unix.WNOHANG, &usage)
		if pid == 0 || errors.Is(err, unix.EINTR) {
			return Exit{}, false
		}
		children.CompareAndDelete(p.id.PID, p)
		if err != nil { // somebody else reaped it
			return Exit{}, true
		}
		exit := exitOf(status)
		exit.Usage = &usage
		return exit, true
	}
	if !readable(fd) {
		return Exit{}, false
	}
	return p.adoptedExit(fd), true
}

// readable says whether there is something to read. A signal that comes in
// between, as the Go runtime's own do, must not look like an answer.
func readable(fd int) bool {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		if !errors.Is(err, unix.EINTR) {
			return n != 0
		}
	}
}

// adoptedExit is how a process ended that is not our child: until its parent
// has reaped it the kernel shows its status in /proc, and from then on by the
// pidfd (Linux 6.15 and later; spec: peers 0.6).
func (p *Process) adoptedExit(fd int) Exit {
	if mayInspect(p.id.PID) {
		if stat, err := readStat(p.id.PID); err == nil && stat.startTicks == p.id.StartTicks {
			return exitOf(stat.exitStatus)
		}
	}
	info := unix.PidfdInfo{Mask: unix.PIDFD_INFO_EXIT}
	if err := unix.IoctlPidfdInfo(fd, &info); err == nil && info.Mask&unix.PIDFD_INFO_EXIT != 0 {
		return exitOf(unix.WaitStatus(info.Exit_code))
	}
	return Exit{}
}

// Signal sends a signal to the process itself, and to nobody if it has ended.
func (p *Process) Signal(sig unix.Signal) error {
	var sent error
	conn, err := p.pidfd.SyscallConn()
	if err == nil {
		err = conn.Control(func(fd uintptr) { sent = unix.PidfdSendSignal(int(fd), sig, nil, 0) })
	}
	if err != nil {
		return nil // Wait has let go of it: it has ended
	}
	if sent != nil && !errors.Is(sent, unix.ESRCH) {
		return fmt.Errorf("cannot signal process %d: %w", p.id.PID, sent)
	}
	return nil
}

// stdio is the files that a process begins with. They are opened without the
// runtime's poller, which has nothing to do with them.
type stdio struct {
	fds    [3]uintptr
	opened []int
}

func (s *stdio) open(c Command) (err error) {
	if c.Stdin != nil {
		s.fds[0] = c.Stdin.Fd()
	} else if s.fds[0], err = s.openFile("", unix.O_RDONLY); err != nil {
		return err
	}
	follow := 0
	if c.User != nil { // he must not have us write to what is not his
		follow = unix.O_NOFOLLOW
	}
	if s.fds[1], err = s.openOutput(c.Stdout, follow); err != nil {
		return err
	}
	s.fds[2], err = s.openOutput(c.Stderr, follow)
	return err
}

// openOutput opens a file to append to. A pipe that nobody reads is an error, not
// something to wait for.
func (s *stdio) openOutput(name string, follow int) (uintptr, error) {
	fd, err := s.openFile(name, unix.O_WRONLY|unix.O_APPEND|unix.O_CREAT|unix.O_NONBLOCK|follow)
	if err == nil {
		_, err = unix.FcntlInt(fd, unix.F_SETFL, unix.O_APPEND) // the process may wait
	}
	return fd, err
}

func (s *stdio) openFile(name string, mode int) (uintptr, error) {
	if name == "" {
		name = os.DevNull
	}
	for {
		fd, err := unix.Open(name, mode|unix.O_CLOEXEC, 0o644)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return 0, &os.PathError{Op: "open", Path: name, Err: err}
		}
		s.opened = append(s.opened, fd)
		return uintptr(fd), nil
	}
}

func (s *stdio) close() {
	for _, fd := range s.opened {
		unix.Close(fd)
	}
}
