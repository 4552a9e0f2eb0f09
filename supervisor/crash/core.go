package crash

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"zctl/layoutgen/lazyregexp"
)

// corePatternFile says where the kernel puts cores (core(5)).
const corePatternFile = "/proc/sys/kernel/core_pattern"

func corePattern() string {
	text, _ := os.ReadFile(corePatternFile)
	return strings.TrimSpace(string(text))
}

// takeCore moves the core of a process from its working directory, where the next one
// would replace it; what is elsewhere stays there. It returns where the core is now.
func takeCore(e *End, to string) string {
	pattern := corePattern()
	var found string
	if filepath.IsAbs(pattern) {
		found = newestCore(expandPattern(pattern, e.PID), e)
		e.Core = found
		return found
	}
	if found = newestCore(filepath.Join(e.Dir, "*core*"), e); found == "" {
		return ""
	}
	if err := os.Rename(found, filepath.Join(to, coreFile)); err != nil {
		e.note("cannot move core %s: %v", found, err)
		e.Core = found
		return found
	}
	e.Core = coreFile
	return filepath.Join(to, coreFile)
}

var conversion = lazyregexp.New(`%.`)

// expandPattern makes of a core_pattern one of file names.
func expandPattern(pattern string, pid int) string {
	return conversion().ReplaceAllStringFunc(pattern, func(c string) string {
		switch c {
		case "%%":
			return "%"
		case "%p", "%P":
			return strconv.Itoa(pid)
		}
		return "*"
	})
}

// newestCore is the newest core among files that can be that of a process.
func newestCore(pattern string, e *End) string {
	names, _ := filepath.Glob(pattern)
	var best string
	var newest time.Time
	for _, name := range names {
		info, err := os.Lstat(name)
		if err != nil || !info.Mode().IsRegular() || !isCore(name) {
			continue
		}
		if e.StartedAt != nil && info.ModTime().Before(*e.StartedAt) || info.ModTime().Before(newest) {
			continue
		}
		best, newest = name, info.ModTime()
	}
	return best
}

// isCore says whether a file begins as an ELF core does (elf(5)).
func isCore(name string) bool {
	f, _, err := openRegular(name)
	if err != nil {
		return false
	}
	defer f.Close()
	const typeAt, typeCore = 16, 4
	head := make([]byte, typeAt+2)
	if _, err := f.ReadAt(head, 0); err != nil {
		return false
	}
	return bytes.HasPrefix(head, []byte("\x7fELF")) && (head[typeAt] == typeCore || head[typeAt+1] == typeCore)
}

// dumps are the signals that leave a core (signal(7)).
var dumps = map[int]bool{
	int(unix.SIGABRT): true, int(unix.SIGBUS): true, int(unix.SIGFPE): true, int(unix.SIGILL): true, int(unix.SIGQUIT): true,
	int(unix.SIGSEGV): true, int(unix.SIGSYS): true, int(unix.SIGTRAP): true, int(unix.SIGXCPU): true, int(unix.SIGXFSZ): true,
}

// explain says why there is no core, where one could be expected.
func explain(r *Report) {
	switch {
	case r.Core != "" || r.Signal == nil || !dumps[*r.Signal] || viaCoredumpctl(r):
	case r.CoreDumped:
		r.note("a core was dumped, but not to where one could find it: %s is %q", corePatternFile, corePattern())
	default:
		r.note("there is no core: the kernel wrote none. With core = \"unlimited\" in its section the node may leave one; %s, now %q, says where", corePatternFile, corePattern())
	}
}

// viaCoredumpctl says whether systemd keeps the core of a process.
func viaCoredumpctl(r *Report) bool {
	pattern := corePattern()
	return r.Core == "" && r.Signal != nil && dumps[*r.Signal] && strings.HasPrefix(pattern, "|") && strings.Contains(pattern, "systemd-coredump")
}
