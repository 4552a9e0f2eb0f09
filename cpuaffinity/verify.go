package cpuaffinity

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"syscall"
)

// Check says what all threads of a process are really allowed to run on.
type Check struct {
	Have    List // union over the threads, ascending
	OK      bool // every thread has exactly the wanted CPUs, or none were wanted
	Drifted int  // number of threads whose mask is not the wanted one; 0 when none was wanted
	Threads int
}

// Verify reads what the kernel allows the threads of process pid, from PID/task/TID/status below proc, which is rooted
// at "/proc", and compares it with want; an empty want is always OK.
//
// A thread that ends while we look is not an error. A process that is gone is: the error wraps fs.ErrNotExist. So is one
// of another user where /proc is mounted with hidepid. A process that has ended and was not yet waited for still counts
// as there.
func Verify(proc fs.FS, pid int, want List) (Check, error) {
	v := verifier{proc: proc, want: want}
	tasks := fmt.Sprintf("%d/task", pid)
	err := eachEntry(proc, tasks, func(name string) error { return v.thread(tasks, name) })
	if gone(err) || err == nil && v.check.Threads == 0 {
		return Check{}, fmt.Errorf("cannot check the CPUs of process %d: it is gone: %w", pid, fs.ErrNotExist)
	}
	if err != nil {
		return Check{}, fmt.Errorf("cannot check the CPUs of process %d: %w", pid, withoutPath(err))
	}
	v.check.Have = v.check.Have.Sorted()
	v.check.OK = v.check.Drifted == 0
	return v.check, nil
}

// verifier goes through the threads of one process.
type verifier struct {
	proc  fs.FS
	want  List
	check Check

	// Nearly always all threads have the same mask: the last one seen, and whether it is the wanted one.
	lastText string
	lastOK   bool
}

func (v *verifier) thread(tasks, tid string) error {
	if _, err := strconv.ParseUint(tid, 10, 31); err != nil {
		return nil
	}
	name := tasks + "/" + tid + "/status"
	status, err := readText(v.proc, "/proc", name)
	if gone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	text, ok := allowedList(status)
	if !ok {
		return fmt.Errorf("cannot read /proc/%s: there is no Cpus_allowed_list in it", name)
	}
	if text != v.lastText {
		cpus, err := parse(text)
		if err != nil {
			return fmt.Errorf("cannot read Cpus_allowed_list in /proc/%s: %w", name, err)
		}
		v.check.Have = v.check.Have.Union(cpus)
		v.lastText, v.lastOK = text, len(v.want) == 0 || cpus.SameSet(v.want)
	}
	v.check.Threads++
	if !v.lastOK {
		v.check.Drifted++
	}
	return nil
}

// allowedList finds the mask in a status file: proc_pid_status(5).
func allowedList(status string) (string, bool) {
	for line := range strings.Lines(status) {
		if list, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
			list = strings.TrimSpace(list)
			return list, list != ""
		}
	}
	return "", false
}

// gone reports whether err says that a process or thread has ended: its files are absent, or were opened in time and
// then have nobody to tell of.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}
