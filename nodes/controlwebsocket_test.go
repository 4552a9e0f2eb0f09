package nodes

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"regexp"
	"testing"
	"time"

	ws "github.com/coder/websocket"

	"zctl/layoutgen"
	"zctl/nodes/cluster"
	"zctl/nodes/control"
	"zctl/nodes/websocket"
)

// TestControlReplayWebSocket: what zeekctl said to the recorded manager and its cluster, byte
// for byte, is answered by nodes in Go in the same frames, but for the id of the client, the
// version and the clock. Each node has a layout of its own, so that it has no peers, as a
// Zeek on ZeroMQ seems to have none.
func TestControlReplayWebSocket(t *testing.T) {
	t.Parallel()
	bus := cluster.NewBus()
	whole := layoutgen.Default().Layout()
	server := websocket.New(websocket.Options{NodeID: "zeromq_manager_vm_1_N", Version: "8.1.2"})
	address, err := server.Listen(websocket.ListenOptions{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 10)
	go func() { done <- server.Run(ctx, bus.Connect) }()
	running := 1
	for _, name := range []string{"manager", "logger-1", "worker-1"} {
		self, _ := whole.Node(name)
		n, err := New(Options{Name: name, Connect: bus.Connect, Cluster: cluster.Options{Layout: &layoutgen.Layout{Nodes: []layoutgen.Node{self}}}})
		if err != nil {
			t.Fatal(err)
		}
		if name == "worker-1" {
			n.AddPacketSource(counted{Received: 336, Link: 676})
		}
		go func() { done <- n.Run(ctx) }()
		running++
		if err := n.WaitReady(soonFor(t)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		cancel()
		for range running {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
	client, _, err := ws.Dial(soonFor(t), "ws://"+address.String()+"/v1/messages/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseNow()
	f, err := os.Open("testdata/control-websocket.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	frames := 0
	for lines := bufio.NewScanner(f); lines.Scan(); frames++ {
		var frame struct{ Dir, Data string }
		if err := json.Unmarshal(lines.Bytes(), &frame); err != nil {
			t.Fatal(err)
		}
		if frame.Dir == "client" {
			if err := client.Write(soonFor(t), ws.MessageText, []byte(frame.Data)); err != nil {
				t.Fatal(err)
			}
			continue
		}
		_, got, err := client.Read(soonFor(t))
		if err != nil {
			t.Fatalf("instead of %s: %v", frame.Data, err)
		}
		if clock := clocks.Find(got); clock != nil {
			if at, _, err := control.ParseNetStats(string(clock) + " recvd=0 dropped=0 link=0"); err != nil || time.Since(at).Abs() > patience {
				t.Errorf("the clock says %s: %v, %v", clock, at, err)
			}
		}
		if same(string(got)) != same(frame.Data) {
			t.Errorf("got  %s\nwant %s", got, frame.Data)
		}
	}
	if frames != 22 {
		t.Errorf("%d frames are recorded", frames)
	}
}

var (
	clocks    = regexp.MustCompile(`[0-9]{10}\.[0-9]{6}`)
	endpoints = regexp.MustCompile(`"endpoint":"zeromq_manager_[^"]*-websocket-0"`)
)

// same is a frame without what differs each time.
func same(frame string) string {
	return endpoints.ReplaceAllString(clocks.ReplaceAllString(frame, "CLOCK"), "ENDPOINT")
}

func soonFor(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}
