package generation

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// siteGrace is how long a staged tree of site scripts is kept for nobody: who staged
// it is about to deploy it.
const siteGrace = time.Hour

// Prune removes every generation but those to keep and the current one, every staged
// tree of site scripts that is not in use and was not staged just now, and what
// somebody who was killed has left. While somebody stages it removes nothing.
func (s *Store) Prune(keep, sites []string) error {
	return s.alone(func() error {
		if current, err := s.Current(); err == nil {
			keep = append(slices.Clone(keep), current)
		}
		generations, err := list(s.dir)
		staged, err2 := list(s.sites())
		errs := []error{err, err2}
		for _, g := range generations {
			if !slices.Contains(keep, g.Digest) {
				errs = append(errs, s.drop(s.path(g.Digest)))
			}
		}
		for _, site := range staged {
			if !slices.Contains(sites, site.Digest) && time.Since(site.Staged) > siteGrace {
				errs = append(errs, s.drop(s.site(site.Digest)))
			}
		}
		return errors.Join(append(errs, s.sweep())...)
	})
}

// Sweep removes what somebody who was killed while he staged has left.
func (s *Store) Sweep() error { return s.alone(s.sweep) }

// alone does something that nobody else may see, or does not do it at all.
func (s *Store) alone(do func() error) error {
	unlock, err := s.lock(unix.LOCK_EX)
	if errors.Is(err, errBusy) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		defer unlock()
		err = do()
	}
	if err != nil {
		return fmt.Errorf("cannot remove old generations: %w", err)
	}
	return nil
}

// drop removes what has a name: under that it is whole or not there.
func (s *Store) drop(path string) error {
	stage := s.stageName()
	if err := s.rename(path, stage); err != nil {
		return err
	}
	return s.remove(stage)
}

func (s *Store) sweep() error {
	entries, err := os.ReadDir(s.dir)
	errs := []error{err}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), stagePrefix) {
			errs = append(errs, s.remove(filepath.Join(s.dir, e.Name())))
		}
	}
	return errors.Join(errs...)
}
