package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"zctl/layoutgen"
)

// currentSeveral is the directory in logs/ that logs/current points at if there are
// several loggers. It has a link to the work directory of each, by its name.
const currentSeveral = ".loggers"

// linkCurrent points logs/current at where live logs are: at the work directory of
// the logger, or of the manager if that is the logger; with several loggers at a
// directory with a link for each.
func (d Dirs) linkCurrent(nodes []Spec) error {
	writers := logWriters(nodes)
	if len(writers) == 0 {
		return nil
	}
	if owner := writers[0].Limits.User; owner != nil { // who archives there
		if err := owner.give(d.Logs()); err != nil {
			return err
		}
	}
	logs, err := os.OpenRoot(d.Logs()) // whose it is must not lead us elsewhere
	if err != nil {
		return fmt.Errorf("cannot link the directories of the loggers: %w", err)
	}
	defer logs.Close()
	target := filepath.Join("..", "spool", writers[0].Name)
	if len(writers) > 1 {
		target = currentSeveral
		if err := linkSeveral(logs, writers); err != nil {
			return fmt.Errorf("cannot link the directories of the loggers: %w", err)
		}
	}
	if err := relink(logs, "current", target); err != nil {
		return fmt.Errorf("cannot point logs/current at %s: %w", target, err)
	}
	return nil
}

// logWriters is the nodes that write logs.
func logWriters(nodes []Spec) []Spec {
	var loggers, managers []Spec
	for _, n := range nodes {
		switch n.Type {
		case layoutgen.TypeLogger:
			loggers = append(loggers, n)
		case layoutgen.TypeManager:
			managers = append(managers, n)
		}
	}
	if len(loggers) > 0 {
		return loggers
	}
	return managers
}

// linkSeveral makes the directory with a link for each of several loggers, and for no
// other node.
func linkSeveral(logs *os.Root, writers []Spec) error {
	if err := logs.MkdirAll(currentSeveral, 0o755); err != nil {
		return err
	}
	stale := map[string]bool{}
	entries, err := fs.ReadDir(logs.FS(), currentSeveral)
	for _, e := range entries {
		stale[e.Name()] = e.Type()&fs.ModeSymlink != 0
	}
	errs := []error{err}
	for _, w := range writers {
		stale[w.Name] = false
		errs = append(errs, relink(logs, filepath.Join(currentSeveral, w.Name), filepath.Join("..", "..", "spool", w.Name)))
	}
	for name, old := range stale {
		if old {
			errs = append(errs, logs.Remove(filepath.Join(currentSeveral, name)))
		}
	}
	return errors.Join(errs...)
}

// relink makes a symbolic link in a directory point at target, which is never missing
// meanwhile.
func relink(in *os.Root, link, target string) error {
	if old, err := in.Readlink(link); err == nil && old == target {
		return nil
	}
	next := link + ".new"
	in.Remove(next)
	if err := in.Symlink(target, next); err != nil {
		return err
	}
	return in.Rename(next, link)
}
