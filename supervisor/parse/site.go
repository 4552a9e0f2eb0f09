package parse

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"zctl/supervisor/generation"
)

// work is the work directory of a node's run, and site where scripts are as they
// would be staged.
func (s *scratch) work(node string) string { return filepath.Join(s.dir, "spool", node) }
func (s *scratch) site() string            { return filepath.Join(s.dir, "site") }

// maxScript bounds a file of a site tree, in bytes; the tree as a whole has a bound,
// too.
const maxScript = 1 << 30

// installSite puts site scripts where runs find them, as they would be staged.
func (s *scratch) installSite(tree generation.Tree) error {
	err := os.Mkdir(s.site(), 0o755)
	for _, e := range tree { // directories come before what is in them
		if err == nil {
			err = install(e, filepath.Join(s.site(), e.Path))
		}
	}
	return err
}

func install(e generation.Entry, to string) error {
	switch e.Kind {
	case generation.Directory:
		return os.Mkdir(to, 0o755)
	case generation.Link:
		return os.Symlink(e.Content, to)
	}
	text, whole, err := e.Read(maxScript)
	if err == nil && !whole {
		err = errors.New("it is too long")
	}
	mode := os.FileMode(0o644)
	if e.Kind == generation.Program {
		mode = 0o755
	}
	if err == nil {
		err = os.WriteFile(to, []byte(text), mode)
	}
	return err
}

// sources turns the paths of a check into those that somebody can do something
// about: where a site script comes from, and the bare name of what zctl generates.
func (s *scratch) sources(tree generation.Tree, dirs []string, work string) *strings.Replacer {
	var names []string
	for _, e := range tree {
		if !strings.Contains(e.Path, "/") {
			names = append(names, e.Path)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // one may begin with another
	pairs := []string{work + "/", ""}
	for _, name := range names {
		for _, dir := range dirs {
			source := filepath.Join(dir, name)
			if _, err := os.Lstat(source); err == nil {
				pairs = append(pairs, filepath.Join(s.site(), name), source)
				break
			}
		}
	}
	return strings.NewReplacer(pairs...)
}
