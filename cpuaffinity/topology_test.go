package cpuaffinity

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// describe writes a topology with one line per physical core.
func describe(t *Topology) string {
	var b strings.Builder
	for _, cpu := range t.CPUs {
		if cpu.Siblings[0] == cpu.ID || !t.Usable().Contains(cpu.Siblings[0]) {
			fmt.Fprintf(&b, "package %d core %d node %d: %s\n", cpu.Package, cpu.Core, cpu.Node, cpu.Siblings)
		}
	}
	return b.String()
}

func TestReadTopology(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		host *fakeHost
		want string
	}{
		{"two sockets", twoSockets(), `
package 0 core 0 node 0: 0,8
package 0 core 1 node 0: 1,9
package 0 core 2 node 0: 2,10
package 0 core 3 node 0: 3,11
package 1 core 0 node 1: 4,12
package 1 core 1 node 1: 5,13
package 1 core 2 node 1: 6,14
package 1 core 3 node 1: 7,15
`},
		{"laptop", laptop(), `
package 0 core 0 node 0: 0-1
package 0 core 1 node 0: 2-3
package 0 core 2 node 0: 4-5
package 0 core 3 node 0: 6-7
`},
		{"no topology: each CPU is a core", vm(), `
package 0 core 0 node 0: 0
package 0 core 1 node 0: 1
package 0 core 2 node 0: 2
package 0 core 3 node 0: 3
`},
		{"no sysfs at all: the affinity mask is what there is", &fakeHost{files: fstest.MapFS{}, affinity: List{6, 2}}, `
package 0 core 2 node 0: 2
package 0 core 6 node 0: 6
`},
		{"ids of -1", newHost("0-1").core(-1, -1, "0").core(-1, -1, "1"), `
package 0 core 0 node 0: 0
package 0 core 1 node 0: 1
`},
		{"the name before Linux 5.4", newHost("0-1").
			file(cpuDir+"/cpu0/topology/thread_siblings_list", "0-1").
			file(cpuDir+"/cpu1/topology/thread_siblings_list", "0-1"), `
package 0 core 0 node 0: 0-1
`},
		{"holes, offline CPUs and more than 1024", newHost("0,2,1500-1501").core(0, 9, "1500-1501").nodes("0-2", "", "3-1501"), `
package 0 core 0 node 0: 0
package 0 core 2 node 0: 2
package 0 core 9 node 2: 1500-1501
`},
		{"a list of siblings that forgets the CPU itself", newHost("0-1").file(cpuDir+"/cpu1/topology/core_cpus_list", ""), `
package 0 core 0 node 0: 0
package 0 core 1 node 0: 1
`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := describe(tc.host.read(t)); got != tc.want[1:] {
				t.Errorf("got\n%swant\n%s", got, tc.want[1:])
			}
		})
	}
}

