package imports

import (
	"fmt"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

func ofType(nodes []node, typ string) []node {
	var all []node
	for _, n := range nodes {
		if n.typ == typ {
			all = append(all, n)
		}
	}
	return all
}

// checkCluster reports what ZeekControl would not run as a cluster.
func (im *importer) checkCluster(nodes []node) {
	whole := place{file: im.doc.files[0]}
	standalone, managers := ofType(nodes, "standalone"), ofType(nodes, "manager")
	typed := !slices.ContainsFunc(nodes, func(n node) bool { return n.typ == "" })
	switch {
	case len(standalone) > 0 && len(nodes) > 1:
		im.add(standalone[0].place, "more than one node is defined beside standalone node %s; give it another type, or remove the others", standalone[0].name)
	case len(standalone) > 0 || !typed || len(nodes) == 0:
	case len(managers) == 0:
		im.add(whole, "no manager is defined; add a node with type = manager")
	case len(ofType(nodes, "proxy")) == 0:
		im.add(whole, "no proxy is defined; add a node with type = proxy")
	}
	for _, n := range managers[min(1, len(managers)):] {
		im.add(n.place, "only one manager can be defined, and %s is one; give %s another type", managers[0].name, n.name)
	}
	names := map[string]node{}
	for _, n := range nodes {
		if other, taken := names[strings.ToLower(n.name)]; taken {
			im.add(n.place, "node name %q is a duplicate of %q, in line %d; upper and lower case are one", n.name, other.name, other.line)
			continue
		}
		names[strings.ToLower(n.name)] = n
		if len(managers) > 0 && isLocal(managers[0].address) && n.address.IsValid() && !isLocal(n.address) {
			im.add(n.host.place, "node %s: all nodes must use localhost, 127.0.0.1 or ::1 if the manager does; give the manager an address that %s can reach", n.name, n.name)
		}
	}
}

// isLocal says whether an address is one that ZeekControl takes for this host.
func isLocal(a netip.Addr) bool {
	return a == netip.AddrFrom4([4]byte{127, 0, 0, 1}) || a == netip.IPv6Loopback()
}

// writeCluster writes all sections that come of nodes.
func (im *importer) writeCluster(nodes []node) {
	nodes = slices.Clone(nodes)
	im.pfRing(nodes)
	alone := ofType(nodes, "standalone")
	managers := append(ofType(nodes, "manager"), alone...)
	if len(managers) == 0 {
		managers = []node{{name: "manager", typ: "manager", pin: -1, section: &section{}}}
	}
	manager := managers[0]
	d := im.doc
	d.head = []string{
		fmt.Sprintf("Imported from %s by zctl import.", printable(strings.Join(d.files, ", "))),
		"zctl check says whether this host can run it, docs/migrate.md what is different.",
	}
	im.program()
	if manager.address.IsValid() {
		d.table("cluster").set(manager.host.place, "address", manager.address.String())
		im.hostRemark(d.table("cluster"), manager)
	}
	if manager.typ == "standalone" {
		im.standalone(manager)
		return
	}
	loggers, proxies := ofType(nodes, "logger"), ofType(nodes, "proxy")
	im.ports(manager, 1+len(loggers)+len(proxies))
	t := d.table("manager")
	if manager.name != "manager" {
		t.set(manager.place, "name", manager.name)
	}
	im.write(t, []node{manager}, manager.address)
	im.named(d.table("loggers"), loggers, "logger-", manager)
	im.named(d.table("proxies"), proxies, "proxy-", manager)
	im.workers(ofType(nodes, "worker"), manager, 1+len(loggers)+len(proxies))
	im.hosts(nodes, manager)
}

// program is [cluster] engine, and where Zeek and its scripts are.
func (im *importer) program() {
	d := im.doc
	d.table("cluster").set(place{}, "engine", "zeek")
	z := d.table("zeek")
	base := im.option("ZeekBase", im.opts.Prefix)
	switch zeek, bin := im.option("Zeek", ""), im.option("BinDir", ""); {
	case zeek != "":
		z.set(im.where("Zeek"), "path", zeek)
	case bin != "":
		z.set(im.where("BinDir"), "path", filepath.Join(bin, "zeek"))
	case base != "":
		z.set(place{}, "path", filepath.Join(base, "bin/zeek"))
	}
	im.site(z, base)
	prefixes := []string{"zeekctl", "zeekctl-live"}
	for _, p := range strings.Split(im.option("Prefixes", "local"), ":") {
		if p != "" {
			prefixes = append(prefixes, escape(p))
		}
	}
	z.set(im.where("Prefixes"), "prefixes", append(prefixes, "${node}")).remark = "as ZeekControl has them"
}

// site is the directories with the site's scripts.
func (im *importer) site(z *table, base string) {
	e, says := im.cfg.get("sitepolicypath")
	policy := im.option("PolicyDir", "")
	if policy == "" && base != "" {
		policy = filepath.Join(base, "share/zeek")
	}
	if !says || e.value == "" {
		if policy != "" {
			z.set(place{}, "site", []string{filepath.Join(policy, "site")})
		} else {
			im.doc.table("zeek").above = append(z.above, `Say site = ["…/share/zeek/site"], so that zctl deploy keeps its scripts, too.`)
		}
		return
	}
	var dirs []string
	for _, dir := range strings.Split(e.value, ":") {
		for name, value := range map[string]string{"ZeekBase": base, "PolicyDir": policy, "ZeekScriptDir": policy} {
			if value != "" {
				dir = replaceFold(dir, "${"+name+"}", value)
			}
		}
		switch {
		case dir == "":
		case strings.Contains(dir, "${"):
			im.note(e.place, e.text(), "zctl does not know what %s stands for; write it out in zeek.site", dir)
		default:
			dirs = append(dirs, dir)
		}
	}
	if len(dirs) > 0 {
		z.set(e.place, "site", dirs)
	}
}

// replaceFold is strings.ReplaceAll in any case.
func replaceFold(text, old, new string) string {
	for from := 0; ; {
		i := strings.Index(strings.ToLower(text[from:]), strings.ToLower(old))
		if i < 0 || len(text) != len(strings.ToLower(text)) {
			return text
		}
		text = text[:from+i] + new + text[from+i+len(old):]
		from += i + len(new)
	}
}

// ports is all ports that ZeekControl counts up from ZeekPort and MetricsPort (spec:
// zeekctl 2.2); listening is how many nodes have one before the workers.
func (im *importer) ports(manager node, listening int) {
	d := im.doc
	port := im.number("ZeekPort", 27760)
	at := im.where("ZeekPort")
	if !strings.EqualFold(im.option("ClusterBackend", "ZeroMQ"), "broker") {
		d.table("broker").set(at, "xpub_port", port)
		d.table("broker").set(at, "xsub_port", port+1)
		port += 2
	}
	d.table("control").set(at, "port", port)
	d.table("cluster").set(at, "port", port+1)
	im.metrics()
}

func (im *importer) metrics() {
	c := im.doc.table("cluster")
	e, says := im.cfg.get("metricsaddress")
	switch {
	case !says:
		c.set(e.place, "metrics_address", "0.0.0.0").remark = "ZeekControl's default before Zeek 9"
	case e.value == "":
		c.set(e.place, "metrics_address", "0.0.0.0")
	default:
		c.set(e.place, "metrics_address", strings.Trim(e.value, "[]"))
	}
	c.set(im.where("MetricsPort"), "metrics_port", im.number("MetricsPort", 9991))
}

// standalone makes a small cluster of a single process, which zctl does not have: a
// manager that is the logger, and one worker.
func (im *importer) standalone(n node) {
	d := im.doc
	d.head = append(d.head,
		fmt.Sprintf("ZeekControl ran one process, %s, which was all of Zeek. A cluster is the least that zctl", printable(n.name)),
		"runs: the worker of that name reads the packets, the manager writes the logs.",
		"Scripts see Cluster::is_enabled() now, and have manager and worker for it.")
	port := im.number("ZeekPort", 27760)
	at := im.where("ZeekPort")
	d.table("broker").set(at, "xpub_port", port)
	d.table("broker").set(at, "xsub_port", port+1)
	d.table("cluster").set(at, "port", port+2)
	im.metrics()
	prefixes := d.table("zeek").get("prefixes").([]string)
	d.table("zeek").lines = slices.DeleteFunc(d.table("zeek").lines, func(s setting) bool { return s.key == "prefixes" })
	d.table("zeek").set(im.where("Prefixes"), "prefixes", slices.Insert(prefixes, 2, "standalone")).remark = "as ZeekControl has them"
	manager := node{name: "manager", address: n.address, pin: -1, env: n.env, args: n.args, section: n.section}
	if n.name == manager.name {
		manager.name = "manager-1"
		d.table("manager").set(n.place, "name", manager.name)
	}
	im.write(d.table("manager"), []node{manager}, n.address)
	none := place{}
	d.table("loggers").set(none, "count", 0)
	d.table("proxies").set(none, "count", 0)
	n.typ = "worker"
	im.workers([]node{n}, node{address: n.address}, 0)
}

// named writes loggers or proxies.
func (im *importer) named(t *table, nodes []node, prefix string, manager node) {
	im.names(t, nodes, prefix)
	if len(nodes) > 0 {
		im.write(t, nodes, manager.address)
	}
}

// names says how many nodes there are, and what they are called if that does not
// follow.
func (im *importer) names(t *table, nodes []node, prefix string) {
	var names []string
	usual := true
	for i, n := range nodes {
		names = append(names, n.name)
		usual = usual && n.name == prefix+strconv.Itoa(i+1)
	}
	at := place{}
	if len(nodes) > 0 {
		at = nodes[0].place
	}
	if usual {
		t.set(at, "count", len(nodes))
	} else {
		t.set(at, "names", names)
	}
}

// write writes what nodes of one section have in common, and for each what it has
// otherwise.
func (im *importer) write(t *table, nodes []node, cluster netip.Addr) {
	first := nodes[0]
	same := func(equal func(node) bool) bool {
		return !slices.ContainsFunc(nodes, func(n node) bool { return !equal(n) })
	}
	sameAddress := same(func(n node) bool { return n.address == first.address })
	if sameAddress && first.address != cluster && first.address.IsValid() {
		t.set(first.host.place, "address", first.address.String())
		im.hostRemark(t, first)
	}
	sameArgs := same(func(n node) bool { return slices.Equal(n.args, first.args) })
	if sameArgs && len(first.args) > 0 {
		t.set(keyPlace(first, "aux_scripts"), "args", first.args)
	}
	common := maps.Clone(first.env)
	for _, n := range nodes {
		maps.DeleteFunc(common, func(name, value string) bool { return n.env[name] != value })
	}
	if len(common) > 0 {
		t.set(keyPlace(first, "env_vars"), "env", common)
	}
	pinned := im.pinned(t, nodes)
	for _, s := range im.all {
		t.set(s.origin, s.key, s.value)
	}
	for _, n := range nodes {
		own := &table{header: "node." + bareKey(n.name)}
		if !sameAddress && n.address != cluster && n.address.IsValid() {
			own.set(n.host.place, "address", n.address.String())
			im.hostRemark(own, n)
		}
		if !sameArgs && len(n.args) > 0 {
			own.set(keyPlace(n, "aux_scripts"), "args", n.args)
		}
		env := maps.Clone(n.env)
		maps.DeleteFunc(env, func(name, value string) bool { _, is := common[name]; return is })
		if len(env) > 0 {
			own.set(keyPlace(n, "env_vars"), "env", env)
		}
		if !pinned && n.pin >= 0 {
			own.set(keyPlace(n, "pin_cpus"), "cpus", strconv.Itoa(n.pin))
			if n.typ == "worker" {
				own.set(keyPlace(n, "pin_cpus"), "on_shortage", "share")
			}
		}
		if len(own.lines) > 0 {
			im.own = append(im.own, own)
		}
	}
}

func keyPlace(n node, key string) place {
	e, _ := n.get(key)
	return e.place
}

func (im *importer) hostRemark(t *table, n node) {
	for i := range t.lines {
		if t.lines[i].key == "address" && n.host.value != t.lines[i].value {
			t.lines[i].remark = printable(n.host.value)
		}
	}
}

// pinned writes cpus for a section, if a list can say what each node is pinned to.
func (im *importer) pinned(t *table, nodes []node) bool {
	pins := make([]int, len(nodes))
	for i, n := range nodes {
		pins[i] = n.pin
	}
	at := keyPlace(nodes[0], "pin_cpus")
	worker := nodes[0].typ == "worker"
	switch list := cycle(pins); {
	case slices.Max(pins) < 0:
		t.set(at, "cpus", "none")
		return true
	case slices.Min(pins) < 0, list == nil, !worker && len(list) > 1:
		t.set(at, "cpus", "none")
		return false
	default:
		texts := make([]string, len(list))
		for i, cpu := range list {
			texts[i] = strconv.Itoa(cpu)
		}
		t.set(at, "cpus", strings.Join(texts, ","))
		if worker && (len(list) < len(pins) || im.shared(nodes)) {
			t.set(at, "on_shortage", "share")
		}
		return true
	}
}

// cycle is the shortest list without repetition that gives all pins when it is gone
// through again and again; nil if there is none.
func cycle(pins []int) []int {
	seen := map[int]bool{}
	for length, cpu := range pins {
		if seen[cpu] {
			break
		}
		seen[cpu] = true
		list, fits := pins[:length+1], true
		for i, p := range pins {
			fits = fits && p == list[i%len(list)]
		}
		if fits {
			return list
		}
	}
	return nil
}

// shared says whether other workers of their host have a CPU of these.
func (im *importer) shared(nodes []node) bool {
	for _, n := range nodes {
		if im.taken[cpuOf{n.address, n.pin}] > 1 {
			return true
		}
	}
	return false
}

// cpuOf is a CPU of a host.
type cpuOf struct {
	host netip.Addr
	cpu  int
}
