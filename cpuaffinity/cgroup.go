package cpuaffinity

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

const (
	selfCgroup = "proc/self/cgroup"
	cgroupV2   = "sys/fs/cgroup"
	cgroupV1   = "sys/fs/cgroup/cpuset"

	maxCgroupPath = 4096 // PATH_MAX
)

// cpuset is what our control group allows: cpus, as file says. Without a file there is no limit.
type cpuset struct {
	cpus List
	file string
}

func (c cpuset) String() string {
	if c.file == "" {
		return "all"
	}
	return fmt.Sprintf("%s (/%s)", orNone(c.cpus), c.file)
}

// readCpuset finds the limit of our control group: cgroups(7), cpuset(7). A v1 cpuset hierarchy goes before v2, since
// the controller can be in only one of them. The kernel has applied the limit to our own affinity mask already; it is
// read all the same because the mask that ReadTopology gets is its caller's word.
func readCpuset(root fs.FS) (cpuset, error) {
	text, err := readText(root, "", selfCgroup)
	if errors.Is(err, fs.ErrNotExist) {
		return cpuset{}, nil
	}
	if err != nil {
		return cpuset{}, err
	}
	v1, v2 := "", ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		hierarchy, rest, ok := strings.Cut(line, ":")
		controllers, group, ok2 := strings.Cut(rest, ":")
		if !ok || !ok2 || !strings.HasPrefix(group, "/") || len(group) > maxCgroupPath {
			return cpuset{}, fmt.Errorf("cannot read /%s: %s is not of the form ID:CONTROLLERS:/PATH", selfCgroup, quote(line))
		}
		switch {
		case slices.Contains(strings.Split(controllers, ","), "cpuset"):
			v1 = group
		case hierarchy == "0" && controllers == "":
			v2 = group
		}
	}
	switch {
	case v1 != "":
		return nearestCpuset(root, cgroupV1, v1, "cpuset.effective_cpus", "cpuset.cpus")
	case v2 != "":
		return nearestCpuset(root, cgroupV2, v2, "cpuset.cpus.effective")
	}
	return cpuset{}, nil
}

// nearestCpuset reads the first of names that exists and is not empty, in group and then in its parents. A parent's
// limit is ours where the controller is not enabled further down, and where the mount shows only a part of the tree
// (containers), in which group is a path of the host.
func nearestCpuset(root fs.FS, mount, group string, names ...string) (cpuset, error) {
	for dir := path.Clean(group); ; dir = path.Dir(dir) {
		for _, name := range names {
			file := path.Join(mount, dir, name)
			if !fs.ValidPath(file) { // a group whose name is not UTF-8
				continue
			}
			cpus, _, err := readList(root, file)
			if err != nil {
				return cpuset{}, err
			}
			if len(cpus) > 0 {
				return cpuset{cpus, file}, nil
			}
		}
		if dir == "/" {
			return cpuset{}, nil
		}
	}
}
