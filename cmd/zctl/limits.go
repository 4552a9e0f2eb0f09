package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"zctl/layoutgen"
	"zctl/supervisor"
	"zctl/supervisor/process"
)

// limitProblem is a limit that this host does not allow.
type limitProblem struct {
	key string // of the section
	err error
}

// limitsOf is what a node may take and do, and what of that this host, or we, do not
// allow.
func limitsOf(node layoutgen.Node) (supervisor.Limits, []limitProblem) {
	p := node.Process.Limits
	l := supervisor.Limits{MemoryMax: int64(p.MemoryMax), CPUWeight: p.CPUWeight, NoFile: p.NoFile}
	if p.Core.Set {
		core := int64(p.Core.Value)
		l.Core = &core
	}
	if mask, err := layoutgen.ParseUmask(p.Umask); err == nil && p.Umask != "" {
		l.Umask = &mask
	}
	var problems []limitProblem
	note := func(key string, err error) {
		if err != nil {
			problems = append(problems, limitProblem{key, err})
		}
	}
	var key string
	var err error
	l.User, key, err = userOf(p)
	note(key, err)
	l.Capabilities, err = capabilitiesOf(p, l.User, node.Type)
	note("capabilities", err)
	note("nofile", checkNoFile(l.NoFile))
	note("core", checkCore(l.Core))
	return l, problems
}

// userOf is who a node runs as, nil for us. The key is the one that an error is about.
func userOf(p layoutgen.Limits) (who *supervisor.User, key string, err error) {
	if p.User == "" && p.Group == "" {
		return nil, "", nil
	}
	u, err := account(cmp.Or(p.User, strconv.Itoa(os.Geteuid())))
	if err != nil {
		return nil, "user", err
	}
	if p.Group != "" {
		if u.Group, u.GID, err = group(p.Group); err != nil {
			return nil, "group", err
		}
	}
	if u.Group == "" {
		return nil, "user", fmt.Errorf("user %s is not in /etc/passwd, so nobody knows his group; say group, too", u.Name)
	}
	u.Groups = slices.DeleteFunc(u.Groups, func(g uint32) bool { return g == u.GID })
	if int(u.UID) == os.Geteuid() && int(u.GID) == os.Getegid() {
		return nil, "", nil
	}
	if os.Geteuid() != 0 {
		key = "user"
		if int(u.UID) == os.Geteuid() {
			key = "group"
		}
		return nil, key, fmt.Errorf("only root may run nodes as %s; run zctl as root, or remove it", u)
	}
	return u, "", nil
}

// account finds a user by name or number, with his groups. One of a number that
// nobody has a name for has none.
func account(name string) (*supervisor.User, error) {
	found, err := user.Lookup(name)
	if err != nil {
		if found, err = user.LookupId(name); err != nil {
			uid, notNumber := strconv.ParseUint(name, 10, 31)
			if notNumber != nil {
				return nil, fmt.Errorf("there is no user %s here; make him (useradd --system %s), or give a number", name, name)
			}
			return &supervisor.User{Name: name, User: process.User{UID: uint32(uid)}}, nil
		}
	}
	u := &supervisor.User{Name: found.Username, Group: found.Gid, Home: found.HomeDir}
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(found.Gid, 10, 32)
	if err := errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("cannot understand the ids of user %s: %w", name, err)
	}
	u.UID, u.GID = uint32(uid), uint32(gid)
	if g, err := user.LookupGroupId(found.Gid); err == nil {
		u.Group = g.Name
	}
	ids, err := found.GroupIds()
	if err != nil {
		return nil, fmt.Errorf("cannot find the groups of user %s: %w", name, err)
	}
	for _, id := range ids {
		if gid, err := strconv.ParseUint(id, 10, 32); err == nil {
			u.Groups = append(u.Groups, uint32(gid))
		}
	}
	slices.Sort(u.Groups)
	return u, nil
}

