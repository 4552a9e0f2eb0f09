package zeek

import (
	"fmt"
	"net/netip"
	"strings"

	"zctl/layoutgen"
)

// webSocket has a Zeek node serve WebSocket clients, as ZeekControl does (spec: websocket
// 17). The script is the same for all nodes; the one that serves is asked for.
func (c *Cluster) webSocket(b *strings.Builder) {
	for _, node := range c.layout.Nodes {
		w := c.config.WebSocketOf(node)
		if w == nil || node.Process.Engine != layoutgen.EngineZeek {
			continue
		}
		fmt.Fprintf(b, "\nevent zeek_init()\n\t{\n\tif ( getenv(\"ZEEKCTL_DISABLE_LISTEN\") == \"\" && Cluster::node == %s )\n\t\tCluster::listen_websocket(%s);\n\t}\n",
			quote(node.Name), webSocketOptions(w))
	}
}

// webSocketOptions is a Cluster::WebSocketServerOptions.
func webSocketOptions(w *layoutgen.WebSocket) string {
	at := w.Address()
	text := fmt.Sprintf("[$listen_addr=%s, $listen_port=%d/tcp, $max_event_queue_size=%d, $ping_interval=%s",
		address(at.Addr()), at.Port(), w.MaxEventQueueSize, interval(w.PingInterval))
	if w.CertFile != "" {
		text += fmt.Sprintf(", $tls_options=[$cert_file=%s, $key_file=%s, $enable_peer_verification=%s, $ca_file=%s, $ciphers=%s]",
			quote(w.CertFile), quote(w.KeyFile), truth(w.VerifyClient), quote(w.CAFile), quote(w.Ciphers))
	}
	return text + "]"
}

// address is an address as Zeek writes it.
func address(a netip.Addr) string {
	if a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}
