package layoutgen

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path"
	"strings"
	"time"
)

// WebSocket is the section [websocket]: where a node serves Zeek's WebSocket API to
// programs that are no nodes (Cluster::WebSocketServerOptions, spec: websocket 13). It is
// served only if the file has the section; an empty one will do.
type WebSocket struct {
	// Listen is the IP address and port. Default "127.0.0.1:27759", Zeek's and
	// ZeekControl's.
	Listen string `toml:"listen" json:"listen"`
	// Node is who serves. Default: the manager.
	Node string `toml:"node" json:"-"`

	// CertFile and KeyFile are the certificate and its key, as PEM, and turn TLS on.
	// Default none.
	CertFile string `toml:"cert_file" json:"cert_file,omitempty"`
	KeyFile  string `toml:"key_file" json:"key_file,omitempty"`
	// VerifyClient demands certificates of clients (enable_peer_verification). Default
	// false.
	VerifyClient bool `toml:"verify_client" json:"verify_client,omitempty"`
	// CAFile is who signs those: a file of PEM, or SYSTEM, or NONE. Default SYSTEM.
	CAFile string `toml:"ca_file" json:"ca_file,omitempty"`
	// Ciphers is the cipher suites of TLS 1.2, as OpenSSL writes them. Default: a good
	// choice.
	Ciphers string `toml:"ciphers" json:"ciphers,omitempty"`

	// MaxEventQueueSize is how many messages of clients wait before these have to wait
	// themselves; 0 is no limit. Default 32, Zeek's.
	MaxEventQueueSize int `toml:"max_event_queue_size" json:"max_event_queue_size"`
	// PingInterval is how long a client has to answer a ping; 0 is no pings. Default
	// "5s", Zeek's.
	PingInterval time.Duration `toml:"ping_interval" json:"ping_interval"`

	// The rest is for Go nodes: Zeek has nothing of the kind.

	// TokenFile holds a token that clients have to know. Default none.
	TokenFile string `toml:"token_file" json:"token_file,omitempty"`
	// Origins is the hosts whose web pages may connect, as patterns ("*.example.org").
	// Default: all, as Zeek.
	Origins []string `toml:"origins" json:"origins,omitempty"`
	// MaxClients is how many clients there are at once. Default 100, Zeek's.
	MaxClients int `toml:"max_clients" json:"max_clients"`
	// MaxFrame is the largest message of a client. Default "16MiB".
	MaxFrame Size `toml:"max_frame" json:"max_frame"`
	// Strict refuses what Zeek's parser refuses though it is clear what is meant. Default
	// false.
	Strict bool `toml:"strict" json:"strict,omitempty"`
}

// WebSocketEnv is the variable by which a Go node learns that it serves WebSocket
// clients: the JSON of a [WebSocket].
const WebSocketEnv = "ZCTL_WEBSOCKET"

// ParseWebSocket reads what [WebSocketEnv] says; "" is nil.
func ParseWebSocket(text string) (*WebSocket, error) {
	if text == "" {
		return nil, nil
	}
	w := &WebSocket{}
	if err := json.Unmarshal([]byte(text), w); err != nil {
		return nil, fmt.Errorf("cannot use %s: %w", WebSocketEnv, err)
	}
	s := &source{}
	if w.check(s); len(s.problems) > 0 {
		return nil, fmt.Errorf("cannot use %s: %w", WebSocketEnv, s.problems)
	}
	return w, nil
}

// Text is the section as [ParseWebSocket] reads it.
func (w WebSocket) Text() string { return jsonText(w) }

// Address is where to listen.
func (w WebSocket) Address() netip.AddrPort {
	a, _ := netip.ParseAddrPort(w.Listen) // checked before
	return a
}

// WebSocketOf is what a node serves to WebSocket clients, nil if it is not the one that
// does.
func (c *Config) WebSocketOf(node Node) *WebSocket {
	if !c.Has("websocket") || node.Name != c.webSocketNode() {
		return nil
	}
	return &c.WebSocket
}

func (c *Config) webSocketNode() string {
	if c.WebSocket.Node == "" {
		return c.Manager.Name
	}
	return c.WebSocket.Node
}

const (
	maxPingInterval     = time.Hour
	leastFrame          = 1 << 10
	maxWebSocketClients = 100000
)

