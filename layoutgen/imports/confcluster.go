package imports

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"zctl/layoutgen/lazyregexp"
)

// write writes all sections.
func (c *conf) write() {
	d := c.doc
	d.head = []string{
		fmt.Sprintf("Imported from %s by zctl import.", printable(d.files[0])),
		"zctl check says whether this host can run it, docs/migrate.md what is different.",
	}
	c.program()
	c.network()
	c.everything()
	c.archiving()
	if manager, says := c.main.get("manager"); c.newer && !manager.yes() {
		if !says {
			manager.place = c.main.place
		}
		c.add(manager.place, "there is no manager on this host, and a zctl.toml is for a whole cluster; import the file of the host with manager = 1, and give sections of other hosts their address")
	}
	usual := 1
	if c.newer {
		usual = 0
	}
	c.role(d.table("manager"), "manager", 1)
	c.role(d.table("loggers"), "logger", c.count("loggers", usual))
	c.role(d.table("proxies"), "proxy", c.count("proxies", usual))
	first := 0
	if len(c.faces) == 0 {
		d.newTable("workers").set(place{}, "count", 0)
	}
	for _, s := range c.faces {
		first += c.face(s, first)
	}
	d.tables = append(d.tables, c.own...)
}

// text is the value of a key of the main section, that of another if it is not there.
func (c *conf) text(key string, others ...string) entry {
	for _, key := range append([]string{key}, others...) {
		if e, says := c.main.get(key); says && e.value != "" {
			return e
		}
	}
	return entry{key: key, place: c.main.place}
}

// number is a whole number. 8.1 takes what a number begins with, and else 0.
func (c *conf) number(e entry, otherwise int) int {
	if e.value == "" {
		return otherwise
	}
	n, err := strconv.Atoi(e.value)
	if err == nil {
		return n
	}
	if c.newer {
		c.add(e.place, "%s is %q; give a whole number", e.key, e.value)
		return otherwise
	}
	digits := e.value
	if i := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		digits = digits[:i]
	}
	n, _ = strconv.Atoi(digits)
	c.note(e.place, e.text(), "zeek-systemd-generator read it as %d, and so does this import", n)
	return n
}

func (c *conf) count(key string, otherwise int) int {
	return max(0, c.number(c.text(key), otherwise))
}

// program is where Zeek is, and what all nodes load.
func (c *conf) program() {
	d := c.doc
	d.table("cluster").set(place{}, "engine", "zeek")
	z := d.table("zeek")
	base := c.text("base_dir")
	if base.value == "" {
		base.value = c.opts.Prefix
	}
	if base.value != "" {
		z.set(base.place, "path", filepath.Join(base.value, "bin/zeek"))
		z.set(base.place, "site", []string{filepath.Join(base.value, "share/zeek/site")})
	} else {
		z.above = append(z.above, `Say site = ["…/share/zeek/site"], so that zctl deploy keeps its scripts, too.`)
	}
	if e := c.text("args"); e.value != "" {
		scripts, args := splitScripts(c.words(e))
		z.set(e.place, "scripts", scripts)
		if len(args) > 0 {
			z.set(e.place, "args", args)
		}
	}
	switch e := c.text("cluster_backend_args"); strings.TrimSuffix(strings.TrimPrefix(e.value, "policy/"), "/connect") {
	case "", "frameworks/cluster/backend/zeromq":
	default:
		c.note(e.place, e.text(), "zctl loads the script of the ZeroMQ backend itself; put other arguments into zeek.args")
	}
	c.path(base.value)
}

// splitScripts is the scripts that a command line begins with, and the rest.
func splitScripts(all []string) (scripts, args []string) {
	option := slices.IndexFunc(all, func(word string) bool { return strings.HasPrefix(word, "-") || strings.ContainsRune(word, '=') })
	if option < 0 {
		return all, nil
	}
	return all[:option:option], all[option:]
}

// words is a value as systemd splits it, ready for zctl.
func (c *conf) words(e entry) []string {
	all, dollar, err := words(e.value)
	if err != nil {
		c.add(e.place, "%s: %v", e.key, err)
	}
	if dollar || strings.Contains(strings.ReplaceAll(e.value, "%%", ""), "%") {
		c.note(e.place, e.text(), "systemd replaced $NAME and %%x in it; zctl does not: write out what they stand for")
	}
	for i := range all {
		all[i] = escape(strings.ReplaceAll(all[i], "%%", "%"))
	}
	return all
}

// path is what PATH and ZEEKPATH begin with.
func (c *conf) path(base string) {
	path, ext := c.text("path"), c.text("ext_path")
	env := map[string]string{}
	if path.value != "" || ext.value != "" {
		var parts []string
		if ext.value != "" {
			parts = append(parts, ext.value)
		}
		if base != "" {
			parts = append(parts, filepath.Join(base, "bin"))
		}
		if path.value == "" {
			path.value = "/usr/local/bin:/usr/bin:/bin"
		}
		env["PATH"] = strings.Join(append(parts, path.value), ":")
	}
	if e := c.text("ext_zeek_path"); e.value != "" {
		env["ZEEKPATH"] = e.value
	}
	if len(env) > 0 {
		c.everywhere(c.main.place, "env", env)
	}
}

// network is addresses and ports.
func (c *conf) network() {
	t := c.doc.table("cluster")
	address := c.text("cluster_address", "address")
	if address.value == "" {
		address.value = "127.0.0.1"
	}
	bare := strings.Trim(address.value, "[]")
	t.set(address.place, "address", bare)
	port := c.text("cluster_port", "port")
	t.set(port.place, "port", c.number(port, 27760))
	metrics := c.text("metrics_address")
	switch {
	case c.newer:
		t.set(address.place, "metrics_address", bare).remark = "Zeek 9 serves metrics where the node is"
	case metrics.value == "":
		t.set(metrics.place, "metrics_address", "0.0.0.0").remark = "the default of Zeek 8.1"
	default:
		t.set(metrics.place, "metrics_address", strings.Trim(metrics.value, "[]"))
	}
	e := c.text("metrics_port")
	t.set(e.place, "metrics_port", c.number(e, 9991))
}

