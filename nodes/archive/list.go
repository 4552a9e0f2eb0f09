package archive

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"
)

// Filter chooses archived logs; the zero value chooses all.
type Filter struct {
	Streams []string // patterns as of path.Match, "conn" or "known_*"; none are all
	// A log is chosen if it was open at some time from Since on and before
	// Until; a zero time is no bound.
	Since, Until time.Time
}

// Check says which pattern is none.
func (f Filter) Check() error { return checkPatterns(f.Streams) }

func (f Filter) match(log Log) bool {
	return (len(f.Streams) == 0 || matchAny(f.Streams, log.Stream)) &&
		(f.Since.IsZero() || !log.Close.Before(f.Since)) &&
		(f.Until.IsZero() || log.Open.Before(f.Until))
}

func checkPatterns(patterns []string) error {
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil {
			return fmt.Errorf("cannot choose logs by %q: %w; use a name, or * and ? in one", p, err)
		}
	}
	return nil
}

func matchAny(patterns []string, stream string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, _ := path.Match(p, stream)
		return ok
	})
}

// List returns the archived logs that the filter chooses, the oldest first. What
// is no archive by its name is passed over. A store that does not exist is empty.
func (s Store) List(f Filter) ([]Log, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	var logs []Log
	err := s.eachFile(func(day, file string) error {
		log, ok, err := s.read(day, file)
		if ok && f.match(log) {
			logs = append(logs, log)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list archived logs: %w", err)
	}
	slices.SortFunc(logs, func(a, b Log) int {
		return cmp.Or(a.Open.Compare(b.Open), a.Close.Compare(b.Close), cmp.Compare(a.Path, b.Path))
	})
	return logs, nil
}

// read is the archived log in a file, if it is one.
func (s Store) read(day, file string) (Log, bool, error) {
	name, ok := ParseName(day, file, s.location())
	if !ok {
		return Log{}, false, nil
	}
	where := filepath.Join(s.Dir, day, file)
	info, err := os.Lstat(where)
	if errors.Is(err, fs.ErrNotExist) {
		return Log{}, false, nil // expired meanwhile
	}
	if err != nil {
		return Log{}, false, err
	}
	return Log{Name: name, Path: where, Size: info.Size()}, info.Mode().IsRegular(), nil
}

// eachFile calls f with each name in each directory of a day.
func (s Store) eachFile(f func(day, file string) error) error {
	days, err := readDir(s.Dir)
	if err != nil {
		return err
	}
	for _, day := range days {
		if _, err := time.Parse(dayFormat, day.Name()); err != nil || !day.IsDir() {
			continue
		}
		files, err := readDir(filepath.Join(s.Dir, day.Name()))
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := f(day.Name(), file.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}

// readDir is os.ReadDir, save that a directory that is not there is empty.
func readDir(dir string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return entries, err
}
