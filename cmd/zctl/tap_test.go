package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"zctl/nodes/event"
	"zctl/nodes/zmq"
)

// testBus is a broker, and an XPUB that sees who subscribes.
type testBus struct {
	*zmq.Broker
	*zmq.XPub
	mu     sync.Mutex // guards what follows
	topics []string
}

func newTestBus(t *testing.T) *testBus {
	t.Helper()
	b := &testBus{}
	var err error
	b.Broker, err = zmq.ListenBroker(zmq.BrokerOptions{ListenXPub: "tcp://127.0.0.1:*", ListenXSub: "tcp://127.0.0.1:*"})
	if err != nil {
		t.Fatal(err)
	}
	b.XPub, err = zmq.ConnectXPub(b.XSubEndpoint(), zmq.Options{}, zmq.XPubHandler{
		Subscribed:   func(topic []byte) { b.change(func() { b.topics = append(b.topics, string(topic)) }) },
		Unsubscribed: func(topic []byte) { b.change(func() { b.topics = nil }) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.XPub.Close(); b.Broker.Close() })
	return b
}

func (b *testBus) change(do func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	do()
}

// subscribed says whether just these topics are.
func (b *testBus) subscribed(topics ...string) func() bool {
	return func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return slices.Equal(b.topics, topics)
	}
}

func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(scriptPatience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if cond() {
			return
		}
	}
	t.Fatalf("waited in vain for: %s", what)
}

// startTap runs zctl tap, as a job of its own.
func startTap(t *testing.T, b *testBus, stdout io.Writer, prefix string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := &exec.Cmd{
		Path: self, Args: []string{"zctl", "tap", prefix, "--connect-xsub", b.XPubEndpoint()},
		Stdout: stdout, Stderr: &stderr, SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	eventually(t, "the tap's subscription", b.subscribed(prefix))
	return cmd, &stderr
}

// end ends a tap as ctrl-C does.
func end(t *testing.T, tap *exec.Cmd) {
	t.Helper()
	ended := make(chan error, 1)
	if err := tap.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	go func() { ended <- tap.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the tap ended with %v", err)
		}
	case <-time.After(scriptPatience):
		t.Fatal("the tap does not end")
	}
}

// TestTapSuspended: ctrl-Z takes a tap off the bus, which would else wait for it.
func TestTapSuspended(t *testing.T) {
	t.Parallel()
	b := newTestBus(t)
	tap, stderr := startTap(t, b, nil, "t")
	if err := tap.Process.Signal(unix.SIGTSTP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the process to be stopped", func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", tap.Process.Pid))
		return err == nil && strings.Contains(string(stat), ") T ")
	})
	eventually(t, "the subscription's end", b.subscribed())
	if err := tap.Process.Signal(unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the subscription", b.subscribed("t"))
	end(t, tap)
	for _, want := range []string{"was stopped for ", "connected again", "0 messages in "} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("it said nothing of %q: %s", want, stderr)
		}
	}
}

// TestTapBlocked: a tap whose output nobody reads drops, holds nobody up, ends
// when it should, and says how much was lost.
func TestTapBlocked(t *testing.T) {
	t.Parallel()
	b := newTestBus(t)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	tap, stderr := startTap(t, b, writer, "t")
	writer.Close()
	heard := make(chan struct{}, 1000)
	other, err := zmq.ConnectXSub(b.XPubEndpoint(), zmq.Options{}, zmq.XSubHandler{Message: func(zmq.Message) { heard <- struct{}{} }})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.Subscribe(""); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the other's subscription", b.subscribed("t", ""))
	payload := event.Event{Name: "e", Args: []event.Value{event.String(strings.Repeat("x", 100))}}.Append(nil)
	for range 50 {
		const burst = 500
		for range burst {
			if err := b.Send(zmq.Message{[]byte("t"), []byte("s"), []byte(event.FormatBin), payload}); err != nil {
				t.Fatal(err)
			}
		}
		for range burst {
			select {
			case <-heard:
			case <-time.After(scriptPatience):
				t.Fatal("the tap holds the bus up")
			}
		}
	}
	end(t, tap)
	if !strings.Contains(stderr.String(), " more were dropped, the output was too slow") {
		t.Errorf("it said nothing of what was lost: %s", stderr)
	}
}