// archiving is the process that archives logs; it notes what does not.
func (c *conf) archiving() {
	t := c.doc.table("archiver")
	for _, all := range c.all {
		if all.key == "user" || all.key == "group" {
			t.set(all.origin, all.key, all.value)
		}
	}
	c.cpuSet(t, "archiver")
	c.treat(t, &section{}, "archiver")
	e := c.text("archiver")
	switch {
	case e.value == "" || e.yes():
	case isBool(e.value):
		c.note(e.place, e.text(), "zctl always archives what loggers rotate; rotation_interval = \"0s\" in [logs] turns rotation off")
	case c.newer:
		c.note(e.place, e.text(), "zctl archives logs itself; post_process in [logs] is a program that is run for each archived log")
	default:
		c.add(e.place, "archiver is %q; give 0, 1, true or false", e.value)
	}
}

// everything is what all nodes have.
func (c *conf) everything() {
	for _, key := range []string{"user", "group"} {
		e := c.text(key)
		if e.value == "" {
			e.value = "zeek"
		}
		c.everywhere(e.place, key, e.value)
	}
	if e := c.text("env"); e.value != "" {
		c.everywhere(e.place, "env", c.env(e))
	}
}

// env is NAME=VALUE words.
func (c *conf) env(e entry) map[string]string {
	env := map[string]string{}
	all, _, err := words(e.value)
	if err != nil {
		c.add(e.place, "%s: %v", e.key, err)
	}
	for _, word := range all {
		name, value, found := strings.Cut(word, "=")
		if !found || name == "" {
			c.add(e.place, "%s: %q is no variable; write NAME=VALUE", e.key, word)
			continue
		}
		env[name] = strings.ReplaceAll(value, "%%", "%")
	}
	return env
}

// prefix is what names of nodes begin with, but the manager's.
func (c *conf) prefix() string {
	if e, says := c.main.get("cluster_node_prefix"); says {
		if e.value == "" {
			return ""
		}
		return e.value + "-"
	}
	if host := hostFile().FindStringSubmatch(filepath.Base(c.doc.files[0])); host != nil && c.newer {
		return host[1] + "-"
	}
	return ""
}

var hostFile = lazyregexp.New(`^([a-z0-9][-a-z0-9_]*)\.zeek\.conf$`)

// role writes the section of a manager, loggers or proxies.
func (c *conf) role(t *table, role string, count int) {
	at := c.main.place
	if role != "manager" {
		c.numbered(t, at, c.prefix()+role+"-", count, false)
	}
	t.set(at, "cpus", "none")
	c.cpuSet(t, role)
	c.general(t)
	c.treat(t, c.main, role)
}

// cpuSet is the CPUs of a type of nodes that has them as a set.
func (c *conf) cpuSet(t *table, role string) {
	e := c.text(role + "_cpu_set")
	if e.value == "" {
		return
	}
	list, err := cpuList(e.value)
	if err != nil {
		c.add(e.place, "%s: %v", e.key, err)
	}
	slices.Sort(list)
	t.set(e.place, "cpus", join(slices.Compact(list)))
}

// numbered says how many nodes there are, with names if zctl would give them others,
// or always.
func (c *conf) numbered(t *table, at place, prefix string, count int, always bool) {
	if c.prefix() == "" && !always || count == 0 || count > maxProcs {
		t.set(at, "count", count)
		return
	}
	var names []string
	for i := range count {
		names = append(names, prefix+strconv.Itoa(i+1))
	}
	t.set(at, "names", names)
}

// general writes what all nodes have.
func (c *conf) general(t *table) {
	for _, all := range c.all {
		t.set(all.origin, all.key, all.value)
	}
}

// treat writes what a type of nodes has.
func (c *conf) treat(t *table, s *section, role string) {
	get := func(key string) entry {
		if e, says := s.get(role + "_" + key); says {
			return e
		}
		return c.text(role + "_" + key)
	}
	if e := get("nice"); e.value != "" {
		n, err := strconv.Atoi(e.value)
		if err != nil || n < -20 || n > 19 {
			c.add(e.place, "%s is %q; give -20 to 19", e.key, e.value)
		} else if n != 0 {
			t.set(e.place, "nice", n)
		}
	}
	if e := get("memory_max"); e.value != "" {
		c.memory(t, e)
	}
	if e := get("args"); e.value != "" && role != "archiver" { // which has advice
		t.set(e.place, "args", c.words(e))
	}
	if e := get("env"); e.value != "" && role != "worker" {
		t.set(e.place, "env", c.env(e))
	}
}

var memoryMax = lazyregexp.New(`^([0-9]+)([KMGT]?)$`)

// memory is systemd's MemoryMax, whose units are powers of 1024.
func (c *conf) memory(t *table, e entry) {
	m := memoryMax().FindStringSubmatch(e.value)
	if m == nil {
		c.add(e.place, "%s is %q; give digits, and K, M, G or T behind them", e.key, e.value)
		return
	}
	unit := "B"
	if m[2] != "" {
		unit = m[2] + "iB"
	}
	t.set(e.place, "memory_max", m[1]+unit)
}

func join(cpus []int) string {
	texts := make([]string, len(cpus))
	for i, cpu := range cpus {
		texts[i] = strconv.Itoa(cpu)
	}
	return strings.Join(texts, ",")
}
