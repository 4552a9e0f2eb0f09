package supervisor

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"zctl/layoutgen"
	"zctl/supervisor/process"
)

// Limits is what a node may take, and what it may do. The zero value limits nothing.
type Limits struct {
	// MemoryMax is in bytes, and CPUWeight from 1 to 10000; 0: not limited. They
	// take effect without a restart.
	MemoryMax int64 `json:"memory_max,omitempty"`
	CPUWeight int   `json:"cpu_weight,omitempty"`

	// User is who the node runs as; nil: as the supervisor does.
	User *User `json:"user,omitempty"`
	// Umask is nil for that of the supervisor.
	Umask *int `json:"umask,omitempty"`
	// Core is in bytes, -1: unlimited; nil: as the supervisor's.
	Core *int64 `json:"core,omitempty"`
	// NoFile is how many files it may have open; 0: as many as the supervisor.
	NoFile int `json:"nofile,omitempty"`
	// Capabilities is what a node that does not run as root may do all the same, by
	// the names of [layoutgen.Capability].
	Capabilities []string `json:"capabilities,omitempty"`
}

// User is a user, by name for people and by number for the kernel.
type User struct {
	Name  string `json:"name"`
	Group string `json:"group"`
	Home  string `json:"home,omitempty"`
	process.User
}

// String is the user as chown(1) wants it.
func (u *User) String() string {
	if u == nil {
		return ""
	}
	return u.Name + ":" + u.Group
}

// ofProcess is what only a new process can change.
func (l Limits) ofProcess() Limits {
	l.MemoryMax, l.CPUWeight = 0, 0
	return l
}

// inPlace is what can be changed while a process runs.
func (l Limits) inPlace() Limits {
	return Limits{MemoryMax: l.MemoryMax, CPUWeight: l.CPUWeight}
}

// limit is one of the limits as people read it: the key of the configuration, and
// the value, "" where there is none.
type limit struct{ key, value string }

func (l Limits) list() []limit {
	return []limit{
		{"memory_max", sizeOrNone(l.MemoryMax)},
		{"cpu_weight", numberOrNone(l.CPUWeight)},
		{"user", l.User.String()},
		{"umask", octalOrNone(l.Umask)},
		{"core", boundOrNone(l.Core)},
		{"nofile", numberOrNone(l.NoFile)},
		{"capabilities", strings.Join(l.Capabilities, ",")},
	}
}

// differences is which limits were others, and what.
func (l Limits) differences(old Limits) []string {
	var all []string
	was := old.list()
	for i, is := range l.list() {
		if is != was[i] {
			all = append(all, fmt.Sprintf("%s %s -> %s", is.key, orNone(was[i].value), orNone(is.value)))
		}
	}
	return all
}

// check reports what no kernel would do.
func (l Limits) check() error {
	for _, name := range l.Capabilities {
		if _, known := layoutgen.Capability(name); !known {
			return fmt.Errorf("there is no capability %q", name)
		}
	}
	if l.MemoryMax < 0 || l.CPUWeight < 0 || l.NoFile < 0 || l.Core != nil && *l.Core < int64(layoutgen.Unlimited) {
		return fmt.Errorf("it cannot be less than nothing")
	}
	return nil
}

// process is what the process is born with.
func (l Limits) process() process.Limits {
	p := process.Limits{Umask: l.Umask}
	if l.User != nil {
		p.User = &l.User.User
	}
	if l.NoFile > 0 {
		p.Rlimits = append(p.Rlimits, process.Rlimit{Name: "nofile", Resource: unix.RLIMIT_NOFILE, Max: uint64(l.NoFile)})
	}
	if l.Core != nil {
		most := uint64(*l.Core)
		if *l.Core == int64(layoutgen.Unlimited) {
			most = process.Infinity
		}
		p.Rlimits = append(p.Rlimits, process.Rlimit{Name: "core", Resource: unix.RLIMIT_CORE, Max: most})
	}
	for _, name := range l.Capabilities {
		number, _ := layoutgen.Capability(name)
		p.Capabilities = append(p.Capabilities, uintptr(number))
	}
	return p
}

func sizeOrNone(n int64) string {
	if n == 0 {
		return ""
	}
	return layoutgen.Size(n).String()
}

func numberOrNone(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func octalOrNone(mask *int) string {
	if mask == nil {
		return ""
	}
	return fmt.Sprintf("%04o", *mask)
}

func boundOrNone(n *int64) string {
	if n == nil {
		return ""
	}
	return layoutgen.Bound(*n).String()
}
