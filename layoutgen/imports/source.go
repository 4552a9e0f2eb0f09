package imports

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"zctl/layoutgen"
)

// Source is a file to import.
type Source struct {
	Name string // as messages and comments call it
	Text string
}

// Options is what an import needs besides the file itself.
type Options struct {
	// ZeekctlCfg and Networks are zeekctl.cfg and networks.cfg, nil without.
	ZeekctlCfg, Networks *Source
	// Prefix is where Zeek is installed, "" if that is not known.
	Prefix string
	// Lookup finds the address of a host by its name. Without it only addresses and
	// localhost are known.
	Lookup func(host string) (netip.Addr, error)
}

// Result is what an import makes.
type Result struct {
	Text  string // of a zctl.toml
	Notes int    // how many comments about what has no counterpart it has
}

// place is a line of a file, and a column in it, both from 1. The zero place is
// nowhere in particular.
type place struct {
	file      string
	line, col int
}

// short is file and line, for comments.
func (p place) short() string {
	if p.line == 0 {
		return p.file
	}
	return fmt.Sprintf("%s:%d", p.file, p.line)
}

// entry is one key with its value, and where it stands.
type entry struct {
	key, value string
	place
}

// section is a part of a file with the keys in it.
type section struct {
	name    string
	entries []entry
	place
}

// get is the entry of a key: the last one, if there are several.
func (s *section) get(key string) (entry, bool) {
	for i := len(s.entries) - 1; i >= 0; i-- {
		if s.entries[i].key == key {
			return s.entries[i], true
		}
	}
	return entry{place: s.place}, false
}

// value is the value of a key, "" without.
func (s *section) value(key string) string {
	e, _ := s.get(key)
	return e.value
}

// last is the entries in the order of the file, without those that a later one
// replaces.
func (s *section) last() []entry {
	var all []entry
	for i, e := range s.entries {
		if !slices.ContainsFunc(s.entries[i+1:], func(later entry) bool { return later.key == e.key }) {
			all = append(all, e)
		}
	}
	return all
}

// problems collects what is wrong.
type problems struct{ list layoutgen.Problems }

func (ps *problems) add(at place, format string, args ...any) {
	ps.list = append(ps.list, layoutgen.Problem{File: at.file, Line: at.line, Col: at.col, Message: fmt.Sprintf(format, args...)})
}

// sorted is all problems, file by file as they were read, and each once.
func (ps *problems) sorted(files ...string) layoutgen.Problems {
	slices.SortStableFunc(ps.list, func(a, b layoutgen.Problem) int {
		return cmp.Or(cmp.Compare(slices.Index(files, a.File), slices.Index(files, b.File)),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return slices.Compact(ps.list)
}

// maxSize and maxLines bound what is read of a file, far above any that people write.
const (
	maxSize  = 1 << 20
	maxLines = 20000
)

// lines is the lines of a file, without their ends; none, and a problem, if it is no
// text or too long.
func (ps *problems) lines(s Source) []string {
	at := place{file: s.Name}
	switch {
	case len(s.Text) > maxSize || strings.Count(s.Text, "\n") > maxLines:
		ps.add(at, "it is longer than %d bytes or %d lines; is it the right file?", maxSize, maxLines)
	case !utf8.ValidString(s.Text) || strings.ContainsRune(s.Text, 0):
		ps.add(at, "it is not UTF-8 text; is it the right file?")
	default:
		return strings.Split(strings.ReplaceAll(strings.TrimPrefix(s.Text, "\ufeff"), "\r\n", "\n"), "\n")
	}
	return nil
}

// at is the place of the first character of a line that is no blank.
func at(s Source, number int, line string) place {
	indent := len(line) - len(strings.TrimLeft(line, " \t"))
	return place{s.Name, number + 1, indent + 1}
}
