package supervisor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"zctl/layoutgen"
)

// maxOutput is the size in bytes at which stdout.log or stderr.log becomes
// stdout.log.1 or stderr.log.1 at the next start of the node. The supervisor is
// not in the data path, so it cannot do that while the node runs.
const maxOutput = 16 << 20

// prepareWorkDir makes the work directory of a node as a process expects it
// (spec: generators R4, R7, R8).
func prepareWorkDir(dirs Dirs, node string, files map[string]string, owner *User) error {
	dir := dirs.Node(node)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("cannot make work directory: %w", err)
	}
	if err := writeFiles(dir, files); err != nil {
		return err
	}
	for _, output := range []string{dirs.Stdout(node), dirs.Stderr(node)} {
		if info, err := os.Stat(output); err == nil && info.Size() > maxOutput {
			if err := os.Rename(output, output+".1"); err != nil {
				return fmt.Errorf("cannot rotate output: %w", err)
			}
		}
	}
	if owner != nil {
		return owner.give(dir)
	}
	return nil
}

// writeFiles writes the files whose content is not what it should be.
func writeFiles(dir string, files map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(dir, name)
		if contains(path, files[name]) {
			continue
		}
		if err := writeFileAtomic(path, []byte(files[name]), 0o644, false); err != nil {
			return fmt.Errorf("cannot write %s: %w", name, err)
		}
	}
	return nil
}

// contains says whether a file contains just that. It is asked before each
// start, so that it does without what os.ReadFile does for files of all kinds.
func contains(path, text string) bool {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	got := make([]byte, len(text)+1)
	n, err := unix.Read(fd, got) // the whole of a regular file, if it fits
	return err == nil && string(got[:n]) == text
}

// notInherited are variables that speak of the supervisor, not of its nodes.
var notInherited = []string{
	"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
	"INVOCATION_ID", "JOURNAL_STREAM", "CLUSTER_NODE", "INTERFACE", "ZCTL_CONFIG", baseDirEnv, specEnv,
	layoutgen.HeartbeatEnv, // of each node as its spec says, or of none
}

// The variables by which a supervisor recognises the processes of its nodes,
// even if all else it knew of them is lost. ZCTL_SPEC is a [Spec] as JSON.
const (
	baseDirEnv = "ZCTL_BASE_DIR"
	specEnv    = "ZCTL_SPEC"
)

// curveEnv begins the variables with the keys of the bus (spec: wire 4.3). A node
// gets them from its spec or not at all: a key that happened to be in the
// environment of whoever started the supervisor would not be that of the others.
const curveEnv = "ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_"

// inherited is our own environment without what speaks of us.
var inherited = sync.OnceValue(func() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool {
		key, _, _ := strings.Cut(entry, "=")
		return key == "" || slices.Contains(notInherited, key) || strings.HasPrefix(key, curveEnv)
	})
})

// environment is the whole environment of a node: what is inherited, what the
// configuration adds, and what tells a node who and where it is (spec:
// generators R7, R9).
func environment(dirs Dirs, s Spec, notifySocket string) []string {
	site := ""
	if s.Site != "" {
		site = dirs.Site(s.Site)
	}
	own := s.variables(dirs.Node(s.Name), site)
	own["NOTIFY_SOCKET"] = notifySocket
	own[baseDirEnv] = string(dirs)
	if text, err := json.Marshal(s); err == nil {
		own[specEnv] = string(text)
	}
	return withInherited(own)
}

// CheckEnvironment is the environment in which Zeek parses what the node would run,
// without running it: that of the node, but for another work directory and another
// tree of site scripts ("": none), and what zeekctl adds for its checks (spec: zeekctl
// 1.2). No supervisor takes such a process for one of its nodes.
func (s Spec) CheckEnvironment(workDir, site string) []string {
	own := s.variables(workDir, site)
	own["ZEEKCTL_CHECK_CONFIG"] = "1"
	own["ZEEKCTL_DISABLE_LISTEN"] = "1"
	return withInherited(own)
}

// variables is what a node gets in its environment to know itself and to find its
// scripts.
func (s Spec) variables(workDir, site string) map[string]string {
	own := map[string]string{}
	maps.Copy(own, s.Env)
	own["CLUSTER_NODE"] = s.Name
	if u := s.Limits.User; u != nil {
		u.introduce(own)
	}
	if s.Interface != "" {
		own["INTERFACE"] = s.Interface
	}
	path, set := own["ZEEKPATH"]
	if !set {
		path = os.Getenv("ZEEKPATH")
	}
	if site != "" && path != "" {
		path = site + ":" + path
	}
	switch {
	case path != "":
		own["ZEEKPATH"] = workDir + ":" + path
	case s.Engine != layoutgen.EngineZeek: // Zeek's own default has its scripts, and "."
		own["ZEEKPATH"] = workDir
	}
	return own
}

// withInherited adds the environment of ours that a node gets, too.
func withInherited(own map[string]string) []string {
	list := make([]string, 0, len(inherited())+len(own))
	for _, entry := range inherited() {
		key, _, _ := strings.Cut(entry, "=")
		if _, replaced := own[key]; !replaced {
			list = append(list, entry)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(own)) {
		list = append(list, key+"="+own[key])
	}
	return list
}

// fileSize is the size of a file in bytes, 0 if it does not exist.
func fileSize(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}

// lastLines is the last n lines of a file that were written behind offset, as
// far as they fit into 4 KiB.
func lastLines(name string, offset int64, n int) []string {
	const most = 4 << 10
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	size := info.Size()
	if size < offset { // truncated meanwhile
		offset = 0
	}
	start := max(offset, size-most)
	buf := make([]byte, size-start)
	read, err := f.ReadAt(buf, start)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	buf = bytes.TrimRight(buf[:read], "\n")
	if len(buf) == 0 {
		return nil
	}
	lines := strings.Split(string(buf), "\n")
	if start > offset && len(lines) > 1 {
		lines = lines[1:] // cut in the middle
	}
	return lines[max(0, len(lines)-n):]
}
