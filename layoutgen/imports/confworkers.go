package imports

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// face writes the workers of an interface; before is how many workers there are on the
// host before them. It returns how many these are.
func (c *conf) face(s *section, before int) int {
	iface, saysFace := s.get("interface")
	workers, saysWorkers := s.get("workers")
	switch {
	case iface.value == "" && !c.newer:
		c.add(iface.place, "interface is empty, which means that nothing runs; give it one")
	case iface.value == "" && saysWorkers:
		c.add(workers.place, "there are workers but no interface; add interface")
	case iface.value == "":
		c.add(s.place, "interface is missing; add it, and workers")
	case !saysWorkers && c.newer && saysFace:
		c.add(iface.place, "there is an interface but no workers; add workers = 1")
	}
	count := max(0, c.number(workers, 1))
	if before+min(count, maxProcs) > maxProcs {
		c.add(workers.place, "there are more than %d workers, which is more than zctl runs; give fewer", maxProcs)
		return 0
	}
	if c.newer && saysWorkers && count == 0 {
		c.add(workers.place, "workers is %q; give 1 or more", workers.value)
	}
	name := ""
	if header := interfaceSection().FindStringSubmatch(s.name); header != nil {
		name = header[1]
	}
	header := "workers"
	if len(c.faces) > 1 {
		header = "[workers]"
	}
	t := c.doc.newTable(header)
	c.faceNames(t, s, name, count)
	pins := c.facePins(s, count, before)
	t.set(iface.place, "interface", c.template(iface, len(pins) > 0))
	nodes := make([]node, min(count, maxProcs))
	env := c.faceEnv(s)
	for i := range nodes {
		n := node{name: c.workerName(name, i), typ: "worker", pin: -1, section: s, env: map[string]string{}}
		if len(pins) > 0 {
			n.pin = pins[i]
		}
		for key, value := range env {
			n.env[key] = expandVars(value, vars(name, i, before+i, n.pin))
		}
		nodes[i] = n
	}
	c.general(t)
	if len(nodes) > 0 {
		plain := *c.importer
		plain.all = nil // they are there
		plain.write(t, nodes, netip.Addr{})
		c.own = plain.own
		for i := range t.lines {
			if t.lines[i].key == "cpus" {
				t.lines[i].origin = keyPlace(nodes[0], "workers_cpu_list")
			}
		}
	}
	c.treat(t, s, "worker")
	return len(nodes)
}

func (c *conf) workerName(name string, i int) string {
	if name != "" {
		name += "-"
	}
	return c.prefix() + "worker-" + name + strconv.Itoa(i+1)
}

// faceNames says how many workers there are and what they are called.
func (c *conf) faceNames(t *table, s *section, name string, count int) {
	at := keyPlace(node{section: s}, "workers")
	prefix := c.prefix() + "worker-"
	if name != "" {
		prefix += name + "-"
	}
	if c.prefix() == "" && name != "" {
		t.set(s.place, "name", name)
	}
	c.numbered(t, at, prefix, count, len(c.faces) > 1 && name == "")
}

// facePins is the CPU of each worker: the list, again and again. 9.0 counts in the
// list by the number of the worker on its host (spec: generators 2.5).
func (c *conf) facePins(s *section, count, before int) []int {
	e, _ := s.get("workers_cpu_list")
	if e.value == "" && s != c.main {
		e = c.text("workers_cpu_list")
	}
	list, err := cpuList(e.value)
	switch {
	case err != nil && (c.newer || len(list) == 0):
		c.add(e.place, "workers_cpu_list: %v", err)
	case err != nil:
		c.note(e.place, e.text(), "it is wrong (%v); zeek-systemd-generator took what stands before that, and so does this import", err)
	}
	if len(list) == 0 {
		return nil
	}
	if !c.newer {
		before = 0
	}
	pins := make([]int, min(count, maxProcs))
	for i := range pins {
		pins[i] = list[(before+i)%len(list)]
	}
	return pins
}

