package cpuaffinity

import (
	"fmt"
	"strconv"
	"testing"
	"testing/fstest"
)

// fakeHost is the part of a host's /sys and /proc that ReadTopology looks at.
type fakeHost struct {
	files    fstest.MapFS
	affinity List
}

// newHost returns a host whose kernel says nothing but which CPUs are online, and whose affinity mask has them all.
func newHost(online string) *fakeHost {
	h := &fakeHost{files: fstest.MapFS{}, affinity: mustParse(online)}
	return h.file(cpuDir+"/online", online).file(cpuDir+"/isolated", "")
}

func (h *fakeHost) file(name, text string) *fakeHost {
	h.files[name] = &fstest.MapFile{Data: []byte(text + "\n")}
	return h
}

// core adds a physical core with these threads.
func (h *fakeHost) core(pkg, core int, threads string) *fakeHost {
	for _, cpu := range mustParse(threads) {
		dir := fmt.Sprintf("%s/cpu%d/topology", cpuDir, cpu)
		h.file(dir+"/physical_package_id", strconv.Itoa(pkg))
		h.file(dir+"/core_id", strconv.Itoa(core))
		h.file(dir+"/core_cpus_list", threads)
	}
	return h
}

// nodes adds NUMA nodes 0, 1, … with these CPUs.
func (h *fakeHost) nodes(cpulists ...string) *fakeHost {
	h.file(nodeDir+"/online", fmt.Sprintf("0-%d", len(cpulists)-1))
	for node, cpus := range cpulists {
		h.file(fmt.Sprintf("%s/node%d/cpulist", nodeDir, node), cpus)
	}
	return h
}

func (h *fakeHost) nic(name, node, localCPUs string) *fakeHost {
	h.file(netDir+"/"+name+"/device/numa_node", node)
	return h.file(netDir+"/"+name+"/device/local_cpulist", localCPUs)
}

// isolate is the boot parameter isolcpus=.
func (h *fakeHost) isolate(cpus string) *fakeHost { return h.file(cpuDir+"/isolated", cpus) }

// read is ReadTopology that must work.
func (h *fakeHost) read(t *testing.T) *Topology {
	t.Helper()
	topo, err := ReadTopology(h.files, h.affinity)
	if err != nil {
		t.Fatal(err)
	}
	return topo
}

// twoSockets is a server: two packages, each a NUMA node of four cores of two threads. eth0 is near node 1, eth1 near
// node 0.
func twoSockets() *fakeHost {
	h := newHost("0-15").nodes("0-3,8-11", "4-7,12-15").nic("eth0", "1", "4-7,12-15").nic("eth1", "0", "0-3,8-11")
	for core := range 8 {
		h.core(core/4, core%4, fmt.Sprintf("%d,%d", core, core+8))
	}
	return h
}

// laptop has four cores of two threads each, with neighbouring numbers, and one node.
func laptop() *fakeHost {
	h := newHost("0-7").nodes("0-7").nic("wlan0", "-1", "0-7")
	for core := range 4 {
		h.core(0, core, fmt.Sprintf("%d-%d", 2*core, 2*core+1))
	}
	return h
}

// vm has four CPUs and nothing to say of them; its NIC is virtual.
func vm() *fakeHost { return newHost("0-3").file(netDir+"/eth0/mtu", "1500") }

// testHosts are the hosts that testdata/plan names.
var testHosts = map[string]func() *fakeHost{
	"two-sockets": twoSockets,
	"laptop":      laptop,
	"vm":          vm,
	"vm-isolated": func() *fakeHost { return vm().isolate("1-2") },
	"all-isolated": func() *fakeHost {
		h := vm().isolate("1-3")
		h.affinity = List{1, 2, 3}
		return h
	},
	"laptop-isolated": func() *fakeHost { return laptop().isolate("4-7") },
	"half-of-two-sockets": func() *fakeHost {
		return twoSockets().
			file("proc/self/cgroup", "0::/zctl.slice").
			file("sys/fs/cgroup/zctl.slice/cpuset.cpus.effective", "0-3,8-11")
	},
	"offline-cpu": func() *fakeHost { return newHost("0,2-3,2000") },
	"smt4":        func() *fakeHost { return newHost("0-7").core(0, 0, "0-3").core(0, 1, "4-7") },
	"no-cpus":     func() *fakeHost { return nil },
}

func mustParse(text string) List {
	list, err := Parse(text)
	if err != nil {
		panic(err)
	}
	return list
}
