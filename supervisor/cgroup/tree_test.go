package cgroup

import (
	"slices"
	"strings"
	"testing"
)

const unified = "/sys/fs/cgroup"

// TestOpen shows where a tree grows on hosts and in containers of all kinds, and what
// is said where it cannot.
func TestOpen(t *testing.T) {
	t.Parallel()
	const unit = unified + "/system.slice/zctl.service"
	container := "40 30 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n"
	tests := []struct {
		name      string
		self      string
		mounts    string // "": all of it at /sys/fs/cgroup
		delegated string
		root      bool
		want      string // or the error
	}{
		{"root logged in", "0::/user.slice/session-1.scope\n", "", "", true, unified + "/zctl-x"},
		{"a unit of root", "0::/system.slice/zctl.service\n", "", "", true, unified + "/zctl-x"},
		{"a unit with a group for us", "0::/system.slice/zctl.service/" + SupervisorLeaf + "\n", "", unit, false, unit + "/zctl-x"},
		{"one of another name", "0::/system.slice/zctl.service/main\n", "", unit, true, unit + "/zctl-x"},
		{"a unit without", "0::/system.slice/zctl.service\n", "", unit, false,
			"our own cgroup " + unit + " cannot have others in it; say DelegateSubgroup=zctl-supervisor in the unit, beside Delegate=yes (systemd 254 or later)"},
		{"such a one of root", "0::/system.slice/zctl.service\n", "", unit, true, unified + "/zctl-x"},
		{"a group that somebody gave us", "0::/mine\n", "", "", false, unified + "/mine/zctl-x"},
		{"a container", "0::/\n", "", "", true, unified + "/zctl-x"},
		{"a container that sees where it is", "0::/docker/abc\n", container, "", true, unified + "/zctl-x"},
		{"below that", "0::/docker/abc/sub\n", container, "", false, unified + "/sub/zctl-x"},
		{"moved out of sight", "0::/../other\n", "", "", true, unified + "/zctl-x"},
		{"hybrid", "4:memory:/a\n1:name=systemd:/\n0::/\n", "29 23 0:25 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n", "", true, unified + "/unified/zctl-x"},
		{"v1", "4:memory:/a\n1:name=systemd:/\n", "", "", true, "this host has no cgroup v2 (/proc/self/cgroup has no line 0::/…); boot it with systemd.unified_cgroup_hierarchy=1"},
		{"not mounted", "0::/\n", "29 23 0:25 / /sys rw - sysfs sysfs rw\n", "", true, "cgroup v2 is not mounted here (/proc/self/mountinfo has no cgroup2); mount it at /sys/fs/cgroup"},
		{"nonsense", "\x00\n0:\n", "", "", true, "this host has no cgroup v2 (/proc/self/cgroup has no line 0::/…); boot it with systemd.unified_cgroup_hierarchy=1"},
	}
	for _, test := range tests {
		f := newFake(unified)
		f.self, f.delegated = test.self, test.delegated
		if test.mounts != "" {
			f.mounts = test.mounts
		}
		tree := Open(f, "zctl-x", test.root)
		got := tree.Where()
		if tree.why != nil {
			got = tree.why.Error()
		}
		if got != test.want {
			t.Errorf("%s: got  %s\nwant %s", test.name, got, test.want)
		}
		if tree.why != nil && (tree.Make() == nil || tree.Check() == nil || tree.LeafOf(1) != nil || tree.Groups() != nil) {
			t.Errorf("%s: there is one all the same", test.name)
		}
	}
}

// TestCheck shows what is said where groups cannot be made, or lack a controller, and
// that nothing is made to find that out.
func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*fake)
		want   []string // parts of the error
	}{
		{"good", func(*fake) {}, nil},
		{"read-only", func(f *fake) { f.readOnly = true }, []string{"cannot make a cgroup: access /sys/fs/cgroup: read-only file system", "Delegate=yes"}},
		{"no controller", func(f *fake) { f.groups[unified].has = []string{"cpu"} }, []string{"has no memory controller (/sys/fs/cgroup/cgroup.controllers has: cpu)", "Delegate=yes"}},
		{"in v1", func(f *fake) { f.groups[unified].has, f.self = nil, "4:memory:/\n0::/\n" }, []string{"the memory controller is in cgroup v1 on this host (/proc/self/cgroup)", "systemd.unified_cgroup_hierarchy=1"}},
	}
	for _, test := range tests {
		f := newFake(unified, "memory", "cpu")
		f.realTop = true
		test.change(f)
		err := Open(f, "zctl-x", true).Check(Memory)
		if (err == nil) != (test.want == nil) {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		for _, part := range test.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v, want %s", test.name, err, part)
			}
		}
		if len(f.groups) != 1 {
			t.Errorf("%s: it made %d groups", test.name, len(f.groups)-1)
		}
	}
}

