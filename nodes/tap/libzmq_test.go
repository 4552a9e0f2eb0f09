package tap

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/event"
)

// libzmqBus is a process of testdata/bus.py.
type libzmqBus struct {
	layoutgen.Backend
	stdin io.Writer
	lines chan string
}

func startLibzmqBus(t *testing.T) *libzmqBus {
	t.Helper()
	python := ""
	for _, name := range []string{"/usr/bin/python3", "python3"} {
		if python == "" && exec.Command(name, "-c", "import zmq").Run() == nil {
			python = name
		}
	}
	if python == "" {
		t.Skip("no python3 with zmq (Debian: python3-zmq), so no libzmq to test against")
	}
	cmd := exec.Command(python, "testdata/bus.py")
	stdin, err := cmd.StdinPipe()
	check(t, err)
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	b := &libzmqBus{stdin: stdin, lines: make(chan string, 10000)}
	go func() {
		s := bufio.NewScanner(stdout)
		s.Buffer(nil, 4<<20)
		for s.Scan() {
			b.lines <- s.Text()
		}
		close(b.lines)
	}()
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	_, err = fmt.Sscanf(b.next(t), "at %s %s", &b.ConnectXSub, &b.ConnectXPub)
	check(t, err)
	return b
}

func (b *libzmqBus) next(t *testing.T) string {
	t.Helper()
	select {
	case line := <-b.lines:
		return line
	case <-time.After(patience):
		t.Fatal("the libzmq node says nothing")
	}
	return ""
}

// until is what the node says up to a line.
func (b *libzmqBus) until(t *testing.T, last string) []string {
	t.Helper()
	var lines []string
	for {
		line := b.next(t)
		lines = append(lines, line)
		if line == last {
			return lines
		}
	}
}

// TestLibzmq: a bus of real libzmq, as Zeek's is, is seen and used, and sees
// nothing of a tap but its subscription.
func TestLibzmq(t *testing.T) {
	t.Parallel()
	b := startLibzmqBus(t)
	b.until(t, "+zeek.cluster.worker")
	v := join(t, b.Backend)
	expect(t, Look(v.Topics(), nil), "worker-1 worker up libzmq 7 zeromq_worker-1_libzmq_7_Nabc")
	if got := v.Matching("zv.x"); !slices.Equal(got, []string{"zv."}) {
		t.Errorf("zv.x goes to %q", got)
	}
	b.until(t, "+"+internalTopic(v.ID())+"2.")
	tap := listen(t, b.Backend, v)
	if got := b.until(t, "+"); len(got) != 1 {
		t.Errorf("the tap made the node see %q", got)
	}

	payload := recordings()[0]
	check(t, v.Publish("zv.x", "me", event.FormatBin, payload))
	b.until(t, fmt.Sprintf("got %x %x %x %x", "zv.x", "me", event.FormatBin, payload))
	fmt.Fprintf(b.stdin, "%x %x %x %x\n", "other", "node", event.FormatBin, payload)
	all := take(t, tap, 2)
	fmt.Fprintf(b.stdin, "%x\n", "alone")
	all = append(all, take(t, tap, 1)...)
	for i, want := range []string{"zv.x", "other", "alone"} {
		if all[i].Topic() != want {
			t.Errorf("message %d: %s", i, all[i].Decode().AppendText(nil))
		}
	}
	if !bytes.Equal(all[1].Frames[3], payload) || len(all[2].Frames) != 1 {
		t.Errorf("%s%s", all[1].Decode().AppendText(nil), all[2].Decode().AppendText(nil))
	}

	// All of it is gone without a trace.
	check(t, tap.Close())
	b.until(t, "-")
	large := bin("e", event.String(strings.Repeat("x", 1<<20)))
	check(t, v.Publish("zv.", "me", event.FormatBin, large))
	check(t, v.Close())
	for _, line := range b.until(t, "-"+internalTopic(v.ID())+"2.") {
		if !strings.HasPrefix(line, "got ") && !strings.HasPrefix(line, "-"+internalTopic(v.ID())) {
			t.Errorf("the visit made the node see %.80s", line)
		}
	}
}
