package nodes

import (
	"cmp"

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
	return []websocket.ListenOptions{{
		Address:           w.Listen,
		MaxEventQueueSize: cmp.Or(w.MaxEventQueueSize, -1),
		PingInterval:      cmp.Or(w.PingInterval, -1),
		TLS: websocket.TLSOptions{
			CertFile: w.CertFile, KeyFile: w.KeyFile, VerifyClient: w.VerifyClient, CAFile: w.CAFile, Ciphers: w.Ciphers,
		},
		MaxClients: w.MaxClients,
		MaxFrame:   int(w.MaxFrame),
		TokenFile:  w.TokenFile,
		Origins:    w.Origins,
		Strict:     w.Strict,
	}}, nil
}
