package cpuaffinity

import (
	"errors"
	"fmt"
	"io/fs"
)

const netDir = "sys/class/net"

// Bounds of what is remembered of interfaces. Interfaces near the same CPUs share one list, so honest hosts have as
// many lists as NUMA nodes.
const (
	maxNICs     = 4096
	maxNICLists = 128
)

// nicReader finds the CPUs near each interface.
type nicReader struct {
	root   fs.FS
	topo   *Topology
	usable List
	lists  map[string]List // by where they came from: the text of local_cpulist, or "node N"
}

// readNICs returns the usable CPUs near each interface that has hardware which says so. Nothing here is an error: an
// interface may go while we look, and one that is never used must not stop the others.
func readNICs(root fs.FS, topo *Topology) map[string]List {
	r := nicReader{root: root, topo: topo, usable: topo.Usable(), lists: make(map[string]List)}
	nics := make(map[string]List)
	errFull := errors.New("enough")
	_ = eachEntry(root, netDir, func(iface string) error {
		if local := r.local(iface); local != nil {
			nics[iface] = local
		}
		if len(nics) >= maxNICs {
			return errFull
		}
		return nil
	})
	return nics
}

// local is nil where the host does not say. A device that knows no node has every CPU in its local_cpulist, which says
// nothing; then its node decides, which may be the only one.
func (r *nicReader) local(iface string) List {
	device := netDir + "/" + iface + "/device"
	node, hasNode, err := readInt(r.root, device+"/numa_node")
	hasNode = hasNode && err == nil

	text, err := readText(r.root, "", device+"/local_cpulist")
	if err == nil && text != "" {
		cpus, err := parse(text)
		if err == nil && len(r.topo.Online.Minus(cpus)) > 0 {
			return r.remember(text, cpus)
		}
	}
	if !hasNode {
		return nil
	}
	return r.remember(fmt.Sprintf("node %d", node), r.cpusOfNode(node))
}

func (r *nicReader) cpusOfNode(node int) List {
	var cpus List
	for _, cpu := range r.topo.CPUs {
		if cpu.Node == node {
			cpus = append(cpus, cpu.ID)
		}
	}
	return cpus
}

// remember returns the usable ones of cpus, ascending and not nil, or nil when there are too many different lists.
func (r *nicReader) remember(source string, cpus List) List {
	if known, ok := r.lists[source]; ok {
		return known
	}
	if len(r.lists) >= maxNICLists {
		return nil
	}
	local := append(List{}, r.usable.Intersect(cpus)...)
	r.lists[source] = local
	return local
}
