package supervisor

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"
)

// giveBack hands memory back to the system that was needed once.
func giveBack() {
	debug.FreeOSMemory()
	forgetPages()
}

// forgetPages has the kernel unmap the constants and tables in our own program's file:
// much of the memory of a supervisor that does nothing is what was looked at once. They
// come back from the page cache, some at a time, when they are used again. Its code
// stays, because the next restart should not have to wait for that.
func forgetPages() {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	for _, m := range programPages(maps, self) {
		unix.Syscall(unix.SYS_MADVISE, m.start, m.end-m.start, unix.MADV_DONTNEED) // it was worth a try
	}
}

// mapping is a part of the address space.
type mapping struct{ start, end uintptr }

// programPages is the parts of /proc/PID/maps where a file is mapped that can neither be
// run nor written to. What could be written is not only in the file.
func programPages(maps io.Reader, file string) []mapping {
	var all []mapping
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var m mapping
		var perms, offset, device string
		var inode uint64
		var name string
		n, _ := fmt.Sscanf(lines.Text(), "%x-%x %s %s %s %d %s", &m.start, &m.end, &perms, &offset, &device, &inode, &name)
		if n == 7 && name == file && strings.HasPrefix(perms, "r--") && strings.HasSuffix(perms, "p") {
			all = append(all, m)
		}
	}
	return all
}
