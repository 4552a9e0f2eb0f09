package main

import (
	"fmt"
	"slices"
	"strings"

	"zctl/layoutgen"
	"zctl/nodes/control"
	"zctl/supervisor"
)

// brokerRuns says at once that the bus of our own cluster is not there, where that is
// known.
func brokerRuns(b bus) error {
	if b.dirs == "" {
		return nil
	}
	have, err := supervisor.SavedNodes(b.dirs)
	if err != nil {
		return nil // then we shall see
	}
	for _, name := range []string{layoutgen.BrokerName, readerOf(b.dirs)} {
		i := slices.IndexFunc(have, func(h supervisor.Have) bool { return h.Spec.Name == name })
		if i < 0 || name != layoutgen.BrokerName && have[i].Spec.Type != layoutgen.TypeManager {
			continue
		}
		if !have[i].Up {
			return &exitError{exitUnreachable, fmt.Errorf("cannot reach the broker: %s, which runs it, is not running; zctl start %s", name, name)}
		}
		return nil
	}
	return nil
}

// onBus is nodes of which nothing is known but their names.
func onBus(names []string) []layoutgen.Node {
	all := make([]layoutgen.Node, len(names))
	for i, name := range names {
		all[i] = layoutgen.Node{Name: name, Type: layoutgen.TypeNone}
		for _, t := range layoutgen.StartOrder {
			if strings.HasPrefix(name, string(t)) {
				all[i].Type = t
			}
		}
	}
	return all
}

// usualNodes is the patterns that were typed, or else whom zeekctl asks: for packets only
// the workers, if there are any.
func usualNodes(q control.Question, all []layoutgen.Node, patterns []string) []string {
	isWorker := func(n layoutgen.Node) bool { return n.Type == layoutgen.TypeWorker }
	if len(patterns) == 0 && q.Command == control.NetStats && slices.ContainsFunc(all, isWorker) {
		return []string{"workers"}
	}
	return patterns
}

// chooseNodes is the nodes that patterns name, in the order in which zeekctl lists them
// (spec: zeekctl 1.1), without those that never run.
func chooseNodes(all []layoutgen.Node, patterns []string) ([]layoutgen.Node, error) {
	all = slices.DeleteFunc(slices.Clone(all), func(n layoutgen.Node) bool { return n.Type == layoutgen.TypeControl })
	slices.SortStableFunc(all, func(a, b layoutgen.Node) int {
		return slices.Index(layoutgen.StartOrder, a.Type) - slices.Index(layoutgen.StartOrder, b.Type)
	})
	specs := make([]supervisor.Spec, len(all))
	for i, n := range all {
		specs[i] = supervisor.Spec{Name: n.Name, Type: n.Type}
	}
	chosen, err := supervisor.Select(specs, patterns)
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	return slices.DeleteFunc(all, func(n layoutgen.Node) bool {
		return !slices.ContainsFunc(chosen, func(s supervisor.Spec) bool { return s.Name == n.Name })
	}), nil
}
