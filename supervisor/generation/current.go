package generation

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Current is the digest of the generation that was deployed last, "" before there is
// one. It does not look whether that is whole.
func (s *Store) Current() (string, error) {
	digest, err := os.Readlink(filepath.Join(s.dir, currentName))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err == nil && !Valid(digest) {
		err = fmt.Errorf("it leads to %q", digest)
	}
	if err != nil {
		return "", fmt.Errorf("cannot tell which generation is current: %w", err)
	}
	return digest, nil
}

// Switch makes a generation that is kept the current one. There is one at any time,
// the old or the new, and when Switch returns the new one survives a power cut.
func (s *Store) Switch(digest string) error {
	unlock, err := s.share()
	if err == nil {
		defer unlock()
		err = s.point(digest)
	}
	if err == nil {
		err = s.sync(s.dir)
	}
	if err != nil {
		return fmt.Errorf("cannot make generation %s current: %w", digest, err)
	}
	return nil
}

func (s *Store) point(digest string) error {
	link := filepath.Join(s.dir, currentName)
	if old, err := os.Readlink(link); err == nil && old == digest {
		return nil
	}
	next := s.stageName()
	if err := s.symlink(digest, next); err != nil {
		return err
	}
	if err := s.rename(next, link); err != nil {
		s.remove(next)
		return err
	}
	return nil
}
