package nodes

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// waitForPeers is how long after it has joined the bus a node waits for peers
// that are in the layout but not there. It is ready sooner if all are.
const waitForPeers = time.Second

// reporter tells the supervisor how the node is, by systemd's notification
// protocol: that it is ready, and how many peers it has met. What was last said
// is said again to a supervisor that came later.
type reporter struct {
	log      *slog.Logger
	path     string // NOTIFY_SOCKET, "" if nobody wants to know
	ready    bool
	joinedAt time.Time
	want     string // what should be known
	sent     string // what the supervisor that has the socket knows
	to       socketID
}

// socketID tells one socket file from the next at the same path.
type socketID struct {
	inode   uint64
	changed syscall.Timespec
}

func newReporter(log *slog.Logger) *reporter {
	return &reporter{log: log, path: os.Getenv("NOTIFY_SOCKET")}
}

// joined notes that the node is on the bus.
func (r *reporter) joined(now time.Time) {
	if r.joinedAt.IsZero() {
		r.joinedAt = now
	}
}

// peers says how many of the node's peers are up, and what is the trouble if there is
// some. The node is ready when it has met all of them, or has waited for the missing
// ones a while. It stays ready.
func (r *reporter) peers(onBus bool, up, total int, missing []string, broker, trouble string, now time.Time) {
	status := ""
	switch {
	case !onBus:
		up, status = 0, "waiting for the broker at "+broker
	case up < total:
		status = "missing " + shortList(missing)
	}
	if trouble != "" {
		status = strings.TrimSuffix(strings.ReplaceAll(trouble, "\n", "; ")+"; "+status, "; ")
	}
	if !r.ready && onBus && (up == total || now.Sub(r.joinedAt) >= waitForPeers) {
		r.ready = true
		r.log.Info("ready", "peers", up, "of", total)
	}
	lines := []string{"STATUS=" + status, fmt.Sprintf("X_PEERS_UP=%d", up), fmt.Sprintf("X_PEERS_TOTAL=%d", total)}
	if r.ready {
		lines = append(lines, "READY=1")
	}
	r.say(lines...)
}

// say tells lines of the protocol, instead of those told before.
func (r *reporter) say(lines ...string) {
	r.want = strings.Join(lines, "\n")
	r.send()
}

// send sends what is not known yet. What could not be sent is tried again the
// next time, every second at least.
func (r *reporter) send() {
	if r.path == "" {
		return
	}
	to := socketAt(r.path)
	if r.want == r.sent && to == r.to {
		return
	}
	conn, err := net.Dial("unixgram", r.path)
	if err != nil {
		r.sent = "" // no supervisor at the moment
		return
	}
	defer conn.Close()
	conn.SetWriteDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte(r.want)); err == nil {
		r.sent, r.to = r.want, to
	}
}

// socketAt identifies the socket file at path; the zero value stands for none,
// and for sockets that are no files.
func socketAt(path string) socketID {
	info, err := os.Stat(path)
	if err != nil {
		return socketID{}
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return socketID{}
	}
	return socketID{stat.Ino, stat.Ctim}
}

// close says that the node ends.
func (r *reporter) close() {
	if r.path != "" {
		r.say("STOPPING=1", "STATUS=stopping")
	}
}

// shortList is a list for one line.
func shortList(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
