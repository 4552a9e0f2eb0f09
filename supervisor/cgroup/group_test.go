package cgroup

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
)

// newGroup is a group with these controllers, and its files.
func newGroup(t *testing.T, controllers ...string) (*Group, *fakeGroup, *fake) {
	t.Helper()
	f := newFake(unified, controllers...)
	f.realTop = true
	tree := Open(f, "zctl-x", true)
	g := tree.Group("worker-1")
	if err := errors.Join(tree.Make(controllers...), g.Make()); err != nil {
		t.Fatal(err)
	}
	return g, f.groups[unified+"/zctl-x/worker-1"], f
}

// TestSet shows what limits become, that they can be taken back, and that only what is
// asked for needs its controller.
func TestSet(t *testing.T) {
	t.Parallel()
	free := map[string]string{"memory.max": "max", "memory.swap.max": "max", "memory.oom.group": "0", "cpu.weight": "100"}
	with := func(changes map[string]string) map[string]string {
		all := maps.Clone(free)
		maps.Copy(all, changes)
		return all
	}
	g, files, _ := newGroup(t, "memory", "cpu")
	for _, test := range []struct {
		limits Limits
		want   map[string]string
	}{
		{Limits{}, free},
		{Limits{MemoryMax: 2 << 30}, with(map[string]string{"memory.max": "2147483648", "memory.swap.max": "0", "memory.oom.group": "1"})},
		{Limits{CPUWeight: 500, CPUs: "0-3"}, with(map[string]string{"cpu.weight": "500"})},
		{Limits{}, free},
	} {
		if err := g.Set(test.limits); err != nil {
			t.Errorf("%+v: %v", test.limits, err)
		}
		for name, want := range test.want {
			if got := strings.TrimSpace(files.files[name]); got != want {
				t.Errorf("%+v: %s is %q, want %q", test.limits, name, got, want)
			}
		}
	}
	bare, _, _ := newGroup(t)
	if err := bare.Set(Limits{CPUs: "0"}); err != nil {
		t.Errorf("a group without controllers: %v", err)
	}
	for _, limits := range []Limits{{MemoryMax: 1 << 30}, {CPUWeight: 7}} {
		if err := bare.Set(limits); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%+v without a controller: %v", limits, err)
		}
	}
}

// TestHave shows what is read of a group: limits, use, and how often the kernel killed.
func TestHave(t *testing.T) {
	t.Parallel()
	g, files, _ := newGroup(t, "memory", "cpu")
	if got, want := g.Have(), (Have{0, 4096, 100}); got != want {
		t.Errorf("free: %+v", got)
	}
	if err := g.Set(Limits{MemoryMax: 1 << 20, CPUWeight: 7}); err != nil {
		t.Fatal(err)
	}
	if got, want := g.Have(), (Have{1 << 20, 4096, 7}); got != want {
		t.Errorf("limited: %+v", got)
	}
	if got := g.Needs(); got != 1024 {
		t.Errorf("it needs %d", got)
	}
	before := g.Kills()
	for _, test := range []struct {
		events       string
		killed, here bool
	}{
		{"oom 0\noom_kill 0\n", false, false},
		{"max 12\noom 0\noom_kill 0\n", false, false},
		{"oom 0\noom_kill 1\n", true, false}, // for others
		{"oom 1\noom_kill 3\noom_group_kill 1\n", true, true},
		{"nonsense\noom\noom_kill x\n", false, false},
	} {
		files.files["memory.events"] = test.events
		if killed, here := g.Kills().Since(before); killed != test.killed || here != test.here {
			t.Errorf("%q: killed %v, here %v", test.events, killed, here)
		}
	}
}

// TestLeaf shows that a leaf is one process's and all that it started, that kill is for
// all of them and nobody else, and that it is gone only when it is empty.
func TestLeaf(t *testing.T) {
	t.Parallel()
	for _, old := range []bool{false, true} {
		g, _, f := newGroup(t)
		f.old = old
		first, err := g.Leaf()
		if err != nil {
			t.Fatal(err)
		}
		second, err := g.Leaf()
		if err != nil || second.Dir() == first.Dir() || first.Group().dir != g.dir {
			t.Fatalf("the second is %v, %v", second, err)
		}
		f.groups[first.Dir()].procs = []int{1, 2}
		f.add(first.Dir()+"/own", 3)
		f.groups[second.Dir()].procs = []int{4}
		if pids, err := first.PIDs(); err != nil || !slices.Equal(pids, []int{1, 2, 3}) {
			t.Errorf("processes %v, %v", pids, err)
		}
		if runs, err := first.Populated(); err != nil || !runs {
			t.Errorf("populated %v, %v", runs, err)
		}
		if first.Remove() == nil {
			t.Error("removed with processes in it")
		}
		f.killed = nil
		if err := first.Kill(); err != nil {
			t.Error(err)
		}
		slices.Sort(f.killed)
		if !slices.Equal(f.killed, []int{1, 2, 3}) {
			t.Errorf("old %v: killed %v", old, f.killed)
		}
		if runs, err := first.Populated(); err != nil || runs {
			t.Errorf("killed: populated %v, %v", runs, err)
		}
		for range 2 {
			if err := first.Remove(); err != nil {
				t.Errorf("remove: %v", err)
			}
		}
		runs, err := first.Populated()
		pids, err2 := first.PIDs()
		if runs || len(pids) > 0 || err != nil || err2 != nil {
			t.Errorf("gone: %v %v, %v %v", runs, pids, err, err2)
		}
		if runs, _ := second.Populated(); !runs {
			t.Error("another leaf is empty")
		}
	}
}
