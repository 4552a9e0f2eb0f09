package supervisor

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"zctl/supervisor/cgroup"
	"zctl/supervisor/process"
)

// openCgroups finds out where the control groups of a base directory can be.
func openCgroups(dirs Dirs, files cgroup.Files) *cgroup.Tree {
	if files == nil {
		files = cgroup.Kernel
	}
	sum := sha256.Sum256([]byte(dirs))
	return cgroup.Open(files, "zctl-"+hex.EncodeToString(sum[:6]), os.Geteuid() == 0)
}

// cage is the control group that a process of a node was born in, and what that of the
// node was told last. The zero value is none.
type cage struct {
	leaf  *cgroup.Leaf
	next  *cgroup.Leaf // of the next process, if it is made already
	told  cgroup.Limits
	known bool         // told is so
	kills cgroup.Kills // when the process was born
}

func (c *cage) group() *cgroup.Group {
	if c.leaf == nil {
		return nil
	}
	return c.leaf.Group()
}

// adopt finds the group of a process that a predecessor made.
func (c *cage) adopt(tree *cgroup.Tree, proc *process.Process) {
	if c.leaf = tree.LeafOf(proc.ID().PID); c.leaf != nil {
		proc.FindBy(c.leaf)
		c.learn()
	}
}

// learn finds out what the group was told by a predecessor, but for the CPUs.
func (c *cage) learn() {
	c.kills = c.group().Kills()
	have := c.group().Have()
	c.told = cgroup.Limits{MemoryMax: have.MemoryMax, CPUWeight: have.CPUWeight}
	if c.told.CPUWeight == cgroup.DefaultWeight {
		c.told.CPUWeight = 0
	}
}

// controllers is what limits need of the kernel.
func (l Limits) controllers() []string {
	var all []string
	if l.MemoryMax > 0 {
		all = append(all, cgroup.Memory)
	}
	if l.CPUWeight > 0 {
		all = append(all, cgroup.CPU)
	}
	return all
}

// inGroup is what a node's group is limited to.
func (s Spec) inGroup() cgroup.Limits {
	return cgroup.Limits{MemoryMax: s.Limits.MemoryMax, CPUWeight: s.Limits.CPUWeight, CPUs: s.CPUs.String()}
}

// startIn makes a process in a control group of its own, if there can be one. There
// must be one only for limits that need it.
func (n *node) startIn(c process.Command) (*process.Process, error) {
	spec := n.target.spec
	needed := len(spec.Limits.controllers()) > 0
	leaf, fd, err := n.newLeaf(spec)
	if err != nil && needed {
		return nil, fmt.Errorf("cannot limit it: %w", err)
	}
	n.cage.leaf = leaf
	if leaf == nil {
		return process.Start(c)
	}
	defer cgroup.Close(fd)
	c.Cgroup, c.Group = fd, leaf
	if needed {
		n.cage.kills = leaf.Group().Kills()
	}
	proc, err := process.Start(c)
	if err == nil {
		return proc, nil
	}
	_ = leaf.Remove()
	n.cage.leaf = nil
	if needed || !refusedBirth(err) {
		return nil, err
	}
	c.Cgroup, c.Group = 0, nil
	return process.Start(c)
}

// refusedBirth says whether a process could not be made because of its group: of what
// clone(2) says of that.
func refusedBirth(err error) bool {
	for _, number := range []unix.Errno{unix.EBUSY, unix.EOPNOTSUPP, unix.ENOSYS, unix.E2BIG, unix.EINVAL, unix.EACCES, unix.ENODEV} {
		if errors.Is(err, number) {
			return true
		}
	}
	return false
}

// newLeaf is a group for the next process, and its descriptor. It is nil with an error
// where there can be none.
func (n *node) newLeaf(spec Spec) (leaf *cgroup.Leaf, fd int, err error) {
	tree := n.shared.cgroups
	group := tree.Group(n.name)
	for again := false; ; again = true {
		if err := n.restrict(tree, group, spec); err != nil {
			return nil, 0, err
		}
		leaf, n.cage.next = n.cage.next, nil
		if leaf == nil {
			leaf, err = group.Leaf()
		}
		if err == nil {
			fd, err = leaf.Open()
		}
		switch {
		case err == nil:
			return leaf, fd, nil
		case !errors.Is(err, fs.ErrNotExist) || again:
			return nil, 0, err
		}
		n.cage.known = false // somebody removed it
	}
}

// prepare makes the group of the process after this one in the group of the node, so that
// it need not wait for that.
func (c *cage) prepare(group *cgroup.Group) {
	if c.leaf != nil && c.next == nil && c.known && c.group().Dir() == group.Dir() {
		c.next, _ = group.Leaf() // else when it is needed
	}
}

