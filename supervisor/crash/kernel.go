package crash

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"zctl/layoutgen/lazyregexp"
)

// kernelLog is the kernel's log, a record a read.
const kernelLog = "/dev/kmsg"

// readKernelLog finds what the kernel said of a process: that it ran out of memory, or
// where it crashed.
func readKernelLog(r *Report) {
	if r.Signal == nil {
		return
	}
	fd, err := unix.Open(kernelLog, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		r.note("the kernel's log cannot be read (%v): root may, others with kernel.dmesg_restrict = 0", err)
		return
	}
	defer unix.Close(fd)
	var now unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	since := time.Duration(now.Nano()) - time.Since(r.EndedAt) - r.lasted() - slack
	buf := make([]byte, 8<<10) // no record is longer
	for range mostRecords {
		n, err := unix.Read(fd, buf)
		if err == unix.EPIPE || err == unix.EINTR { // records were lost meanwhile
			continue
		}
		if err != nil || n <= 0 {
			return
		}
		at, text := kernelRecord(string(buf[:n]))
		if at >= since && concerns(text, r.PID) && len(r.Kernel) < mostKernelLines {
			r.Kernel = append(r.Kernel, fmt.Sprintf("[%.6f] %s", at.Seconds(), text))
		}
	}
}

const (
	mostRecords     = 1 << 17
	mostKernelLines = 20
	slack           = 2 * time.Second // the two clocks are not the same
)

// kernelRecord is the time since the start of the host, and the text, of a record
// "PRIORITY,NUMBER,MICROSECONDS,FLAGS;TEXT".
func kernelRecord(record string) (at time.Duration, text string) {
	head, text, _ := strings.Cut(record, ";")
	text, _, _ = strings.Cut(text, "\n")
	fields := strings.Split(head, ",")
	if len(fields) < 3 {
		return 0, ""
	}
	us, _ := strconv.ParseInt(fields[2], 10, 64)
	return time.Duration(us) * time.Microsecond, text
}

// aboutProcess is how the kernel names a process: "zeek[123]: segfault", "Killed
// process 123 (zeek)", "oom-kill:…,pid=123,".
var aboutProcess = lazyregexp.New(`(?:\[|[Pp]rocess |pid[=: ]\s*)(\d+)\b`)

func concerns(text string, pid int) bool {
	for _, m := range aboutProcess().FindAllStringSubmatch(text, -1) {
		if m[1] == strconv.Itoa(pid) {
			return true
		}
	}
	return false
}
