package zeektest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"zctl/layoutgen"
)

// scripts is what has been loaded.
type scripts struct {
	prefix string   // where Zeek is installed
	path   []string // where scripts are looked for
	loaded map[string]bool
	node   layoutgen.Node // whose scripts these are; empty without a cluster
	errors []string       // of syntax
	broken *failure       // what ends parsing at once

	backend  bool              // the ZeroMQ backend is loaded
	settings map[string]string // the value of each redef, without quotes
	fatal    *failure          // of a zeek_init
	exit     *int              // of a zeek_init
}

// The directories of Zeek's own scripts, below PREFIX/share/zeek, and what of them
// is believed to be there.
var builtIn = map[string][]string{
	"":                 {"base/", "policy/", "site/local"},
	"/policy":          {"frameworks/", "integration/", "misc/", "protocols/", "tuning/", "files/"},
	"/site":            {"local"},
	"/builtin-plugins": {"Zeek_"},
}

const zeroMQBackend = "frameworks/cluster/backend/zeromq"

func newScripts(prefix string) *scripts {
	s := &scripts{prefix: prefix, loaded: map[string]bool{}, settings: map[string]string{}}
	path := os.Getenv("ZEEKPATH")
	if path == "" {
		share := prefix + "/share/zeek"
		path = ".:" + share + ":" + share + "/policy:" + share + "/site:" + share + "/builtin-plugins"
	}
	s.path = strings.Split(path, ":")
	return s
}

// load loads a script as it is named on the command line or, from a script in dir,
// by @load. where is put into the message when it is not found.
func (s *scripts) load(name, dir, where string) {
	file, found := s.find(name, dir)
	switch {
	case s.broken != nil:
	case !found:
		s.broken = fatal("%s: can't find %s", where, name)
	case file == "":
		s.backend = s.backend || strings.HasPrefix(strings.TrimPrefix(name, "policy/"), zeroMQBackend)
	case !s.loaded[file]:
		s.loaded[file] = true
		s.read(file)
	}
}

// find looks for a script; one of Zeek's own has no file.
func (s *scripts) find(name, dir string) (file string, found bool) {
	if strings.HasPrefix(name, "/") || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") {
		if !filepath.IsAbs(name) && dir != "" {
			name = dir + "/" + strings.TrimPrefix(name, "./")
		}
		return onDisk(name)
	}
	for _, dir := range s.path {
		if file, found := onDisk(dir + "/" + name); found {
			return file, true
		}
		below, ours := strings.CutPrefix(filepath.Clean(dir), s.prefix+"/share/zeek")
		for _, known := range builtIn[below] {
			if ours && (strings.HasSuffix(known, "/") && strings.HasPrefix(name, known) || strings.TrimSuffix(name, ".zeek") == known) {
				return "", true
			}
		}
	}
	return "", false
}

func onDisk(name string) (string, bool) {
	for _, file := range []string{name, name + ".zeek", name + "/__load__.zeek"} {
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file, true
		}
	}
	return "", false
}

var (
	loadLine  = regexp.MustCompile(`^\s*@load\s+(\S+)`)
	redefLine = regexp.MustCompile(`^\s*redef\s+([\w:]+)\s*(?:&\S+\s*)?\+?=\s*(.*?)\s*;`)
	fatalCall = regexp.MustCompile(`Reporter::fatal\("([^"]*)"\)`)
	exitCall  = regexp.MustCompile(`\bexit\((\d+)\)`)
)

// read goes through a script line by line.
func (s *scripts) read(file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		s.broken = fatal(": can't open %s", file)
		return
	}
	lines := strings.Split(string(text), "\n")
	var open []bool // what the conditions around a line are
	for i, line := range lines {
		word := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(word, "#"):
		case strings.HasPrefix(word, "@if"):
			open = append(open, s.condition(word))
		case strings.HasPrefix(word, "@else") && len(open) > 0:
			open[len(open)-1] = !open[len(open)-1]
		case strings.HasPrefix(word, "@endif") && len(open) > 0:
			open = open[:len(open)-1]
		case !slices.Contains(open, false):
			s.line(file, i+1, lines)
		}
		if s.broken != nil || len(s.errors) > 0 {
			return
		}
	}
}

// ifLine is a condition that the stand-in understands; others hold.
var ifLine = regexp.MustCompile(`Cluster::local_node_type\(\) == Cluster::(\w+)|Cluster::node == "([^"]*)"`)

// known is what an @ifdef may ask for.
const known = "archiver_rotation_format_func"

// condition says whether @if or @ifdef hold.
func (s *scripts) condition(line string) bool {
	if strings.HasPrefix(line, "@ifdef") {
		return strings.Contains(line, known)
	}
	m := ifLine.FindStringSubmatch(line)
	switch {
	case m == nil:
		return true
	case m[2] != "":
		return m[2] == s.node.Name
	}
	return strings.EqualFold(m[1], string(s.node.Type))
}

// line looks at the n-th line of a script.
func (s *scripts) line(file string, n int, lines []string) {
	line := strings.TrimSpace(lines[n-1])
	next := ""
	if n < len(lines) {
		next = strings.TrimSpace(lines[n])
	}
	at := fmt.Sprintf("error in %s, line ", file)
	switch {
	case strings.Contains(line, "STUB syntax-error"):
		s.errors = append(s.errors, fmt.Sprintf(`%s%d: syntax error, at or near "STUB"`, at, n))
	case strings.HasPrefix(line, "print ") && !strings.ContainsAny(line, ";") && strings.HasPrefix(next, "}"):
		s.errors = append(s.errors, fmt.Sprintf(`%s%d: syntax error, at or near "}"`, at, n+1))
	case strings.Contains(line, "no_such_function("):
		s.errors = append(s.errors, fmt.Sprintf(`%s%d: unknown identifier no_such_function, at or near "no_such_function"`, at, n))
	}
	if m := loadLine.FindStringSubmatch(line); m != nil {
		s.load(m[1], filepath.Dir(file), fmt.Sprintf(" in %s, line %d", file, n))
	}
	if m := redefLine.FindStringSubmatch(line); m != nil {
		if strings.HasPrefix(m[1], "Cluster::Backend::ZeroMQ::") && !s.backend {
			s.errors = append(s.errors, fmt.Sprintf(`%s%d: "redef" used but not previously defined (%s)`, at, n, m[1]))
		}
		s.settings[m[1]] = strings.Trim(m[2], `"`)
	}
	if m := fatalCall.FindStringSubmatch(line); m != nil && s.fatal == nil {
		s.fatal = fatal(" in %s, line %d: %s", file, n, m[1])
	}
	if m := exitCall.FindStringSubmatch(line); m != nil && s.exit == nil {
		code, _ := strconv.Atoi(m[1])
		s.exit = &code
	}
}
