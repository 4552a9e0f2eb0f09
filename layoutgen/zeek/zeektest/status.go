package zeektest

import (
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// setStatus writes the status file as Zeek does: not at once, so that a reader may
// find it empty, or find half of it.
func (z *zeek) setStatus(status, reason string) {
	if z.args.statusFile == "" {
		return
	}
	f, err := os.OpenFile(z.args.statusFile, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o700)
	if err != nil {
		fmt.Fprintf(os.Stderr, "can't open process status file '%s': %v\n", z.args.statusFile, err)
		return
	}
	defer f.Close()
	for _, piece := range []string{status, " [", reason, "]\n"} {
		f.WriteString(piece)
	}
}

// failure is how the stand-in ends when it cannot go on.
type failure struct {
	message string // what stderr says
	reason  string // what the status file says
}

func fatal(format string, args ...any) *failure {
	return &failure{"fatal error" + fmt.Sprintf(format, args...), "fatal_error"}
}

// end is the end of a Zeek that failed: always 1.
func (z *zeek) end(f *failure) int {
	fmt.Fprintln(os.Stderr, f.message)
	z.setStatus("TERMINATED", f.reason)
	return 1
}

// dieOf ends this process by a signal, as if it had no handler. Go's runtime has
// one for each.
func dieOf(sig syscall.Signal) {
	var defaultAction [4]uintptr // a sigaction of the kernel's: handler, flags, restorer, mask
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&defaultAction)), 0, 8, 0, 0)
	syscall.Kill(syscall.Getpid(), sig)
	time.Sleep(10 * time.Second)
}
