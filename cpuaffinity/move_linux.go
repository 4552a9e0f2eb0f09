package cpuaffinity

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// moveRounds is how often Move goes through the threads of a process. A thread
// that is made meanwhile is born with the mask of its parent, so that a second
// round is only needed if the parent had not been moved yet.
const moveRounds = 10

// Move binds every thread of a running process to cpus. What it has in memory
// stays where it is, so a process that is to be close to its memory is better
// restarted.
func Move(pid int, cpus List) error {
	if err := checkPin(cpus, 0); err != nil || len(cpus) == 0 {
		return err
	}
	proc := os.DirFS("/proc")
	for range moveRounds {
		if err := moveThreads(proc, pid, cpus); err != nil {
			return err
		}
		check, err := Verify(pid, cpus)
		if err != nil {
			return err
		}
		if check.OK {
			return nil
		}
	}
	return fmt.Errorf("cannot move process %d to %s: it makes threads faster than they can be moved, or the kernel grants only some of these CPUs", pid, label(cpus))
}

func moveThreads(proc fs.FS, pid int, cpus List) error {
	tasks, err := fs.ReadDir(proc, strconv.Itoa(pid)+"/task")
	if err != nil {
		return fmt.Errorf("cannot list the threads of process %d: %w", pid, err)
	}
	mask := listMask(cpus)
	for _, task := range tasks {
		tid, err := strconv.Atoi(task.Name())
		if err != nil {
			continue
		}
		err = unix.SchedSetaffinityDynamic(tid, mask)
		if err != nil && !errors.Is(err, unix.ESRCH) { // a thread that has ended needs no CPU
			return fmt.Errorf("cannot move process %d to %s: %w", pid, label(cpus), err)
		}
	}
	return nil
}
