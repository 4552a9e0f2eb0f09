package imports

import (
	"strings"
	"testing"
)

// TestWebSocketOptions: what zeekctl.cfg says of WebSocket clients becomes [websocket];
// ZeekControl's default, which serves itself only, does not.
func TestWebSocketOptions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ cfg, want string }{
		{"", ""},
		{"UseWebSocket = 0\nWebSocketPort = 1234", ""},
		{"UseWebSocket = 1", `listen = "127.0.0.1:27759"`},
		{"WebSocketPort = 1234", `listen = "127.0.0.1:1234"`},
		{"WebSocketHost = [::1]\nWebSocketPort = 1234\nUseWebSocket = true", `listen = "[::1]:1234"`},
		{"WebSocketHost = localhost", `listen = "127.0.0.1:27759"`},
	} {
		const node = "[zeek]\ntype=standalone\nhost=localhost\ninterface=eth0\n"
		result, err := NodeCfg(Source{"node.cfg", node}, Options{ZeekctlCfg: &Source{"zeekctl.cfg", test.cfg}})
		_, section, has := strings.Cut(result.Text, "\n[websocket]\n")
		line, _, _ := strings.Cut(section, "\n")
		if err != nil || has != (test.want != "") || line != test.want {
			t.Errorf("%q: %v, got %q, want %q", test.cfg, err, line, test.want)
		}
	}
}
