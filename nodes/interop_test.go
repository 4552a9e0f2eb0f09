package nodes

import (
	"bufio"
	"encoding/hex"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/logwire"
)

// python finds an interpreter with libzmq's binding, or skips the test.
func python(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(name, "-c", "import zmq").Run() == nil {
			return name
		}
	}
	t.Skip("no python3 with zmq (Debian: python3-zmq), so no libzmq to test against")
	return ""
}

// libzmqNode is a proxy-1 on libzmq.
type libzmqNode struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string
}

func startLibzmqNode(t *testing.T, c *testCluster) *libzmqNode {
	t.Helper()
	interpreter := python(t)
	manager := c.nodes["manager"]
	logger, _ := manager.layout.Node("logger-1")
	batch := logwire.NewBatch(logwire.Header{
		Stream: "Cluster::LOG", Writer: "Log::WRITER_ASCII", Filter: "default", Path: "cluster",
		Fields: []logwire.Field{
			{Name: "ts", Type: logwire.TypeTime}, {Name: "node", Type: logwire.TypeString}, {Name: "message", Type: logwire.TypeString},
		},
	})
	batch.AppendTime(1500000000.5)
	batch.AppendString("proxy-1")
	batch.AppendString("from libzmq")
	batch.EndRecord()
	cmd := exec.Command(interpreter, "testdata/libzmq_node.py", "proxy-1", manager.backend.ConnectXSub, manager.backend.ConnectXPub,
		layoutgen.Endpoint(logger.Address, logger.Port), hex.EncodeToString(batch.Payload()))
	return startLines(t, cmd)
}

// startLines starts a program whose output is lines, and ends it with the test.
func startLines(t *testing.T, cmd *exec.Cmd) *libzmqNode {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := &libzmqNode{cmd: cmd, stdin: stdin, lines: make(chan string, 1000)}
	go func() {
		for s := bufio.NewScanner(stdout); s.Scan(); {
			n.lines <- s.Text()
		}
		close(n.lines)
	}()
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return n
}

// line is the next line.
func (n *libzmqNode) line(t *testing.T) string {
	t.Helper()
	select {
	case line, open := <-n.lines:
		if !open {
			t.Fatal("the libzmq node ended")
		}
		return line
	case <-time.After(patience):
		t.Fatal("the libzmq node says nothing")
	}
	return ""
}

// expect waits for lines, in any order.
func (n *libzmqNode) expect(t *testing.T, want ...string) {
	t.Helper()
	timeout := time.After(patience)
	for len(want) > 0 {
		select {
		case line, open := <-n.lines:
			if !open {
				t.Fatalf("the libzmq node ended; still missing %q", want)
			}
			want = slices.DeleteFunc(want, func(w string) bool { return strings.HasPrefix(line, w) })
		case <-timeout:
			t.Fatalf("still missing %q", want)
		}
	}
}

// TestLibzmqNode: a node on libzmq that does what Zeek does is met like any
// other, sends logs, and is missed when it ends or is killed. It in turn meets
// ours and sees them go.
func TestLibzmqNode(t *testing.T) {
	t.Parallel()
	for _, killed := range []bool{false, true} {
		c := newCluster(t, "[workers]\ncount = 1\n")
		c.start("manager", "logger-1")
		first := startLibzmqNode(t, c)
		c.start("worker-1") // one of ours before it, one behind
		first.expect(t, "got Cluster::hello from manager", "got Cluster::hello from logger-1", "got Cluster::hello from worker-1")
		for name, r := range c.nodes {
			await(t, name+" meets all", func() bool { up, total := r.peers(); return up == 3 && total == 3 })
		}
		c.awaitLine("logger-1", "1500000000.500000\tproxy-1\tfrom libzmq\n")
		c.awaitLine("logger-1", "\tmanager\tgot hello from proxy-1 (zeromq_proxy-1_libzmq_1_Nabc)\n")

		c.stop("worker-1")
		first.expect(t, "gone zeek.cluster.nodeid.zeromq_worker-1_")
		if killed {
			first.cmd.Process.Kill()
		} else {
			first.stdin.Close()
		}
		for name, r := range c.nodes {
			await(t, name+" misses it", func() bool { up, _ := r.peers(); return up == 1 })
		}
		c.awaitLine("logger-1", "\tmanager\tnode down: proxy-1\n")
	}
}
