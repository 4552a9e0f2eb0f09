package cpuaffinity

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Host returns the topology of this host as this process may use it.
func Host() (*Topology, error) {
	affinity, err := Affinity()
	if err != nil {
		return nil, err
	}
	return ReadTopology(os.DirFS("/"), affinity)
}

// Affinity returns the CPUs this process may run on, ascending, as sched_getaffinity(2) has them for the calling
// thread: in a Go program all threads have the same, but for one that is inside [Pinned].
func Affinity() (List, error) {
	mask, err := threadMask(0)
	if err != nil {
		return nil, fmt.Errorf("cannot read our CPU affinity: %w", err)
	}
	return maskList(mask), nil
}

// threadMask reads the mask of a thread, the calling one if tid is 0. The kernel answers EINVAL until there is room for
// all the CPUs it was built for, which may be more than the 1024 of unix.CPUSet.
func threadMask(tid int) (unix.CPUSetDynamic, error) {
	for room := 1024; ; room *= 2 {
		mask := unix.NewCPUSet(room)
		err := unix.SchedGetaffinityDynamic(tid, mask)
		if err == nil {
			return mask, nil
		}
		if !errors.Is(err, unix.EINVAL) || room > MaxCPU {
			return nil, err
		}
	}
}

func maskList(mask unix.CPUSetDynamic) List {
	list := make(List, 0, mask.Count())
	for cpu := 0; len(list) < cap(list); cpu++ {
		if mask.IsSet(cpu) {
			list = append(list, cpu)
		}
	}
	return list
}

// listMask needs a list that is not empty and within 0 to MaxCPU.
func listMask(list List) unix.CPUSetDynamic {
	sorted := list.Sorted()
	mask := unix.NewCPUSet(sorted[len(sorted)-1] + 1)
	for _, cpu := range sorted {
		mask.Set(cpu)
	}
	return mask
}
