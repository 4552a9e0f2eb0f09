package layoutgen

import (
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// Override is a section [node.NAME]: what the section of that node says, with what
// [node.NAME] says instead. Variables of env are added to those of the section.
type Override struct {
	Process
	keys []string // those that the file says
}

// override reads the sections [node.NAME]. What nodes there are is known by then.
func (c *Config) override(s *source, in any) {
	if in == nil {
		return
	}
	tables, ok := in.(map[string]any)
	if !ok {
		s.problemf("node", "node is %s; it must be tables, like [node.worker-1]", describe(in))
		return
	}
	layout := c.Layout()
	c.Node = map[string]Override{}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		at := join("node", name)
		table, isTable := tables[name].(map[string]any)
		node, found := layout.Node(name)
		switch {
		case !isTable:
			s.problemf(at, "%s is %s; it must be a table, [%s]", at, describe(tables[name]), at)
		case !found:
			s.problemf(at, "there is no node %s; there are %s", name, several(layout.Names()))
		default:
			c.Node[name] = c.overrideOne(s, at, table, node.Process)
		}
	}
}

func (c *Config) overrideOne(s *source, at string, table map[string]any, p Process) Override {
	for _, key := range []string{"metrics_port"} {
		if _, says := table[key]; says {
			s.problemf(join(at, key), "%s: ports are counted in sections; say it there", join(at, key))
		}
	}
	env, command := p.Env, p.Command
	d := &decoder{source: s, elsewhere: sectionsOf(reflect.ValueOf(c).Elem())}
	d.table(at, table, reflect.ValueOf(&p).Elem())
	p.MetricsPort = 0
	all := maps.Clone(env)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, p.Env)
	p.Env = all
	if p.Command != command && strings.Contains(p.Command, "/") {
		c.resolve(&p.Command)
	}
	strict(table, &p.Treatment)
	p.check(s, at)
	return Override{p, slices.Sorted(maps.Keys(table))}
}

// SectionOf is the path of the section that says a key for the node: its own
// [node.NAME], or that of all its like.
func (n Node) SectionOf(key string) string {
	if slices.Contains(n.Own, key) {
		return join("node", n.Name)
	}
	return n.Section
}

// resolve makes a path independent of the working directory: it counts from the
// directory of the file.
func (c *Config) resolve(path *string) {
	if *path == "" || filepath.IsAbs(*path) {
		return
	}
	dir := filepath.Dir(c.File)
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	*path = filepath.Join(dir, *path)
}

// several is as many names as anybody reads.
func several(names []string) string {
	const most = 20
	if len(names) > most {
		names = append(slices.Clone(names[:most]), "…")
	}
	return strings.Join(names, ", ")
}
