// Package cgroup keeps the processes of nodes together in the kernel's control groups
// (cgroups(7), version 2), so that a node can be limited as a whole and nothing that
// it has started can hide: not in a session of its own, not with another environment.
//
// A supervisor's groups are a [Tree] of three levels, each with one purpose:
//
//	…/zctl-1a2b3c4d        a supervisor, by its base directory
//	    worker-1           a node, a [Group]: its limits, whatever process it has
//	        1, 2           a [Leaf] for each process that was ever its first one
//
// Only leaves have processes (the kernel wants that), and a new process has a new leaf,
// so that what an old one left behind can be killed without it. Where a tree may grow
// is found out once ([Open]); it is made when the first process needs it. All of it is
// in the kernel: the next supervisor finds it as it is ([Tree.LeafOf], [Tree.Groups]).
//
// Nothing here decides what is to be killed, or knows what a node is.
package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// SupervisorLeaf is the group that a supervisor goes to when others are to be made
// beside it: DelegateSubgroup= of a systemd unit should say this.
const SupervisorLeaf = "zctl-supervisor"

// Controllers that limits need.
const (
	Memory = "memory"
	CPU    = "cpu"
	cpuset = "cpuset"
)

// Tree is the groups of a supervisor.
type Tree struct {
	files Files
	name  string
	mount string // where cgroup2 is
	own   string // our own group, when we began
	base  string // where the tree grows
	v1    []string
	why   error // there can be none

	mu      sync.Mutex      // guards what follows
	made    bool            // dir is there
	limits  bool            // and the groups in it have controllers
	enabled map[string]bool // controllers that the groups of nodes have
}

// Open finds out where a tree called name can grow. What it finds is told by
// [Tree.Check]; root says whether we are root.
func Open(files Files, name string, root bool) *Tree {
	t := &Tree{files: files, name: name, enabled: map[string]bool{}}
	t.why = t.locate(root)
	return t
}

// dir is the tree's own directory.
func (t *Tree) dir() string { return path.Join(t.base, t.name) }

const (
	selfCgroup = "/proc/self/cgroup"
	mountinfo  = "/proc/self/mountinfo"
)

// locate finds our own group, and in which groups may be made. That is where systemd
// or somebody else has left a part of the tree to us. Root can take any: the top, so
// that whoever manages our own group finds nothing there that he does not know.
func (t *Tree) locate(root bool) error {
	text, err := t.files.Read(selfCgroup)
	if err != nil {
		return fmt.Errorf("cannot find our own cgroup: %w", err)
	}
	own := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if group, ok := strings.CutPrefix(line, "0::"); ok {
			own = group
		} else if fields := strings.SplitN(line, ":", 3); len(fields) == 3 {
			t.v1 = append(t.v1, strings.Split(fields[1], ",")...)
		}
	}
	if !strings.HasPrefix(own, "/") {
		return fmt.Errorf("this host has no cgroup v2 (%s has no line 0::/…); boot it with systemd.unified_cgroup_hierarchy=1", selfCgroup)
	}
	if err := t.findMount(own); err != nil {
		return err
	}
	above := path.Dir(t.own)
	switch {
	case t.own != t.mount && (path.Base(t.own) == SupervisorLeaf || t.files.Delegated(above)):
		t.base = above
	case t.own == t.mount || root:
		t.base = t.mount
	case t.files.Delegated(t.own):
		// systemd could not start us there again while there are groups in it.
		return fmt.Errorf("our own cgroup %s cannot have others in it; say DelegateSubgroup=%s in the unit, beside Delegate=yes (systemd 254 or later)", t.own, SupervisorLeaf)
	default:
		t.base = t.own
	}
	return nil
}

