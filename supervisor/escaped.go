package supervisor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor/process"
)

// findStrays is every process that was made for a node of a base directory, and
// every other that such a process made a session for, the oldest first.
func findStrays(dirs Dirs) ([]process.Found, error) {
	found, err := process.Find(baseDirEnv + "=" + string(dirs))
	found = slices.DeleteFunc(found, func(f process.Found) bool { return f.ID.PID == os.Getpid() })
	slices.SortStableFunc(found, func(a, b process.Found) int { return cmp.Compare(a.ID.StartTicks, b.ID.StartTicks) })
	return found, err
}

// endEscaped ends what nodes have left behind in sessions of their own: nothing
// of a node that is stopped keeps running. Like all else it gets one TERM, and a
// KILL after the patience. The nodes must have no process.
func (s *Supervisor) endEscaped(ctx context.Context, nodes []*node, patience time.Duration) error {
	stopped := map[string]bool{}
	for _, n := range nodes {
		stopped[n.name] = true
	}
	ctx, cancel := context.WithTimeout(ctx, patience+stuckAfter)
	defer cancel()
	const shortest, longest = time.Millisecond, 100 * time.Millisecond
	told := map[process.Identity]bool{}
	begin := time.Now()
	for pause := shortest; ; pause = min(2*pause, longest) {
		left := false
		strays, err := findStrays(s.Dirs)
		if err != nil {
			return err
		}
		for _, f := range strays {
			spec, err := specIn(f)
			if err != nil || !stopped[spec.Name] {
				continue
			}
			left = true
			first := !told[f.ID]
			told[f.ID] = true
			if first { // whoever it is, somebody may ask where it came from
				s.shared.journal.add(Event{
					Time: time.Now(), Node: spec.Name, PID: f.ID.PID,
					Cause: fmt.Sprintf("%s had left process %d behind", spec.Name, f.ID.PID),
				})
			}
			switch {
			case time.Since(begin) >= patience:
				err = f.SignalSession(unix.SIGKILL)
			case first:
				err = f.SignalSession(unix.SIGTERM)
			}
			if err != nil {
				return err
			}
		}
		if !left {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// endSessions kills what is left of processes that have ended: of those that the
// predecessor saw end, and those that did while none ran.
func (s *Supervisor) endSessions(nodes []savedNode) error {
	const patience, pause = 5 * time.Second, time.Millisecond
	for _, n := range nodes {
		var ended []process.Identity
		if n.Process != nil && !n.Process.Alive() {
			ended = append(ended, n.Process.Identity)
		}
		if n.Remains != nil {
			ended = append(ended, *n.Remains)
		}
		for _, id := range ended {
			for begin := time.Now(); id.MayHaveMembers(); time.Sleep(pause) {
				if err := id.SignalMembers(unix.SIGKILL); err != nil {
					return err
				}
				if time.Since(begin) > patience {
					return fmt.Errorf("what process %d of %s has left behind does not end", id.PID, n.Spec.Name)
				}
			}
		}
	}
	return nil
}

// longestStop is the longest stop_timeout of the nodes.
func longestStop(nodes []*node) time.Duration {
	var longest time.Duration
	for _, n := range nodes {
		longest = max(longest, n.snapshot.Load().spec.StopTimeout)
	}
	return longest
}

// ofNode is those strays that could be the process of a node which state.json
// does not know: the one that the file pid names. If that is gone, so is the
// node's process, and the strays are what it left behind; if there is no such
// file, it is the oldest.
func ofNode(dirs Dirs, name string, strays []process.Found) []process.Found {
	mine := slices.DeleteFunc(slices.Clone(strays), func(f process.Found) bool {
		spec, err := specIn(f)
		return err != nil || spec.Name != name
	})
	text, err := os.ReadFile(filepath.Join(dirs.Node(name), pidFile))
	if errors.Is(err, fs.ErrNotExist) {
		return mine
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return slices.DeleteFunc(mine, func(f process.Found) bool { return f.ID.PID != pid })
}
