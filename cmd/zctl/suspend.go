package main

import (
	"os"
	"os/signal"
	"runtime"

	"golang.org/x/sys/unix"
)

// stopRequests tells of ctrl-Z, which then does not stop the process by itself.
// A process in the background may still write to its terminal.
func stopRequests() (requests <-chan os.Signal, done func()) {
	c := make(chan os.Signal, 1)
	if signal.Ignored(unix.SIGTSTP) {
		return c, func() {}
	}
	signal.Notify(c, unix.SIGTSTP)
	signal.Ignore(unix.SIGTTOU)
	return c, func() { signal.Stop(c) }
}

// stopSelf stops the process, as ctrl-Z would have, and returns when it was
// continued. It does nothing where no shell is there to continue it.
func stopSelf() {
	if !hasJobControl() {
		return
	}
	// A stop that is sent to one's own thread has happened when the call returns.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	unix.Tgkill(unix.Getpid(), unix.Gettid(), unix.SIGSTOP)
}

// hasJobControl says whether our parent is a shell that made us a job of our
// own: its process group is another one, in the same session.
func hasJobControl() bool {
	parent := unix.Getppid()
	session, err := unix.Getsid(parent)
	own, ownErr := unix.Getsid(0)
	group, groupErr := unix.Getpgid(parent)
	return err == nil && ownErr == nil && groupErr == nil && session == own && group != unix.Getpgrp()
}
