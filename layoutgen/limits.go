package layoutgen

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"zctl/layoutgen/lazyregexp"
)

// Bound is a number of bytes, or [Unlimited]: in a file "unlimited".
type Bound int64

// Unlimited is no bound at all.
const Unlimited Bound = -1

// String is the bound as a file would have it.
func (b Bound) String() string {
	if b == Unlimited {
		return "unlimited"
	}
	return Size(b).String()
}

// The least that makes sense, so that a forgotten unit is found, and a program
// can begin at all.
const (
	leastMemory = 1 << 20
	leastFiles  = 16
)

var accountName = lazyregexp.New(`^[A-Za-z0-9_.][-A-Za-z0-9_.@]*\$?$`)

func (l *Limits) check(s *source, path string) {
	at := func(key string) string { return path + "." + key }
	if l.MemoryMax != 0 && l.MemoryMax < leastMemory {
		s.problemf(at("memory_max"), `%s is %v; give 1MiB or more, like "2GiB", or 0 for no limit`, display(at("memory_max")), l.MemoryMax)
	}
	if l.CPUWeight < 0 || l.CPUWeight > 10000 {
		s.problemf(at("cpu_weight"), "%s is %d; give 1 to 10000, where 100 is what all others have, or 0 to leave it alone", display(at("cpu_weight")), l.CPUWeight)
	}
	if l.NoFile != 0 && (l.NoFile < leastFiles || l.NoFile > 1<<30) {
		s.problemf(at("nofile"), "%s is %d; give %d or more, or 0 to leave it alone", display(at("nofile")), l.NoFile, leastFiles)
	}
	for key, name := range map[string]string{"user": l.User, "group": l.Group} {
		if (name != "" || s.has(at(key))) && !accountName().MatchString(name) {
			s.problemf(at(key), "%s is %q; give a name or a number", display(at(key)), name)
		}
	}
	if l.Umask != "" || s.has(at("umask")) {
		if _, err := ParseUmask(l.Umask); err != nil {
			s.problemf(at("umask"), `%s is %q; give permissions in octal, "0000" to "0777"`, display(at("umask")), l.Umask)
		}
	}
	for _, name := range l.Capabilities {
		if _, known := Capability(name); !known {
			s.problemf(at("capabilities"), "%s: there is no capability %q; known are %s",
				display(at("capabilities")), name, strings.Join(slices.Sorted(maps.Keys(capabilities)), ", "))
		}
	}
}

// ParseUmask reads permissions in octal: "0027", "27".
func ParseUmask(text string) (int, error) {
	mask, err := strconv.ParseUint(text, 8, 9)
	return int(mask), err
}

// Capability is the kernel's number of a capability: "net_raw" or "CAP_NET_RAW".
func Capability(name string) (number int, known bool) {
	number, known = capabilities[strings.TrimPrefix(strings.ToLower(name), "cap_")]
	return number, known
}

// CapabilityName is the name of a capability, as [Capability] knows it.
func CapabilityName(number int) string {
	for name, n := range capabilities {
		if n == number {
			return name
		}
	}
	return strconv.Itoa(number)
}

// capabilities is capabilities(7), by the numbers of linux/capability.h.
var capabilities = map[string]int{
	"chown": 0, "dac_override": 1, "dac_read_search": 2, "fowner": 3, "fsetid": 4, "kill": 5, "setgid": 6, "setuid": 7,
	"setpcap": 8, "linux_immutable": 9, "net_bind_service": 10, "net_broadcast": 11, "net_admin": 12, "net_raw": 13,
	"ipc_lock": 14, "ipc_owner": 15, "sys_module": 16, "sys_rawio": 17, "sys_chroot": 18, "sys_ptrace": 19,
	"sys_pacct": 20, "sys_admin": 21, "sys_boot": 22, "sys_nice": 23, "sys_resource": 24, "sys_time": 25,
	"sys_tty_config": 26, "mknod": 27, "lease": 28, "audit_write": 29, "audit_control": 30, "setfcap": 31,
	"mac_override": 32, "mac_admin": 33, "syslog": 34, "wake_alarm": 35, "block_suspend": 36, "audit_read": 37,
	"perfmon": 38, "bpf": 39, "checkpoint_restore": 40,
}
