package nodes

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"zctl/layoutgen"
	"zctl/nodes/websocket"
)

// webSocketFromEnv is what the environment says about WebSocket clients: the section
// [websocket] of zctl.toml, if the node is the one that serves them.
func webSocketFromEnv(getenv func(string) string) ([]websocket.ListenOptions, error) {
	w, err := layoutgen.ParseWebSocket(getenv(layoutgen.WebSocketEnv))
	if w == nil || err != nil {
		return nil, err
	}
	token, err := readToken(w.TokenFile)
	if err != nil {
		return nil, err
	}
	return []websocket.ListenOptions{{
		Address:           w.Listen,
		MaxEventQueueSize: cmp.Or(w.MaxEventQueueSize, -1),
		PingInterval:      cmp.Or(w.PingInterval, -1),
		TLS: websocket.TLSOptions{
			CertFile: w.CertFile, KeyFile: w.KeyFile, VerifyClient: w.VerifyClient, CAFile: w.CAFile, Ciphers: w.Ciphers,
		},
		MaxClients: w.MaxClients,
		MaxFrame:   int(w.MaxFrame),
		Token:      token,
		Origins:    w.Origins,
		Strict:     w.Strict,
	}}, nil
}

// readToken is the token in a file, which may end with a newline. An empty one would let
// everybody in.
func readToken(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("cannot read the token of WebSocket clients: %w", err)
	}
	if token := strings.TrimSpace(string(text)); token != "" {
		return token, nil
	}
	return "", fmt.Errorf("cannot use the token of WebSocket clients: %s is empty", file)
}
