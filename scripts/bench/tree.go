package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// descendants is every process that a process began, directly or not; parents
// come before their children. Zombies are left out.
func descendants(of int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is good
	for _, stat := range stats {
		content, err := os.ReadFile(stat)
		if err != nil {
			continue // it ended
		}
		pid, parent, alive := parseStat(string(content))
		if alive {
			children[parent] = append(children[parent], pid)
		}
	}
	var all []int
	for next := children[of]; len(next) > 0; next = next[1:] {
		all = append(all, next[0])
		next = append(slices.Clip(next), children[next[0]]...)
	}
	return all
}

// parseStat reads the beginning of /proc/PID/stat (proc_pid_stat(5)): pid, name
// in parentheses, state, parent. The name may contain anything.
func parseStat(stat string) (pid, parent int, alive bool) {
	pid, _ = strconv.Atoi(stat[:max(0, strings.IndexByte(stat, ' '))])
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 {
		return pid, 0, false
	}
	parent, _ = strconv.Atoi(fields[1])
	return pid, parent, fields[0] != "Z" && fields[0] != "X"
}

// supervisors is a supervisor and all that belongs to it, but not the children
// it keeps running.
func supervisors(pid int, child string) []int {
	all := []int{pid}
	for _, pid := range descendants(pid) {
		if program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err == nil && program != child {
			all = append(all, pid)
		}
	}
	return all
}

// killAll ends everything that we began: supervisors before what they would
// start again.
func (w *workbench) killAll() error {
	const patience = 10 * time.Second
	self := os.Getpid()
	for begin := now(); ; time.Sleep(time.Millisecond) {
		left := descendants(self)
		reapOrphans()
		if len(left) == 0 {
			return nil
		}
		if now()-begin > patience {
			return fmt.Errorf("processes do not end: %v", left)
		}
		for _, pid := range left {
			if err := unix.Kill(pid, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
				return fmt.Errorf("cannot kill process %d: %w", pid, err)
			}
		}
	}
}

// reapOrphans lets go of children that have ended. Nobody may be waiting for the
// exit status of any.
func reapOrphans() {
	for {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
		if pid <= 0 && !errors.Is(err, unix.EINTR) {
			return
		}
	}
}
