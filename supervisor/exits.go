package supervisor

import (
	"maps"

	"golang.org/x/sys/unix"

	"zctl/supervisor/process"
)

// Why processes of a node ended, as [NodeStatus.Exits] counts it. That a signal ended
// one is counted by the name of that: SIGSEGV.
const (
	ExitStopped     = "stopped"      // somebody wanted it to end
	ExitStopTimeout = "stop_timeout" // the same, but it had to be killed
	ExitDone        = "done"         // by itself, with code 0
	ExitError       = "error"        // by itself, with another code
	ExitMemory      = "memory"       // the kernel wanted its memory
	ExitUnknown     = "unknown"      // nobody could tell
	ExitNotStarted  = "not_started"  // there was to be a process, but it could not be made
)

// exitCause is the cause of an end. asked says that somebody wanted it, and memory
// that the kernel did.
func exitCause(how process.Exit, asked, memory bool) string {
	switch {
	case memory:
		return ExitMemory
	case asked && how.Signal == unix.SIGKILL:
		return ExitStopTimeout
	case asked:
		return ExitStopped
	case !how.Known:
		return ExitUnknown
	case how.Signal != 0:
		if name := unix.SignalName(how.Signal); name != "" {
			return name
		}
		return "SIGRT" // a real-time one: they have no names
	case how.Code == 0:
		return ExitDone
	}
	return ExitError
}

// count counts an end. The map that others may have is not changed.
func (n *node) count(cause string) { n.exits = counted(n.exits, cause) }

func counted(exits map[string]uint64, cause string) map[string]uint64 {
	exits = maps.Clone(exits)
	if exits == nil {
		exits = map[string]uint64{}
	}
	exits[cause]++
	return exits
}
