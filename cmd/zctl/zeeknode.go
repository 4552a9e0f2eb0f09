package main

import (
	"fmt"
	"slices"

	"zctl/cpuaffinity"
	"zctl/layoutgen"
	"zctl/layoutgen/zeek"
	"zctl/supervisor"
)

// zeekNodes makes the specs of Zeek nodes.
type zeekNodes struct {
	*zeek.Cluster
	config *layoutgen.Config
	site   string // digest of the site scripts, "" without any
}

// complete is the spec of a Zeek node with what only Zeek nodes have.
func (z zeekNodes) complete(spec supervisor.Spec, node layoutgen.Node) (supervisor.Spec, error) {
	program := spec.Argv[0]
	version, err := zeekVersion(program)
	if err == nil {
		if err = version.Check(z.config.Encrypts()); err != nil {
			err = fmt.Errorf("cannot use %s: %w", program, err)
		}
	}
	if err != nil {
		return spec, z.config.ProblemAt(zeekKey(z.config, node), "%v", err)
	}
	args, err := z.Args(node, version, singleCPU(spec.CPUs))
	if err != nil {
		return spec, z.config.Problem(node.SectionOf("args")+".args", "%v", err)
	}
	spec.Argv = append([]string{program}, args...)
	spec.Env = z.Env(node, zeekPrefix(program))
	spec.Joins = append(spec.Joins, z.Settings(node, version)...)
	spec.Site = z.site
	spec.ReadyBy = supervisor.ReadyByZeek
	return spec, nil
}

// singleCPU is the CPU that a node is pinned to, "" if that is not a single one.
func singleCPU(cpus cpuaffinity.List) string {
	if len(cpus) != 1 {
		return ""
	}
	return cpus.String()
}

// expandInterfaces puts the CPUs of workers into their interfaces.
func expandInterfaces(config *layoutgen.Config, layout *layoutgen.Layout, placement []cpuaffinity.Assignment) error {
	pinned := map[string]cpuaffinity.List{}
	for _, a := range placement {
		pinned[a.Node] = a.CPUs
	}
	for i, node := range layout.Nodes {
		if !node.NeedsCPU() {
			continue
		}
		expanded, err := node.Expand(node.Interface, singleCPU(pinned[node.Name]))
		if err != nil {
			return &exitError{exitUsage, config.Problem(node.SectionOf("interface")+".interface", "%v", err)}
		}
		layout.Nodes[i].Interface = expanded
	}
	return nil
}

// zeekWarnings says which sections nobody is going to read.
func zeekWarnings(config *layoutgen.Config) []string {
	layout := config.Layout()
	isZeek := func(n layoutgen.Node) bool { return n.Process.Engine == layoutgen.EngineZeek }
	var all []string
	for _, section := range []string{"zeek", "networks"} {
		if config.Has(section) && !slices.ContainsFunc(layout.Nodes, isZeek) {
			all = append(all, fmt.Sprintf("warning: [%s] is for Zeek nodes, and no node has engine = \"zeek\"", section))
		}
	}
	if config.Has("archiver") && layout.Archiver == nil {
		all = append(all, "warning: [archiver] is for the logs of Zeek loggers, and no logger is one")
	}
	return all
}
