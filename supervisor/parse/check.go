package parse

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"zctl/layoutgen"
	"zctl/supervisor"
	"zctl/supervisor/generation"
)

// Cluster is what is to be checked.
type Cluster struct {
	// Nodes is the specs of those that are to be checked; what runs no Zeek is
	// passed over.
	Nodes []supervisor.Spec
	// Files is what every node has in its work directory, by name.
	Files map[string]string
	// Site is the directories of site scripts; the first with a name wins.
	Site []string
}

// Check has Zeek parse everything that the nodes of a cluster would run, in a
// temporary directory. The results are in the order of the nodes that come first in
// them. An error says that it could not be done; that scripts are not good is in the
// results. When ctx ends, everything that runs is killed.
func Check(ctx context.Context, c Cluster, limits Limits) ([]Result, error) {
	return check(ctx, os.TempDir(), c, limits)
}

func check(ctx context.Context, temp string, c Cluster, limits Limits) ([]Result, error) {
	nodes := slices.DeleteFunc(slices.Clone(c.Nodes), func(s supervisor.Spec) bool { return s.Engine != layoutgen.EngineZeek })
	if len(nodes) == 0 {
		return nil, nil
	}
	tree, err := generation.ReadTree(c.Site...)
	if err != nil {
		return nil, err
	}
	s, err := newScratch(temp)
	if err != nil {
		return nil, err
	}
	defer s.remove()
	if err := s.installSite(tree); err != nil {
		return nil, fmt.Errorf("cannot prepare check: %w", err)
	}
	var runs []Run
	for _, group := range s.distinct(nodes) {
		run := s.run(group)
		if err := prepare(run, c.Files); err != nil {
			return nil, fmt.Errorf("cannot prepare check of %s: %w", run.Nodes[0], err)
		}
		runs = append(runs, run)
	}
	results, err := runAll(ctx, runs, limits)
	for i := range results {
		results[i].Output = s.sources(tree, c.Site, runs[i].Dir).Replace(results[i].Output)
	}
	return results, err
}

// run is the one that stands for some nodes.
func (s *scratch) run(nodes []supervisor.Spec) Run {
	first := nodes[0]
	r := Run{
		Argv: slices.Insert(slices.Clone(first.Argv), 1, "-a"),
		Env:  append(first.CheckEnvironment(s.work(first.Name), s.site()), scratchEnv+"="+s.dir),
		Dir:  s.work(first.Name),
	}
	if u := first.Limits.User; u != nil && int(u.UID) != os.Geteuid() {
		r.User = &u.User
	}
	for _, n := range nodes {
		r.Nodes = append(r.Nodes, n.Name)
	}
	return r
}

// prepare makes the work directory of a run.
func prepare(r Run, files map[string]string) error {
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		return err
	}
	if r.User != nil { // Zeek writes there
		if err := os.Chown(r.Dir, int(r.User.UID), int(r.User.GID)); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(r.Dir, name), []byte(files[name]), 0o644); err != nil {
			return err
		}
	}
	return nil
}