// TestMake shows that the tree's groups get the controllers that they need and no
// others, and that we go out of the way where we would be in it: alone, or with all of
// a container.
func TestMake(t *testing.T) {
	t.Parallel()
	leaf := func(own string) string { return own + "/" + SupervisorLeaf }
	for _, test := range []struct {
		name, own string
		realTop   bool
		procs     []int
		moved     []int // to our leaf
		refused   bool
	}{
		{"the top of a host", unified, true, []int{1, ourPID}, nil, false},
		{"a container", unified, false, []int{1, 7, ourPID}, []int{1, 7, ourPID}, false},
		{"a group of ours", unified + "/mine", true, []int{ourPID}, []int{ourPID}, false},
		{"one with others in it", unified + "/mine", true, []int{ourPID, 7}, []int{ourPID}, true},
	} {
		f := newFake(unified, "memory", "cpu", "cpuset", "io")
		f.realTop = test.realTop
		if test.own != unified {
			f.groups[unified].gives = []string{"memory", "cpu"}
			f.add(test.own)
			f.self = "0::" + strings.TrimPrefix(test.own, unified) + "\n"
		}
		f.groups[test.own].procs = test.procs
		tree := Open(f, "zctl-x", test.own == unified)
		if err := tree.Make(); err != nil || f.groups[leaf(test.own)] != nil {
			t.Errorf("%s: without controllers: %v", test.name, err)
		}
		foretold := tree.Check(Memory)
		err := tree.Make(Memory)
		if (err != nil) != test.refused || (foretold != nil) != test.refused {
			t.Errorf("%s: %v, foretold: %v", test.name, err, foretold)
		}
		if err != nil && !strings.Contains(err.Error(), "there are processes in it ("+test.own+"/cgroup.procs)") {
			t.Errorf("%s: %v", test.name, err)
		}
		var moved []int
		if g := f.groups[leaf(test.own)]; g != nil {
			moved = g.procs
		}
		slices.Sort(moved)
		if !slices.Equal(moved, test.moved) {
			t.Errorf("%s: moved %v, want %v", test.name, moved, test.moved)
		}
		if err != nil {
			continue
		}
		if got := f.groups[tree.Where()].gives; !slices.Equal(got, []string{"memory"}) {
			t.Errorf("%s: the groups of nodes have %v", test.name, got)
		}
		if err := Open(f, "zctl-x", test.own == unified).Make(Memory); err != nil {
			t.Errorf("%s: the next supervisor: %v", test.name, err)
		}
	}
}

// TestTreeIsFound shows that a supervisor finds what its predecessor has made, also
// where that one was elsewhere, and that only what is empty is removed.
func TestTreeIsFound(t *testing.T) {
	t.Parallel()
	f := newFake(unified)
	f.add(unified+"/mine", ourPID)
	f.self = "0::/mine\n"
	tree := Open(f, "zctl-x", false)
	if err := tree.Make(); err != nil {
		t.Fatal(err)
	}
	worker, logger := tree.Group("worker-1"), tree.Group("logger")
	var leaves []*Leaf
	for i, g := range []*Group{worker, worker, logger} {
		if err := g.Make(); err != nil {
			t.Fatal(err)
		}
		l, err := g.Leaf()
		if err != nil {
			t.Fatal(err)
		}
		f.groups[l.Dir()].procs = []int{200 + i}
		leaves = append(leaves, l)
	}
	f.self = "0::/other\n"
	f.add(unified + "/other")
	for _, next := range []*Tree{tree, Open(f, "zctl-x", false), Open(f, "zctl-x", true)} {
		for i, l := range leaves {
			if got := next.LeafOf(200 + i); got == nil || got.Dir() != l.Dir() {
				t.Errorf("process %d is in %v, want %s", 200+i, got, l.Dir())
			}
		}
		if next.LeafOf(ourPID) != nil || next.LeafOf(999) != nil {
			t.Error("who is in no leaf is in one")
		}
	}
	if got := tree.Groups(); !slices.Equal(got, []string{"logger", "worker-1"}) {
		t.Errorf("groups %v", got)
	}
	if got := worker.Leaves(); len(got) != 2 || got[1].Dir() != leaves[1].Dir() {
		t.Errorf("leaves %v", got)
	}
	f.groups[leaves[0].Dir()].procs, f.groups[leaves[2].Dir()].procs = nil, nil
	tree.Remove()
	if got := tree.Groups(); !slices.Equal(got, []string{"worker-1"}) || f.groups[leaves[1].Dir()] == nil || f.groups[leaves[0].Dir()] != nil {
		t.Errorf("left: %v", got)
	}
	f.groups[leaves[1].Dir()].procs = nil
	tree.Remove()
	if f.groups[tree.Where()] != nil {
		t.Error("the tree is left")
	}
	if err := tree.Make(); err != nil || f.groups[tree.Where()] == nil {
		t.Errorf("it cannot be made again: %v", err)
	}
}
