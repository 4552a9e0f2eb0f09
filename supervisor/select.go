package supervisor

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"zctl/layoutgen"
)

// groups are zeekctl's words for all nodes of a type (spec: zeekctl 1.1).
var groups = map[string]layoutgen.NodeType{
	"manager": layoutgen.TypeManager,
	"loggers": layoutgen.TypeLogger,
	"proxies": layoutgen.TypeProxy,
	"workers": layoutgen.TypeWorker,
}

// UnknownNodeError is the error for a NODES argument that selects nothing.
type UnknownNodeError struct {
	Pattern string
	Known   []string // the names there are
}

func (e *UnknownNodeError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("no node %q: there are no nodes yet; run zctl deploy", e.Pattern)
	}
	return fmt.Sprintf("no node %q (have %s; groups all, manager, loggers, proxies, workers; globs like 'worker-*')",
		e.Pattern, strings.Join(e.Known, ", "))
}

// Select picks from specs those that patterns name: names, globs ("worker-*"),
// or the groups all, manager, loggers, proxies and workers. No patterns mean
// all. The order is that of specs, each node once. A group may be empty; a name
// or glob that names nothing is an [UnknownNodeError].
func Select(specs []Spec, patterns []string) ([]Spec, error) {
	if len(patterns) == 0 {
		return specs, nil
	}
	chosen := map[string]bool{}
	for _, pattern := range patterns {
		found := pattern == "all" || groups[pattern] != ""
		for _, s := range specs {
			if matches(s, pattern) {
				chosen[s.Name], found = true, true
			}
		}
		if !found {
			return nil, &UnknownNodeError{pattern, names(specs)}
		}
	}
	return slices.DeleteFunc(slices.Clone(specs), func(s Spec) bool { return !chosen[s.Name] }), nil
}

func matches(s Spec, pattern string) bool {
	if s.Name == pattern || pattern == "all" {
		return true
	}
	if t, isGroup := groups[pattern]; isGroup {
		return s.Type == t
	}
	ok, err := path.Match(pattern, s.Name)
	return ok && err == nil
}

func names(specs []Spec) []string {
	all := make([]string, len(specs))
	for i, s := range specs {
		all[i] = s.Name
	}
	return all
}
