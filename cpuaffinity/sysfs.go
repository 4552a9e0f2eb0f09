package cpuaffinity

import (
	"fmt"
	"io/fs"
	"slices"
)

// Where the kernel describes CPUs and nodes: Documentation/admin-guide/cputopology.rst and
// Documentation/ABI/stable/sysfs-devices-node in its source.
const (
	cpuDir  = "sys/devices/system/cpu"
	nodeDir = "sys/devices/system/node"
)

const (
	maxSiblings = 128  // threads of one core; 8 is the most that exists, virtual machines tell tales
	maxNode     = 1023 // the kernel's NODES_SHIFT is at most 10
)

// ReadTopology reads sysfs, procfs and cgroupfs below root, which is rooted at "/" (os.DirFS("/"); a MapFS in tests).
// affinity is the mask of this process, see [Affinity].
//
// What is absent has a plain meaning: no online file: the CPUs of affinity are online; no topology of a CPU, or ids of
// -1: a core of its own in package 0; no node directory: node 0; no cpuset: no limit. A file that is there and cannot
// be read or understood is an error that names it, except an interface's: where an interface is near is only a
// preference, so garbage there means that the host does not say. No usable CPU at all is an error.
func ReadTopology(root fs.FS, affinity List) (*Topology, error) {
	online, found, err := readList(root, cpuDir+"/online")
	if err != nil {
		return nil, err
	}
	if !found {
		online = affinity
	}
	isolated, _, err := readList(root, cpuDir+"/isolated")
	if err != nil {
		return nil, err
	}
	usable, err := readUsable(root, online, affinity)
	if err != nil {
		return nil, err
	}
	nodes, err := readNodes(root)
	if err != nil {
		return nil, err
	}
	t := &Topology{Online: online, Isolated: isolated}
	for _, id := range usable {
		cpu, err := readCPU(root, id)
		if err != nil {
			return nil, err
		}
		cpu.Node = nodes[id]
		t.CPUs = append(t.CPUs, cpu)
	}
	t.NICs = readNICs(root, t)
	return t, nil
}

// readUsable returns the CPUs that are online, in affinity and in our cgroup's cpuset, ascending and never none.
func readUsable(root fs.FS, online, affinity List) (List, error) {
	limit, err := readCpuset(root)
	if err != nil {
		return nil, err
	}
	usable := online.Intersect(affinity)
	if limit.file != "" {
		usable = usable.Intersect(limit.cpus)
	}
	if len(usable) == 0 {
		return nil, fmt.Errorf("cannot find a CPU to use: online are %s, the affinity mask has %s, the cgroup allows %s",
			orNone(online), orNone(affinity), limit)
	}
	return slices.Compact(usable.Sorted()), nil
}

// readCPU reads all of one CPU but its node.
func readCPU(root fs.FS, id int) (CPU, error) {
	cpu := CPU{ID: id, Core: id}
	dir := fmt.Sprintf("%s/cpu%d/topology", cpuDir, id)
	if n, found, err := readInt(root, dir+"/physical_package_id"); err != nil {
		return CPU{}, err
	} else if found {
		cpu.Package = n
	}
	if n, found, err := readInt(root, dir+"/core_id"); err != nil {
		return CPU{}, err
	} else if found {
		cpu.Core = n
	}
	siblings, err := readSiblings(root, dir)
	if err != nil {
		return CPU{}, err
	}
	cpu.Siblings = List{id}.Union(siblings).Sorted()
	return cpu, nil
}

// readSiblings reads the threads of a core: core_cpus_list, or its name before Linux 5.4.
func readSiblings(root fs.FS, dir string) (List, error) {
	for _, name := range []string{dir + "/core_cpus_list", dir + "/thread_siblings_list"} {
		siblings, found, err := readList(root, name)
		if err != nil {
			return nil, err
		}
		if len(siblings) > maxSiblings {
			return nil, fmt.Errorf("cannot read /%s: %d threads in one core are not believable", name, len(siblings))
		}
		if found {
			return siblings, nil
		}
	}
	return nil, nil
}

// readNodes returns the NUMA node of each CPU that is in one.
func readNodes(root fs.FS) (map[int]int, error) {
	nodes, _, err := readList(root, nodeDir+"/online")
	if err != nil {
		return nil, err
	}
	nodeOf := make(map[int]int)
	for _, node := range nodes {
		if node > maxNode {
			return nil, fmt.Errorf("cannot read /%s/online: node %d is not believable, the kernel stops at %d",
				nodeDir, node, maxNode)
		}
		cpus, _, err := readList(root, fmt.Sprintf("%s/node%d/cpulist", nodeDir, node))
		if err != nil {
			return nil, err
		}
		for _, cpu := range cpus {
			nodeOf[cpu] = node
		}
	}
	return nodeOf, nil
}

// orNone is for messages: an empty list would leave a hole in the sentence.
func orNone(l List) string {
	if len(l) == 0 {
		return "none"
	}
	return l.String()
}