// check reports what cannot be right whichever node serves.
func (w *WebSocket) check(s *source) {
	if a, err := netip.ParseAddrPort(w.Listen); err != nil || a.Port() == 0 || a.Addr().Zone() != "" {
		s.problemf("websocket.listen", `websocket.listen is %q; give an IP address and a port, like "127.0.0.1:27759"`, w.Listen)
	}
	switch {
	case w.CertFile != "" && w.KeyFile == "":
		s.problemf("websocket.cert_file", "websocket.cert_file needs key_file, too")
	case w.CertFile == "" && w.KeyFile != "":
		s.problemf("websocket.key_file", "websocket.key_file needs cert_file, too")
	case w.CertFile != "":
	case w.VerifyClient:
		s.problemf("websocket.verify_client", "websocket.verify_client is about TLS; say cert_file and key_file, too")
	case w.Ciphers != "":
		s.problemf("websocket.ciphers", "websocket.ciphers is about TLS; say cert_file and key_file, too")
	}
	if w.CAFile != "" && !w.VerifyClient {
		s.problemf("websocket.ca_file", "websocket.ca_file is who signs certificates of clients, but none are demanded; say verify_client = true, or remove it")
	}
	if w.MaxEventQueueSize < 0 {
		s.problemf("websocket.max_event_queue_size", "websocket.max_event_queue_size is %d; give a number of messages, or 0 for no limit", w.MaxEventQueueSize)
	}
	if w.PingInterval != 0 && (w.PingInterval < time.Second || w.PingInterval > maxPingInterval || w.PingInterval%time.Second != 0) {
		s.problemf("websocket.ping_interval", `websocket.ping_interval is %v; give whole seconds, "1s" to "1h", or "0s" for no pings`, w.PingInterval)
	}
	if w.MaxClients < 1 || w.MaxClients > maxWebSocketClients {
		s.problemf("websocket.max_clients", "websocket.max_clients is %d; give 1 to %d", w.MaxClients, maxWebSocketClients)
	}
	if w.MaxFrame < leastFrame {
		s.problemf("websocket.max_frame", `websocket.max_frame is %v; give 1KiB or more, like "16MiB"`, w.MaxFrame)
	}
	for i, pattern := range w.Origins {
		if _, err := path.Match(pattern, ""); err != nil || pattern == "" {
			at := fmt.Sprintf("websocket.origins[%d]", i)
			s.problemf(at, `%s is %q; give a host, or a pattern of some, like "*.example.org"`, at, pattern)
		}
	}
}

// checkWebSocket reports what is wrong with the section in this cluster. What nodes there
// are, and what they run, is known by then.
func (c *Config) checkWebSocket(s *source) {
	if !s.has("websocket") {
		return
	}
	layout := buildLayout(c, &source{at: s.at})
	node, found := layout.Node(c.webSocketNode())
	if !found || node.Type == TypeControl {
		s.problemf("websocket.node", "websocket.node is %q; there are %s", c.webSocketNode(), several(layout.Names()))
		return
	}
	if node.Process.Engine != EngineZeek {
		return
	}
	for _, key := range []string{"token_file", "origins", "max_clients", "max_frame"} {
		if at := "websocket." + key; s.has(at) {
			s.problemf(at, "%s: %s is a Zeek node, which has nothing of the kind; remove it, or say node with a node that runs engine \"go\"", at, node.Name)
		}
	}
}

// resolveWebSocket makes the paths of the section absolute.
func (c *Config) resolveWebSocket() {
	w := &c.WebSocket
	files := []*string{&w.CertFile, &w.KeyFile, &w.TokenFile}
	if w.CAFile != "SYSTEM" && w.CAFile != "NONE" && !strings.Contains(w.CAFile, "-----BEGIN") {
		files = append(files, &w.CAFile)
	}
	for _, file := range files {
		c.resolve(file)
	}
}

// webSocket claims the port, so that nothing else gets it.
func (b *layoutBuilder) webSocket(c *Config) {
	if a := c.WebSocket.Address(); b.has("websocket") && a.IsValid() {
		b.claim(a.Addr(), int(a.Port()), portOwner{"the port of the WebSocket server", "websocket.listen"})
	}
}
