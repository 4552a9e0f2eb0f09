package main

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
)

// now is the clock that child.c reads, too: CLOCK_MONOTONIC.
func now() time.Duration {
	return clock(unix.CLOCK_MONOTONIC)
}

// cpuTime is the CPU time a process has used, threads that have ended included,
// to the nanosecond; 0 if there is no such process. It is what utime+stime in
// /proc/PID/stat has in hundredths of a second.
func cpuTime(pid int) time.Duration {
	// The clock of a process, as clock_getcpuclockid(3) names it.
	const schedClock = 2
	return clock(int32(^pid)<<3 | schedClock)
}

func clock(id int32) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// sleep waits, unless ctx ends before.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
