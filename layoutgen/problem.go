package layoutgen

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a configuration, and where.
type Problem struct {
	File      string
	Line, Col int // from 1; 0 where the file does not exist or has no such place
	Message   string
}

// Error is the problem as one line: "zctl.toml:3:9: workers.count is -1; …".
func (p Problem) Error() string {
	switch {
	case p.Line == 0 && p.File == "":
		return p.Message
	case p.Line == 0:
		return p.File + ": " + p.Message
	default:
		return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Message)
	}
}

// Problems is everything that is wrong with a configuration, in the order of
// the file. It is what [Load] and [NewLayout] return as their error.
type Problems []Problem

// Error is one line for each problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Sort brings the problems into the order of the file.
func (ps Problems) Sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
}

// source knows the file a configuration came from and collects what is wrong
// with it.
type source struct {
	file     string
	at       map[string]position
	problems Problems
}

// problemf reports a problem with the value at path. A path that the file does
// not contain (a default that clashes with something) is reported at the
// nearest table around it, or without a line.
func (s *source) problemf(path, format string, args ...any) {
	p := Problem{File: s.file, Message: fmt.Sprintf(format, args...)}
	for outer := path; outer != ""; outer = enclosing(outer) {
		if pos, ok := s.at[outer]; ok {
			p.Line, p.Col = pos.line, pos.col
			break
		}
	}
	s.problems = append(s.problems, p)
}

// has says whether the file itself contains path.
func (s *source) has(path string) bool {
	_, ok := s.at[path]
	return ok
}

// enclosing is the path of the table or array around path, "" around the top.
func enclosing(path string) string {
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}

// display is path for people: the line says which of several [[workers]].
func display(path string) string {
	if rest, ok := strings.CutPrefix(path, "workers["); ok {
		if _, key, ok := strings.Cut(rest, "]"); ok {
			return "workers" + key
		}
	}
	return path
}