// faceEnv is the variables of the workers of an interface.
func (c *conf) faceEnv(s *section) map[string]string {
	e, says := s.get("worker_env")
	if !says {
		e = c.text("worker_env")
	}
	if e.value == "" {
		return nil
	}
	env := c.env(e)
	for name, value := range env {
		if _, err := expandKnown(value); err != nil {
			c.add(e.place, "worker_env: %s: %v", name, err)
		}
	}
	return env
}

// template is an interface; what the generator puts into it, zctl does, too.
func (c *conf) template(e entry, pinned bool) string {
	text := e.value
	used, err := expandKnown(text)
	if err != nil {
		c.add(e.place, "%s: %v", e.key, err)
	}
	if !pinned && slices.Contains(used, "worker_cpu") {
		if c.newer {
			c.add(e.place, "%s: there is no ${worker_cpu} without workers_cpu_list; add it", e.key)
		}
		text = strings.ReplaceAll(text, "${worker_cpu}", "")
	}
	return text
}

// templateVars is the variables of zeek.conf (spec: generators 2.2, 2.5). Those of zctl
// have the same names.
var templateVars = []string{"worker_index", "worker_index0", "worker_cpu", "host_worker_index", "host_worker_index0", "interface_section_name"}

// expandKnown is the variables in a text, or why it is wrong.
func expandKnown(text string) (used []string, err error) {
	for {
		before, after, found := strings.Cut(text, "${")
		if !found {
			return used, nil
		}
		if strings.HasSuffix(before, `\`) {
			text = after
			continue
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed {
			return used, errors.New("${ has no } behind it; write \\${ for ${ itself")
		}
		if !slices.Contains(templateVars, name) {
			return used, fmt.Errorf("there is no variable ${%s}; known are ${%s}", name, strings.Join(templateVars, "}, ${"))
		}
		used = append(used, name)
		text = rest
	}
}

// vars is the values of the variables for the i-th worker of an interface.
func vars(name string, i, host, cpu int) map[string]string {
	values := map[string]string{
		"worker_index": strconv.Itoa(i + 1), "worker_index0": strconv.Itoa(i),
		"host_worker_index": strconv.Itoa(host + 1), "host_worker_index0": strconv.Itoa(host),
		"interface_section_name": name,
	}
	if cpu >= 0 {
		values["worker_cpu"] = strconv.Itoa(cpu)
	}
	return values
}

func expandVars(text string, values map[string]string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		if !found {
			return b.String() + text
		}
		if literal, escaped := strings.CutSuffix(before, `\`); escaped {
			b.WriteString(literal + "${")
			text = after
			continue
		}
		name, rest, _ := strings.Cut(after, "}")
		b.WriteString(before + values[name])
		text = rest
	}
}

// maxCPU is the highest CPU that anybody has.
const maxCPU = 65535

// cpuList reads 0-8:2,10: numbers, ranges, and ranges with a stride. With an error it
// is what stands before that.
func cpuList(text string) ([]int, error) {
	var all []int
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	for _, item := range strings.Split(text, ",") {
		item = strings.TrimSpace(item)
		first, rest, isRange := strings.Cut(item, "-")
		last, stride, strided := strings.Cut(rest, ":")
		if !isRange {
			last = first
		}
		low, err1 := strconv.ParseUint(first, 10, 16)
		high, err2 := strconv.ParseUint(last, 10, 16)
		step, err3 := uint64(1), error(nil)
		if strided {
			step, err3 = strconv.ParseUint(stride, 10, 16)
		}
		if err1 != nil || err2 != nil || err3 != nil || high < low || step == 0 || len(all) > maxCPU {
			return all, fmt.Errorf("%q is no CPU or range of CPUs, like 3, 0-3 or 0-8:2", item)
		}
		for cpu := low; cpu <= high; cpu += step {
			all = append(all, int(cpu))
		}
	}
	return all, nil
}
