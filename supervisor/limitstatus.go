package supervisor

import (
	"fmt"
	"math/bits"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"zctl/layoutgen"
	"zctl/supervisor/cgroup"
	"zctl/supervisor/process"
)

// statusOf compares what is limited with what the kernel says of a process; 0: there
// is none. What a program may do to itself, like having another umask, is shown and
// all right. A limit is never left out because it cannot be seen.
func (l Limits) statusOf(pid int, group *cgroup.Group) []LimitStatus {
	all := []LimitStatus{}
	have := map[string]string{}
	if pid != 0 && l.ofProcess().isLimited() {
		have = l.seen(pid)
	}
	used := int64(0)
	if pid != 0 && l.inPlace().isLimited() {
		used = seenIn(group, have)
	}
	for _, limit := range l.list() {
		if limit.value == "" {
			continue
		}
		s := LimitStatus{Name: limit.key, Want: limit.value, Have: have[limit.key], OK: true}
		switch s.Name {
		case "user", "core", "nofile", "memory_max", "cpu_weight":
			s.OK = s.Have == "" || s.Have == s.Want
		}
		if s.Name == "memory_max" {
			s.UsedBytes = used
		}
		all = append(all, s)
	}
	return all
}

func (l Limits) isLimited() bool {
	for _, limit := range l.list() {
		if limit.value != "" {
			return true
		}
	}
	return false
}

// seenIn adds the limits of a group, and says what memory is used there. A process that
// is in none is not limited.
func seenIn(group *cgroup.Group, have map[string]string) (used int64) {
	have["memory_max"], have["cpu_weight"] = "none", "none"
	if group == nil {
		return 0
	}
	h := group.Have()
	if h.MemoryMax > 0 {
		have["memory_max"] = layoutgen.Size(h.MemoryMax).String()
	}
	if h.CPUWeight > 0 {
		have["cpu_weight"] = strconv.Itoa(h.CPUWeight)
	}
	return h.MemoryUsed
}

// seen is the limits of a process, by their keys, as the kernel has them.
func (l Limits) seen(pid int) map[string]string {
	have := map[string]string{
		"core":   rlimit(pid, unix.RLIMIT_CORE, func(n uint64) string { return layoutgen.Bound(n).String() }),
		"nofile": rlimit(pid, unix.RLIMIT_NOFILE, func(n uint64) string { return strconv.FormatUint(n, 10) }),
	}
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return have
	}
	status := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		status[key] = strings.Fields(value)
	}
	if uid, gid := status["Uid"], status["Gid"]; len(uid) > 1 && len(gid) > 1 && l.User != nil {
		have["user"] = uid[1] + ":" + gid[1]
		if have["user"] == fmt.Sprintf("%d:%d", l.User.UID, l.User.GID) {
			have["user"] = l.User.String()
		}
	}
	if mask := status["Umask"]; len(mask) == 1 {
		have["umask"] = mask[0]
	}
	if effective := status["CapEff"]; len(effective) == 1 {
		have["capabilities"] = capabilityNames(effective[0])
	}
	return have
}

// rlimit is the hard limit of a process, which its soft one may be below.
func rlimit(pid, resource int, say func(uint64) string) string {
	var have unix.Rlimit
	if err := unix.Prlimit(pid, resource, nil, &have); err != nil {
		return ""
	}
	if have.Max == process.Infinity {
		return layoutgen.Unlimited.String()
	}
	return say(have.Max)
}

// capabilityNames is a set of capabilities, which the kernel has in hex.
func capabilityNames(hex string) string {
	set, _ := strconv.ParseUint(hex, 16, 64)
	if set == 0 {
		return "none"
	}
	var names []string
	for ; set != 0; set &= set - 1 {
		names = append(names, layoutgen.CapabilityName(bits.TrailingZeros64(set)))
	}
	return strings.Join(names, ",")
}
