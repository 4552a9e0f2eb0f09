package supervisor

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"zctl/supervisor/lifecycle"
	"zctl/supervisor/process"
)

// ReadyByZeek is the Spec.ReadyBy of a node that is Zeek: it is ready when the file
// it was told of with -U says RUNNING, and it has been seen on the bus.
const ReadyByZeek = "zeek"

// StatusFile is that file, in the node's work directory. Zeek truncates it and
// writes a line like "RUNNING [run_loop]" (spec: generators R21).
const StatusFile = ".status"

// isRunning says whether that is what Zeek writes when it is up.
func isRunning(status string) bool { return strings.HasPrefix(status, "RUNNING") }

func (n *node) byZeek() bool { return n.target.spec.ReadyBy == ReadyByZeek }

func (n *node) statusFile() string { return filepath.Join(n.shared.dirs.Node(n.name), StatusFile) }

// expectStatus prepares for what the next process will write about itself, which
// is nothing that an earlier one has written.
func (n *node) expectStatus() {
	n.zeekSays, n.wasRunning, n.blind = "", false, ""
	if !n.byZeek() {
		return
	}
	os.Remove(n.statusFile())
	n.watchStatus()
}

// watchStatus wants to know when the file is written. It has to know for as long as
// the process runs: one that ends by itself, or hangs in doing so, says that there.
func (n *node) watchStatus() {
	if err := n.shared.files.Watch(n.shared.dirs.Node(n.name), StatusFile, n.lookAround); err != nil {
		n.blind = err.Error()
		n.note(err)
	}
}

// lookAround makes the node look whether it is ready now.
func (n *node) lookAround() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.isLeft() || n.proc == nil || !n.byZeek() {
		return
	}
	if changed := n.readStatus(); n.checkReady() || changed {
		n.settle()
	}
}

// readStatus reads what Zeek says of itself, and whether that is something new.
func (n *node) readStatus() (changed bool) {
	said := statusIn(n.statusFile())
	if said == "" || said == n.zeekSays { // it is about to be written
		return false
	}
	n.zeekSays = said
	if isRunning(said) {
		n.wasRunning = true
		n.shared.lookout.mayBeUp()
	}
	return true
}

// statusIn reads a status file; "" if there is none, or nothing in it.
func statusIn(name string) string {
	const most = 256
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return ""
	}
	defer unix.Close(fd)
	buf := make([]byte, most)
	size, err := unix.Read(fd, buf)
	if err != nil || size <= 0 {
		return ""
	}
	line, _, _ := strings.Cut(string(buf[:size]), "\n")
	return strings.TrimSpace(strings.ToValidUTF8(line, "?"))
}

// checkReady says that the node is ready if it is and has not been before.
func (n *node) checkReady() bool {
	if n.state.Phase != lifecycle.Running || !isRunning(n.zeekSays) {
		return false
	}
	cause := "is RUNNING"
	if n.shared.lookout.needed() {
		v := n.shared.lookout.view.Load()
		if v == nil || v.problem != "" || !v.sees(n.name, n.proc.ID().PID) {
			return false
		}
		cause = "is RUNNING and on the bus"
	}
	n.step(lifecycle.Event{Kind: lifecycle.SaidReady, Cause: fmt.Sprintf("%s %v after its start", cause, age(n.state.Since))})
	return true
}

// zeekMessage is what there is to say of a Zeek that runs, beyond its state; "" if
// all is well.
func (n *snapshot) zeekMessage() string {
	if n.spec.ReadyBy != ReadyByZeek || n.lookout == nil {
		return ""
	}
	var v *view
	if n.lookout.needed() {
		v = n.lookout.view.Load()
	}
	switch {
	case n.blind != "":
		return n.blind
	case n.zeekSays == "" && n.state.Phase == lifecycle.Running:
		return "initializing: has not written " + StatusFile + " yet"
	case n.zeekSays == "":
		return ""
	case strings.HasPrefix(n.zeekSays, "INITIALIZING"):
		return "initializing"
	case !isRunning(n.zeekSays):
		return "zeek says " + n.zeekSays
	case v == nil:
		return ""
	case v.problem != "":
		return "cannot see whether it is on the bus: " + v.problem
	case v.sees(n.name(), n.id.PID):
		return ""
	case n.state.WasReady:
		return "has left the bus"
	}
	return "not on the bus yet"
}

func (n *snapshot) name() string { return n.spec.Name }

// hopeless is Zeek's own words about an error that its next process would run
// into, too; "" if that cannot be said of this end. begin is where the output of
// the process begins in stderr.log.
func (n *node) hopeless(how process.Exit, begin int64) string {
	if !n.byZeek() || !how.Known || how.Signal != 0 || how.Code != 1 || n.wasRunning {
		return ""
	}
	const most = 64 << 10 // the first error is the one that counts
	f, err := os.OpenFile(n.shared.dirs.Stderr(n.name), os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return ""
	}
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, begin, most))
	if err != nil {
		return ""
	}
	return scriptError(string(text))
}
