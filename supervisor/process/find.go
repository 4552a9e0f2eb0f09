package process

import (
	"os"
	"slices"
	"strconv"
	"strings"
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
func Find(entry string) []Found {
	boot, err := bootID()
	if err != nil {
		return nil
	}
	var found []Found
	for _, pid := range allPIDs() {
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
	return found
}

// readList reads a file of strings that end in NUL bytes.
func readList(pid int, file string) []string {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/" + file)
	if err != nil || len(text) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(text), "\x00"), "\x00")
}