// findMount finds where cgroup2 is mounted, and there our own group. In a container
// the mount may show a part of the tree, or us as its top.
func (t *Tree) findMount(own string) error {
	text, err := t.files.Read(mountinfo)
	if err != nil {
		return fmt.Errorf("cannot find where cgroup v2 is mounted: %w", err)
	}
	for line := range strings.Lines(text) {
		before, after, _ := strings.Cut(line, " - ")
		fields := strings.Fields(before)
		if !strings.HasPrefix(after, "cgroup2 ") || len(fields) < 5 {
			continue
		}
		top, mount := fields[3], fields[4]
		inside := own
		if top != "/" {
			rest, ok := strings.CutPrefix(own, top)
			if !ok || rest != "" && rest[0] != '/' {
				continue
			}
			inside = rest
		}
		if strings.HasPrefix(path.Clean("."+inside), "..") { // it is above what we may see
			inside = "/"
		}
		t.mount, t.own = mount, path.Join(mount, inside)
		return nil
	}
	return fmt.Errorf("cgroup v2 is not mounted here (%s has no cgroup2); mount it at /sys/fs/cgroup", mountinfo)
}

// Where is the directory of the tree, "" if there can be none.
func (t *Tree) Where() string {
	if t.why != nil {
		return ""
	}
	return t.dir()
}

const advice = "run zctl as root, or say Delegate=yes and DelegateSubgroup=" + SupervisorLeaf + " in its unit (systemd 254 or later)"

// Check says whether groups can be made, and have these controllers, without making
// any. The error says what is in the way, and what to do about it.
func (t *Tree) Check(controllers ...string) error {
	if t.why != nil {
		return t.why
	}
	have, err := t.files.Read(path.Join(t.base, "cgroup.controllers"))
	if err != nil {
		return fmt.Errorf("cannot look at cgroup %s: %w", t.base, err)
	}
	if !t.exists() {
		if err := t.files.Writable(t.base); err != nil {
			return fmt.Errorf("cannot make a cgroup: %w; %s", err, advice)
		}
	}
	for _, c := range controllers {
		switch {
		case !slices.Contains(strings.Fields(have), c):
			return t.missing(c, have)
		case t.has(t.base, c):
			continue
		}
		if err := t.files.Writable(path.Join(t.base, subtreeControl)); err != nil {
			return fmt.Errorf("cannot have the %s controller: %w; %s", c, err, advice)
		}
		if t.crowded() {
			return busy(t.base)
		}
	}
	return nil
}

// crowded says whether others are where limited groups should grow, and cannot be moved.
func (t *Tree) crowded() bool {
	if t.base == t.mount {
		return false
	}
	text, _ := t.files.Read(path.Join(t.base, "cgroup.procs"))
	return len(strings.Fields(text)) > 1
}

func busy(dir string) error {
	return fmt.Errorf("cannot limit anything in cgroup %s: there are processes in it (%s/cgroup.procs); %s", dir, dir, advice)
}

// missing says why there is no such controller.
func (t *Tree) missing(controller, have string) error {
	if slices.Contains(t.v1, controller) {
		return fmt.Errorf("the %s controller is in cgroup v1 on this host (%s); boot it with systemd.unified_cgroup_hierarchy=1", controller, selfCgroup)
	}
	return fmt.Errorf("the cgroup that zctl may use has no %s controller (%s/cgroup.controllers has: %s); %s",
		controller, t.base, strings.TrimSpace(have), advice)
}

func (t *Tree) exists() bool {
	_, err := t.files.Read(path.Join(t.dir(), "cgroup.controllers"))
	return err == nil
}

// Make makes the tree, so that the groups of nodes have these controllers, and the one
// for CPU sets with them if there is one.
func (t *Tree) Make(controllers ...string) error {
	if t.why != nil {
		return t.why
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.made {
		if err := t.files.Mkdir(t.dir()); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("cannot make a cgroup: %w; %s", err, advice)
		}
		have, err := t.files.Read(path.Join(t.dir(), subtreeControl))
		t.made, t.limits = true, err != nil || strings.TrimSpace(have) != ""
	}
	for _, c := range controllers {
		if err := t.enable(c); err != nil {
			return err
		}
		t.limits = true
	}
	if len(controllers) > 0 && t.has(t.base, cpuset) {
		_ = t.enable(cpuset) // nodes are pinned without it, too
	}
	return nil
}

