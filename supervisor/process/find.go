package process

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Found is a running process that was found by its environment.
type Found struct {
	ID   Identity
	Argv []string
	Env  []string
}

// Find lists the processes that were born with the given entry ("KEY=value") in
// their environment and lead a session, as all do that [Start] makes. With it a
// supervisor finds what its predecessor had made but not yet written down.
// Processes that we may not look into are not found.
func Find(entry string) ([]Found, error) {
	boot, err := bootID()
	if err != nil {
		return nil, err
	}
	pids, err := allPIDs()
	if err != nil {
		return nil, err
	}
	var found []Found
	deadline := time.Now().Add(maxExec)
	for _, pid := range pids {
		s, err := readStat(pid)
		if err != nil && !isGone(err) {
			return nil, fmt.Errorf("cannot look at process %d: %w", pid, err)
		}
		if err != nil || s.session != pid || s.dead() {
			continue
		}
		env, err := environ(pid, deadline)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(env, entry) {
			continue
		}
		id := Identity{pid, s.startTicks, boot}
		if id.Alive() { // else the list may be that of another process
			argv, err := readList(pid, "cmdline")
			if err != nil {
				return nil, err
			}
			found = append(found, Found{id, argv, env})
		}
	}
	return found, nil
}

// SignalSession sends a signal to the process and all others of its session.
func (f Found) SignalSession(sig unix.Signal) error {
	return errors.Join(f.ID.signal(sig), f.ID.SignalMembers(sig))
}

// maxExec is how long Find waits in all for processes that execute another program just
// now: on an overloaded machine one can be put aside in the middle of that.
const maxExec = time.Second

// environ is the environment that a process was born with. The kernel shows none while
// the process executes another program: its old memory is gone, and where the new one
// begins is written down only when all is in it.
func environ(pid int, deadline time.Time) ([]string, error) {
	for {
		env, err := readList(pid, "environ")
		if err != nil || len(env) > 0 {
			return env, err
		}
		s, err := readStat(pid)
		switch {
		case err != nil && !isGone(err):
			return nil, fmt.Errorf("cannot look at process %d: %w", pid, err)
		case err != nil || s.dead():
			return nil, nil
		case s.codeStart != 0 && s.envStart == s.envEnd: // it has none, or none for us
			return nil, nil
		case time.Now().After(deadline):
			return nil, nil
		}
		time.Sleep(100 * time.Microsecond)
	}
}

// readList reads a file of strings that end in NUL bytes. It is empty for a process
// that has gone, or that we may not look into.
func readList(pid int, file string) ([]string, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/" + file)
	if err != nil && !isGone(err) && !errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("cannot look into process %d: %w", pid, err)
	}
	if err != nil || len(text) == 0 {
		return nil, nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00"), nil
}