// restrict makes a group be limited as a spec says, and makes it if need be.
func (n *node) restrict(tree *cgroup.Tree, group *cgroup.Group, spec Spec) error {
	want := spec.inGroup()
	if n.cage.known && n.cage.told == want {
		return nil
	}
	n.cage.known = false
	err := tree.Make(spec.Limits.controllers()...)
	if err == nil {
		err = group.Make()
	}
	if err == nil && (want.Limited() || tree.Limits()) {
		err = group.Set(want)
	}
	if err == nil {
		n.cage.told, n.cage.known = want, true
	}
	return err
}

// limit limits a process that runs as it should be: a deploy may have changed that.
func (n *node) limit() error {
	spec := n.target.spec
	was, known := n.cage.told, n.cage.known
	group := n.cage.group()
	switch {
	case group == nil && len(spec.Limits.controllers()) > 0:
		return fmt.Errorf("cannot limit process %d, which was started without a cgroup; zctl restart %s", n.proc.ID().PID, n.name)
	case group == nil, known && was == spec.inGroup():
		return nil
	}
	if most := spec.Limits.MemoryMax; most > 0 && most != was.MemoryMax {
		if needs := group.Needs(); needs > most { // the kernel would kill it at once
			return fmt.Errorf("cannot lower memory_max to %s, because the node holds %s; zctl restart %s", sizeOrNone(most), sizeOrNone(needs), n.name)
		}
	}
	if err := n.restrict(n.shared.cgroups, group, spec); err != nil {
		return err
	}
	old := Limits{MemoryMax: was.MemoryMax, CPUWeight: was.CPUWeight}
	for _, change := range spec.Limits.inPlace().differences(old) {
		n.history = append(n.history, Event{Time: time.Now(), Node: n.name, PID: n.proc.ID().PID, Cause: "limiting it: " + change})
	}
	return nil
}

// reasonOf says why a process ended if it was the kernel that wanted its memory, "" if
// not.
func (n *node) reasonOf(how process.Exit) string {
	group := n.cage.group()
	if how.Signal != unix.SIGKILL || group == nil || n.cage.told.MemoryMax == 0 {
		return ""
	}
	switch killed, here := group.Kills().Since(n.cage.kills); {
	case killed && here:
		return "killed by the kernel: memory_max " + sizeOrNone(n.cage.told.MemoryMax) + " reached"
	case killed:
		return "killed by the kernel: this host had no memory left"
	}
	return ""
}

// endGroups kills what runs in groups of nodes but is not of their processes: what
// those have left behind that ended while no supervisor ran.
func (s *Supervisor) endGroups(nodes []*node) error {
	const patience, pause = 5 * time.Second, time.Millisecond
	keep := map[string]bool{}
	for _, n := range nodes {
		if n.cage.leaf != nil {
			keep[n.cage.leaf.Dir()] = true
		}
	}
	var errs []error
	tree := s.shared.cgroups
	for _, name := range tree.Groups() {
		for _, leaf := range tree.Group(name).Leaves() {
			if keep[leaf.Dir()] {
				continue
			}
			for begin := time.Now(); ; time.Sleep(pause) {
				runs, err := leaf.Populated()
				if err == nil && !runs {
					break
				}
				if time.Since(begin) > patience {
					errs = append(errs, fmt.Errorf("what %s has left behind in %s does not end", name, leaf.Dir()))
					break
				}
				if err = leaf.Kill(); err != nil {
					errs = append(errs, err)
					break
				}
			}
			_ = leaf.Remove()
		}
		if s.find(name) == nil {
			_ = tree.Group(name).Remove()
		}
	}
	return errors.Join(errs...)
}

// check reports what makes a deployment unusable here.
func (s *Supervisor) check(d Deployment) error {
	if err := d.Check(s.Dirs); err != nil {
		return err
	}
	return checkGroups(s.shared.cgroups, d.Nodes)
}

// CheckLimits reports, as an [InvalidError], what limits of a deployment a supervisor
// that we would start could not keep, as one that runs does when it is told to.
func CheckLimits(dirs Dirs, d Deployment) error {
	return checkGroups(openCgroups(dirs, nil), d.Nodes)
}

// CheckGroups says why a supervisor that we would start cannot keep the processes of
// nodes together in control groups. It does without them then.
func CheckGroups(dirs Dirs) error { return openCgroups(dirs, nil).Check() }

func checkGroups(tree *cgroup.Tree, nodes []Spec) error {
	var errs []error
	for _, limit := range []struct {
		key string
		set func(Limits) bool
		of  string
	}{
		{"memory_max", func(l Limits) bool { return l.MemoryMax > 0 }, cgroup.Memory},
		{"cpu_weight", func(l Limits) bool { return l.CPUWeight > 0 }, cgroup.CPU},
	} {
		for _, spec := range nodes {
			if !limit.set(spec.Limits) {
				continue
			}
			if err := tree.Check(limit.of); err != nil {
				errs = append(errs, fmt.Errorf("%s of %s needs cgroup v2: %w; or remove %s", limit.key, spec.Name, err, limit.key))
			}
			break // it is the same for all
		}
	}
	if len(errs) > 0 {
		return &InvalidError{errs}
	}
	return nil
}
