package parse

import (
	"bufio"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Available is how much memory runs could take without anything else being moved
// out, in bytes: what the kernel thinks of the host, or less where a control group
// of ours has a limit (a container).
func Available() int64 {
	return min(hostMemory("/proc/meminfo"), groupMemory("/sys/fs/cgroup", "/proc/self/cgroup"))
}

func hostMemory(meminfo string) int64 {
	file, err := os.Open(meminfo)
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == "MemAvailable:" {
			kib, _ := strconv.ParseInt(fields[1], 10, 64) // the kernel wrote it
			return kib << 10
		}
	}
	return 0
}

// groupMemory is what our control group and those above it leave us.
func groupMemory(root, self string) int64 {
	text, err := os.ReadFile(self)
	_, group, ok := strings.Cut(strings.TrimSpace(string(text)), "0::")
	if err != nil || !ok {
		return math.MaxInt64 // no cgroup v2
	}
	left := int64(math.MaxInt64)
	for dir := filepath.Clean("/" + group); ; dir = filepath.Dir(dir) {
		most, limited := groupNumber(filepath.Join(root, dir, "memory.max"))
		if used, ok := groupNumber(filepath.Join(root, dir, "memory.current")); ok && limited {
			left = min(left, max(0, most-used))
		}
		if dir == "/" {
			return left
		}
	}
}

// groupNumber reads a file with a number in it, or "max".
func groupNumber(file string) (int64, bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return n, err == nil
}
