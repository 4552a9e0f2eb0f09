package cpuaffinity

import (
	"slices"
	"testing"
)

// The real host, whatever it is: only what must be true of all of them.
func TestHost(t *testing.T) {
	t.Parallel()
	topo, err := Host()
	if err != nil {
		t.Fatal(err)
	}
	usable := topo.Usable()
	if len(usable) == 0 || !slices.IsSorted(usable) {
		t.Errorf("usable CPUs: %v", usable)
	}
	if extra := usable.Minus(topo.Online); len(extra) > 0 {
		t.Errorf("usable but not online: %s", extra)
	}
	for _, cpu := range topo.CPUs {
		if !cpu.Siblings.Contains(cpu.ID) {
			t.Errorf("CPU %d is not among the threads of its core: %s", cpu.ID, cpu.Siblings)
		}
	}
	plan, err := Plan(topo, []Request{{Node: "worker-1", Worker: true, Auto: true}})
	if err != nil || len(plan[0].CPUs) != 1 {
		t.Errorf("a worker for this host: %v, %v", plan, err)
	}
}

func TestAffinity(t *testing.T) {
	t.Parallel()
	cpus, err := Affinity()
	if err != nil || len(cpus) == 0 || !slices.IsSorted(cpus) {
		t.Errorf("Affinity() = %v, %v", cpus, err)
	}
}

func TestMasks(t *testing.T) {
	t.Parallel()
	for _, list := range []List{{0}, {63, 64}, {5, 1023, 1024, 4096}, {MaxCPU}} {
		if got := maskList(listMask(list)); !slices.Equal(got, list) {
			t.Errorf("%s became %s in a mask", list, got)
		}
	}
}
