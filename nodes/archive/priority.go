package archive

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// niceStep is by how much less archiving matters than the rest of the node;
// zeek-archiver's unit has the same (spec: generators 4).
const niceStep = 10

// niced runs f on a thread of its own, below the priority of the process, in a
// goroutine that is made for it. Nothing is put back: the thread ends with the
// goroutine. The first thread of a process would not end, so that one is only
// held until f is done, on another.
func niced(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			niced(f)
			runtime.UnlockOSThread()
			return
		}
		lowerPriority()
		f()
	}()
	<-done
}

// lowerPriority makes the calling thread nicer, which always is allowed. If it
// is refused all the same, archives are made at the usual priority.
func lowerPriority() {
	kernel, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err == nil {
		nice := 20 - kernel // the system call returns 1 to 40
		_ = unix.Setpriority(unix.PRIO_PROCESS, 0, min(19, nice+niceStep))
	}
}