// unreachable is which users that nodes are to run as cannot get to base_dir, as far as
// that is there already.
func unreachable(config *layoutgen.Config, dirs supervisor.Dirs) layoutgen.Problems {
	there := string(dirs)
	for there != "/" {
		if _, err := os.Stat(there); err == nil {
			break
		}
		there = filepath.Dir(there)
	}
	var problems layoutgen.Problems
	for _, node := range config.Layout().Processes() {
		limits, _ := limitsOf(node)
		if limits.User == nil {
			continue
		}
		if err := limits.User.MayEnter(there); err != nil {
			p := config.Problem(node.SectionOf("user")+".user", "%s cannot get to base_dir %s: %v; let him in (chmod o+x), or choose another base_dir", limits.User, dirs, err)
			if !slices.Contains(problems, p) {
				problems = append(problems, p)
			}
		}
	}
	return problems
}

// group finds a group by name or number.
func group(name string) (string, uint32, error) {
	found, err := user.LookupGroup(name)
	if err != nil {
		found, err = user.LookupGroupId(name)
	}
	if err == nil {
		name, _ = found.Name, found.Gid
		gid, err := strconv.ParseUint(found.Gid, 10, 32)
		return name, uint32(gid), err
	}
	gid, err := strconv.ParseUint(name, 10, 31)
	if err != nil {
		return "", 0, fmt.Errorf("there is no group %s here; make it (groupadd --system %s), or give a number", name, name)
	}
	return name, uint32(gid), nil
}

// capabilitiesOf is what a node may do although it does not run as root, by the names
// that the kernel has, in its order. A worker may capture.
func capabilitiesOf(p layoutgen.Limits, who *supervisor.User, t layoutgen.NodeType) ([]string, error) {
	powerless := who != nil && who.UID != 0
	if p.Capabilities == nil {
		if powerless && t == layoutgen.TypeWorker && process.May(unix.CAP_NET_RAW) {
			return []string{layoutgen.CapabilityName(unix.CAP_NET_RAW)}, nil
		}
		return nil, nil
	}
	if len(p.Capabilities) == 0 {
		return nil, nil
	}
	if os.Geteuid() == 0 && !powerless {
		return nil, errors.New("nodes that run as root may do everything; say user, too, or remove it")
	}
	var numbers []int
	var missing []string
	for _, name := range p.Capabilities {
		number, known := layoutgen.Capability(name)
		switch {
		case !known: // reported where the file was read
		case !process.May(number):
			missing = append(missing, name)
		default:
			numbers = append(numbers, number)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("zctl itself may not %s here; run it as root, or with AmbientCapabilities= in its unit", strings.Join(missing, ", "))
	}
	slices.Sort(numbers)
	var names []string
	for _, number := range slices.Compact(numbers) {
		names = append(names, layoutgen.CapabilityName(number))
	}
	return names, nil
}

// nrOpen says how many files any process may have open.
const nrOpen = "/proc/sys/fs/nr_open"

func checkNoFile(n int) error {
	if n == 0 {
		return nil
	}
	if text, err := os.ReadFile(nrOpen); err == nil {
		most, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err == nil && n > most {
			return fmt.Errorf("it is %d, and this kernel allows %d (%s)", n, most, nrOpen)
		}
	}
	return checkHard(unix.RLIMIT_NOFILE, uint64(n), "LimitNOFILE=")
}

func checkCore(n *int64) error {
	if n == nil {
		return nil
	}
	want := uint64(*n)
	if *n == int64(layoutgen.Unlimited) {
		want = process.Infinity
	}
	return checkHard(unix.RLIMIT_CORE, want, "LimitCORE=")
}

// checkHard says whether we may give somebody a limit: the hard one of ours is the
// most.
func checkHard(resource int, want uint64, setting string) error {
	var ours unix.Rlimit
	if err := unix.Getrlimit(resource, &ours); err != nil || want <= ours.Max || process.May(unix.CAP_SYS_RESOURCE) {
		return nil
	}
	return fmt.Errorf("it is more than zctl's own hard limit, %d; raise that (ulimit -H, or %s in its unit), or run zctl with CAP_SYS_RESOURCE", ours.Max, setting)
}
