package process

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Exit is how a process ended.
type Exit struct {
	// Known is false if nobody could say: the process was not our child and
	// its status was gone.
	Known bool
	// Code is the exit code, if Signal is 0.
	Code int
	// Signal is what killed the process, or 0.
	Signal unix.Signal
	// CoreDumped says that the kernel wrote a core.
	CoreDumped bool
	// Usage is what it used in all; nil for a process that was not our child.
	Usage *unix.Rusage
	// At is when the end was seen.
	At time.Time
}

func exitOf(status unix.WaitStatus) Exit {
	if status.Signaled() {
		return Exit{Known: true, Signal: status.Signal(), CoreDumped: status.CoreDump()}
	}
	return Exit{Known: true, Code: status.ExitStatus()}
}

// String says it for people: "exited with code 1", "killed by SIGSEGV".
func (e Exit) String() string {
	switch {
	case !e.Known:
		return "ended, nobody knows how"
	case e.Signal != 0:
		if name := unix.SignalName(e.Signal); name != "" {
			return "killed by " + name
		}
		return fmt.Sprintf("killed by signal %d", int(e.Signal))
	default:
		return fmt.Sprintf("exited with code %d", e.Code)
	}
}
