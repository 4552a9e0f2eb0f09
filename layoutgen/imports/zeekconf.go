package imports

import (
	"slices"
	"strings"

	"zctl/layoutgen/lazyregexp"
)

// readZeekConf reads zeek.conf, either 8.1's flat file (spec: generators 2.2) or 9.0's
// with sections (2.5). A file without sections is 9.0's if it has a key that only 9.0
// knows. The keys of a flat file stand in a section without a name.
func (ps *problems) readZeekConf(s Source) (all []section, newer bool) {
	lines := ps.lines(s)
	newer = slices.ContainsFunc(lines, func(line string) bool {
		key, _, _ := strings.Cut(line, "=")
		return sectionLine().MatchString(strings.TrimSpace(line)) || onlyNewer(strings.ToLower(strings.TrimSpace(key)))
	})
	r := confReader{problems: ps, source: s, newer: newer}
	for i, line := range lines {
		r.line(i, line)
	}
	if len(r.sections) > maxSections {
		ps.add(r.sections[maxSections].place, "there are more than %d sections; remove some", maxSections)
		r.sections = r.sections[:maxSections]
	}
	return r.sections, newer
}

// maxSections bounds the interfaces of a host.
const maxSections = 200

var sectionLine = lazyregexp.New(`^\[(.+)\]$`)

type confReader struct {
	*problems
	source   Source
	newer    bool
	sections []section
	open     bool // the last key may have more values
}

func (r *confReader) line(number int, line string) {
	here := at(r.source, number, line)
	text := strings.TrimSpace(line)
	if text == "" || text[0] == '#' {
		return
	}
	if r.newer && here.col > 1 {
		r.more(here, text)
		return
	}
	if header := sectionLine().FindStringSubmatch(text); header != nil {
		r.open = false
		r.header(here, header[1])
		return
	}
	key, value, found := strings.Cut(text, "=")
	key = strings.ToLower(strings.TrimSpace(key))
	if !found || key == "" {
		r.add(here, "line %q has no =, or no key before it; write key = value", text)
		return
	}
	if len(r.sections) == 0 {
		r.sections = append(r.sections, section{place: here})
	}
	s := &r.sections[len(r.sections)-1]
	if before, twice := s.get(key); twice && r.newer {
		r.add(here, "option %s is there twice, first in line %d; remove one", key, before.line)
	}
	s.entries = append(s.entries, entry{key, strings.TrimSpace(value), here})
	r.open = true
}

// more is an indented line, which gives args and env another value.
func (r *confReader) more(here place, text string) {
	if !r.open {
		r.add(here, "%q is indented, which only lines that go on are; move it to the left", text)
		return
	}
	s := &r.sections[len(r.sections)-1]
	e := &s.entries[len(s.entries)-1]
	if !strings.HasSuffix(e.key, "args") && !strings.HasSuffix(e.key, "env") {
		r.add(here, "%s takes one value only; lines go on for args and env", e.key)
		return
	}
	e.value = strings.TrimSpace(e.value + "\n" + text)
}

var interfaceSection = lazyregexp.New(`^interface ([-_a-z0-9]+)$`)

func (r *confReader) header(here place, name string) {
	if len(r.sections) > 0 && r.sections[0].name == "" {
		r.add(here, "[%s] stands below options without a section; put those into [zeek]", name)
	}
	for _, s := range r.sections {
		if s.name == name {
			r.add(here, "section [%s] is there twice, first in line %d; remove one", name, s.line)
		}
	}
	if name != "zeek" && !interfaceSection().MatchString(name) {
		r.add(here, "[%s] is no section of zeek.conf; give [zeek], or [interface NAME] with lower-case letters, digits, - and _", name)
	}
	r.sections = append(r.sections, section{name: name, place: here})
}

// confKey is a key of zeek.conf: where it may stand, and what it is without a
// counterpart.
type confKey struct {
	old, newer, iface bool // 8.1's, 9.0's in [zeek], 9.0's in [interface]
	advice            string
}

