package imports

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxProcs bounds the workers of a section, as zctl itself does.
const maxProcs = 10000

var lbMethods = []string{"af_packet", "pf_ring", "myricom", "custom", "interfaces"}

// procs is how many workers lb_procs makes of a section, 0 if it is no matter of load
// balancing; what is wrong with its keys is reported (spec: zeekctl 2.1).
func (im *importer) procs(s *section, typ string) int {
	method, _ := s.get("lb_method")
	procs, _ := s.get("lb_procs")
	ifaces, _ := s.get("lb_interfaces")
	if typ != "worker" {
		for _, e := range []entry{method, procs, ifaces} {
			if e.value != "" {
				im.add(e.place, "node %s: load balancing is only for worker nodes; remove %s", s.name, e.key)
			}
		}
		return 0
	}
	if procs.value == "" {
		for _, e := range []entry{method, ifaces} {
			if e.value != "" {
				im.add(e.place, "the number of load-balanced processes is not specified for node %s; add lb_procs", s.name)
				break
			}
		}
		return 0
	}
	n, err := strconv.Atoi(procs.value)
	switch {
	case err != nil:
		im.add(procs.place, "node %s: lb_procs is %q; the number of load-balanced processes must be an integer", s.name, procs.value)
		return 0
	case n < 1 || n > maxProcs:
		im.add(procs.place, "node %s: lb_procs is %d; the number of load-balanced processes must be greater than zero, and at most %d", s.name, n, maxProcs)
		return 0
	case method.value == "":
		im.add(procs.place, "no load balancing method is given for node %s; add lb_method = %s", s.name, oneOf(lbMethods))
	case !slices.Contains(lbMethods, method.value):
		im.add(method.place, "node %s: unknown load balancing method %q; give %s", s.name, method.value, oneOf(lbMethods))
	case method.value != "interfaces":
	case ifaces.value == "":
		im.add(method.place, "the list of load-balanced interfaces is not specified for node %s; add lb_interfaces", s.name)
	case len(strings.Split(ifaces.value, ",")) != n:
		im.add(ifaces.place, "node %s: the number of load-balanced interfaces, %d, is not the same as that of load-balanced processes, %d",
			s.name, len(strings.Split(ifaces.value, ",")), n)
	}
	return n
}

// balance makes several workers of one.
func (im *importer) balance(n node, procs int, pins []int) []node {
	method := n.value("lb_method")
	ifaces := strings.Split(n.value("lb_interfaces"), ",")
	e, _ := n.get("interface")
	switch {
	case method == "af_packet" && strings.HasPrefix(n.iface, "af_packet::"):
		im.note(e.place, e.text(), "ZeekControl does not expect the prefix af_packet:: with lb_method = af_packet")
	case method == "af_packet":
		n.iface = "af_packet::" + n.iface
	case method == "custom":
		n.iface = im.option("lb_custom.InterfacePrefix", "") + n.iface + im.option("lb_custom.InterfaceSuffix", "")
	}
	if method == "interfaces" && len(ifaces) == procs && procs > 1 {
		e, _ := n.get("lb_interfaces")
		im.note(e.place, e.text(), "ZeekControl gives %s-1 the last of these, and so on, and so does this import", n.name)
	}
	all := make([]node, procs)
	for i := range all {
		one := n
		one.family = n.name
		one.name = n.name + "-" + strconv.Itoa(i+1)
		one.env = maps.Clone(n.env)
		if len(pins) > 0 {
			one.pin = pins[i%len(pins)]
		}
		if method == "interfaces" && len(ifaces) == procs {
			one.iface = strings.TrimSpace(ifaces[procs-1-i])
		}
		if method == "myricom" {
			setDefault(one.env, "SNF_NUM_RINGS", strconv.Itoa(procs))
			setDefault(one.env, "SNF_FLAGS", "0x101")
		}
		all[i] = one
	}
	return all
}

// ringTypes is the variable by which PF_RING learns how it spreads packets, by
// PFRINGClusterType.
var ringTypes = map[string]string{
	"2-tuple": "PCAP_PF_RING_USE_CLUSTER_PER_FLOW_2_TUPLE", "4-tuple": "PCAP_PF_RING_USE_CLUSTER_PER_FLOW_4_TUPLE",
	"5-tuple": "PCAP_PF_RING_USE_CLUSTER_PER_FLOW_5_TUPLE", "tcp-5-tuple": "PCAP_PF_RING_USE_CLUSTER_PER_FLOW_TCP_5_TUPLE",
	"6-tuple":       "PCAP_PF_RING_USE_CLUSTER_PER_FLOW",
	"inner-2-tuple": "PCAP_PF_RING_USE_CLUSTER_PER_INNER_FLOW_2_TUPLE", "inner-4-tuple": "PCAP_PF_RING_USE_CLUSTER_PER_INNER_FLOW_4_TUPLE",
	"inner-5-tuple": "PCAP_PF_RING_USE_CLUSTER_PER_INNER_FLOW_5_TUPLE", "inner-tcp-5-tuple": "PCAP_PF_RING_USE_CLUSTER_PER_INNER_FLOW_TCP_5_TUPLE",
	"inner-6-tuple": "PCAP_PF_RING_USE_CLUSTER_PER_INNER_FLOW",
}

// pfRing does what ZeekControl's plugin of that name does with all workers: a cluster
// id for each interface of a host, and instances of zero-copy ones (spec: zeekctl 4).
func (im *importer) pfRing(nodes []node) {
	base := im.number("PFRINGClusterID", 21)
	first := im.number("PFRINGFirstAppInstance", 0)
	kind := im.option("PFRINGClusterType", "4-tuple")
	if ringTypes[kind] == "" {
		if slices.ContainsFunc(nodes, func(n node) bool { return n.value("lb_method") == "pf_ring" }) {
			im.add(im.where("PFRINGClusterType"), "PFRINGClusterType %q is not supported; give 2-tuple, 4-tuple, 5-tuple, tcp-5-tuple, 6-tuple, or inner- and one of these", kind)
		}
		return
	}
	ids := map[string]map[string]int{} // host -> interface -> id
	instance := first
	for i := range nodes {
		n := &nodes[i]
		if n.family == "" || n.value("lb_method") != "pf_ring" || base == 0 {
			continue
		}
		host := ids[n.host.value]
		if host == nil {
			host = map[string]int{}
			ids[n.host.value] = host
		}
		if _, known := host[n.iface]; !known {
			host[n.iface] = base + len(host)
			instance = first
		}
		id := host[n.iface]
		setDefault(n.env, ringTypes[kind], "1")
		zeroCopy := strings.HasPrefix(n.iface, "zc:") || strings.HasPrefix(n.iface, "pf_ring::zc:")
		switch {
		case zeroCopy:
			setDefault(n.env, "PCAP_PF_RING_ZC_RSS", "1")
		case strings.HasPrefix(n.iface, "dna") && !strings.HasPrefix(n.iface, "dnacl"):
			setDefault(n.env, "PCAP_PF_RING_DNA_RSS", "1")
		case !strings.HasPrefix(n.iface, "dna"):
			setDefault(n.env, "PCAP_PF_RING_CLUSTER_ID", strconv.Itoa(id))
		}
		if zeroCopy || strings.HasPrefix(n.iface, "dna") {
			n.iface += "@" + strconv.Itoa(instance)
		}
		instance++
		setDefault(n.env, "PCAP_PF_RING_APPNAME", "zeek-"+n.iface)
	}
}

func setDefault(env map[string]string, name, value string) {
	if _, says := env[name]; !says {
		env[name] = value
	}
}
