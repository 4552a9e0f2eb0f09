package parse

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"zctl/layoutgen"
	"zctl/supervisor"
)

// distinct groups nodes of which Zeek has to parse only one: they are of one type,
// and have the same program, arguments, variables and user. Which interface they read does
// not matter to that, nor does their name, unless a script asks for it.
func (s *scratch) distinct(nodes []supervisor.Spec) [][]supervisor.Spec {
	byName := slices.ContainsFunc(nodes, func(n supervisor.Spec) bool {
		roots, known := s.scripts(n)
		return !known || tellApart(roots)
	})
	place := map[string]int{}
	var groups [][]supervisor.Spec
	for _, n := range nodes {
		key := likeness(n, byName)
		i, seen := place[key]
		if !seen {
			i = len(groups)
			place[key], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], n)
	}
	return groups
}

// likeness is the same text for nodes that are alike.
func likeness(n supervisor.Spec, byName bool) string {
	key := struct {
		Type layoutgen.NodeType
		Argv []string
		Env  map[string]string
		User *supervisor.User
		Name string
	}{n.Type, withoutInterfaces(n.Argv), n.Env, n.Limits.User, ""}
	if byName {
		key.Name = n.Name
	}
	text, _ := json.Marshal(key) // cannot fail
	return string(text)
}

// withoutInterfaces is arguments without "-i INTERFACE".
func withoutInterfaces(argv []string) []string {
	var rest []string
	for i := 0; i < len(argv); i++ {
		if argv[i] == "-i" {
			i++
			continue
		}
		rest = append(rest, argv[i])
	}
	return rest
}

// scripts is where scripts of a node may be, other than those of Zeek itself and what
// zctl generates, which are good for all nodes of a type or for none. They are not
// known if ZEEKPATH is not set.
func (s *scratch) scripts(n supervisor.Spec) (roots []string, known bool) {
	var path []string
	for _, entry := range n.CheckEnvironment(s.work(n.Name), s.site()) {
		if value, ok := strings.CutPrefix(entry, "ZEEKPATH="); ok && value != "" {
			path = strings.Split(value, ":")
		}
	}
	var zeeks []string
	for _, dir := range path {
		if _, err := os.Stat(filepath.Join(dir, "base/init-bare.zeek")); err == nil {
			zeeks = append(zeeks, dir, filepath.Join(dir, "policy"), filepath.Join(dir, "builtin-plugins"))
		}
	}
	for _, dir := range path {
		if filepath.IsAbs(dir) && dir != s.work(n.Name) && !slices.Contains(zeeks, filepath.Clean(dir)) {
			roots = append(roots, dir)
		}
	}
	for _, arg := range n.Argv[1:] {
		if filepath.IsAbs(arg) { // and what lies beside it
			roots = append(roots, filepath.Dir(arg))
		}
	}
	return roots, path != nil
}
