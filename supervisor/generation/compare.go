package generation

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// What may have become of a file.
const (
	Added   = "added"
	Changed = "changed"
	Removed = "removed"
)

// Difference is what became of one file.
type Difference struct {
	Path   string `json:"path"`
	Change string `json:"change"` // Added, Changed or Removed
	// Text says what is different in it: a unified diff, or a line that says why
	// there is none.
	Text string `json:"diff"`
}

// maxDiff is the size in bytes up to which the content of a file is compared line by
// line.
const maxDiff = 1 << 20

// side is a file before or after.
type side struct {
	kind    Kind // "" if it is not there
	content string
	read    func() (text string, whole bool, err error)
}

// CompareFiles says how the files of one generation differ from those of another, by
// path.
func CompareFiles(old, now Files) ([]Difference, error) {
	return compare(old.sides(), now.sides())
}

func (f Files) sides() map[string]side {
	sides := map[string]side{}
	for path, text := range f {
		sides[path] = side{File, text, func() (string, bool, error) { return text, len(text) <= maxDiff, nil }}
	}
	return sides
}

// CompareTrees says how one tree of site scripts differs from another, by path; each
// path gets a prefix, like "site/".
func CompareTrees(prefix string, old, now Tree) ([]Difference, error) {
	return compare(old.sides(prefix), now.sides(prefix))
}

func (t Tree) sides(prefix string) map[string]side {
	sides := map[string]side{}
	for _, e := range t {
		s := side{kind: e.Kind, content: e.Content}
		switch e.Kind {
		case File, Program:
			s.read = func() (string, bool, error) { return e.Read(maxDiff) }
		case Link:
			s.read = func() (string, bool, error) { return "link to " + e.Content + "\n", true, nil }
		default:
			s.read = func() (string, bool, error) { return "", true, nil }
		}
		sides[prefix+e.Path] = s
	}
	return sides
}

func compare(old, now map[string]side) ([]Difference, error) {
	both := maps.Clone(old)
	maps.Copy(both, now)
	var all []Difference
	for _, path := range slices.Sorted(maps.Keys(both)) {
		was, is := old[path], now[path]
		if was.kind == is.kind && was.content == is.content {
			continue
		}
		d := Difference{Path: path, Change: Changed}
		switch {
		case was.kind == "":
			d.Change = Added
		case is.kind == "":
			d.Change = Removed
		}
		var err error
		if d.Text, err = unified(path, was, is); err != nil {
			return nil, fmt.Errorf("cannot compare %s: %w", path, err)
		}
		all = append(all, d)
	}
	return all, nil
}

// unified is the difference as text.
func unified(path string, was, is side) (string, error) {
	var note string
	if was.kind != is.kind && was.kind != "" && is.kind != "" {
		note = fmt.Sprintf("%s was a %s and is a %s\n", path, was.kind, is.kind)
	}
	oldName, oldText, oldWhole, err := was.text("old/" + path)
	if err != nil {
		return "", err
	}
	newName, newText, newWhole, err := is.text("new/" + path)
	if err != nil {
		return "", err
	}
	if !oldWhole || !newWhole || isBinary(oldText) || isBinary(newText) {
		return note + fmt.Sprintf("%s and %s differ, and are too long or no text\n", oldName, newName), nil
	}
	text := string(diff.Diff(oldName, []byte(oldText), newName, []byte(newText)))
	_, text, _ = strings.Cut(text, "\n") // "diff OLD NEW" is what the next two lines say
	if text == "" && note == "" {
		note = fmt.Sprintf("%s and %s, an empty %s\n", oldName, newName, string(was.kind+is.kind))
	}
	return note + text, nil
}

func (s side) text(name string) (as, text string, whole bool, err error) {
	if s.kind == "" {
		return "/dev/null", "", true, nil
	}
	text, whole, err = s.read()
	return name, text, whole, err
}

func isBinary(text string) bool { return bytes.IndexByte([]byte(text), 0) >= 0 }
