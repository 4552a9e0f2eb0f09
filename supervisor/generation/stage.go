package generation

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Stage keeps the files of a generation and returns its digest. When it returns they
// are on the disk. It changes nothing about what is current.
func (s *Store) Stage(files Files) (string, error) {
	digest := files.Digest()
	err := s.prepared(func() error {
		whole := func() bool { _, err := s.Open(digest); return err == nil }
		if whole() {
			return s.sync(s.dir) // who staged it may have been killed before he could
		}
		return s.install(whole, func(stage string) (string, error) {
			return s.path(digest), s.fill(stage, files)
		})
	})
	if err != nil {
		return "", fmt.Errorf("cannot keep generation: %w", err)
	}
	return digest, nil
}

// StageSite keeps the union of site directories (see [ReadTree]) and returns its
// digest, "" for an empty one.
func (s *Store) StageSite(dirs ...string) (string, error) {
	tree, err := ReadTree(dirs...)
	if err != nil || len(tree) == 0 {
		return "", err
	}
	digest := tree.Digest()
	err = s.prepared(func() error {
		whole := func() bool { _, err := s.Site(digest); return err == nil }
		if whole() {
			now := time.Now()
			os.Chtimes(s.site(digest), now, now) // see siteGrace; without it, it is as old as it was
			return s.sync(s.sites())
		}
		return s.install(whole, func(stage string) (string, error) {
			copied, err := s.copy(stage, tree)
			digest = copied.Digest() // somebody may have changed a file meanwhile
			return s.site(digest), err
		})
	})
	if err != nil {
		return "", fmt.Errorf("cannot stage site scripts: %w", err)
	}
	return digest, nil
}

// prepared does something in a store that has its directories, and from which nobody
// removes anything meanwhile.
func (s *Store) prepared(do func() error) error {
	if err := s.makeDirs(); err != nil {
		return err
	}
	s.Sweep() // what a killed one left may be what fills the disk
	unlock, err := s.share()
	if err != nil {
		return err
	}
	defer unlock()
	return do()
}

// install makes a directory with what fill puts into it, on the disk to the last
// byte, and gives it the name that fill returns; unless whole says that somebody else
// has been quicker.
func (s *Store) install(whole func() bool, fill func(stage string) (name string, err error)) (err error) {
	stage := s.stageName()
	defer func() {
		if _, left := os.Lstat(stage); left == nil {
			s.remove(stage)
		}
	}()
	if err := s.mkdir(stage, 0o700); err != nil {
		return err
	}
	name, err := fill(stage)
	if err != nil {
		return err
	}
	switch err := s.rename(stage, name); {
	case err == nil:
	case !errors.Is(err, fs.ErrExist) && !errors.Is(err, unix.ENOTDIR): // ENOTEMPTY is an ErrExist, too
		return err
	case whole():
	default: // it is damaged; nodes may be reading there, so there is always something
		if err := s.exchange(stage, name); err != nil {
			return err
		}
	}
	return s.sync(filepath.Dir(name))
}

// fill writes files into a new directory.
func (s *Store) fill(stage string, files Files) error {
	dirs := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !fs.ValidPath(name) {
			return fmt.Errorf("%q cannot be the name of a file", name)
		}
		if dir := path.Dir(name); dir != "." && !dirs[dir] {
			dirs[dir] = true
			if err := s.mkdir(filepath.Join(stage, dir), 0o700); err != nil {
				return err
			}
		}
		err := s.write(filepath.Join(stage, name), 0o600, func(w io.Writer) error {
			_, err := io.WriteString(w, files[name])
			return err
		})
		if err != nil {
			return err
		}
	}
	for _, name := range append(slices.Sorted(maps.Keys(files)), slices.Sorted(maps.Keys(dirs))...) {
		if err := s.sync(filepath.Join(stage, name)); err != nil {
			return err
		}
	}
	return s.sync(stage)
}

// copy copies a tree into a new directory, where everybody may read it, and returns
// what it has copied.
func (s *Store) copy(stage string, tree Tree) (Tree, error) {
	r := &treeReader{left: usualLimits, most: usualLimits}
	copied := slices.Clone(tree)
	for i := range copied { // directories come before what is in them
		if err := s.copyEntry(r, filepath.Join(stage, copied[i].Path), &copied[i]); err != nil {
			return nil, err
		}
	}
	for _, e := range slices.Backward(copied) {
		if e.Kind == Link {
			continue // is in its directory
		}
		if err := s.sync(filepath.Join(stage, e.Path)); err != nil {
			return nil, err
		}
	}
	if err := os.Chmod(stage, 0o755); err != nil {
		return nil, err
	}
	return copied, s.sync(stage)
}

func (s *Store) copyEntry(r *treeReader, to string, e *Entry) error {
	switch e.Kind {
	case Directory:
		return s.mkdir(to, 0o755)
	case Link:
		return s.symlink(e.Content, to)
	}
	mode := fs.FileMode(0o644)
	if e.Kind == Program {
		mode = 0o755
	}
	return s.write(to, mode, func(w io.Writer) (err error) {
		e.Content, err = r.readFile(e.source, w)
		return err
	})
}
