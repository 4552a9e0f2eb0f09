package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Group is the group of a node.
type Group struct {
	files Files
	dir   string
}

// Dir is the directory of the group.
func (g *Group) Dir() string { return g.dir }

// Limits is what a group is limited to.
type Limits struct {
	MemoryMax int64  // bytes; 0: not limited
	CPUWeight int    // 1 to 10000; 0: as all
	CPUs      string // a CPU list; "": all
}

// Make makes the group. Its tree must be there.
func (g *Group) Make() error {
	if err := g.files.Mkdir(g.dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("cannot make a cgroup: %w", err)
	}
	return nil
}

// Limited says whether there is anything that needs a controller.
func (l Limits) Limited() bool { return l.MemoryMax > 0 || l.CPUWeight > 0 }

// The kernel's words for what is not limited.
const (
	unlimited = "max"

	// DefaultWeight is the CPU weight of all groups that have no other.
	DefaultWeight = 100
)

// Set limits the group, which must be there. It changes only what is not so yet. If
// memory is limited to less than the group needs, the kernel kills what is in it.
func (g *Group) Set(l Limits) error {
	most, swap, together := unlimited, unlimited, "0"
	if l.MemoryMax > 0 {
		most, swap, together = strconv.FormatInt(l.MemoryMax, 10), "0", "1"
	}
	normal := strconv.Itoa(DefaultWeight)
	weight := normal
	if l.CPUWeight > 0 {
		weight = strconv.Itoa(l.CPUWeight)
	}
	if err := g.put("memory.swap.max", swap); err != nil && !errors.Is(err, fs.ErrNotExist) { // a host without swap
		return err
	}
	return errors.Join(
		g.putUnless("memory.oom.group", together, "0"),
		g.putUnless("memory.max", most, unlimited),
		g.putUnless("cpu.weight", weight, normal),
		g.putUnless("cpuset.cpus", l.CPUs, ""),
	)
}

// putUnless is put, but the file need not be there for what is so without it.
func (g *Group) putUnless(file, value, without string) error {
	err := g.put(file, value)
	if errors.Is(err, fs.ErrNotExist) && (value == without || file == "cpuset.cpus") {
		return nil
	}
	return err
}

func (g *Group) put(file, value string) error {
	if g.is(file, value) {
		return nil
	}
	if value == "" {
		value = "\n" // an empty write says nothing
	}
	if err := g.files.Write(path.Join(g.dir, file), value); err != nil {
		return fmt.Errorf("cannot limit a cgroup: %w", err)
	}
	return nil
}

func (g *Group) is(file, value string) bool {
	text, err := g.files.Read(path.Join(g.dir, file))
	return err == nil && strings.TrimSpace(text) == value
}

func (g *Group) number(file string) (int64, bool) {
	text, err := g.files.Read(path.Join(g.dir, file))
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return n, err == nil
}

// Have is how a group is limited, as [Limits] would say it.
type Have struct {
	MemoryMax, MemoryUsed int64 // bytes
	CPUWeight             int   // 0 if the kernel does not say
}

// Have says how the group is limited.
func (g *Group) Have() Have {
	var h Have
	h.MemoryMax, _ = g.number("memory.max") // or "max"
	h.MemoryUsed, _ = g.number("memory.current")
	weight, _ := g.number("cpu.weight")
	h.CPUWeight = int(weight)
	return h
}

// Needs is the memory, in bytes, that the kernel could not take from the group, as it
// could what it keeps there of files.
func (g *Group) Needs() int64 {
	stat := g.numbers("memory.stat")
	return stat["anon"] + stat["shmem"]
}

// numbers is a file of names and numbers.
func (g *Group) numbers(file string) map[string]int64 {
	text, _ := g.files.Read(path.Join(g.dir, file))
	all := map[string]int64{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			all[key] = n
		}
	}
	return all
}

// Kills is how often the kernel had to kill in a group because there was no memory.
type Kills struct {
	All  int64 // for want of memory in the group, or on the host
	Here int64 // how often the group wanted more than it may have
}

// Kills reads that; it is zero where the kernel does not say.
func (g *Group) Kills() Kills {
	events := g.numbers("memory.events")
	return Kills{All: events["oom_kill"], Here: events["oom"]}
}

// Since says why something was killed that was seen to die: for want of memory at all,
// and if so, because the group had all that it may have.
func (k Kills) Since(before Kills) (killed, here bool) {
	return k.All > before.All, k.Here > before.Here
}

// Leaf makes a leaf for a process that is about to be born. The group must be there.
func (g *Group) Leaf() (*Leaf, error) {
	for n := 1; ; n++ {
		dir := path.Join(g.dir, strconv.Itoa(n))
		err := g.files.Mkdir(dir)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cannot make a cgroup: %w", err)
		}
		return &Leaf{g.files, dir}, nil
	}
}

// Leaves is those that are there.
func (g *Group) Leaves() []*Leaf {
	names, _ := g.files.Dirs(g.dir)
	var all []*Leaf
	for _, name := range names {
		all = append(all, &Leaf{g.files, path.Join(g.dir, name)})
	}
	return all
}

// Remove removes the group if nothing runs in it.
func (g *Group) Remove() error { return remove(g.files, g.dir) }

// Leaf is the group of one process and all that it starts.
type Leaf struct {
	files Files
	dir   string
}

// Dir is the directory of the leaf.
func (l *Leaf) Dir() string { return l.dir }

// Group is the group that the leaf is of.
func (l *Leaf) Group() *Group { return &Group{l.files, path.Dir(l.dir)} }

// Open is a descriptor for a process to be born there; the caller closes it.
func (l *Leaf) Open() (int, error) { return l.files.Open(l.dir) }

// Populated says whether a process runs there, and an error that nobody knows. A leaf
// that is gone has none.
func (l *Leaf) Populated() (bool, error) {
	text, err := l.files.Read(path.Join(l.dir, "cgroup.events"))
	if isGone(err) {
		return false, nil
	}
	return strings.Contains(text, "populated 1"), err
}

// PIDs is the processes there, zombies not.
func (l *Leaf) PIDs() ([]int, error) {
	all, err := procs(l.files, l.dir)
	if isGone(err) {
		return nil, nil
	}
	return all, err
}

// Kill kills all that runs there, at once and without a way out.
func (l *Leaf) Kill() error {
	err := l.files.Write(path.Join(l.dir, "cgroup.kill"), "1")
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	pids, err := l.PIDs() // an older kernel, or the leaf is gone
	for _, pid := range pids {
		if err := l.files.Kill(pid); err != nil && !errors.Is(err, unix.ESRCH) {
			return err
		}
	}
	return err
}

// Remove removes the leaf if nothing runs there any more.
func (l *Leaf) Remove() error {
	if err := remove(l.files, l.dir); err != nil && !isGone(err) {
		return err
	}
	return nil
}

func isGone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV)
}

// procs is the processes of a group and of those in it.
func procs(files Files, dir string) ([]int, error) {
	text, err := files.Read(path.Join(dir, "cgroup.procs"))
	if err != nil {
		return nil, err
	}
	var all []int
	for line := range strings.Lines(text) {
		if pid, err := strconv.Atoi(strings.TrimSpace(line)); err == nil && pid > 0 {
			all = append(all, pid)
		}
	}
	names, _ := files.Dirs(dir)
	for _, name := range names {
		below, err := procs(files, path.Join(dir, name))
		if err != nil && !isGone(err) {
			return nil, err
		}
		all = append(all, below...)
	}
	return all, nil
}
