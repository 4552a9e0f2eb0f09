package process

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"

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
	for _, pid := range pids {
		s, err := readStat(pid)
		if err != nil || s.session != pid || s.dead() {
			continue
		}
		env := readList(pid, "environ")
		if !slices.Contains(env, entry) {
			continue
		}
		id := Identity{pid, s.startTicks, boot}
		if id.Alive() { // else the list may be that of another process
			found = append(found, Found{id, readList(pid, "cmdline"), env})
		}
	}
	return found, nil
}

// SignalSession sends a signal to the process and all others of its session.
func (f Found) SignalSession(sig unix.Signal) error {
	return errors.Join(f.ID.signal(sig), f.ID.SignalMembers(sig))
}

// readList reads a file of strings that end in NUL bytes.
func readList(pid int, file string) []string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/" + file)
	if err != nil || len(text) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
}
