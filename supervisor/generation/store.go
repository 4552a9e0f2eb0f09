package generation

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Store is a directory of generations. Several processes may use one at a time.
type Store struct {
	dir string
	// step is called before each change of the file system; an error of it is that
	// of the change. It is for tests that look what becomes of half a change.
	step func(op, path string) error
}

// At is the store in a directory, which need not exist yet; the one above it must.
func At(dir string) *Store { return &Store{dir: dir} }

// What lies in the directory.
const (
	sitesName   = "sites"
	currentName = "current"
	stagePrefix = ".stage-"
)

func (s *Store) path(digest string) string { return filepath.Join(s.dir, digest) }
func (s *Store) sites() string             { return filepath.Join(s.dir, sitesName) }
func (s *Store) site(digest string) string { return filepath.Join(s.sites(), digest) }

// maxGeneration bounds a generation, in bytes. A request to the supervisor may have
// as many.
const maxGeneration = 64 << 20

// Open reads a generation, which is whole and what was staged, or an error.
func (s *Store) Open(digest string) (Files, error) {
	files, err := s.read(digest)
	if err == nil && files.Digest() != digest {
		err = errors.New("it is damaged: its content is not what its name says")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read generation %s: %w", digest, err)
	}
	return files, nil
}

func (s *Store) read(digest string) (Files, error) {
	if !Valid(digest) {
		return nil, errors.New("that is not the digest of one")
	}
	top, files, left := s.path(digest), Files{}, int64(maxGeneration)
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := openRegular(path)
		if err != nil {
			return err
		}
		defer f.Close()
		text, err := io.ReadAll(io.LimitReader(f, left+1))
		if left -= int64(len(text)); left < 0 {
			return fmt.Errorf("it has more than %d MiB", maxGeneration>>20)
		}
		name, _ := strings.CutPrefix(path, top+"/")
		files[name] = string(text)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("it is not kept, or not any more")
	}
	return files, err
}

// Site reads a staged tree of site scripts, which is whole and what was staged, or an
// error.
func (s *Store) Site(digest string) (Tree, error) {
	if !Valid(digest) {
		return nil, fmt.Errorf("cannot read staged site scripts: %q is not a digest", digest)
	}
	if _, err := os.Lstat(s.site(digest)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read staged site scripts %s: they are not kept, or not any more", digest)
	}
	tree, err := ReadTree(s.site(digest))
	if err == nil && tree.Digest() != digest {
		err = errors.New("they are damaged: their content is not what their name says")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read staged site scripts %s: %w", digest, err)
	}
	return tree, nil
}

// Info is a generation that is kept.
type Info struct {
	Digest string
	Staged time.Time
}

// List is every generation that is kept, in no order. It does not look whether they
// are whole.
func (s *Store) List() ([]Info, error) { return list(s.dir) }

// list is the directories in dir whose names are digests. Without dir there are none.
func list(dir string) ([]Info, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []Info
	for _, e := range entries {
		if !Valid(e.Name()) {
			continue
		}
		if info, err := e.Info(); err == nil { // else somebody has just removed it
			all = append(all, Info{e.Name(), info.ModTime()})
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list generations: %w", err)
	}
	return all, nil
}

// Find is the generation whose digest begins with prefix.
func (s *Store) Find(prefix string) (string, error) {
	all, err := s.List()
	if err != nil {
		return "", err
	}
	var found []string
	for _, info := range all {
		if strings.HasPrefix(info.Digest, prefix) {
			found = append(found, info.Digest)
		}
	}
	switch {
	case len(found) == 0 || prefix == "":
		return "", fmt.Errorf("no generation %q is kept; zctl history lists them", prefix)
	case len(found) > 1:
		return "", fmt.Errorf("%d generations begin with %q; give more of the digest", len(found), prefix)
	}
	return found[0], nil
}
