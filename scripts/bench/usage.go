package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// usage is what processes take.
type usage struct {
	rss, pss uint64        // in bytes; pss is 0 where it may not be read
	cpu      time.Duration // since they began
	switches uint64        // voluntary ones of the threads there are: wake-ups
}

// look is what processes take now, all together.
func look(pids []int) usage {
	var all usage
	for _, pid := range pids {
		proc := fmt.Sprintf("/proc/%d/", pid)
		all.rss += procNumber(proc+"status", "VmRSS") << 10
		all.pss += procNumber(proc+"smaps_rollup", "Pss") << 10
		all.cpu += cpuTime(pid)
		threads, _ := filepath.Glob(proc + "task/*/status") // the pattern is good
		for _, thread := range threads {
			all.switches += procNumber(thread, "voluntary_ctxt_switches")
		}
	}
	return all
}

// since is what was spent after before.
func (u usage) since(before usage) usage {
	return usage{cpu: u.cpu - before.cpu, switches: u.switches - before.switches}
}

// procNumber is a number in a file of lines like "VmRSS:  1234 kB"; 0 if it is
// not there.
func procNumber(file, key string) uint64 {
	f, err := os.Open(file)
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		fields := strings.Fields(value)
		if name == key && len(fields) > 0 {
			n, _ := strconv.ParseUint(fields[0], 10, 64) // the kernel wrote it
			return n
		}
	}
	return 0
}
