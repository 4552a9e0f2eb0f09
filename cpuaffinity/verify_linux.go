package cpuaffinity

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// Check says what all threads of a process are really allowed to run on.
type Check struct {
	Have    List // union over the threads, ascending
	OK      bool // every thread has exactly the wanted CPUs, or none were wanted
	Drifted int  // number of threads whose mask is not the wanted one; 0 when none was wanted
	Threads int
}

// Verify asks the kernel where the threads of process pid may run, by sched_getaffinity(2), which is several times
// cheaper than to have it write all that it knows of a thread into /proc, and compares that with want; an empty want is
// always OK. Which threads there are is in /proc/PID/task.
//
// A thread that ends while we look is not an error. A process that is gone is: the error wraps fs.ErrNotExist. So is one
// of another user where /proc is mounted with hidepid. A process that has ended and was not yet waited for still counts
// as there.
func Verify(pid int, want List) (Check, error) {
	return verifier{proc: os.DirFS("/proc"), mask: threadMask, want: want}.process(pid)
}

// verifier goes through the threads of one process.
type verifier struct {
	proc fs.FS                                     // rooted at "/proc"
	mask func(tid int) (unix.CPUSetDynamic, error) // of a thread
	want List
}

func (v verifier) process(pid int) (check Check, err error) {
	// Nearly always all threads have the same mask: the last one seen, and whether it is the wanted one.
	var last unix.CPUSetDynamic
	var ok bool
	err = eachEntry(v.proc, fmt.Sprintf("%d/task", pid), func(name string) error {
		tid, err := strconv.ParseUint(name, 10, 31)
		if err != nil {
			return nil
		}
		mask, err := v.mask(int(tid))
		if gone(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cannot read the CPU affinity of thread %d: %w", tid, err)
		}
		if !slices.Equal(mask, last) {
			cpus := maskList(mask)
			check.Have = check.Have.Union(cpus)
			last, ok = mask, len(v.want) == 0 || cpus.SameSet(v.want)
		}
		check.Threads++
		if !ok {
			check.Drifted++
		}
		return nil
	})
	if gone(err) || err == nil && check.Threads == 0 {
		return Check{}, fmt.Errorf("cannot check the CPUs of process %d: it is gone: %w", pid, fs.ErrNotExist)
	}
	if err != nil {
		return Check{}, fmt.Errorf("cannot check the CPUs of process %d: %w", pid, withoutPath(err))
	}
	check.Have, check.OK = check.Have.Sorted(), check.Drifted == 0
	return check, nil
}

// gone reports whether err says that a process or thread has ended: its directory is absent, or was opened in time and
// then has nobody to tell of, or the kernel knows it no more.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH)
}