// Limits says whether the groups of nodes have controllers, so that they may be limited
// by whoever was here before. It is known when the tree is made.
func (t *Tree) Limits() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.limits
}

func (t *Tree) enable(controller string) error {
	if t.enabled[controller] {
		return nil
	}
	for _, dir := range []string{t.base, t.dir()} {
		err := t.enableIn(dir, controller)
		if errors.Is(err, unix.EBUSY) && dir == t.base && t.base == t.own {
			// Groups that have processes cannot have groups that are limited, but
			// for the real top: we go to one of our own first.
			if err = t.moveOver(); err == nil {
				err = t.enableIn(dir, controller)
			}
		}
		if errors.Is(err, unix.EBUSY) {
			return busy(dir)
		}
		if err != nil {
			return fmt.Errorf("cannot have the %s controller in cgroup %s: %w; %s", controller, dir, err, advice)
		}
	}
	t.enabled[controller] = true
	return nil
}

func (t *Tree) enableIn(dir, controller string) error {
	if t.has(dir, controller) {
		return nil
	}
	return t.files.Write(path.Join(dir, subtreeControl), "+"+controller)
}

// subtreeControl says which controllers the groups in one have.
const subtreeControl = "cgroup.subtree_control"

func (t *Tree) has(dir, controller string) bool {
	have, err := t.files.Read(path.Join(dir, subtreeControl))
	return err == nil && slices.Contains(strings.Fields(have), controller)
}

// moveOver moves us to a group beside the tree; and if our own is all that we can see,
// as in a container, everybody else with us.
func (t *Tree) moveOver() error {
	leaf := path.Join(t.own, SupervisorLeaf)
	if err := t.files.Mkdir(leaf); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	who := []int{0} // us
	if t.own == t.mount {
		all, err := procs(t.files, t.own)
		if err != nil {
			return err
		}
		who = append(who, all...)
	}
	for _, pid := range who {
		err := t.files.Write(path.Join(leaf, "cgroup.procs"), strconv.Itoa(pid))
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return nil
}

// Group is the group of a node; it need not be there yet.
func (t *Tree) Group(node string) *Group { return &Group{t.files, path.Join(t.dir(), node)} }

// Groups is those that are there, by the names of their nodes.
func (t *Tree) Groups() []string {
	if t.why != nil {
		return nil
	}
	names, _ := t.files.Dirs(t.dir())
	return names
}

// LeafOf is the leaf that a process is in, nil if it is in none of a tree of this name:
// a predecessor's may have grown elsewhere.
func (t *Tree) LeafOf(pid int) *Leaf {
	if t.mount == "" {
		return nil
	}
	text, err := t.files.Read("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(text) {
		group, ok := strings.CutPrefix(strings.TrimRight(line, "\n"), "0::")
		if !ok {
			continue
		}
		if dir := t.leafDir(group); dir != "" {
			return &Leaf{files: t.files, dir: dir}
		}
	}
	return nil
}

// leafDir is the directory of the leaf that a path leads through, "" without one.
func (t *Tree) leafDir(group string) string {
	parts := strings.Split(group, "/")
	i := slices.Index(parts, t.name)
	if i < 0 || len(parts) < i+3 {
		return ""
	}
	if t.why == nil {
		if dir := path.Join(append([]string{t.dir()}, parts[i+1:i+3]...)...); t.isDir(dir) {
			return dir
		}
	}
	dir := path.Join(append([]string{t.mount}, parts[:i+3]...)...)
	if t.isDir(dir) {
		return dir
	}
	return ""
}

func (t *Tree) isDir(dir string) bool {
	_, err := t.files.Read(path.Join(dir, "cgroup.procs"))
	return err == nil
}

// Remove removes what is empty of the tree, all of it in the best case.
func (t *Tree) Remove() {
	if t.why != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	remove(t.files, t.dir())
	t.made, t.enabled = false, map[string]bool{}
}

// remove removes a group and those in it, from below, as far as they are empty.
func remove(files Files, dir string) error {
	names, _ := files.Dirs(dir)
	for _, name := range names {
		remove(files, path.Join(dir, name))
	}
	return files.Rmdir(dir)
}
