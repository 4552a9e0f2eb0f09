package imports

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"zctl/layoutgen/lazyregexp"
)

// workers writes a [[workers]] for all nodes that differ in their CPUs only; before is
// how many nodes have a port before them.
func (im *importer) workers(nodes []node, manager node, before int) {
	d := im.doc
	if len(nodes) == 0 {
		d.newTable("workers").set(place{}, "count", 0)
	}
	im.taken = map[cpuOf]int{}
	for _, n := range nodes {
		if n.pin >= 0 {
			im.taken[cpuOf{n.address, n.pin}]++
		}
	}
	groups := groupWorkers(nodes)
	port, _ := d.table("cluster").get("port").(int)
	for _, group := range groups {
		t := d.newTable("[workers]")
		if len(groups) == 1 {
			t.header = "workers"
		}
		im.workerNames(t, group, len(groups))
		at := keyPlace(group[0], "interface")
		if group[0].family != "" && keyPlace(group[0], "lb_interfaces").line != 0 && group[0].value("lb_method") == "interfaces" {
			at = keyPlace(group[0], "lb_interfaces")
		}
		t.set(at, "interface", escape(group[0].iface))
		if before > 0 {
			t.set(im.where("ZeekPort"), "port", port+before)
			before += len(group)
		}
		im.write(t, group, manager.address)
	}
	d.tables = append(d.tables, im.own...)
}

// groupWorkers puts workers that follow each other together if a section can describe
// them. What ZeekControl made of one section stays alone.
func groupWorkers(nodes []node) [][]node {
	var groups [][]node
	for _, n := range nodes {
		if last := len(groups) - 1; last >= 0 && alike(groups[last][0], n) {
			groups[last] = append(groups[last], n)
		} else {
			groups = append(groups, []node{n})
		}
	}
	return groups
}

func alike(a, b node) bool {
	return a.family == b.family && a.iface == b.iface && a.address == b.address &&
		(a.pin < 0) == (b.pin < 0) && slices.Equal(a.args, b.args) && maps.Equal(a.env, b.env)
}

// sectionName is what zctl can put between worker- and a number.
var sectionName = lazyregexp.New(`^worker-([a-z0-9][-_a-z0-9]{0,31})$`)

// workerNames says what the workers of a section are called.
func (im *importer) workerNames(t *table, group []node, groups int) {
	if groups == 1 && group[0].family == "" {
		im.names(t, group, "worker-")
		return
	}
	name := sectionName().FindStringSubmatch(group[0].family)
	if group[0].value("lb_procs") != strconv.Itoa(len(group)) { // others are in other sections
		name = nil
	}
	for i, n := range group {
		if name != nil && n.name != fmt.Sprintf("worker-%s-%d", name[1], i+1) {
			name = nil
		}
	}
	if name == nil {
		im.names(t, group, "\x00")
		return
	}
	t.set(group[0].place, "name", name[1])
	t.set(group[0].place, "count", len(group))
}

// hosts says at the top what a cluster over several hosts needs.
func (im *importer) hosts(nodes []node, manager node) {
	var lines []string
	names := map[string][]string{}
	for _, n := range nodes {
		if n.address == manager.address || !n.address.IsValid() {
			continue
		}
		host := n.address.String()
		if names[host] == nil {
			lines = append(lines, host)
		}
		names[host] = append(names[host], n.name)
	}
	if len(lines) == 0 {
		return
	}
	im.doc.head = append(im.doc.head, "",
		"ZeekControl ran nodes on other hosts over ssh. zctl runs the nodes of its own host only:",
		"install it and deploy this file on each of these hosts, too.")
	for _, host := range lines {
		im.doc.head = append(im.doc.head, fmt.Sprintf("  %s: %s", host, printable(few(names[host]))))
	}
	if !im.doc.table("broker").has("curve") {
		im.doc.table("broker").set(place{}, "curve", "auto").remark = `which encrypts between hosts; Zeek before 8.2 cannot: "off"`
	}
}

// few is as many names as anybody reads.
func few(names []string) string {
	const most = 10
	if len(names) > most {
		return strings.Join(names[:most], ", ") + " and " + strconv.Itoa(len(names)-most) + " more"
	}
	return strings.Join(names, ", ")
}
