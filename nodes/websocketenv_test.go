package nodes

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"zctl/layoutgen"
	"zctl/nodes/websocket"
)

// TestWebSocketFromEnv: what zctl.toml says arrives in the node.
func TestWebSocketFromEnv(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	from := func(doc string) ([]websocket.ListenOptions, error) {
		config, err := layoutgen.Parse(filepath.Join(dir, "zctl.toml"), []byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		manager, _ := config.Layout().Node("manager")
		w := config.WebSocketOf(manager)
		return webSocketFromEnv(func(string) string {
			if w == nil {
				return ""
			}
			return w.Text()
		})
	}
	tests := []struct {
		doc  string
		want []websocket.ListenOptions
	}{
		{"", nil},
		{"[websocket]\nnode = \"proxy-1\"", nil},
		{"[websocket]", []websocket.ListenOptions{{
			Address: "127.0.0.1:27759", MaxEventQueueSize: 32, PingInterval: 5 * time.Second, MaxClients: 100, MaxFrame: 16 << 20,
		}}},
		{`[websocket]
listen = "[::1]:4000"
cert_file = "cert.pem"
key_file = "/key.pem"
verify_client = true
ca_file = "NONE"
ciphers = "DEFAULT"
max_event_queue_size = 0
ping_interval = "0s"
token_file = "token"
origins = ["a", "*.b"]
max_clients = 7
max_frame = "1MiB"
strict = true`, []websocket.ListenOptions{{
			Address: "[::1]:4000", MaxEventQueueSize: -1, PingInterval: -1, MaxClients: 7, MaxFrame: 1 << 20,
			TLS:       websocket.TLSOptions{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: "/key.pem", VerifyClient: true, CAFile: "NONE", Ciphers: "DEFAULT"},
			TokenFile: filepath.Join(dir, "token"), Origins: []string{"a", "*.b"}, Strict: true,
		}}},
	}
	for _, test := range tests {
		if got, err := from(test.doc); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s\ngot  %+v, %v\nwant %+v", test.doc, got, err, test.want)
		}
	}
	if _, err := webSocketFromEnv(func(string) string { return `{"listen":"x"}` }); err == nil || !strings.Contains(err.Error(), "cannot use ZCTL_WEBSOCKET") {
		t.Errorf("a bad variable: %v", err)
	}
}
