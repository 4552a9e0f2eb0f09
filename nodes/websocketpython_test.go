package nodes

import (
	"bufio"
	"context"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"zctl/nodes/websocket"
	"zctl/nodes/websocket/tlstest"
)

// TestPythonWebSockets: a program with python3-websockets, which does what ZeekControl
// does, is content with a cluster in Go; over TLS, too.
func TestPythonWebSockets(t *testing.T) {
	t.Parallel()
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import websockets; websockets.connect").Run(); err != nil {
		t.Skipf("no python3-websockets: %v", err)
	}
	for _, secure := range []bool{false, true} {
		t.Run(map[bool]string{false: "ws", true: "wss"}[secure], func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, "[proxies]\ncount = 0\n[workers]\ncount = 1\n")
			c.start("logger-1", "worker-1", "manager")
			c.awaitPeers(2)
			worker, manager := c.nodes["worker-1"], c.nodes["manager"]
			err := Handle(worker.Node, "ping", func(ctx context.Context, text string, n uint64) error {
				return worker.Publish(ctx, "test/pong", "pong", text, n+1)
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := worker.Subscribe("test/ping"); err != nil {
				t.Fatal(err)
			}
			o := websocket.ListenOptions{}
			authority := tlstest.NewAuthority(t, "ours")
			if secure {
				cert := authority.Sign(t, "server")
				o.TLS = websocket.TLSOptions{CertFile: cert.File, KeyFile: cert.KeyFile}
			}
			url := listenWebSocket(t, manager.Node, o)
			cmd := exec.Command(python, "testdata/websocket_client.py", url, authority.File, "worker-1", "manager")
			var stderr strings.Builder
			cmd.Stderr = &stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { cmd.Process.Kill() })
			var got []string
			for lines := bufio.NewScanner(out); lines.Scan(); {
				got = append(got, lines.Text())
				if lines.Text() == "ready" {
					c.stop("manager")
				}
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v: %s", err, stderr.String())
			}
			want := []string{
				"net_stats worker-1", "net_stats manager", "peer_status worker-1", "peer_status manager",
				"id_value worker-1 Cluster::node worker-1", "id_value manager Cluster::node manager",
				"error deserialization_failed failed to decode JSON object", "pong", "closed 1000 1000",
				"invalid_uri", "closed 1008 Invalid URI - use /v1/messages/json",
				"ready", "closed 1001 Terminating",
			}
			for i := range got { // what the first two say is theirs
				if words := strings.Fields(got[i]); strings.HasSuffix(words[0], "s") || words[0] == "peer_status" {
					got[i] = strings.Join(words[:2], " ")
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if !secure {
				return
			}
			c.awaitLine("logger-1", "application_name=zeekctl/2.6.0 subscribed to [zeek/control]\n")
			c.awaitLine("logger-1", "application_name=zeekctl/2.6.0 gone with code 1000\n")
		})
	}
}
