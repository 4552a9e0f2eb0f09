package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Identity is what tells one process from every other, past or future: its pid,
// when it was started, and since which boot that is counted.
type Identity struct {
	PID        int    `json:"pid"`
	StartTicks uint64 `json:"start_ticks"` // clock ticks after boot
	BootID     string `json:"boot_id"`
}

// OfThisBoot says whether the process was made since the host was started.
func (id Identity) OfThisBoot() bool {
	boot, err := bootID()
	return err == nil && boot == id.BootID
}

// Alive says whether the process still runs; a zombie does not. One that cannot be
// looked at counts as alive: a second one in its place would be worse.
func (id Identity) Alive() bool { return !errors.Is(id.check(), ErrGone) }

// check is nil for a process that runs and ErrGone for one that does not.
func (id Identity) check() error {
	boot, err := bootID()
	if err != nil {
		return err
	}
	if boot != id.BootID || id.PID <= 0 {
		return ErrGone
	}
	s, err := readStat(id.PID)
	switch {
	case isGone(err):
		return ErrGone
	case err != nil:
		return fmt.Errorf("cannot look at process %d: %w", id.PID, err)
	case s.startTicks != id.StartTicks || s.dead():
		return ErrGone
	}
	return nil
}

// open is a pidfd of the process, or ErrGone.
func (id Identity) open() (int, error) {
	if err := id.check(); err != nil {
		return -1, err
	}
	fd, err := unix.PidfdOpen(id.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return -1, ErrGone
	}
	if err != nil {
		return -1, fmt.Errorf("cannot open process %d: %w", id.PID, err)
	}
	if err := id.check(); err != nil { // the pid may have been given away in between
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// signal sends a signal to the process, if it still is that process.
func (id Identity) signal(sig unix.Signal) error {
	fd, err := id.open()
	if errors.Is(err, ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.PidfdSendSignal(fd, sig, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("cannot signal process %d: %w", id.PID, err)
	}
	return nil
}

// bootID is the kernel's name for this boot.
var bootID = sync.OnceValues(func() (string, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("cannot tell this boot from others: %w", err)
	}
	return strings.TrimSpace(string(id)), nil
})

// stat is what we use of /proc/PID/stat (proc_pid_stat(5)).
type stat struct {
	state      byte
	parent     int
	session    int
	startTicks uint64
	codeStart  uint64 // an address: 1 unless mayInspect, 0 while the process executes another program
	envStart   uint64 // an address: 0 unless mayInspect
	envEnd     uint64
	exitStatus unix.WaitStatus // of a zombie; 0 unless mayInspect
}

// dead says that the process has ended, reaped or not.
func (s stat) dead() bool { return s.state == 'Z' || s.state == 'X' }

func readStat(pid int) (stat, error) {
	// Not os.ReadFile: the runtime's poller, which a file is offered to, has
	// nothing to do with it, and this is done for every process there is.
	fd, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return stat{}, err
	}
	defer unix.Close(fd)
	var text [1 << 10]byte // 52 numbers and a name of at most 64 bytes
	n, err := unix.Read(fd, text[:])
	if err != nil {
		return stat{}, err
	}
	return parseStat(text[:n])
}

// mayInspect says whether the kernel shows us all about a process, zombie or
// not. Of the others it says that their exit status is 0 (proc_pid_stat(5));
// they are other users', or have capabilities that we do not have. The link is
// there for its permissions, the same as the status has: a zombie has none.
func mayInspect(pid int) bool {
	_, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	return !errors.Is(err, os.ErrPermission)
}

// parseStat reads the fields behind the name of the program, which is in
// parentheses and may contain anything.
func parseStat(text []byte) (stat, error) {
	const ( // fields, counted from the one behind the name
		state, parent, session, startTicks, codeStart, envStart, envEnd, exitCode = 0, 1, 3, 19, 23, 47, 48, 49
	)
	end := bytes.LastIndexByte(text, ')')
	fields := bytes.Fields(text[end+1:])
	if end < 0 || len(fields) <= exitCode || len(fields[state]) != 1 {
		return stat{}, fmt.Errorf("cannot understand /proc/PID/stat: %.80q", text)
	}
	s := stat{state: fields[state][0]}
	var errs [7]error
	s.parent, errs[0] = strconv.Atoi(string(fields[parent]))
	s.session, errs[1] = strconv.Atoi(string(fields[session]))
	s.startTicks, errs[2] = strconv.ParseUint(string(fields[startTicks]), 10, 64)
	status, err := strconv.ParseUint(string(fields[exitCode]), 10, 32)
	s.exitStatus, errs[3] = unix.WaitStatus(status), err
	s.codeStart, errs[6] = strconv.ParseUint(string(fields[codeStart]), 10, 64)
	s.envStart, errs[4] = strconv.ParseUint(string(fields[envStart]), 10, 64)
	s.envEnd, errs[5] = strconv.ParseUint(string(fields[envEnd]), 10, 64)
	return s, errors.Join(errs[:]...)
}

// isGone says whether an error of reading /proc means that the process has gone.
func isGone(err error) bool { return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) }

// ticksPerSecond is the unit of StartTicks; Linux has the same on every
// platform that Go runs on (USER_HZ).
const ticksPerSecond = 100

// StartedAt is when the process was started, to a hundredth of a second.
func (id Identity) StartedAt() time.Time {
	var sinceBoot unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &sinceBoot); err != nil {
		return time.Time{}
	}
	age := time.Duration(sinceBoot.Nano()) - time.Duration(id.StartTicks)*(time.Second/ticksPerSecond)
	return time.Now().Add(-age)
}