func TestUsable(t *testing.T) {
	t.Parallel()
	const (
		v2       = "0::/system.slice/zctl.service"
		v2dir    = "sys/fs/cgroup/system.slice/zctl.service"
		v1       = "5:cpuacct,cpu:/x\n3:memory,cpuset:/docker/abc\n1:name=systemd:/\n0::/"
		v1dir    = "sys/fs/cgroup/cpuset/docker/abc"
		selfFile = "proc/self/cgroup"
	)
	for _, tc := range []struct {
		name string
		host *fakeHost
		want string
	}{
		{"all", vm(), "0-3"},
		{"affinity", &fakeHost{vm().files, List{9, 3, 1}}, "1,3"},
		{"no cgroup file", vm().file(v2dir+"/cpuset.cpus.effective", "1"), "0-3"},
		{"v2", vm().file(selfFile, v2).file(v2dir+"/cpuset.cpus.effective", "1-2"), "1-2"},
		{"v2, controller off: the parent's", vm().file(selfFile, v2).file("sys/fs/cgroup/system.slice/cpuset.cpus.effective", "3"), "3"},
		{"v2, in a container: the mount's root", vm().file(selfFile, "0::/../../host/only").file("sys/fs/cgroup/cpuset.cpus.effective", "2-3"), "2-3"},
		{"v2, empty: the parent's", vm().file(selfFile, v2).file(v2dir+"/cpuset.cpus.effective", "").file("sys/fs/cgroup/cpuset.cpus.effective", "0"), "0"},
		{"v2, no cpuset anywhere", vm().file(selfFile, v2), "0-3"},
		{"v2, a name that is not UTF-8", vm().file(selfFile, "0::/a/\xff").file("sys/fs/cgroup/a/cpuset.cpus.effective", "2"), "2"},
		{"v1", vm().file(selfFile, v1).file(v1dir+"/cpuset.effective_cpus", "0,2").file(v1dir+"/cpuset.cpus", "0-3"), "0,2"},
		{"v1, before Linux 3.17", vm().file(selfFile, v1).file(v1dir+"/cpuset.cpus", "0,3"), "0,3"},
		{"v1 goes before v2", vm().file(selfFile, v1).file(v1dir+"/cpuset.cpus", "0").file("sys/fs/cgroup/cpuset.cpus.effective", "1"), "0"},
		{"all three", &fakeHost{vm().file(selfFile, v2).file(v2dir+"/cpuset.cpus.effective", "1-7").files, List{0, 1, 2, 7}}, "1-2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := tc.host.read(t).Usable().String(); got != tc.want {
				t.Errorf("usable: got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestNICLocal(t *testing.T) {
	t.Parallel()
	device := netDir + "/eth7/device"
	for _, tc := range []struct {
		name string
		host *fakeHost
		nic  string
		want List
	}{
		{"list", twoSockets(), "eth0", List{4, 5, 6, 7, 12, 13, 14, 15}},
		{"list, some usable", &fakeHost{twoSockets().files, List{2, 5, 13}}, "eth0", List{5, 13}},
		{"list, none usable", &fakeHost{twoSockets().files, List{2}}, "eth0", List{}},
		{"node without list", twoSockets().file(device+"/numa_node", "1"), "eth7", List{4, 5, 6, 7, 12, 13, 14, 15}},
		{"node with an empty list", twoSockets().nic("eth7", "1", ""), "eth7", List{4, 5, 6, 7, 12, 13, 14, 15}},
		{"node with a garbage list", twoSockets().nic("eth7", "0", "all"), "eth7", List{0, 1, 2, 3, 8, 9, 10, 11}},
		{"node without memory of CPUs", twoSockets().file(device+"/numa_node", "7"), "eth7", List{}},
		{"node -1, every CPU", laptop(), "wlan0", nil},
		{"node -1, narrower list", laptop().nic("eth7", "-1", "0-3"), "eth7", List{0, 1, 2, 3}},
		{"garbage node, every CPU", laptop().nic("eth7", "?", "0-7"), "eth7", nil},
		{"one node, every CPU", vm().nic("eth7", "0", "0-3"), "eth7", List{0, 1, 2, 3}},
		{"virtual", vm(), "eth0", nil},
		{"absent", twoSockets(), "eth9", nil},
		{"no name", twoSockets(), "", nil},
		{"a name that is a path", twoSockets(), "../net/eth0", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := tc.host.read(t).NICLocal(tc.nic)
			if !slices.Equal(got, tc.want) || (got == nil) != (tc.want == nil) {
				t.Errorf("NICLocal(%q) = %#v, want %#v", tc.nic, got, tc.want)
			}
		})
	}
}

func TestNilTopology(t *testing.T) {
	t.Parallel()
	var topo *Topology
	if topo.Usable() != nil || topo.NICLocal("eth0") != nil {
		t.Errorf("a nil topology has CPUs: %v, %v", topo.Usable(), topo.NICLocal("eth0"))
	}
}

func TestReadTopologyErrors(t *testing.T) {
	t.Parallel()
	const badItem = `: item 1 ("?", column 1): want a CPU number (4), a range (0-3) or a range with a stride (0-14:2)`
	dir := cpuDir + "/cpu2/topology"
	for _, tc := range []struct {
		name string
		host *fakeHost
		want string
	}{
		{"online", vm().file(cpuDir+"/online", "?"), "cannot read /sys/devices/system/cpu/online" + badItem},
		{"isolated", vm().isolate("?"), "cannot read /sys/devices/system/cpu/isolated" + badItem},
		{"package", vm().file(dir+"/physical_package_id", ""), `cannot read /sys/devices/system/cpu/cpu2/topology/physical_package_id: "" is not a number`},
		{"core", vm().file(dir+"/core_id", "0x1"), `cannot read /sys/devices/system/cpu/cpu2/topology/core_id: "0x1" is not a number`},
		{"siblings", vm().file(dir+"/thread_siblings_list", "?"), "cannot read /sys/devices/system/cpu/cpu2/topology/thread_siblings_list" + badItem},
		{"many siblings", vm().file(dir+"/core_cpus_list", "0-65535"), "cannot read /sys/devices/system/cpu/cpu2/topology/core_cpus_list: 65536 threads in one core are not believable"},
		{"nodes", vm().file(nodeDir+"/online", "?"), "cannot read /sys/devices/system/node/online" + badItem},
		{"many nodes", vm().file(nodeDir+"/online", "0,1024"), "cannot read /sys/devices/system/node/online: node 1024 is not believable, the kernel stops at 1023"},
		{"node", vm().nodes("?"), "cannot read /sys/devices/system/node/node0/cpulist" + badItem},
		{"cgroup", vm().file("proc/self/cgroup", "nonsense"), `cannot read /proc/self/cgroup: "nonsense" is not of the form ID:CONTROLLERS:/PATH`},
		{"cgroup path", vm().file("proc/self/cgroup", "0::/"+strings.Repeat("a/", 4096)), `cannot read /proc/self/cgroup: "0::/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/…" is not of the form ID:CONTROLLERS:/PATH`},
		{"cpuset", vm().file("proc/self/cgroup", "0::/").file("sys/fs/cgroup/cpuset.cpus.effective", "?"), "cannot read /sys/fs/cgroup/cpuset.cpus.effective" + badItem},
		{"long file", vm().isolate(strings.Repeat(" ", maxFile)), "cannot read /sys/devices/system/cpu/isolated: it is longer than 1048576 bytes, which no kernel writes"},
		{"nothing usable", vm().file("proc/self/cgroup", "0::/z").file("sys/fs/cgroup/z/cpuset.cpus.effective", "8"),
			"cannot find a CPU to use: online are 0-3, the affinity mask has 0-3, the cgroup allows 8 (/sys/fs/cgroup/z/cpuset.cpus.effective)"},
		{"no affinity", &fakeHost{vm().files, nil}, "cannot find a CPU to use: online are 0-3, the affinity mask has none, the cgroup allows all"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			topo, err := ReadTopology(tc.host.files, tc.host.affinity)
			if err == nil || err.Error() != tc.want || topo != nil {
				t.Errorf("got  %v, %v\nwant %s", topo, err, tc.want)
			}
		})
	}
}

// deniedFS is a host on which one file may not be read.
type deniedFS struct {
	fs.FS
	name string
}

func (d deniedFS) Open(name string) (fs.File, error) {
	if name == d.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return d.FS.Open(name)
}

func TestReadTopologyDenied(t *testing.T) {
	t.Parallel()
	host := twoSockets().file("proc/self/cgroup", "0::/")
	for name := range host.files {
		_, err := ReadTopology(deniedFS{host.files, name}, host.affinity)
		if harmless := strings.HasPrefix(name, netDir); harmless != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && err.Error() != "cannot read /"+name+": permission denied" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A host may have thousands of interfaces, and lie about all of them.
func TestManyNICs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ differentLists, wantNICs int }{
		{1, maxNICs},
		{maxNICs, maxNICLists},
	} {
		host := newHost("0-9999")
		host.affinity = List{0}
		for i := range maxNICs + dirBatch {
			host.nic(fmt.Sprintf("eth%d", i), "0", strconv.Itoa(i%tc.differentLists))
		}
		if got := len(host.read(t).NICs); got < tc.wantNICs || got > 2*tc.wantNICs {
			t.Errorf("%d lists: remembered %d interfaces, want about %d", tc.differentLists, got, tc.wantNICs)
		}
	}
}

// FuzzReadTopology writes the same garbage into one file of a host after the other.
func FuzzReadTopology(f *testing.F) {
	for _, text := range []string{"", "-1", "0", "0-3,8", "0::/a/..", "3:cpuset:/x", "?", "9999999999999999999999", "0-65535"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		host := twoSockets().file("proc/self/cgroup", "0::/a").file("sys/fs/cgroup/a/cpuset.cpus.effective", "0-15")
		for name, file := range host.files {
			honest := file.Data
			file.Data = []byte(text)
			topo, err := ReadTopology(host.files, host.affinity)
			file.Data = honest
			if (topo == nil) != (err != nil) {
				t.Errorf("%s with %q: %v, %v", name, text, topo, err)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "cannot ") {
				t.Errorf("%s with %q: %v", name, text, err)
			}
			if extra := topo.Usable().Minus(host.affinity); len(extra) > 0 {
				t.Errorf("%s with %q: CPUs %s are not ours", name, text, extra)
			}
		}
	})
}
