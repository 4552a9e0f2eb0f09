package nodes

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
)

// TestReporter: when a node is ready, and what it tells.
func TestReporter(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	type step struct {
		after     time.Duration
		joined    bool // now
		onBus     bool
		up, total int
		want      string
	}
	tests := []struct {
		name  string
		steps []step
	}{
		{"all there", []step{
			{0, false, false, 0, 4, "STATUS=waiting for the broker at tcp://b|X_PEERS_UP=0|X_PEERS_TOTAL=4"},
			{0, true, true, 3, 4, "STATUS=missing a|X_PEERS_UP=3|X_PEERS_TOTAL=4"},
			{0, false, true, 4, 4, "STATUS=|X_PEERS_UP=4|X_PEERS_TOTAL=4|READY=1"},
			{0, false, false, 4, 4, "STATUS=waiting for the broker at tcp://b|X_PEERS_UP=0|X_PEERS_TOTAL=4|READY=1"},
		}},
		{"one missing", []step{
			{0, true, true, 3, 4, "STATUS=missing a|X_PEERS_UP=3|X_PEERS_TOTAL=4"},
			{waitForPeers - 1, false, true, 3, 4, "STATUS=missing a|X_PEERS_UP=3|X_PEERS_TOTAL=4"},
			{1, false, true, 3, 4, "STATUS=missing a|X_PEERS_UP=3|X_PEERS_TOTAL=4|READY=1"},
		}},
		{"alone", []step{{0, true, true, 0, 0, "STATUS=|X_PEERS_UP=0|X_PEERS_TOTAL=0|READY=1"}}},
	}
	for _, test := range tests {
		r := &reporter{log: discard}
		at := now
		for i, s := range test.steps {
			at = at.Add(s.after)
			if s.joined {
				r.joined(at)
			}
			r.peers(s.onBus, s.up, s.total, []string{"a"}, "tcp://b", "", at)
			if got := strings.ReplaceAll(r.want, "\n", "|"); got != s.want {
				t.Errorf("%s, step %d: %s, want %s", test.name, i, got, s.want)
			}
		}
	}
	r := &reporter{log: discard}
	for _, up := range []int{3, 4} {
		r.peers(true, up, 4, []string{"a"}, "tcp://b", "cannot write log:\ndisk full", now)
		if got, want := strings.Split(r.want, "\n")[0], map[int]string{3: "; missing a", 4: ""}[up]; got != "STATUS=cannot write log:; disk full"+want {
			t.Errorf("%q", got)
		}
	}
	if got := shortList([]string{"a", "b", "c", "d", "e", "f", "g"}); got != "a, b, c, d, e and 2 more" {
		t.Errorf("%s", got)
	}
}

// TestSupervisorHangs: a supervisor that does not read what it is told does not keep
// the node from reading the bus.
func TestSupervisorHangs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	n, err := New(Options{Name: "manager", Connect: cluster.NewBus().Connect, Cluster: cluster.Options{Layout: layoutgen.Default().Layout()}})
	if err != nil {
		t.Fatal(err)
	}
	n.report.path = path
	for i := 0; n.report.sent == n.report.want; i++ { // until the socket is full
		n.report.say(fmt.Sprint(i))
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	told := make(chan struct{})
	go func() {
		defer close(told)
		for range int(patience / time.Second) { // each would wait a second
			n.peersChanged()
		}
	}()
	select {
	case <-told:
	case <-time.After(patience / 2):
		t.Error("what the bus shows waits for the supervisor")
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestReporterSpeaksAgain: what is known already is not said again, but to a
// supervisor that came later it is.
func TestReporterSpeaksAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	var got []string
	listen := func() *net.UnixConn {
		os.Remove(path)
		conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	read := func(conn *net.UnixConn) string {
		conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		buf := make([]byte, 1000)
		n, _ := conn.Read(buf)
		return strings.ReplaceAll(string(buf[:n]), "\n", "|")
	}
	r := &reporter{log: discard, path: path}
	r.want = "A=1"
	r.send() // nobody there
	conn := listen()
	r.send()
	got = append(got, read(conn))
	r.send()
	got = append(got, read(conn))
	conn.Close()
	conn = listen()
	defer conn.Close()
	r.send()
	got = append(got, read(conn))
	r.want = "A=2"
	r.send()
	got = append(got, read(conn))
	r.close()
	got = append(got, read(conn))
	if want := []string{"A=1", "", "A=1", "A=2", "STOPPING=1|STATUS=stopping"}; !slices.Equal(got, want) {
		t.Errorf("heard %q, want %q", got, want)
	}
}
