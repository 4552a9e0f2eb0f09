package cpuaffinity

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// The nice values of setpriority(2).
const (
	minNice = -20
	maxNice = 19
)

var errStartLeft = errors.New("cannot tell whether the process was started: start ended its goroutine")

// Pinned calls start on an OS thread that is bound to cpus (empty: left alone) and has the given nice value (0: left
// alone; less than ours needs CAP_SYS_NICE or RLIMIT_NICE). It returns start's error as it is.
//
// A process that start forks from its own goroutine, as exec.Cmd.Start does, is born with that mask and nice value, and
// so are all threads it ever makes. Goroutines that start begins are not bound. start is not called where the thread
// cannot get all of cpus: the kernel would silently narrow a mask that names absent CPUs or some outside our cpuset.
//
// The mask is put back when start returns. A nice value cannot be put back by everybody, so a thread that gets one is a
// new one that ends with the call; then start must not use SysProcAttr.Pdeathsig, which would kill the process with it.
func Pinned(cpus List, nice int, start func() error) error {
	if err := checkPin(cpus, nice); err != nil {
		return err
	}
	if nice == 0 {
		return withMask(cpus, start)
	}
	err := errStartLeft
	onOwnThread(func() { err = withNice(nice, func() error { return withMask(cpus, start) }) })
	return err
}

// PinnedAlone is [Pinned] for a start that does to its thread what cannot be undone: the thread is a new one that ends
// with the call.
func PinnedAlone(cpus List, nice int, start func() error) error {
	if err := checkPin(cpus, nice); err != nil {
		return err
	}
	err := errStartLeft
	onOwnThread(func() {
		if nice == 0 {
			err = withMask(cpus, start)
			return
		}
		err = withNice(nice, func() error { return withMask(cpus, start) })
	})
	return err
}

func checkPin(cpus List, nice int) error {
	for _, cpu := range cpus {
		if cpu < 0 || cpu > MaxCPU {
			return fmt.Errorf("cannot bind a thread to CPU %d: CPU numbers go from 0 to %d", cpu, MaxCPU)
		}
	}
	if nice < minNice || nice > maxNice {
		return fmt.Errorf("cannot set nice value %d: nice values go from %d to %d", nice, minNice, maxNice)
	}
	return nil
}

// onOwnThread runs f on an OS thread that ends with it, and waits for f. The main thread of a process cannot end, so
// when the scheduler offers that one it is held until f is done on another.
func onOwnThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // a goroutine that ends locked takes its thread with it
		if unix.Gettid() == unix.Getpid() {
			defer runtime.UnlockOSThread()
			onOwnThread(f)
			return
		}
		f()
	}()
	<-done
}

// withNice calls start with a nice value of the calling thread, and puts back what we may. What cannot be put back does
// not matter, the thread is about to end; but until it has, it should not compete with workers.
func withNice(nice int, start func() error) error {
	old, err := threadNice()
	if err != nil {
		return fmt.Errorf("cannot read our nice value: %w", err)
	}
	defer func() { _ = unix.Setpriority(unix.PRIO_PROCESS, 0, old) }()
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, nice); err != nil {
		return fmt.Errorf("cannot set nice value %d (ours is %d): %w: run with CAP_SYS_NICE, or choose %d or more",
			nice, old, err, old)
	}
	return start()
}

// withMask calls start on a thread that is bound to cpus, if there are any. The runtime makes no thread from one that
// is locked, so nothing of ours inherits the mask.
func withMask(cpus List, start func() error) error {
	if len(cpus) == 0 {
		return start()
	}
	free, err := freeMask()
	if err != nil {
		return fmt.Errorf("cannot read our CPU affinity: %w", err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer unbind(free, cpus)
	if err := bind(cpus); err != nil {
		return err
	}
	return start()
}

// unbind frees the calling thread, and takes it off cpus where there are others: what was started there has just begun
// to run, and should not share its CPU with what its starter does next.
func unbind(free unix.CPUSetDynamic, cpus List) {
	others := slices.Clone(free)
	for _, cpu := range cpus {
		others.Clear(cpu)
	}
	_ = unix.SchedSetaffinityDynamic(0, others) // fails where there are no others
	_ = unix.SchedSetaffinityDynamic(0, free)
}

// freeMask is the mask of a thread of ours that is not bound. Since Linux 6.2 the kernel remembers the mask that a
// thread was given and intersects it with our cpuset: with the one it had it would not follow a cpuset that grows, nor
// would any process made by it. So unless somebody has bound us ourselves, as taskset does, it is the mask of all CPUs
// that there could be.
var freeMask = sync.OnceValues(func() (mask unix.CPUSetDynamic, err error) {
	onOwnThread(func() {
		if mask, err = threadMask(0); err != nil {
			return
		}
		every := unix.NewCPUSet(MaxCPU + 1)
		every.Fill()
		if err = unix.SchedSetaffinityDynamic(0, every); err != nil {
			return
		}
		var ours unix.CPUSetDynamic
		if ours, err = threadMask(0); err == nil && slices.Equal(ours, mask) {
			mask = every
		}
	})
	return mask, err
})

// bind gives the calling thread exactly cpus.
func bind(cpus List) error {
	err := unix.SchedSetaffinityDynamic(0, listMask(cpus))
	if errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("cannot bind a thread to %s: absent, offline, or outside our cpuset: %w", label(cpus), err)
	}
	if err != nil {
		return fmt.Errorf("cannot bind a thread to %s: %w", label(cpus), err)
	}
	granted, err := Affinity()
	if err != nil {
		return err
	}
	if !granted.SameSet(cpus) {
		return fmt.Errorf("cannot bind a thread to %s: the kernel grants only %s: the others are absent, offline, or outside our cpuset",
			label(cpus), granted)
	}
	return nil
}

// threadNice is the calling thread's nice value. The system call returns 20 - nice, to keep errors apart.
func threadNice() (int, error) {
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	return 20 - raw, err
}
