package cpuaffinity

// CPU is one logical CPU, that is one hardware thread.
type CPU struct {
	ID       int
	Package  int  // socket; 0 where the host does not say
	Core     int  // the kernel's core number within the package; ID where the host does not say
	Node     int  // NUMA node; 0 where the host does not say
	Siblings List // SMT threads of the same core, itself included; ascending
}

// Topology is what placement needs to know of a host. It is plain data: nothing is read from the host after
// [ReadTopology] returned.
type Topology struct {
	CPUs     []CPU           // the usable ones, ascending: online, in our affinity mask, and in our cgroup's cpuset
	Online   List            // as the kernel lists it, usable or not
	Isolated List            // isolcpus=: the scheduler does not balance threads over these
	NICs     map[string]List // usable CPUs local to an interface; no entry where the host does not say
}

// Usable returns the CPUs this process may use, ascending.
func (t *Topology) Usable() List {
	if t == nil {
		return nil
	}
	var usable List
	for _, cpu := range t.CPUs {
		usable = append(usable, cpu.ID)
	}
	return usable
}

// NICLocal returns the usable CPUs near the interface's hardware, ascending. It is nil where the host does not say (a
// virtual or absent interface, NUMA node -1), and empty but not nil where the host says so and none of them is usable.
func (t *Topology) NICLocal(iface string) List {
	if t == nil {
		return nil
	}
	return t.NICs[iface]
}
