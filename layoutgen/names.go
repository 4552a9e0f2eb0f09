package layoutgen

import (
	"slices"
	"strings"
)

// reserved are names that mean something else where nodes are named.
var reserved = []string{"all", "loggers", "proxies", "workers", BrokerName, ArchiverName}

// checkNames reports names that a node cannot have, each at its place.
func checkNames(s *source, path string, names []string) {
	for i, name := range names {
		checkName(s, element(path, i), name)
	}
}

// checkName reports a name that cannot be typed, stand in a script, or be that of a
// directory.
func checkName(s *source, path, name string) {
	switch {
	case name == "" || name == "." || name == ".." || len(name) > 100 || strings.ContainsFunc(name, unnamable):
		s.problemf(path, "%s: %q cannot be the name of a node; give 1 to 100 letters, digits, or marks like - _ .", display(path), name)
	case slices.Contains(reserved, name):
		s.problemf(path, "%s: %q means something else to zctl; give another name", display(path), name)
	}
}

func unnamable(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`/\"*?[]`, r) }

// counts makes as many nodes of a section as it has names.
func (c *Config) counts(s *source) {
	count(s, "loggers", c.Loggers.Names, &c.Loggers.Count)
	count(s, "proxies", c.Proxies.Names, &c.Proxies.Count)
	for i := range c.Workers {
		w := &c.Workers[i]
		count(s, workersPath(s, i), w.Names, &w.Count)
	}
}

func count(s *source, path string, names []string, n *int) {
	if len(names) == 0 {
		return
	}
	if at := path + ".count"; s.has(at) && *n != len(names) {
		s.problemf(at, "%s is %d, but %s are %d; remove one of the two", display(at), *n, display(path+".names"), len(names))
	}
	*n = len(names)
}
