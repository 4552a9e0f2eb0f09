package cgroup

import (
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// fake is a kernel with control groups, as far as this package can tell: groups have
// the files of their controllers, processes are in leaves only, and what is not empty
// is not removed.
type fake struct {
	self      string // /proc/self/cgroup
	mounts    string // /proc/self/mountinfo
	mount     string
	realTop   bool // mount is the top of the host, and not of a container
	readOnly  bool
	delegated string
	old       bool // before Linux 5.14: no cgroup.kill
	groups    map[string]*fakeGroup
	killed    []int
}

type fakeGroup struct {
	has   []string // controllers
	gives []string // controllers of those below
	procs []int
	files map[string]string
}

// ourPID is who writes "0" to cgroup.procs.
const ourPID = 100

func newFake(mount string, controllers ...string) *fake {
	return &fake{
		self:   "0::/\n",
		mounts: "30 23 0:26 / " + mount + " rw,nosuid shared:4 - cgroup2 cgroup2 rw\n",
		mount:  mount,
		groups: map[string]*fakeGroup{mount: {has: controllers, files: map[string]string{}}},
	}
}

// add makes a group that is there from the beginning.
func (f *fake) add(dir string, procs ...int) *fakeGroup {
	if err := f.Mkdir(dir); err != nil {
		panic(err)
	}
	f.groups[dir].procs = procs
	return f.groups[dir]
}

func fails(op, name string, number unix.Errno) error {
	return &os.PathError{Op: op, Path: name, Err: number}
}

func (f *fake) Read(file string) (string, error) {
	switch file {
	case selfCgroup:
		return f.self, nil
	case mountinfo:
		return f.mounts, nil
	}
	if pid, ok := strings.CutPrefix(path.Dir(file), "/proc/"); ok {
		for dir, g := range f.groups {
			if n, _ := strconv.Atoi(pid); slices.Contains(g.procs, n) {
				return "0::/" + strings.TrimPrefix(strings.TrimPrefix(dir, f.mount), "/") + "\n", nil
			}
		}
		return "", fails("open", file, unix.ENOENT)
	}
	g := f.groups[path.Dir(file)]
	if g == nil {
		return "", fails("open", file, unix.ENOENT)
	}
	switch path.Base(file) {
	case "cgroup.controllers":
		return strings.Join(g.has, " ") + "\n", nil
	case subtreeControl:
		return strings.Join(g.gives, " ") + "\n", nil
	case "cgroup.procs":
		text := ""
		for _, pid := range g.procs {
			text += fmt.Sprintln(pid)
		}
		return text, nil
	case "cgroup.events":
		populated := 0
		for dir, g := range f.groups {
			if under(dir, path.Dir(file)) && len(g.procs) > 0 {
				populated = 1
			}
		}
		return fmt.Sprintf("populated %d\nfrozen 0\n", populated), nil
	}
	text, ok := g.files[path.Base(file)]
	if !ok {
		return "", fails("open", file, unix.ENOENT)
	}
	return text, nil
}

func under(dir, top string) bool { return dir == top || strings.HasPrefix(dir, top+"/") }

func (f *fake) Write(file, text string) error {
	dir, name := path.Split(file)
	dir = path.Clean(dir)
	g := f.groups[dir]
	switch {
	case g == nil:
		return fails("open", file, unix.ENOENT)
	case f.readOnly:
		return fails("open", file, unix.EROFS)
	}
	isTop := dir == f.mount && f.realTop
	switch name {
	case subtreeControl:
		controller := strings.TrimPrefix(text, "+")
		if !slices.Contains(g.has, controller) {
			return fails("write", file, unix.ENOENT)
		}
		if len(g.procs) > 0 && !isTop {
			return fails("write", file, unix.EBUSY)
		}
		g.gives = append(g.gives, controller)
		for below, child := range f.groups {
			if path.Dir(below) == dir && below != dir {
				child.gain(controller)
			}
		}
	case "cgroup.procs":
		pid, _ := strconv.Atoi(text)
		if pid == 0 {
			pid = ourPID
		}
		if len(g.gives) > 0 && !isTop {
			return fails("write", file, unix.EBUSY)
		}
		for _, other := range f.groups {
			other.procs = slices.DeleteFunc(other.procs, func(p int) bool { return p == pid })
		}
		g.procs = append(g.procs, pid)
	case "cgroup.kill":
		if f.old {
			return fails("open", file, unix.ENOENT)
		}
		for below, child := range f.groups {
			if under(below, dir) {
				f.killed, child.procs = append(f.killed, child.procs...), nil
			}
		}
	default:
		if _, ok := g.files[name]; !ok {
			return fails("open", file, unix.ENOENT)
		}
		g.files[name] = text + "\n"
	}
	return nil
}

// gain gives a group a controller, and with it its files.
func (g *fakeGroup) gain(controller string) {
	g.has = append(g.has, controller)
	maps.Copy(g.files, map[string]map[string]string{
		"memory": {
			"memory.max": "max\n", "memory.swap.max": "max\n", "memory.oom.group": "0\n", "memory.current": "4096\n",
			"memory.stat": "anon 1000\nfile 5000\nshmem 24\n", "memory.events": "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n",
		},
		"cpu":    {"cpu.weight": "100\n"},
		"cpuset": {"cpuset.cpus": "\n"},
	}[controller])
}

func (f *fake) Mkdir(dir string) error {
	above := f.groups[path.Dir(dir)]
	switch {
	case f.groups[dir] != nil:
		return fails("mkdir", dir, unix.EEXIST)
	case above == nil:
		return fails("mkdir", dir, unix.ENOENT)
	case f.readOnly:
		return fails("mkdir", dir, unix.EROFS)
	}
	g := &fakeGroup{files: map[string]string{}}
	for _, c := range above.gives {
		g.gain(c)
	}
	f.groups[dir] = g
	return nil
}

func (f *fake) Rmdir(dir string) error {
	g := f.groups[dir]
	below, _ := f.Dirs(dir)
	switch {
	case g == nil:
		return fails("rmdir", dir, unix.ENOENT)
	case len(g.procs)+len(below) > 0:
		return fails("rmdir", dir, unix.EBUSY)
	}
	delete(f.groups, dir)
	return nil
}

func (f *fake) Dirs(dir string) ([]string, error) {
	if f.groups[dir] == nil {
		return nil, fails("open", dir, unix.ENOENT)
	}
	var names []string
	for other := range f.groups {
		if other != dir && path.Dir(other) == dir {
			names = append(names, path.Base(other))
		}
	}
	slices.Sort(names)
	return names, nil
}

func (f *fake) Writable(name string) error {
	if f.readOnly {
		return fails("access", name, unix.EROFS)
	}
	return nil
}

func (f *fake) Delegated(dir string) bool { return dir == f.delegated }

func (f *fake) Open(dir string) (int, error) { return unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0) }

func (f *fake) Kill(pid int) error {
	for _, g := range f.groups {
		g.procs = slices.DeleteFunc(g.procs, func(p int) bool { return p == pid })
	}
	f.killed = append(f.killed, pid)
	return nil
}