// confKeys is all documented keys (spec: generators 2.2, 2.5).
var confKeys = map[string]confKey{
	"interface": {true, true, true, ""}, "workers": {true, true, true, ""}, "proxies": {true, true, false, ""},
	"loggers": {true, true, false, ""}, "manager": {false, true, false, ""},
	"workers_cpu_list":    {true, true, true, ""},
	"workers_numa_policy": {true, true, true, numaAdvice}, "worker_numa_policy": {false, true, true, numaAdvice},
	"args": {true, true, false, ""}, "cluster_backend_args": {true, true, false, ""},
	"port": {true, true, false, ""}, "cluster_port": {false, true, false, ""},
	"address": {true, true, false, ""}, "cluster_address": {false, true, false, ""},
	"metrics_port": {true, true, false, ""}, "metrics_address": {true, false, false, ""},
	"user": {true, true, false, ""}, "group": {true, true, false, ""},
	"base_dir": {true, true, false, ""}, "path": {true, true, false, ""}, "ext_path": {true, true, false, ""},
	"ext_zeek_path": {true, true, false, ""},
	"manager_nice":  {true, true, false, ""}, "logger_nice": {true, true, false, ""}, "proxy_nice": {true, true, false, ""},
	"worker_nice":        {true, true, true, ""},
	"manager_memory_max": {true, true, false, ""}, "logger_memory_max": {true, true, false, ""},
	"proxy_memory_max": {true, true, false, ""}, "worker_memory_max": {true, true, true, ""},
	"manager_args": {false, true, false, ""}, "logger_args": {false, true, false, ""}, "proxy_args": {false, true, false, ""},
	"worker_args": {false, true, true, ""},
	"manager_env": {false, true, false, ""}, "logger_env": {false, true, false, ""}, "proxy_env": {false, true, false, ""},
	"worker_env": {false, true, true, ""}, "env": {false, true, false, ""},
	"manager_cpu_set": {false, true, false, ""}, "logger_cpu_set": {false, true, false, ""}, "proxy_cpu_set": {false, true, false, ""},
	"archiver":      {true, true, false, ""},
	"archiver_args": {true, true, false, "zctl archives logs itself: see compression, expire_after and post_process in [logs]"},
	"archiver_dir":  {true, true, false, "zctl archives to logs/ in base_dir; make that a symbolic link, or base_dir another directory"},
	"archiver_env":  {false, true, false, ""}, "archiver_cpu_set": {false, true, false, ""},
	"archiver_nice": {false, true, false, ""}, "archiver_memory_max": {false, true, false, ""},
	"restart_interval_sec": {true, true, false, "zctl starts a dead node again at once, and waits longer each time only if it keeps dying"},
	"cluster_layout":       {false, true, false, "zctl makes the layout of this file; zctl layout prints it, to be compared with that one"},
	"cluster_node_prefix":  {false, true, false, ""},
}

const numaAdvice = "zctl has no such key: the kernel gives a process memory of its own node as long as there is some, and cpus = \"auto\" puts workers near their card"

// onlyNewer says whether a key is one that 8.1 does not know.
func onlyNewer(key string) bool {
	k, known := confKeys[key]
	return known && k.newer && !k.old
}

// conf is a zeek.conf that is being imported.
type conf struct {
	*importer
	newer bool
	main  *section   // the flat file, or [zeek]
	faces []*section // what describes workers: the flat file, or each [interface]
}

// ZeekConf makes a zctl.toml of a zeek.conf. The error is a [layoutgen.Problems] with
// everything that is wrong in it.
func ZeekConf(file Source, o Options) (Result, error) {
	im := &importer{problems: &problems{}, doc: &document{files: []string{file.Name}}, opts: o, cfg: &section{}}
	for _, name := range []string{"cluster", "logs", "zeek", "archiver", "manager", "loggers", "proxies"} {
		im.doc.newTable(name)
	}
	sections, newer := im.readZeekConf(file)
	c := &conf{importer: im, newer: newer, main: &section{place: place{file: file.Name}}}
	for i := range sections {
		s := &sections[i]
		switch {
		case s.name == "zeek" || s.name == "":
			c.main = s
		default:
			c.faces = append(c.faces, s)
		}
		c.checkKeys(s)
	}
	_, face := c.main.get("interface")
	_, workers := c.main.get("workers")
	if face || workers || !newer {
		c.faces = append([]*section{c.main}, c.faces...)
	}
	c.write()
	return im.finish()
}

// checkKeys notes what is not known or has no counterpart.
func (c *conf) checkKeys(s *section) {
	for i, e := range s.entries {
		k, known := confKeys[e.key]
		fits := k.old && !c.newer || c.newer && (k.newer && s.name == "zeek" || k.iface && s.name != "zeek" || k.newer && s.name == "")
		switch {
		case slices.ContainsFunc(s.entries[i+1:], func(later entry) bool { return later.key == e.key }):
			c.note(e.place, e.text(), "the key stands there again below, and the last one counts")
		case known && fits && k.advice != "":
			if strings.HasSuffix(e.key, "numa_policy") && e.value != "local" && e.value != "default" {
				c.add(e.place, "%s is %q; give local or default", e.key, e.value)
			}
			if e.value != "" && e.value != "default" {
				c.note(e.place, e.text(), "%s", k.advice)
			}
		case fits:
		case c.newer && s.name != "":
			c.add(e.place, "%s is no option of [%s]; move or remove it", e.key, s.name)
		default:
			c.note(e.place, e.text(), "zeek-systemd-generator passes over this key, too; maybe it is misspelt")
		}
	}
}
