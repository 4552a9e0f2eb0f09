package generation

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Kind is what an entry of a tree is.
type Kind string

const (
	Directory Kind = "directory"
	File      Kind = "file"
	Program   Kind = "program" // a file that somebody may run
	Link      Kind = "link"    // a symbolic one, wherever it leads
)

// Entry is one entry of a [Tree].
type Entry struct {
	Path string // below the top, with slashes
	Kind Kind
	// Content is the SHA-256 of a file, in hex, or where a link leads.
	Content string

	source string // where it was read
}

// Tree is a tree of site scripts, sorted by path.
type Tree []Entry

// limits bound a tree, so that a wrong directory (/, or a home) is an error and not a
// full disk.
type limits struct {
	entries, depth int
	bytes          int64
}

var usualLimits = limits{entries: 50_000, depth: 40, bytes: 1 << 30}

// ReadTree is the union of directories: of several entries of one name at the top the
// first wins, be it a file or a whole directory. Links stay links, and lead where they
// did. Directories that are missing or empty add nothing, and neither does what
// [ignored] says (spec: zeekctl 7.1, 13).
func ReadTree(dirs ...string) (Tree, error) {
	return readTree(dirs, usualLimits)
}

func readTree(dirs []string, left limits) (Tree, error) {
	r := &treeReader{left: left, most: left}
	taken := map[string]bool{}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read site scripts: %w", err)
		}
		for _, e := range entries {
			if taken[e.Name()] || ignored(e.Name()) {
				continue
			}
			taken[e.Name()] = true
			if err := r.read(filepath.Join(dir, e.Name()), e.Name(), 1); err != nil {
				return nil, fmt.Errorf("cannot read site scripts: %w", err)
			}
		}
	}
	slices.SortFunc(r.tree, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return r.tree, nil
}

// ignored is what is no script: what editors leave while somebody types, and what
// version control keeps beside the files. Neither is a reason to restart anything.
func ignored(name string) bool {
	switch name {
	case ".git", ".svn", ".hg":
		return true
	}
	return strings.HasSuffix(name, "~") || strings.HasPrefix(name, ".#") ||
		strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".swp")
}

type treeReader struct {
	tree       Tree
	left, most limits
}

// read adds what is at source, and all below it.
func (r *treeReader) read(source, path string, depth int) error {
	if r.left.entries--; r.left.entries < 0 {
		return fmt.Errorf("there are more than %d files below it; at %s", r.most.entries, source)
	}
	if depth > r.most.depth {
		return fmt.Errorf("%s is more than %d directories deep", source, r.most.depth)
	}
	info, err := os.Lstat(source)
	if err != nil {
		return err
	}
	e := Entry{Path: path, source: source}
	switch mode := info.Mode(); {
	case mode.IsDir():
		e.Kind = Directory
		if err := r.readDir(source, path, depth); err != nil {
			return err
		}
	case mode&fs.ModeSymlink != 0:
		e.Kind = Link
		if e.Content, err = readLink(source, path); err != nil {
			return err
		}
	case mode.IsRegular():
		e.Kind = File
		if mode&0o111 != 0 {
			e.Kind = Program
		}
		if e.Content, err = r.readFile(source, io.Discard); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%s is neither a file, nor a directory, nor a link; move it elsewhere", source)
	}
	r.tree = append(r.tree, e)
	return nil
}

// readLink is where a link leads from anywhere: if by a relative path out of the tree,
// which is about to be copied, that is made absolute.
func readLink(source, path string) (string, error) {
	target, err := os.Readlink(source)
	if err != nil || filepath.IsAbs(target) || filepath.IsLocal(filepath.Join(filepath.Dir(path), target)) {
		return target, err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(source))
	if err != nil {
		return "", err
	}
	return filepath.Abs(filepath.Join(dir, target))
}

func (r *treeReader) readDir(source, path string, depth int) error {
	entries, err := os.ReadDir(source)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if ignored(e.Name()) {
			continue
		}
		if err := r.read(filepath.Join(source, e.Name()), path+"/"+e.Name(), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// readFile copies a file and returns its SHA-256.
func (r *treeReader) readFile(source string, to io.Writer) (string, error) {
	f, err := openRegular(source)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(h, to), io.LimitReader(f, r.left.bytes+1))
	if err != nil {
		return "", err
	}
	if r.left.bytes -= n; r.left.bytes < 0 {
		return "", fmt.Errorf("there are more than %d MiB below it; at %s", r.most.bytes>>20, source)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// openRegular opens a file that was a regular one a moment ago: if it is not any more
// nobody waits for it, or follows it elsewhere.
func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, errors.Join(fmt.Errorf("%s is not a regular file", path), err)
	}
	return f, nil
}

// Read is the content of a file of the tree, of at most limit bytes; whole says
// whether that is all of it.
func (e Entry) Read(limit int64) (text string, whole bool, err error) {
	f, err := openRegular(e.source)
	if err != nil {
		return "", false, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	return string(b[:min(int64(len(b)), limit)]), int64(len(b)) <= limit, err
}
