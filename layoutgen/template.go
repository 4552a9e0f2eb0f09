package layoutgen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Variables of templates. Interfaces of workers and arguments of Zeek nodes may have
// them as ${name}; \${ is ${ itself (spec: generators 2.2, 2.5).
const (
	varNode       = "node"                   // the node's name
	varInterface  = "interface"              // the worker's interface
	varIndex      = "worker_index"           // its number in its section, from 1
	varIndex0     = "worker_index0"          // from 0
	varHostIndex  = "host_worker_index"      // its number among all workers, from 1
	varHostIndex0 = "host_worker_index0"     // from 0
	varSection    = "interface_section_name" // the name, or number, of its section
	varCPU        = "worker_cpu"             // the CPU it is pinned to
)

// workerVars are those that only workers have.
var workerVars = []string{varInterface, varIndex, varIndex0, varHostIndex, varHostIndex0, varSection, varCPU}

// Worker is a worker's place among the workers of its cluster.
type Worker struct {
	Index     int    // in its section, from 1
	HostIndex int    // among all workers, from 1
	Section   string // the name of the section, or its number
}

// lookup is the value of a variable for a node. cpu is "" where it is not known.
func (n Node) lookup(name, cpu string) (string, error) {
	switch {
	case name == varNode:
		return n.Name, nil
	case !slices.Contains(workerVars, name):
		return "", fmt.Errorf("there is no variable ${%s}; known are ${%s} and, for workers, ${%s}", name, varNode, strings.Join(workerVars, "}, ${"))
	case n.Type != TypeWorker:
		return "", fmt.Errorf("${%s} is something of workers, and %s is none", name, n.Name)
	}
	switch name {
	case varInterface:
		return n.Interface, nil
	case varIndex:
		return strconv.Itoa(n.Worker.Index), nil
	case varIndex0:
		return strconv.Itoa(n.Worker.Index - 1), nil
	case varHostIndex:
		return strconv.Itoa(n.Worker.HostIndex), nil
	case varHostIndex0:
		return strconv.Itoa(n.Worker.HostIndex - 1), nil
	case varSection:
		return n.Worker.Section, nil
	}
	if cpu == "" {
		return "", fmt.Errorf("${%s}: %s is not pinned to a CPU; say cpus, with one CPU for each worker", name, n.Name)
	}
	return cpu, nil
}

// Expand puts the values of variables into text, for a node that is pinned to cpu,
// "" if it is not pinned to a single one.
func (n Node) Expand(text, cpu string) (string, error) {
	return expand(text, "${", func(name string) (string, error) { return n.lookup(name, cpu) })
}

// NeedsCPU says whether the interface has the CPU of the node in it still.
func (n Node) NeedsCPU() bool { return strings.Contains(n.Interface, "${"+varCPU+"}") }

// expandInterface puts in all but the CPU, which is not known yet.
func (n Node) expandInterface() string {
	literal := "${"
	if n.NeedsCPU() {
		literal = `\${` // for the next time
	}
	text, err := expand(n.Interface, literal, func(name string) (string, error) {
		if name == varCPU {
			return "${" + name + "}", nil
		}
		return n.lookup(name, "")
	})
	if err != nil {
		return n.Interface // reported where it was read
	}
	return text
}

// expand replaces each ${name} in text, and each \${ by literal.
func expand(text, literal string, value func(name string) (string, error)) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		if !found {
			b.WriteString(text)
			return b.String(), nil
		}
		if plain, escaped := strings.CutSuffix(before, `\`); escaped {
			b.WriteString(plain + literal)
			text = after
			continue
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed {
			return "", fmt.Errorf("${ has no } behind it; write \\${ for ${ itself")
		}
		v, err := value(name)
		if err != nil {
			return "", err
		}
		b.WriteString(before + v)
		text = rest
	}
}

// checkTemplate reports variables that do not exist, or that not all nodes have.
func checkTemplate(s *source, path, text string, workers bool) {
	_, err := expand(text, "${", func(name string) (string, error) {
		if !workers && slices.Contains(workerVars, name) {
			return "", fmt.Errorf("${%s} is something of workers, and this is for others, too", name)
		}
		return Node{Type: TypeWorker}.lookup(name, "0")
	})
	if err != nil {
		s.problemf(path, "%s: %v", display(path), err)
	}
}

func checkTemplates(s *source, path string, texts []string, workers bool) {
	for i, text := range texts {
		checkTemplate(s, element(path, i), text, workers)
	}
}

// element is the path of an element of an array.
func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
