package imports

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// NodeCfg makes a zctl.toml of ZeekControl's node.cfg and what goes with it. The error
// is a [layoutgen.Problems] with everything that is wrong in any of the files.
func NodeCfg(file Source, o Options) (Result, error) {
	im := &importer{problems: &problems{}, doc: &document{files: []string{file.Name}}, opts: o, cfg: &section{}}
	for _, s := range []*Source{o.ZeekctlCfg, o.Networks} {
		if s != nil {
			im.doc.files = append(im.doc.files, s.Name)
		}
	}
	for _, name := range []string{"cluster", "control", "broker", "logs", "zeek", "networks", "manager", "loggers", "proxies"} {
		im.doc.newTable(name)
	}
	if o.ZeekctlCfg != nil {
		im.cfg = im.readZeekctlCfg(*o.ZeekctlCfg)
	}
	im.applyOptions()
	if o.Networks != nil {
		im.readNetworks(*o.Networks)
	}
	sections := im.readINI(file)
	if len(sections) == 0 && len(im.list) == 0 {
		im.add(place{file: file.Name}, "there are no nodes in it; begin each with its name, like [worker-1]")
	}
	var nodes []node
	for i := range sections {
		if len(nodes) > maxProcs {
			im.add(sections[i].place, "there are more than %d nodes before this one, which is more than zctl runs; remove some", maxProcs)
			break
		}
		nodes = append(nodes, im.nodes(&sections[i])...)
	}
	im.checkCluster(nodes)
	im.writeCluster(nodes)
	return im.finish()
}

// finish is the text, or what is wrong.
func (im *importer) finish() (Result, error) {
	text := im.doc.check(im.problems)
	if len(im.list) > 0 {
		return Result{}, im.sorted(im.doc.files...)
	}
	return Result{text, len(im.doc.sortedNotes())}, nil
}

// node is a node of node.cfg, after load balancing made several of one section.
type node struct {
	name, typ string
	address   netip.Addr
	host      entry
	iface     string
	pin       int // the CPU, -1 without
	env       map[string]string
	args      []string
	family    string // the name of a section that made several
	*section
}

var nodeTypes = []string{"standalone", "manager", "logger", "proxy", "worker"}

// nodes is the nodes that a section makes; what is wrong with it is reported.
func (im *importer) nodes(s *section) []node {
	n := node{name: s.name, typ: s.value("type"), pin: -1, section: s}
	switch at, says := s.get("type"); {
	case !says || n.typ == "":
		im.add(at.place, "no type is given for node %s; add type = %s", s.name, oneOf(nodeTypes))
	case !slices.Contains(nodeTypes, n.typ):
		im.add(at.place, "node %s: unknown type %q; give %s", s.name, n.typ, oneOf(nodeTypes))
		n.typ = ""
	}
	n.host, _ = s.get("host")
	if n.host.value == "" {
		im.add(n.host.place, "no host is given for node %s; add host = localhost, or an address", s.name)
	} else {
		n.address = im.resolve(n.host, s.name)
	}
	n.iface = s.value("interface")
	procs := im.procs(s, n.typ)
	pins := im.pins(s)
	n.env = im.nodeEnv(s)
	n.args = im.nodeArgs(s, procs > 0)
	im.unusedKeys(s, n.typ)
	if procs == 0 {
		if len(pins) > 0 {
			n.pin = pins[0]
		}
		if e, _ := s.get("pin_cpus"); len(pins) > 1 {
			im.note(e.place, e.text(), "ZeekControl took the first CPU only, and so does this import; cpus may be a list")
		}
		return []node{n}
	}
	return im.balance(n, procs, pins)
}

// resolve is the address of a host: the first IPv4 address of a name.
func (im *importer) resolve(host entry, node string) netip.Addr {
	if host.value == "localhost" {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	a, err := netip.ParseAddr(strings.Trim(host.value, "[]"))
	if err == nil && a.Zone() == "" {
		return a
	}
	if im.opts.Lookup != nil {
		if a, err = im.opts.Lookup(host.value); err == nil {
			return a
		}
		im.add(host.place, "node %s: cannot find the address of host %q: %v; write the address", node, host.value, err)
		return netip.Addr{}
	}
	im.add(host.place, "node %s: cannot find the address of host %q; write the address", node, host.value)
	return netip.Addr{}
}

// pins is pin_cpus: whole numbers with commas.
func (im *importer) pins(s *section) []int {
	e, _ := s.get("pin_cpus")
	var all []int
	if e.value == "" {
		return nil
	}
	for _, text := range strings.Split(e.value, ",") {
		cpu, err := strconv.ParseUint(strings.TrimSpace(text), 10, 16)
		if err != nil {
			im.add(e.place, "node %s: pin_cpus must contain only non-negative integers, not %q; write each CPU, like 0,1,2", s.name, text)
			return nil
		}
		all = append(all, int(cpu))
	}
	return all
}

// packetKeys are those of the plugin af_packet, which are redefs.
var packetKeys = []string{"block_size", "block_timeout", "buffer_size", "checksum_validation_mode", "enable_defrag",
	"enable_fanout", "enable_hw_timestamping", "fanout_id", "fanout_mode", "link_type"}

// nodeArgs is aux_scripts, and the keys of af_packet, as arguments.
func (im *importer) nodeArgs(s *section, balanced bool) []string {
	var args []string
	if e, _ := s.get("aux_scripts"); e.value != "" {
		all, dollar, err := words(e.value)
		if err != nil {
			im.add(e.place, "node %s: aux_scripts: %v", s.name, err)
		}
		if dollar {
			im.note(e.place, e.text(), "a shell replaced $NAME and commands in it; zctl does not: write out what they stand for in args")
		}
		for _, word := range all {
			args = append(args, escape(word))
		}
	}
	for _, key := range packetKeys {
		e, _ := s.get("af_packet_" + key)
		switch {
		case e.value == "":
		case !balanced:
			im.note(e.place, e.text(), "ZeekControl took it with lb_procs only; args = [%s] does it", quote("AF_Packet::"+key+"="+e.value))
		default:
			args = append(args, "AF_Packet::"+key+"="+escape(e.value))
		}
	}
	return args
}

// usedKeys are the keys of node.cfg that mean something.
var usedKeys = []string{"type", "host", "interface", "lb_method", "lb_procs", "lb_interfaces", "pin_cpus", "env_vars", "aux_scripts"}

// idleKeys are those that ZeekControl accepts and does not use.
var idleKeys = []string{"zone_id", "ether", "zeekbase", "count"}

func (im *importer) unusedKeys(s *section, typ string) {
	for i, e := range s.entries {
		packet, isPacket := strings.CutPrefix(e.key, "af_packet_")
		switch {
		case slices.ContainsFunc(s.entries[i+1:], func(later entry) bool { return later.key == e.key }):
			im.note(e.place, e.text(), "the key stands there again below, and the last one counts")
		case e.key == "interface" && e.value != "" && typ != "worker" && typ != "standalone":
			im.note(e.place, e.text(), "only workers read an interface")
		case slices.Contains(usedKeys, e.key), isPacket && slices.Contains(packetKeys, packet):
		case slices.Contains(idleKeys, e.key):
			im.note(e.place, e.text(), "ZeekControl did not use it either")
		default:
			im.note(e.place, e.text(), "ZeekControl passed over this key of node %s, too; maybe it is of a plugin, or misspelt", s.name)
		}
	}
}

func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
